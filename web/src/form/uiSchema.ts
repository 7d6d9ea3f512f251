// How fields are shown beyond what JSON Schema says: `x-gantry` names columns of an input and
// settings that few people need.

import type { UiSchema } from '@rjsf/utils';

import type { JsonObject, JsonValue } from '../api/types';

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The input slot whose columns a field names. */
export function findColumnSlot(schema: JsonObject): string | null {
  const extension = schema['x-gantry'];
  if (!isObject(extension)) return null;
  return typeof extension.column_of === 'string' ? extension.column_of : null;
}

export function isAdvanced(schema: JsonObject): boolean {
  const extension = schema['x-gantry'];
  return isObject(extension) && extension.advanced === true;
}

/** Works on a schema that went through `prepareSchema`. */
export function deriveUiSchema(schema: JsonObject): UiSchema {
  const ui: UiSchema = {};
  const slot = findColumnSlot(schema);
  if (slot) {
    ui['ui:widget'] = schema.type === 'array' ? 'columns' : 'column';
    ui['ui:options'] = { slot };
    return ui;
  }
  if (isObject(schema.properties)) {
    for (const [name, property] of Object.entries(schema.properties)) {
      if (isObject(property)) ui[name] = deriveUiSchema(property);
    }
  }
  if (isObject(schema.items)) {
    ui.items = deriveUiSchema(schema.items);
    const isSet = Array.isArray(schema.items.oneOf) && schema.uniqueItems === true;
    if (isSet) ui['ui:widget'] = 'checkboxes';
  }
  return ui;
}

/** Names of the fields on the first level that hold columns of `slot`. */
export function findColumnFields(schema: JsonObject, slot: string): string[] {
  if (!isObject(schema.properties)) return [];
  return Object.entries(schema.properties)
    .filter(([, property]) => isObject(property) && findColumnSlot(property) === slot)
    .map(([name]) => name);
}
