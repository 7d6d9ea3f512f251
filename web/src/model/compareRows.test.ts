import { expect, test } from 'vitest';

import type { Model } from '../api/types';
import { compareRows } from './compareRows';

const model: Model = {
  id: 'm',
  job_id: 'j',
  operation: 'automl.train',
  label: null,
  inputs: {},
  file_name: 'model.gantry',
  bytes: 1,
  sha256: '',
  created_at: '2026-01-01T00:00:00Z',
  name: 'churn',
  version: 3,
  tags: [],
  note: null,
};

test('a report of a training, of something else, and none', () => {
  const training = { metric: 'roc_auc', best: { model: 'random_forest', score: 0.9 } };
  const rows = compareRows([
    { model, report: training },
    { model, report: { score: 0.5 } },
    { model: { ...model, name: null }, report: null },
  ]);
  expect(
    rows.map(({ name, algorithm, metric, score }) => [name, algorithm, metric, score]),
  ).toEqual([
    ['churn v3', 'random_forest', 'roc_auc', 0.9],
    ['churn v3', null, null, 0.5],
    ['automl.train · model.gantry', null, null, null],
  ]);
});
