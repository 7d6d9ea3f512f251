// Makes a schema that Rust's types were turned into fit for a form: references are put in place,
// "or null" becomes "may be left out", and choices get names for people.

import type { JsonObject, JsonValue } from '../api/types';
import { humanize } from '../app/format';

const DEEPEST = 12;

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isNull = (schema: JsonValue): boolean => isObject(schema) && schema.type === 'null';

function lookUp(root: JsonObject, reference: string): JsonObject {
  let place: JsonValue | undefined = root;
  for (const word of reference.replace(/^#\/?/, '').split('/')) {
    const name = decodeURIComponent(word).replace(/~1/g, '/').replace(/~0/g, '~');
    place = isObject(place) ? place[name] : undefined;
  }
  return isObject(place) ? place : {};
}

/** `anyOf: [X, null]` is X; a single alternative is itself. */
function collapseUnion(schema: JsonObject): JsonObject {
  for (const word of ['anyOf', 'oneOf', 'allOf'] as const) {
    const parts = schema[word];
    if (!Array.isArray(parts)) continue;
    const kept = parts.filter((part) => !isNull(part));
    const [only] = kept;
    if (kept.length !== 1 || !isObject(only)) continue;
    const { [word]: _dropped, ...rest } = schema;
    return { ...only, ...rest };
  }
  return schema;
}

function dropNull(schema: JsonObject): JsonObject {
  const result = { ...schema };
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((type) => type !== 'null');
    result.type = types.length === 1 ? (types[0] ?? 'string') : types;
  }
  if (schema.default === null) delete result.default;
  if (Array.isArray(schema.enum)) result.enum = schema.enum.filter((value) => value !== null);
  // Formats of Rust's numbers say nothing to a form.
  if (result.type === 'integer' || result.type === 'number') delete result.format;
  return result;
}

const nameOf = (value: JsonValue): string =>
  typeof value === 'string' ? humanize(value) : String(value);

/** Fixed values, each with a name. */
function nameChoices(schema: JsonObject): JsonObject {
  if (Array.isArray(schema.enum) && schema.enum.length > 1) {
    const { enum: values, ...rest } = schema;
    return { ...rest, oneOf: values.map((value) => ({ const: value, title: nameOf(value) })) };
  }
  if (!Array.isArray(schema.oneOf)) return schema;
  const choices = schema.oneOf.flatMap((part): JsonObject[] => {
    if (!isObject(part)) return [];
    const values = part.const !== undefined ? [part.const] : part.enum;
    if (!Array.isArray(values)) return [];
    return values.map((value) => ({
      const: value,
      title: typeof part.title === 'string' ? part.title : nameOf(value),
      ...(typeof part.description === 'string' ? { description: part.description } : {}),
    }));
  });
  const isChoice = schema.oneOf.every(
    (part) => isObject(part) && (part.const !== undefined || Array.isArray(part.enum)),
  );
  if (!isChoice) return schema;
  return { type: 'string', ...schema, oneOf: choices };
}

/** As the author wrote them; where nobody knows, what must be filled in comes first. */
function orderFields(schema: JsonObject): string[] {
  const extension = schema['x-gantry'];
  const written = isObject(extension) ? extension.order : undefined;
  const first = Array.isArray(written) ? written : schema.required;
  if (!isObject(schema.properties)) return [];
  const names = Object.keys(schema.properties);
  if (!Array.isArray(first)) return names;
  const placeOf = (name: string) => (first.includes(name) ? first.indexOf(name) : first.length);
  return names.sort((one, other) => placeOf(one) - placeOf(other));
}

function prepare(schema: JsonObject, root: JsonObject, depth: number): JsonObject {
  let result = schema;
  for (let turn = 0; turn < DEEPEST && typeof result.$ref === 'string'; turn += 1) {
    const { $ref, ...rest } = result;
    result = { ...lookUp(root, String($ref)), ...rest };
  }
  result = collapseUnion(result);
  if (typeof result.$ref === 'string' && depth < DEEPEST) return prepare(result, root, depth + 1);
  result = nameChoices(dropNull(result));
  if (depth >= DEEPEST) return result;
  if (isObject(result.properties)) {
    const properties: JsonObject = {};
    for (const name of orderFields(result)) {
      const property = result.properties[name];
      if (!isObject(property)) continue;
      properties[name] = { title: humanize(name), ...prepare(property, root, depth + 1) };
    }
    result = { ...result, properties };
  }
  if (isObject(result.items)) {
    const items = prepare(result.items, root, depth + 1);
    // A list of choices becomes a set of ticks, where nothing can be chosen twice.
    const isSet = Array.isArray(items.oneOf) && items.type === 'string';
    result = { ...result, items, ...(isSet ? { uniqueItems: true } : {}) };
  }
  for (const word of ['anyOf', 'oneOf'] as const) {
    const parts = result[word];
    if (!Array.isArray(parts)) continue;
    const prepared = parts.map((part) =>
      isObject(part) && part.const === undefined ? prepare(part, root, depth + 1) : part,
    );
    result = { ...result, [word]: prepared };
  }
  return result;
}

export function prepareSchema(schema: JsonObject): JsonObject {
  const {
    $defs: _definitions,
    $schema: _dialect,
    title: _title,
    ...rest
  } = prepare(schema, schema, 0);
  return rest;
}
