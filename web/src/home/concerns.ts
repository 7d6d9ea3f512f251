// What waits for the person who is signed in.

import type { Account, Job } from '../api/types';

export type Concern = { kind: 'credits'; available: number } | { kind: 'job'; job: Job };

const RECENT_MS = 3 * 24 * 3600 * 1000;
const LOW_CREDITS = 10;

const NEEDS_SOMEBODY = ['blocked', 'failed', 'dead'];

export function findConcerns(
  jobs: Job[],
  account: Account | undefined,
  now = Date.now(),
): Concern[] {
  const concerns: Concern[] = [];
  const lacksCredits =
    account?.plan.terms.jobs_cost_credits && account.credits.available < LOW_CREDITS;
  if (lacksCredits) {
    concerns.push({ kind: 'credits', available: account.credits.available });
  }
  for (const job of jobs) {
    const isRecent = now - new Date(job.finished_at ?? job.created_at).getTime() < RECENT_MS;
    if (NEEDS_SOMEBODY.includes(job.state) && (isRecent || job.state === 'blocked')) {
      concerns.push({ kind: 'job', job });
    }
  }
  return concerns;
}
