// What a job would cost, asked again a moment after the last change.

import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';

import { api } from '../api/client';
import type { Estimate, InputRef, JsonObject } from '../api/types';

const TYPING_MS = 350;

export interface Draft {
  params: JsonObject;
  inputs: Record<string, InputRef>;
}

export function useEstimate(operation: string, draft: Draft | null) {
  // As text, so that equal drafts are one question.
  const [settled] = useDebouncedValue(draft && JSON.stringify(draft), TYPING_MS);
  const estimate = useQuery({
    queryKey: ['estimate', operation, settled],
    queryFn: ({ signal }) =>
      api.send<Estimate>('POST', `/operations/${operation}/estimate`, {
        body: JSON.parse(settled ?? '{}') as Draft,
        signal,
      }),
    enabled: settled !== null && draft !== null,
    placeholderData: keepPreviousData,
    retry: false,
  });
  return draft ? estimate : { ...estimate, data: undefined, error: null };
}
