import { describe, expect, test } from 'vitest';

import { ApiProblem } from '../api/problem';
import { findParamErrors, findServerErrors, onlyWrong } from './paramErrors';
import validator from './validator';

const SCHEMA = {
  type: 'object',
  required: ['target'],
  additionalProperties: false,
  properties: {
    target: { type: 'string', minLength: 1 },
    folds: { type: 'integer', minimum: 2, maximum: 20 },
    nested: { type: 'object', properties: { share: { type: 'number', maximum: 1 } } },
  },
};

describe('validator', () => {
  test('accepts what fits', () => {
    expect(findParamErrors(SCHEMA, { target: 'risk', folds: 5 })).toEqual([]);
    expect(validator.isValid(SCHEMA as never, { target: 'risk' }, SCHEMA as never)).toBe(true);
  });

  test('names the field and says the limit', () => {
    const errors = findParamErrors(SCHEMA, { target: 'risk', folds: 1, nested: { share: 3 } });
    expect(errors.map(({ property }) => property)).toEqual(['.folds', '.nested.share']);
    expect(errors[0]?.message).toBe('This must be at least 2.');
    expect(errors[1]?.message).toBe('This must be at most 1.');
  });

  test('puts a missing field at the field, not at the form', () => {
    const errors = findParamErrors(SCHEMA, {});
    expect(errors.map(({ property }) => property)).toEqual(['.target']);
    expect(onlyWrong(errors)).toEqual([]);
  });

  test('takes undefined for a field that is not there', () => {
    const params = { target: 'risk', folds: undefined } as never;
    expect(findParamErrors(SCHEMA, params)).toEqual([]);
  });

  test('resolves references through the root', () => {
    const root = { $defs: { Size: { type: 'integer' } } };
    expect(validator.isValid({ $ref: '#/$defs/Size' } as never, 3, root as never)).toBe(true);
    expect(validator.isValid({ $ref: '#/$defs/Size' } as never, 'x', root as never)).toBe(false);
  });

  test('gives rjsf errors by field', () => {
    const { errorSchema } = validator.validateFormData({ folds: 99 }, SCHEMA as never);
    expect(errorSchema).toMatchObject({ folds: { __errors: ['This must be at most 20.'] } });
  });
});

test('errors of the server are put at their fields, with and without /params', () => {
  const errors = [
    { pointer: '/params/folds', message: 'Too many.' },
    { pointer: '/a~1b', message: 'No.' },
  ];
  const found = findServerErrors(new ApiProblem({ errors }, 422, null));
  expect(found.map(({ property }) => property)).toEqual(['.folds', '.a/b']);
  expect(findServerErrors(new Error('other'))).toEqual([]);
});
