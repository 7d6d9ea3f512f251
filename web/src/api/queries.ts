// Every read of the API as a query, and the keys under which answers are kept. What administrators
// alone read is in adminQueries.ts, what tells of models in modelQueries.ts.

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { api } from './client';
import { isFinal } from './types';
import type {
  Account,
  AccountExport,
  ApiKey,
  Artifact,
  BillingDetails,
  ClosingPlace,
  Dataset,
  DatasetVersion,
  Grant,
  Invoice,
  Job,
  LedgerEntry,
  LinkedIdentity,
  Lot,
  Meta,
  OAuthClient,
  Offers,
  OperationSpec,
  Page,
  Passkey,
  Payment,
  Preview,
  Profile,
  Provider,
  Referrals,
  Rewards,
  Roster,
  Sample,
  Schedule,
  SecondFactorState,
  Session,
  Subscription,
  Usage,
  UsageGrouping,
  Workflow,
  WorkflowRun,
  WorkflowRunDetail,
} from './types';

export interface JobFilters {
  state?: string;
  operation?: string;
  q?: string;
}

/** How many items a page of a list has. */
export const PAGE = 50;

export const metaQuery = queryOptions({
  queryKey: ['meta'],
  queryFn: ({ signal }) => api.get<Meta>('/meta', {}, signal),
  staleTime: Infinity,
});

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: () => api.me(),
  staleTime: 5 * 60_000,
});

/** Under the person, because both change together. */
export const secondFactorQuery = queryOptions({
  queryKey: ['me', 'second-factor'],
  queryFn: ({ signal }) => api.get<SecondFactorState>('/auth/second-factor/setup', {}, signal),
});

export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: async ({ signal }) =>
    (await api.get<{ items: Provider[] }>('/auth/providers', {}, signal)).items,
});

/** Under the person, because removing one changes how they sign in. */
export const identitiesQuery = queryOptions({
  queryKey: ['me', 'identities'],
  queryFn: async ({ signal }) =>
    (await api.get<{ items: LinkedIdentity[] }>('/auth/identities', {}, signal)).items,
});

export const passkeysQuery = queryOptions({
  queryKey: ['me', 'passkeys'],
  queryFn: async ({ signal }) =>
    (await api.get<{ items: Passkey[] }>('/auth/passkeys', {}, signal)).items,
});

export const grantsQuery = queryOptions({
  queryKey: ['me', 'grants'],
  queryFn: async ({ signal }) =>
    (await api.get<{ items: Grant[] }>('/account/grants', {}, signal)).items,
});

/** Asked for again while it is being made. */
export const accountExportQuery = queryOptions({
  queryKey: ['me', 'export'],
  queryFn: async ({ signal }) =>
    (await api.get<{ export: AccountExport | null }>('/account/export', {}, signal)).export,
  refetchInterval: ({ state }) => (state.data && !isFinal(state.data.state) ? 1_000 : false),
});

export const membersQuery = queryOptions({
  queryKey: ['members'],
  queryFn: ({ signal }) => api.get<Roster>('/members', {}, signal),
});

export const networksQuery = queryOptions({
  queryKey: ['networks'],
  queryFn: async ({ signal }) =>
    (await api.get<{ networks: string[] }>('/organizations/networks', {}, signal)).networks,
});

export const billingDetailsQuery = queryOptions({
  queryKey: ['billing-details'],
  queryFn: async ({ signal }) =>
    (await api.get<{ details: BillingDetails | null }>('/account/billing-details', {}, signal))
      .details,
});

export const closingQuery = queryOptions({
  queryKey: ['me', 'closing'],
  queryFn: async ({ signal }) =>
    (await api.get<{ items: ClosingPlace[] }>('/organizations/closing', {}, signal)).items,
});

export const accountQuery = queryOptions({
  queryKey: ['account'],
  queryFn: ({ signal }) => api.get<Account>('/account', {}, signal),
});

/** Under the account, because a purchase brings one. The first page tells what expires first. */
export const lotsQuery = infiniteQueryOptions({
  queryKey: ['account', 'lots'],
  queryFn: ({ pageParam, signal }) =>
    api.get<Page<Lot>>('/account/lots', { cursor: pageParam, limit: PAGE }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

export interface LedgerWish {
  reason?: string;
  job?: string;
  from?: string;
  to?: string;
}

export const ledgerQuery = (wish: LedgerWish) =>
  infiniteQueryOptions({
    queryKey: ['ledger', wish],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<LedgerEntry>>(
        '/account/ledger',
        { ...wish, cursor: pageParam, limit: PAGE },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export const DAY_MS = 24 * 3600 * 1000;
/** So many letters of a time are its date. */
const DATE = 10;

/** The first of so many days, of which today is the last, in UTC. */
export const firstDayOf = (days: number) =>
  new Date(Date.now() - (days - 1) * DAY_MS).toISOString().slice(0, DATE);

/** What was used on the last days. Under the account, because a job that ends changes both. */
export const usageQuery = (days: number, by: UsageGrouping) =>
  queryOptions({
    queryKey: ['account', 'usage', days, by],
    queryFn: ({ signal }) =>
      api.get<Usage>('/account/usage', { from: firstDayOf(days), by }, signal),
  });

export const offersQuery = queryOptions({
  queryKey: ['offers'],
  queryFn: ({ signal }) => api.get<Offers>('/plans', {}, signal),
  staleTime: Infinity,
});

/** Under the account, because both change with one purchase. */
export const subscriptionQuery = queryOptions({
  queryKey: ['account', 'subscription'],
  queryFn: async ({ signal }) =>
    (await api.get<{ subscription: Subscription | null }>('/account/subscription', {}, signal))
      .subscription,
});

export const paymentsQuery = infiniteQueryOptions({
  queryKey: ['account', 'payments'],
  queryFn: ({ pageParam, signal }) =>
    api.get<Page<Payment>>('/account/payments', { cursor: pageParam, limit: PAGE }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

/** Under the account, because a purchase may bring one. */
export const invoicesQuery = queryOptions({
  queryKey: ['account', 'invoices'],
  queryFn: async ({ signal }) =>
    (await api.get<{ items: Invoice[] }>('/account/invoices', {}, signal)).items,
});

export const referralsQuery = infiniteQueryOptions({
  queryKey: ['referrals'],
  queryFn: ({ pageParam, signal }) =>
    api.get<Referrals>('/referrals', { cursor: pageParam, limit: PAGE }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

/** Under the account, because earning changes its balance. */
export const rewardsQuery = queryOptions({
  queryKey: ['account', 'rewards'],
  queryFn: ({ signal }) => api.get<Rewards>('/rewards', {}, signal),
});

export const operationsQuery = queryOptions({
  queryKey: ['operations'],
  queryFn: async ({ signal }) =>
    (await api.get<{ items: OperationSpec[] }>('/operations', {}, signal)).items,
  staleTime: 5 * 60_000,
});

export const jobsQuery = (filters: JobFilters, limit = PAGE) =>
  infiniteQueryOptions({
    queryKey: ['jobs', { ...filters, limit }],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Job>>('/jobs', { ...filters, cursor: pageParam, limit }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ['job', id],
    queryFn: ({ signal }) => api.get<Job>(`/jobs/${id}`, {}, signal),
  });

export const jobArtifactsQuery = (id: string) =>
  queryOptions({
    queryKey: ['job', id, 'artifacts'],
    queryFn: async ({ signal }) =>
      (await api.get<{ items: Artifact[] }>(`/jobs/${id}/artifacts`, {}, signal)).items,
  });

export const datasetsQuery = (q = '') =>
  infiniteQueryOptions({
    queryKey: ['datasets', { q }],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Dataset>>('/datasets', { q, cursor: pageParam, limit: PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export const datasetQuery = (id: string) =>
  queryOptions({
    queryKey: ['dataset', id],
    queryFn: ({ signal }) => api.get<Dataset>(`/datasets/${id}`, {}, signal),
  });

export const datasetVersionsQuery = (id: string) =>
  queryOptions({
    queryKey: ['dataset', id, 'versions'],
    queryFn: async ({ signal }) =>
      (await api.get<{ items: DatasetVersion[] }>(`/datasets/${id}/versions`, {}, signal)).items,
  });

export const profileQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: ['dataset', id, 'profile', version],
    queryFn: ({ signal }) => api.get<Profile>(`/datasets/${id}/profile`, { version }, signal),
    staleTime: Infinity,
  });

export const previewQuery = (id: string, version: number, rows: number) =>
  queryOptions({
    queryKey: ['dataset', id, 'preview', version, rows],
    queryFn: ({ signal }) => api.get<Preview>(`/datasets/${id}/preview`, { version, rows }, signal),
    staleTime: Infinity,
  });

export const samplesQuery = queryOptions({
  queryKey: ['samples'],
  queryFn: async ({ signal }) => (await api.get<{ items: Sample[] }>('/samples', {}, signal)).items,
  staleTime: Infinity,
});

export const schedulesQuery = infiniteQueryOptions({
  queryKey: ['schedules'],
  queryFn: ({ pageParam, signal }) =>
    api.get<Page<Schedule>>('/schedules', { cursor: pageParam, limit: PAGE }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

export const workflowsQuery = infiniteQueryOptions({
  queryKey: ['workflows'],
  queryFn: ({ pageParam, signal }) =>
    api.get<Page<Workflow>>('/workflows', { cursor: pageParam, limit: PAGE }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

export const workflowQuery = (id: string) =>
  queryOptions({
    queryKey: ['workflow', id],
    queryFn: ({ signal }) => api.get<Workflow>(`/workflows/${id}`, {}, signal),
    // The editor holds a copy that is being changed.
    staleTime: Infinity,
    gcTime: 0,
  });

export const workflowRunsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['workflow-runs', id],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<WorkflowRun>>(
        `/workflows/${id}/runs`,
        { cursor: pageParam, limit: PAGE },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export const workflowRunQuery = (id: string) =>
  queryOptions({
    queryKey: ['workflow-run', id],
    queryFn: ({ signal }) => api.get<WorkflowRunDetail>(`/workflow-runs/${id}`, {}, signal),
  });

export const timeZoneQuery = queryOptions({
  queryKey: ['time-zone'],
  queryFn: async ({ signal }) =>
    (await api.get<{ time_zone: string }>('/account/time-zone', {}, signal)).time_zone,
});

export const apiKeysQuery = queryOptions({
  queryKey: ['api-keys'],
  queryFn: async ({ signal }) =>
    (await api.get<{ items: ApiKey[] }>('/api-keys', {}, signal)).items,
});

export const oauthClientsQuery = queryOptions({
  queryKey: ['oauth-clients'],
  queryFn: async ({ signal }) =>
    (await api.get<{ items: OAuthClient[] }>('/oauth/clients', {}, signal)).items,
});

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: async ({ signal }) =>
    (await api.get<{ items: Session[] }>('/sessions', {}, signal)).items,
});
