import { expect, test } from 'vitest';

import { groupMetrics } from './metricGroups';

test('lines of one kind of measurement share a picture', () => {
  const groups = groupMetrics({
    'forest.roc_auc': [[1, 0.7]],
    'linear.roc_auc': [[1, 0.6]],
    'forest.log_loss': [[1, 0.5]],
    loss: [[1, 2]],
  });
  expect(groups.map(({ name, series }) => [name, series.map((line) => line.name)])).toEqual([
    ['roc_auc', ['forest', 'linear']],
    ['log_loss', ['forest']],
    ['loss', ['loss']],
  ]);
  expect(groupMetrics({})).toEqual([]);
});
