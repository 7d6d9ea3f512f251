// The pages and their addresses. What a page can be filtered by stands in its address.

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';

import { JOB_STATES, PERSON_STATES } from '../api/types';
import type { JsonObject } from '../api/types';
import { readLedgerFilter } from '../billing/ledgerFilter';
import { CrashPage } from '../pages/CrashPage';
import { NotFoundPage } from '../pages/NotFoundPage';
import { PageSkeleton } from '../parts/PageSkeleton';
import { Shell } from '../shell/Shell';

type Raw = Record<string, unknown>;

const words = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const root = createRootRoute({
  component: Shell,
  errorComponent: CrashPage,
  notFoundComponent: NotFoundPage,
});

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('../pages/HomePage'), 'HomePage'),
});

const datasets = createRoute({
  getParentRoute: () => root,
  path: '/datasets',
  validateSearch: (raw: Raw): { q?: string } => ({ q: words(raw.q) }),
  component: lazyRouteComponent(() => import('../pages/DatasetsPage'), 'DatasetsPage'),
});

const dataset = createRoute({
  getParentRoute: () => root,
  path: '/datasets/$datasetId',
  validateSearch: (raw: Raw): { version?: number } => ({
    version: Number.isInteger(raw.version) ? (raw.version as number) : undefined,
  }),
  component: lazyRouteComponent(() => import('../pages/DatasetPage'), 'DatasetPage'),
});

const jobs = createRoute({
  getParentRoute: () => root,
  path: '/jobs',
  validateSearch: (raw: Raw): { state?: string; operation?: string; q?: string } => ({
    state: words(raw.state)
      ?.split(',')
      .filter((state) => JOB_STATES.some((known) => known === state))
      .join(','),
    operation: words(raw.operation),
    q: words(raw.q),
  }),
  component: lazyRouteComponent(() => import('../pages/JobsPage'), 'JobsPage'),
});

export interface NewJobSearch {
  operation?: string;
  /** A dataset that fills the first table slot. */
  dataset?: string;
  /** A job whose parameters and inputs are taken over. */
  from?: string;
  /** Parameters to begin with. */
  params?: JsonObject;
  /** A job whose model fills the first model slot. */
  model?: string;
}

const newJob = createRoute({
  getParentRoute: () => root,
  path: '/jobs/new',
  validateSearch: (raw: Raw): NewJobSearch => ({
    operation: words(raw.operation),
    dataset: words(raw.dataset),
    from: words(raw.from),
    params: isObject(raw.params) ? raw.params : undefined,
    model: words(raw.model),
  }),
  component: lazyRouteComponent(() => import('../pages/NewJobPage'), 'NewJobPage'),
});

const job = createRoute({
  getParentRoute: () => root,
  path: '/jobs/$jobId',
  component: lazyRouteComponent(() => import('../pages/JobPage'), 'JobPage'),
});

const schedules = createRoute({
  getParentRoute: () => root,
  path: '/schedules',
  component: lazyRouteComponent(() => import('../pages/SchedulesPage'), 'SchedulesPage'),
});

const workflows = createRoute({
  getParentRoute: () => root,
  path: '/workflows',
  component: lazyRouteComponent(() => import('../pages/WorkflowsPage'), 'WorkflowsPage'),
});

const workflow = createRoute({
  getParentRoute: () => root,
  path: '/workflows/$workflowId',
  component: lazyRouteComponent(() => import('../pages/WorkflowPage'), 'WorkflowPage'),
});

const workflowRun = createRoute({
  getParentRoute: () => root,
  path: '/workflows/runs/$jobId',
  component: lazyRouteComponent(() => import('../pages/WorkflowRunPage'), 'WorkflowRunPage'),
});

const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  validateSearch: (raw: Raw): { tag?: string; operation?: string; name?: string } => ({
    tag: words(raw.tag),
    operation: words(raw.operation),
    name: words(raw.name),
  }),
  component: lazyRouteComponent(() => import('../pages/ModelsPage'), 'ModelsPage'),
});

const model = createRoute({
  getParentRoute: () => root,
  path: '/models/$modelId',
  component: lazyRouteComponent(() => import('../pages/ModelPage'), 'ModelPage'),
});

const comparison = createRoute({
  getParentRoute: () => root,
  path: '/models/of/$jobId',
  component: lazyRouteComponent(() => import('../pages/ModelComparePage'), 'ModelComparePage'),
});

const account = createRoute({
  getParentRoute: () => root,
  path: '/account',
  validateSearch: readLedgerFilter,
  component: lazyRouteComponent(() => import('../pages/AccountPage'), 'AccountPage'),
});

const keys = createRoute({
  getParentRoute: () => root,
  path: '/account/keys',
  component: lazyRouteComponent(() => import('../pages/ApiKeysPage'), 'ApiKeysPage'),
});

const sessions = createRoute({
  getParentRoute: () => root,
  path: '/account/sessions',
  component: lazyRouteComponent(() => import('../pages/SessionsPage'), 'SessionsPage'),
});

const security = createRoute({
  getParentRoute: () => root,
  path: '/account/security',
  component: lazyRouteComponent(() => import('../pages/SecurityPage'), 'SecurityPage'),
});

const members = createRoute({
  getParentRoute: () => root,
  path: '/account/members',
  component: lazyRouteComponent(() => import('../pages/MembersPage'), 'MembersPage'),
});

const admin = createRoute({
  getParentRoute: () => root,
  path: '/admin',
  component: lazyRouteComponent(() => import('../pages/AdminPage'), 'AdminPage'),
});

const people = createRoute({
  getParentRoute: () => root,
  path: '/admin/people',
  validateSearch: (raw: Raw): { q?: string; status?: string } => ({
    q: words(raw.q),
    status: PERSON_STATES.find((known) => known === raw.status),
  }),
  component: lazyRouteComponent(() => import('../pages/AdminPeoplePage'), 'AdminPeoplePage'),
});

const person = createRoute({
  getParentRoute: () => root,
  path: '/admin/people/$userId',
  component: lazyRouteComponent(() => import('../pages/AdminPersonPage'), 'AdminPersonPage'),
});

const costs = createRoute({
  getParentRoute: () => root,
  path: '/admin/costs',
  component: lazyRouteComponent(() => import('../pages/AdminCostsPage'), 'AdminCostsPage'),
});

const allReferrals = createRoute({
  getParentRoute: () => root,
  path: '/admin/referrals',
  component: lazyRouteComponent(() => import('../pages/AdminReferralsPage'), 'AdminReferralsPage'),
});

const payments = createRoute({
  getParentRoute: () => root,
  path: '/admin/payments',
  component: lazyRouteComponent(() => import('../pages/AdminPaymentsPage'), 'AdminPaymentsPage'),
});

const revenue = createRoute({
  getParentRoute: () => root,
  path: '/admin/revenue',
  component: lazyRouteComponent(() => import('../pages/AdminRevenuePage'), 'AdminRevenuePage'),
});

const flags = createRoute({
  getParentRoute: () => root,
  path: '/admin/flags',
  component: lazyRouteComponent(() => import('../pages/AdminFlagsPage'), 'AdminFlagsPage'),
});

const fraud = createRoute({
  getParentRoute: () => root,
  path: '/admin/fraud',
  component: lazyRouteComponent(() => import('../pages/AdminFraudPage'), 'AdminFraudPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    datasets,
    dataset,
    jobs,
    newJob,
    job,
    schedules,
    workflows,
    workflow,
    workflowRun,
    models,
    model,
    comparison,
    account,
    keys,
    sessions,
    security,
    members,
    admin,
    people,
    person,
    costs,
    allReferrals,
    payments,
    revenue,
    flags,
    fraud,
  ]),
  basepath: '/app',
  defaultPreload: 'intent',
  defaultPendingComponent: PageSkeleton,
  defaultPendingMs: 150,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
