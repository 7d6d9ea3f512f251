import { describe, expect, test } from 'vitest';

import { EMPTY, LOG_LINES, fold } from './jobStream';
import type { JobEvent } from './jobStream';

const foldAll = (events: JobEvent[]) => events.reduce(fold, EMPTY);
const stage = (name: string, current: number) => ({
  name: 'stage',
  data: { name, current, total: 3 },
});

describe('fold', () => {
  test('keeps stages in order and starts over with a new attempt', () => {
    const first = foldAll([stage('Read', 1), stage('Fit', 2)]);
    expect(first.stages.map(({ name }) => name)).toEqual(['Read', 'Fit']);
    const again = fold(first, stage('Read', 1));
    expect(again.stages.map(({ name }) => name)).toEqual(['Read']);
  });

  test('collects measurements by name and keeps the last partial of a name', () => {
    const progress = foldAll([
      { name: 'metric', data: { name: 'loss', step: 1, value: 0.5 } },
      { name: 'metric', data: { name: 'loss', step: 2, value: 0.25 } },
      { name: 'partial', data: { name: 'leaderboard', value: { rows: [1] } } },
      { name: 'partial', data: { name: 'leaderboard', value: { rows: [1, 2] } } },
    ]);
    expect(progress.metrics.loss).toEqual([
      [1, 0.5],
      [2, 0.25],
    ]);
    expect(progress.partials.leaderboard).toEqual({ rows: [1, 2] });
  });

  test('cuts a long log at its beginning and counts what is gone', () => {
    const lines = Array.from({ length: LOG_LINES + 5 }, (_, at) => ({
      name: 'log',
      data: { level: 'info', message: `line ${at}` },
    }));
    const progress = foldAll(lines);
    expect(progress.log).toHaveLength(LOG_LINES);
    expect(progress.dropped).toBe(5);
    expect(progress.log[0]?.message).toBe('line 5');
    expect(new Set(progress.log.map((line) => line.key)).size).toBe(LOG_LINES);
  });

  test('bears events that it does not know or that hold nothing', () => {
    expect(foldAll([{ name: 'surprise', data: {} }])).toBe(EMPTY);
    expect(fold(EMPTY, { name: 'progress', data: null }).fraction).toBe(0);
  });
});
