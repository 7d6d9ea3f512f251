// What is wrong with parameters, from our own validator and from the server, in one form.

import type { RJSFValidationError } from '@rjsf/utils';

import { ApiProblem } from '../api/problem';
import type { JsonObject } from '../api/types';
import validator from './validator';

export function findParamErrors(schema: JsonObject, params: JsonObject): RJSFValidationError[] {
  return validator.rawValidation<RJSFValidationError>(schema, params).errors ?? [];
}

/** What may be shown before somebody tried to submit: an empty field is not yet a mistake. */
export const onlyWrong = (errors: RJSFValidationError[]): RJSFValidationError[] =>
  errors.filter((error) => error.name !== 'required');

const unescape = (word: string) => word.replace(/~1/g, '/').replace(/~0/g, '~');

/** Errors that the server points to in `params`. */
export function findServerErrors(error: unknown): RJSFValidationError[] {
  if (!(error instanceof ApiProblem)) return [];
  return error.fields.map(({ pointer, message }) => {
    const words = pointer.split('/').filter(Boolean).map(unescape);
    if (words[0] === 'params') words.shift();
    const property = `.${words.join('.')}`;
    return { name: 'server', message, property, stack: `${property} ${message}` };
  });
}
