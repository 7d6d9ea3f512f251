// What the account's stream says about a job, written into the answers that are already there, so
// that lists and pages follow without a request each.

import type { InfiniteData, QueryClient } from '@tanstack/react-query';

import { isFinal } from './types';
import type { AccountJobEvent, Job, Page } from './types';

export function applyToJob(job: Job, event: AccountJobEvent): Job {
  if (job.id !== event.job_id || job.state === event.state) return job;
  // Answers and events race; what has ended does not begin again.
  if (isFinal(job.state)) return job;
  return { ...job, state: event.state };
}

export function applyToPages(
  data: InfiniteData<Page<Job>> | undefined,
  event: AccountJobEvent,
): InfiniteData<Page<Job>> | undefined {
  if (!data) return data;
  let changed = false;
  const pages = data.pages.map((page) => {
    const items = page.items.map((job) => applyToJob(job, event));
    if (items.every((job, index) => job === page.items[index])) return page;
    changed = true;
    return { ...page, items };
  });
  return changed ? { ...data, pages } : data;
}

export function patchJobState(client: QueryClient, event: AccountJobEvent): void {
  client.setQueriesData<InfiniteData<Page<Job>>>({ queryKey: ['jobs'] }, (data) =>
    applyToPages(data, event),
  );
  client.setQueryData<Job>(['job', event.job_id], (job) => job && applyToJob(job, event));
}
