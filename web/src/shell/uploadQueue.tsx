// Uploads in progress. They live above the pages, so that one may leave while a file is sent.

import { useQueryClient } from '@tanstack/react-query';
import { createContext, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';

import { createKey } from '../api/client';
import type { Dataset } from '../api/types';
import { uploadFile } from '../api/uploads';

export interface UploadItem {
  key: string;
  file: File;
  datasetId?: string;
  sent: number;
  status: 'sending' | 'failed';
  error: unknown;
  cancel: () => void;
}

interface UploadQueue {
  items: UploadItem[];
  start: (files: File[], datasetId?: string) => void;
  retry: (item: UploadItem) => void;
  dismiss: (item: UploadItem) => void;
}

const UploadContext = createContext<UploadQueue | null>(null);

export function useUploads(): UploadQueue {
  const queue = useContext(UploadContext);
  if (!queue) throw new Error('useUploads outside of the shell');
  return queue;
}

/** Asks before the page is left while bytes are on their way. */
function useLeaveGuard(isSending: boolean) {
  useEffect(() => {
    if (!isSending) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isSending]);
}

export function UploadProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [items, setItems] = useState<UploadItem[]>([]);
  useLeaveGuard(items.some((item) => item.status === 'sending'));

  const change = useCallback((key: string, part: Partial<UploadItem>) => {
    setItems((before) => before.map((item) => (item.key === key ? { ...item, ...part } : item)));
  }, []);
  const remove = useCallback((key: string) => {
    setItems((before) => before.filter((item) => item.key !== key));
  }, []);

  const send = useCallback(
    async (item: Pick<UploadItem, 'key' | 'file' | 'datasetId'>, signal: AbortSignal) => {
      try {
        const dataset: Dataset = await uploadFile(item.file, {
          datasetId: item.datasetId,
          signal,
          onProgress: (sent) => change(item.key, { sent }),
        });
        client.setQueryData(['dataset', dataset.id], dataset);
        await client.invalidateQueries({ queryKey: ['datasets'] });
        void client.invalidateQueries({ queryKey: ['dataset', dataset.id] });
        remove(item.key);
      } catch (error) {
        const cancelled = error instanceof DOMException && error.name === 'AbortError';
        if (cancelled) remove(item.key);
        else change(item.key, { status: 'failed', error });
      }
    },
    [change, client, remove],
  );

  const start = useCallback(
    (files: File[], datasetId?: string) => {
      for (const file of files) {
        const controller = new AbortController();
        const key = createKey();
        const cancel = () => controller.abort();
        const item: UploadItem = {
          key,
          file,
          datasetId,
          sent: 0,
          status: 'sending',
          error: null,
          cancel,
        };
        setItems((before) => [...before, item]);
        void send(item, controller.signal);
      }
    },
    [send],
  );

  const queue = useMemo(
    () => ({
      items,
      start,
      retry: (item: UploadItem) => {
        remove(item.key);
        start([item.file], item.datasetId);
      },
      dismiss: (item: UploadItem) => remove(item.key),
    }),
    [items, remove, start],
  );
  return <UploadContext value={queue}>{children}</UploadContext>;
}
