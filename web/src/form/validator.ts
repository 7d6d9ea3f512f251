// A validator for rjsf that compiles nothing at run time, since the content security policy forbids
// `eval` and `new Function`.

import { Validator } from '@cfworker/json-schema';
import type { OutputUnit, Schema } from '@cfworker/json-schema';
import { toErrorSchema, unwrapErrorHandler, createErrorHandler } from '@rjsf/utils';
import type { RJSFSchema, RJSFValidationError, ValidationData, ValidatorType } from '@rjsf/utils';
import i18next from 'i18next';

/** Keywords that only say that something below them failed. */
const WRAPPERS = new Set([
  'properties',
  'items',
  'prefixItems',
  'additionalProperties',
  '$ref',
  'allOf',
  'if',
  'false',
]);

const MESSAGES = {
  required: 'form.required',
  type: 'form.type',
  minimum: 'form.minimum',
  exclusiveMinimum: 'form.minimum',
  maximum: 'form.maximum',
  exclusiveMaximum: 'form.maximum',
  minLength: 'form.minLength',
  maxLength: 'form.maxLength',
  minItems: 'form.minItems',
  maxItems: 'form.maxItems',
  pattern: 'form.pattern',
  format: 'form.pattern',
  enum: 'form.choice',
  const: 'form.choice',
  oneOf: 'form.choice',
  anyOf: 'form.choice',
  uniqueItems: 'form.unique',
  multipleOf: 'form.multipleOf',
} as const;

const isKnown = (keyword: string): keyword is keyof typeof MESSAGES => keyword in MESSAGES;

function findLimit(schema: unknown, location: string): unknown {
  let place = schema;
  for (const word of location.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    if (typeof place !== 'object' || place === null) return undefined;
    place = (place as Record<string, unknown>)[decodeURIComponent(word)];
  }
  return place;
}

const toPath = (location: string): string[] =>
  location.replace(/^#\/?/, '').split('/').filter(Boolean).map(decodeURIComponent);

function describeUnit(unit: OutputUnit, schema: unknown): RJSFValidationError {
  const path = toPath(unit.instanceLocation);
  const missing = unit.keyword === 'required' ? /"([^"]+)"/.exec(unit.error)?.[1] : undefined;
  if (missing) path.push(missing);
  const limit = findLimit(schema, unit.keywordLocation);
  const message = isKnown(unit.keyword)
    ? i18next.t(MESSAGES[unit.keyword], { limit: String(limit) })
    : unit.error;
  const property = path.length > 0 ? `.${path.join('.')}` : '';
  return {
    name: unit.keyword,
    message,
    property,
    stack: `${property} ${message}`.trim(),
    schemaPath: unit.keywordLocation,
  };
}

function findErrors(schema: unknown, data: unknown): RJSFValidationError[] {
  const { errors } = new Validator(schema as Schema, '2020-12', false).validate(data ?? {});
  const told = errors
    .filter((unit) => !WRAPPERS.has(unit.keyword))
    .map((unit) => describeUnit(unit, schema));
  const seen = new Set<string>();
  return told.filter(({ stack }) => !seen.has(stack) && seen.add(stack));
}

/** JSON has no undefined; an empty field is a field that is not there. */
export const withoutEmpty = (data: unknown): unknown =>
  data === undefined ? undefined : (JSON.parse(JSON.stringify(data)) as unknown);

class CfworkerValidator implements ValidatorType {
  isValid(schema: RJSFSchema, data: unknown, root: RJSFSchema): boolean {
    try {
      const definitions = { $defs: root.$defs, definitions: root.definitions };
      const whole = { ...definitions, ...schema } as Schema;
      return new Validator(whole, '2020-12').validate(withoutEmpty(data)).valid;
    } catch {
      return false;
    }
  }

  rawValidation<Result>(schema: RJSFSchema, data?: unknown): { errors?: Result[] } {
    return { errors: findErrors(schema, withoutEmpty(data)) as Result[] };
  }

  validateFormData(
    data: unknown,
    schema: RJSFSchema,
    customValidate?: Parameters<ValidatorType['validateFormData']>[2],
    transformErrors?: Parameters<ValidatorType['validateFormData']>[3],
    uiSchema?: Parameters<ValidatorType['validateFormData']>[4],
  ): ValidationData<unknown> {
    let errors = findErrors(schema, withoutEmpty(data));
    if (transformErrors) errors = transformErrors(errors, uiSchema);
    const errorSchema = toErrorSchema(errors);
    if (!customValidate) return { errors, errorSchema };
    const own = customValidate(data, createErrorHandler(data), uiSchema, errorSchema);
    return { errors, errorSchema: { ...errorSchema, ...unwrapErrorHandler(own) } };
  }
}

const validator = new CfworkerValidator();
export default validator;
