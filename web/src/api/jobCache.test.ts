import { QueryClient } from '@tanstack/react-query';
import type { InfiniteData } from '@tanstack/react-query';
import { describe, expect, test } from 'vitest';

import { applyToPages, patchJobState } from './jobCache';
import type { Job, JobState, Page } from './types';

const job = (id: string, state: JobState) => ({ id, state }) as Job;

const data = (...pages: Job[][]): InfiniteData<Page<Job>> => ({
  pages: pages.map((items) => ({ items, next_cursor: null })),
  pageParams: pages.map(() => null),
});

const event = (job_id: string, state: JobState) => ({ job_id, operation: 'automl.train', state });

describe('applyToPages', () => {
  test('changes the one job and leaves other pages the same objects', () => {
    const before = data([job('a', 'queued')], [job('b', 'queued')]);
    const after = applyToPages(before, event('b', 'running'));
    expect(after?.pages[1]?.items[0]?.state).toBe('running');
    expect(after?.pages[0]).toBe(before.pages[0]);
    expect(before.pages[1]?.items[0]?.state).toBe('queued');
  });

  test('gives back the same data when nothing changes, so that nothing is drawn again', () => {
    const before = data([job('a', 'running')]);
    expect(applyToPages(before, event('a', 'running'))).toBe(before);
    expect(applyToPages(before, event('z', 'failed'))).toBe(before);
    expect(applyToPages(undefined, event('a', 'failed'))).toBeUndefined();
  });

  test('does not bring an ended job back to life', () => {
    const before = data([job('a', 'succeeded')]);
    expect(applyToPages(before, event('a', 'running'))).toBe(before);
  });
});

test('patchJobState reaches lists and the single job', () => {
  const client = new QueryClient();
  client.setQueryData(['jobs', { limit: 50 }], data([job('a', 'queued')]));
  client.setQueryData(['jobs', { limit: 8 }], data([job('a', 'queued')]));
  client.setQueryData(['job', 'a'], job('a', 'queued'));
  patchJobState(client, event('a', 'running'));
  const states = [50, 8].map(
    (limit) =>
      client.getQueryData<InfiniteData<Page<Job>>>(['jobs', { limit }])?.pages[0]?.items[0]?.state,
  );
  expect(states).toEqual(['running', 'running']);
  expect(client.getQueryData<Job>(['job', 'a'])?.state).toBe('running');
});
