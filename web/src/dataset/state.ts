// Where a dataset stands: it is ready once its profile is there.

import { useQueries } from '@tanstack/react-query';

import { jobQuery } from '../api/queries';
import type { Dataset, DatasetVersion, JobState } from '../api/types';

export type DatasetState = 'profiling' | 'ready' | 'failed';

export const PROFILE_POLL_MS = 2_000;

const LOST: (JobState | undefined)[] = ['failed', 'cancelled', 'dead'];

/** Only tables are profiled. */
export const isTable = ({ profile_job_id, profiled }: DatasetVersion): boolean =>
  profiled || profile_job_id !== null;

export function deriveState(dataset: Dataset, profileJob: JobState | undefined): DatasetState {
  if (dataset.latest.profiled || !isTable(dataset.latest)) return 'ready';
  return LOST.includes(profileJob) ? 'failed' : 'profiling';
}

/** States of many datasets; only profiles that are not there yet cost a request. */
export function useDatasetStates(datasets: Dataset[]): Map<string, DatasetState> {
  const waiting = datasets.filter(
    ({ latest }) => !latest.profiled && latest.profile_job_id !== null,
  );
  const jobs = useQueries({
    queries: waiting.map(({ latest }) => ({
      ...jobQuery(latest.profile_job_id ?? ''),
      refetchInterval: PROFILE_POLL_MS,
    })),
  });
  const jobStates = new Map(waiting.map((dataset, at) => [dataset.id, jobs[at]?.data?.state]));
  return new Map(
    datasets.map((dataset) => [dataset.id, deriveState(dataset, jobStates.get(dataset.id))]),
  );
}
