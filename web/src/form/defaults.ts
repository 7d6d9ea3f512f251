// What a form says before anybody filled it in.

import type { RJSFSchema } from '@rjsf/utils';
import { getDefaultFormState } from '@rjsf/utils';

import type { JsonObject } from '../api/types';
import validator from './validator';

/** A choice that may be left open stays open: the first option is no default. */
export const DEFAULT_BEHAVIOR = { constAsDefaults: 'skipOneOf' } as const;

/** What is given, and the defaults of what is not. */
export function fillDefaults(schema: JsonObject, given: JsonObject): JsonObject {
  const root = schema as RJSFSchema;
  return getDefaultFormState(validator, root, given, root, false, DEFAULT_BEHAVIOR) as JsonObject;
}
