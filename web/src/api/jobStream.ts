// One job's events, folded into what its page shows. The stream starts at the job's first event, so
// the same fold serves a running job and one that ended last week.

import { useEffect, useState } from 'react';

import { API } from './client';
import { openStream } from './stream';
import type { JobState, JsonValue, Stage } from './types';

export interface LogLine {
  key: number;
  level: string;
  message: string;
  at: string | null;
}

export interface JobProgress {
  state: JobState | null;
  stages: Stage[];
  fraction: number | null;
  log: LogLine[];
  dropped: number;
  metrics: Record<string, [number, number][]>;
  partials: Record<string, JsonValue>;
  ended: boolean;
}

export const EMPTY: JobProgress = {
  state: null,
  stages: [],
  fraction: null,
  log: [],
  dropped: 0,
  metrics: {},
  partials: {},
  ended: false,
};

export const LOG_LINES = 2_000;
const FLUSH_MS = 120;
const EVENTS = ['state', 'stage', 'progress', 'log', 'metric', 'partial', 'emit'] as const;

export interface JobEvent {
  name: string;
  data: unknown;
}

type Fields = Record<string, unknown>;

const text = (value: unknown, otherwise = ''): string =>
  typeof value === 'string' ? value : otherwise;
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

function foldLog(progress: JobProgress, data: Fields): JobProgress {
  const last = progress.log[progress.log.length - 1];
  const line: LogLine = {
    key: (last?.key ?? 0) + 1,
    level: text(data.level, 'info'),
    message: text(data.message),
    at: text(data.at) || null,
  };
  const log = [...progress.log, line];
  const over = log.length - LOG_LINES;
  if (over <= 0) return { ...progress, log };
  return { ...progress, log: log.slice(over), dropped: progress.dropped + over };
}

function foldStage(progress: JobProgress, data: Fields): JobProgress {
  const stage: Stage = {
    name: text(data.name),
    current: number(data.current),
    total: number(data.total),
  };
  // A retried attempt starts at the first stage again.
  const earlier = progress.stages.filter((other) => other.current < stage.current);
  return { ...progress, stages: [...earlier, stage] };
}

export function fold(progress: JobProgress, event: JobEvent): JobProgress {
  const data = (event.data ?? {}) as Fields;
  switch (event.name) {
    case 'state':
      return { ...progress, state: text(data.state) as JobState };
    case 'stage':
      return foldStage(progress, data);
    case 'progress':
      return { ...progress, fraction: number(data.fraction) };
    case 'log':
      return foldLog(progress, data);
    case 'metric': {
      const name = text(data.name);
      const points = progress.metrics[name] ?? [];
      const point: [number, number] = [number(data.step), number(data.value)];
      return { ...progress, metrics: { ...progress.metrics, [name]: [...points, point] } };
    }
    case 'partial': {
      const partials = { ...progress.partials, [text(data.name)]: data.value as JsonValue };
      return { ...progress, partials };
    }
    default:
      return progress;
  }
}

/** Follows a job; many events in a short time become one drawing. */
export function useJobStream(
  jobId: string | null,
  onState: (state: JobState) => void,
): JobProgress {
  const [followed, setFollowed] = useState({ jobId, progress: EMPTY });

  useEffect(() => {
    if (!jobId) return undefined;
    let waiting: JobEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      timer = undefined;
      const events = waiting;
      waiting = [];
      setFollowed((before) => ({
        jobId,
        progress: events.reduce(fold, before.jobId === jobId ? before.progress : EMPTY),
      }));
    };
    const stream = openStream(`${API}/jobs/${jobId}/events`, {
      events: EVENTS,
      onEvent: (name, data) => {
        waiting.push({ name, data });
        timer ??= setTimeout(flush, FLUSH_MS);
        if (name === 'state') onState(text((data as Fields | null)?.state) as JobState);
      },
      onEnd: () => {
        flush();
        setFollowed((before) => ({ jobId, progress: { ...before.progress, ended: true } }));
      },
    });
    return () => {
      stream.close();
      clearTimeout(timer);
      setFollowed({ jobId, progress: EMPTY });
    };
  }, [jobId, onState]);

  return followed.jobId === jobId ? followed.progress : EMPTY;
}
