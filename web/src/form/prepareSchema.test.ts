import { describe, expect, test } from 'vitest';

import type { JsonObject } from '../api/types';
import { prepareSchema } from './prepareSchema';
import { deriveUiSchema, findColumnFields } from './uiSchema';

const SCHEMA: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'TrainParams',
  type: 'object',
  required: ['target'],
  properties: {
    target: { type: 'string', 'x-gantry': { column_of: 'data' } },
    group: { type: ['string', 'null'], default: null, 'x-gantry': { column_of: 'data' } },
    ignore: { type: 'array', items: { type: 'string' }, 'x-gantry': { column_of: 'data' } },
    task: { description: 'Which task.', anyOf: [{ $ref: '#/$defs/Task' }, { type: 'null' }] },
    models: { type: 'array', items: { $ref: '#/$defs/Model' } },
    folds: { type: 'integer', format: 'uint32', minimum: 2 },
  },
  $defs: {
    Task: {
      oneOf: [
        { const: 'auto', type: 'string', description: 'Found out.' },
        { const: 'multi_class', type: 'string' },
      ],
    },
    Model: { type: 'string', enum: ['linear', 'random_forest'] },
  },
};

const properties = prepareSchema(SCHEMA).properties as Record<string, Record<string, unknown>>;

describe('prepareSchema', () => {
  test('makes "or null" a field that may be left out', () => {
    expect(properties.group?.type).toBe('string');
    expect(properties.group).not.toHaveProperty('default');
    expect(properties.task).not.toHaveProperty('anyOf');
  });

  test('puts references in place and keeps what stands beside them', () => {
    expect(properties.task?.description).toBe('Which task.');
    expect(properties.task?.oneOf).toEqual([
      { const: 'auto', title: 'Auto', description: 'Found out.' },
      { const: 'multi_class', title: 'Multi class' },
    ]);
  });

  test('turns a list of choices into a set', () => {
    expect(properties.models?.uniqueItems).toBe(true);
    expect((properties.models?.items as { oneOf: unknown }).oneOf).toHaveLength(2);
  });

  test('names fields for people and drops what forms do not understand', () => {
    expect(properties.target?.title).toBe('Target');
    expect(properties.folds).not.toHaveProperty('format');
    expect(prepareSchema(SCHEMA)).not.toHaveProperty('$defs');
  });

  test('keeps the order that the author wrote, on every level', () => {
    const schema = {
      required: ['c'],
      properties: {
        a: {},
        b: { properties: { x: {}, y: {} }, 'x-gantry': { order: ['y', 'x'] } },
        c: {},
      },
      'x-gantry': { order: ['b', 'gone', 'c'] },
    };
    const fields = prepareSchema(schema).properties as Record<string, { properties: object }>;
    expect(Object.keys(fields)).toEqual(['b', 'c', 'a']);
    expect(Object.keys(fields.b?.properties ?? {})).toEqual(['y', 'x']);
  });

  test('puts what is needed first and keeps the order otherwise', () => {
    const schema = { type: 'object', required: ['c'], properties: { a: {}, b: {}, c: {} } };
    expect(Object.keys(prepareSchema(schema).properties as object)).toEqual(['c', 'a', 'b']);
  });

  test('ends on a schema that contains itself', () => {
    const tree = {
      type: 'object',
      properties: { child: { $ref: '#/$defs/Node' } },
      $defs: { Node: { type: 'object', properties: { child: { $ref: '#/$defs/Node' } } } },
    };
    expect(JSON.stringify(prepareSchema(tree)).length).toBeGreaterThan(100);
  });
});

describe('deriveUiSchema', () => {
  test('shows columns of an input as choices', () => {
    const ui = deriveUiSchema(prepareSchema(SCHEMA));
    expect(ui.target).toEqual({ 'ui:widget': 'column', 'ui:options': { slot: 'data' } });
    expect(ui.ignore?.['ui:widget']).toBe('columns');
    expect(ui.models?.['ui:widget']).toBe('checkboxes');
  });

  test('knows which fields to empty when other data are chosen', () => {
    const schema = prepareSchema(SCHEMA);
    expect(findColumnFields(schema, 'data')).toEqual(['target', 'group', 'ignore']);
    expect(findColumnFields(schema, 'model')).toEqual([]);
  });
});
