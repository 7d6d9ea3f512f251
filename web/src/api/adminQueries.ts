// What administrators alone read of the API, as queries.

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { api } from './client';
import { DAY_MS, PAGE } from './queries';
import type {
  AdminOverview,
  AdminReferral,
  AdminUser,
  AdminUserDetail,
  Costs,
  Flag,
  FraudBlock,
  FraudEvent,
  LimitRecord,
  Page,
  PaymentEvent,
  Revenue,
} from './types';

export const adminQuery = queryOptions({
  queryKey: ['admin'],
  queryFn: ({ signal }) => api.get<AdminOverview>('/admin/overview', {}, signal),
  refetchInterval: 5_000,
});

export const fraudEventsQuery = (open: boolean) =>
  infiniteQueryOptions({
    queryKey: ['fraud-events', open],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<FraudEvent>>(
        '/admin/fraud/events',
        { cursor: pageParam, limit: PAGE, open: String(open) },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

/** Where the list of blocked devices and networks is. */
export const FRAUD_BLOCKS = '/admin/fraud/blocks';

export const fraudBlocksQuery = infiniteQueryOptions({
  queryKey: ['fraud-blocks'],
  queryFn: ({ pageParam, signal }) =>
    api.get<Page<FraudBlock>>(FRAUD_BLOCKS, { cursor: pageParam, limit: PAGE }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

/** All flags; there are few. */
export const flagsQuery = queryOptions({
  queryKey: ['flags'],
  queryFn: ({ signal }) => api.get<{ items: Flag[] }>('/admin/flags', {}, signal),
});

export interface PersonFilters {
  q?: string;
  status?: string;
}

export const peopleQuery = ({ q, status }: PersonFilters) =>
  infiniteQueryOptions({
    queryKey: ['people', { q, status }],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<AdminUser>>(
        '/admin/users',
        { search: q, status, cursor: pageParam, limit: PAGE },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

/** Under the people, because one of them changes with the list. */
export const personQuery = (id: string) =>
  queryOptions({
    queryKey: ['people', id],
    queryFn: ({ signal }) => api.get<AdminUserDetail>(`/admin/users/${id}`, {}, signal),
  });

export const pathOfLimits = (organization: string) => `/admin/accounts/${organization}/overrides`;

/** Under the people, because another plan changes what stands beside them. */
export const limitsQuery = (organization: string) =>
  queryOptions({
    queryKey: ['people', 'limits', organization],
    queryFn: async ({ signal }) =>
      (await api.get<{ overrides: LimitRecord[] }>(pathOfLimits(organization), {}, signal))
        .overrides,
  });

/** What jobs of the last days cost. */
export const costsQuery = (days: number) =>
  queryOptions({
    queryKey: ['costs', days],
    queryFn: ({ signal }) => {
      const from = new Date(Date.now() - days * DAY_MS).toISOString();
      return api.get<Costs>('/admin/costs', { from }, signal);
    },
  });

export const allReferralsQuery = infiniteQueryOptions({
  queryKey: ['all-referrals'],
  queryFn: ({ pageParam, signal }) =>
    api.get<Page<AdminReferral>>('/admin/referrals', { cursor: pageParam, limit: PAGE }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

export const unclearEventsQuery = infiniteQueryOptions({
  queryKey: ['payment-events'],
  queryFn: ({ pageParam, signal }) =>
    api.get<Page<PaymentEvent>>(
      '/admin/payment-events',
      { outcome: 'unclear', cursor: pageParam, limit: PAGE },
      signal,
    ),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

/** `month` such as `2027-02`; the present one if not given. */
export const revenueQuery = (month?: string) =>
  queryOptions({
    queryKey: ['revenue', month ?? ''],
    queryFn: ({ signal }) => api.get<Revenue>('/admin/revenue', { month }, signal),
  });
