import { MantineProvider } from '@mantine/core';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, test } from 'vitest';

import type { Job, JsonObject } from '../api/types';
import { ValueTree } from '../parts/ValueTree';
import { deriveSnippet } from './ApiSnippet';
import { Leaderboard, readLeaderboard } from './Leaderboard';
import { isTrainReport } from './TrainReport';

const BOARD: JsonObject = {
  metric: 'roc_auc',
  greater_is_better: true,
  rows: [
    {
      rank: 1,
      model: 'random_forest',
      score: 0.79,
      score_std: 0.02,
      fit_seconds: 1.2,
      params: {},
      status: 'ok',
    },
    {
      rank: 2,
      model: 'linear',
      score: 0.75,
      score_std: 0.01,
      fit_seconds: 0.1,
      params: { l2: 1 },
      status: 'ok',
    },
  ],
};

afterEach(cleanup);

describe('leaderboard', () => {
  test('is told from other partial results', () => {
    expect(readLeaderboard(BOARD)?.rows).toHaveLength(2);
    expect(readLeaderboard({ rows: [] })).toBeNull();
    expect(readLeaderboard('x')).toBeNull();
    expect(readLeaderboard({ metric: 'rmse', rows: [{ model: 'a' }] })?.rows[0]).toMatchObject({
      rank: 1,
      score: null,
      status: 'ok',
    });
  });

  test('shows candidates and sorts them by what is clicked', async () => {
    const data = readLeaderboard(BOARD);
    if (!data) throw new Error('no leaderboard');
    render(
      <MantineProvider env="test">
        <Leaderboard data={data} />
      </MantineProvider>,
    );
    const names = () =>
      screen
        .getAllByRole('row')
        .slice(1)
        .map((row) => row.querySelector('td')?.textContent);
    expect(names()).toEqual(['Random forest', 'Linear']);
    await userEvent.click(screen.getByRole('button', { name: /Fit time/ }));
    expect(names()[0]).toBe('Linear');
  });
});

test('a report is a training only with a best model and a leaderboard', () => {
  expect(isTrainReport({ best: { model: 'a', score: 1 }, leaderboard: BOARD })).toBe(true);
  expect(isTrainReport({ rows: 3 })).toBe(false);
  expect(isTrainReport(null)).toBe(false);
});

test('any report can be read as names and values', () => {
  const value = {
    file_bytes: 1500,
    nested: { job_seconds: 90 },
    rows: [{ a: 1 }, { a: 2 }],
    left: null,
  };
  render(<ValueTree value={value} label="Report" />);
  expect(screen.getByText('1.5 kB')).toBeTruthy();
  expect(screen.getByText('1m 30s')).toBeTruthy();
  expect(screen.getAllByRole('row')).toHaveLength(3);
  expect(screen.getByText('None')).toBeTruthy();
});

test('the snippet is safe to paste into a shell', () => {
  const job = {
    operation: 'automl.train',
    params: { target: "it's" },
    inputs: {},
  } as unknown as Job;
  const snippet = deriveSnippet(job, 'http://127.0.0.1:8080');
  expect(snippet).toContain('curl http://127.0.0.1:8080/api/v1/jobs');
  expect(snippet).toContain(`it'\\''s`);
});
