import { expect, test } from 'vitest';

import type { InputSlot } from '../api/types';
import {
  EMPTY_FLOW,
  addNode,
  connect,
  findEdge,
  layoutColumns,
  listSources,
  readText,
  removeNode,
  writeText,
} from './definition';

const DATA: InputSlot = { name: 'data', title: 'Table', kind: 'table', required: true };
const MODEL: InputSlot = { name: 'model', title: 'Model', kind: 'model', required: true };

function build() {
  let flow = addNode(EMPTY_FLOW, { dataset: { id: 'd1' } });
  flow = addNode(flow, { operation: 'automl.train' });
  flow = addNode(flow, { operation: 'automl.train' });
  flow = addNode(flow, { operation: 'automl.predict' });
  flow = connect(flow, 'train', DATA, 'data');
  flow = connect(flow, 'train-2', DATA, 'data');
  return connect(flow, 'predict', MODEL, 'train.model');
}

test('steps get names of their own and are connected by input', () => {
  const flow = build();
  expect(flow.nodes.map((node) => node.id)).toEqual(['data', 'train', 'train-2', 'predict']);
  expect(flow.edges).toContainEqual({ from: 'train.model', to: 'predict.model' });
  const again = connect(flow, 'predict', MODEL, 'train-2.model');
  expect(again.edges.filter(({ to }) => to === 'predict.model')).toHaveLength(1);
  expect(connect(again, 'predict', MODEL, '').edges).toHaveLength(2);
  expect(listSources(flow, 'predict', MODEL)).toEqual(['data', 'train.model', 'train-2.model']);
  expect(
    findEdge({ ...flow, edges: [{ from: 'data', to: 'train' }] }, 'train', DATA, true)?.from,
  ).toBe('data');
});

test('a step stands right of what it reads, and a circle does not hang', () => {
  const columns = layoutColumns(build()).map((column) => column.map((node) => node.id));
  expect(columns).toEqual([['data'], ['train', 'train-2'], ['predict']]);
  const circle = {
    nodes: [{ id: 'a' }, { id: 'b' }],
    edges: [
      { from: 'a', to: 'b.x' },
      { from: 'b', to: 'a.x' },
    ],
  };
  expect(layoutColumns(circle)).toHaveLength(1);
});

test('a step goes with its edges, and the text says the same', () => {
  const left = removeNode(build(), 'train');
  expect(left.edges).toEqual([{ from: 'data', to: 'train-2.data' }]);
  expect(readText(writeText(left))).toEqual(left);
  expect(readText('{')).toBeNull();
  expect(readText('[]')).toBeNull();
});
