// The account's event stream: job states flow into the cache, ends become toasts, and while the
// stream is down queries poll instead.

import { useQueryClient } from '@tanstack/react-query';
import type { QueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState } from 'react';
import type { ReactNode } from 'react';

import { API } from '../api/client';
import { patchJobState } from '../api/jobCache';
import { jobQuery } from '../api/queries';
import { openStream } from '../api/stream';
import { isFinal } from '../api/types';
import type { AccountJobEvent } from '../api/types';
import { announceEnd } from './toasts';

export const POLL_MS = 5_000;
const SETTLE_MS = 300;
/** A short gap between two connections is not worth a bar. */
const PATIENCE_MS = 2_000;

const LiveContext = createContext(true);

/** Whether the stream is up. */
export const useIsLive = (): boolean => useContext(LiveContext);

/** For `refetchInterval`: polls only while the stream is down. */
export const usePolling = (): number | false => (useIsLive() ? false : POLL_MS);

function isJobEvent(data: unknown): data is AccountJobEvent {
  return typeof data === 'object' && data !== null && 'job_id' in data && 'state' in data;
}

function refresh(client: QueryClient): void {
  for (const key of ['jobs', 'job', 'datasets', 'dataset', 'account']) {
    void client.invalidateQueries({ queryKey: [key] });
  }
}

async function onJobEvent(client: QueryClient, event: AccountJobEvent): Promise<void> {
  patchJobState(client, event);
  if (!isFinal(event.state)) return;
  const isPlatform = !event.operation.includes('.') || event.operation.startsWith('catalog.');
  void client.invalidateQueries({ queryKey: ['job', event.job_id] });
  void client.invalidateQueries({ queryKey: ['datasets'] });
  void client.invalidateQueries({ queryKey: ['dataset'] });
  void client.invalidateQueries({ queryKey: ['account'] });
  const onItsPage = window.location.pathname.endsWith(`/jobs/${event.job_id}`);
  if (isPlatform || (onItsPage && document.visibilityState === 'visible')) return;
  const job = await client.fetchQuery(jobQuery(event.job_id)).catch(() => undefined);
  if (job && job.submitted_by !== null) announceEnd(job);
}

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [isLive, setIsLive] = useState(true);

  useEffect(() => {
    let settle: ReturnType<typeof setTimeout> | undefined;
    let patience: ReturnType<typeof setTimeout> | undefined;
    let opened = false;
    const stream = openStream(`${API}/events`, {
      events: ['job'],
      onOpen: () => {
        clearTimeout(patience);
        patience = undefined;
        setIsLive(true);
        // What happened while nobody listened is asked for; the first connection missed nothing.
        if (opened) refresh(client);
        opened = true;
      },
      onDown: () => {
        patience ??= setTimeout(() => setIsLive(false), PATIENCE_MS);
      },
      onEvent: (_name, data) => {
        if (!isJobEvent(data)) return;
        void onJobEvent(client, data);
        clearTimeout(settle);
        settle = setTimeout(() => {
          void client.invalidateQueries({ queryKey: ['jobs'] });
        }, SETTLE_MS);
      },
    });
    return () => {
      stream.close();
      clearTimeout(settle);
      clearTimeout(patience);
    };
  }, [client]);

  return <LiveContext value={isLive}>{children}</LiveContext>;
}
