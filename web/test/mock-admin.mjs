// What the mock server tells administrators, and the referrals of the account.

import { randomUUID } from 'node:crypto';

import { ME, MODELS } from './mock-account.mjs';
import { find } from './mock-refusal.mjs';

const DAY_MS = 86_400_000;

const at = (milliseconds) => new Date(milliseconds).toISOString();
const daysAgo = (days) => at(Date.now() - days * DAY_MS);

function createPerson(email, name, id = randomUUID()) {
  const credits = { available: 120, held: 5, low: false };
  return {
    id,
    email,
    name,
    status: 'active',
    restriction: null,
    administrator: id === ME.user.id,
    email_verified: true,
    created_at: daysAgo(30),
    last_seen_at: daysAgo(1),
    organization: { id: randomUUID(), name, role: 'owner', plan: 'default', credits },
  };
}

function createPeopleRoutes() {
  const people = [
    createPerson(ME.user.email, ME.user.name, ME.user.id),
    createPerson('grace@example.org', 'Grace'),
    createPerson('eve@example.org', 'Eve'),
  ];
  const list = ({ query }) => {
    const text = (query.get('search') ?? '').toLowerCase();
    const status = query.get('status') ?? '';
    const items = people.filter(
      (person) =>
        `${person.email} ${person.name}`.toLowerCase().includes(text) &&
        (status === '' || person.status === status),
    );
    return { items, next_cursor: null };
  };
  const restrict = (status) => (request) => {
    const { reason, until = null } = request.body;
    const restriction = { reason, at: at(Date.now()), until, by: ME.user.id };
    return Object.assign(find(people, request.id), { status, restriction });
  };
  const show = ({ id }) => {
    const person = find(people, id);
    return { ...person, organizations: [person.organization] };
  };
  const reinstate = ({ id }) =>
    Object.assign(find(people, id), { status: 'active', restriction: null });
  const home = (id) =>
    find(
      people.map(({ organization }) => organization),
      id,
    );
  const changePlan = ({ id, body }) => {
    home(id).plan = body.plan;
    return [204];
  };
  const grant = ({ id, body }) => {
    home(id).credits.available += body.credits;
    return [204];
  };
  return [
    ['GET', '/admin/users', list],
    ['GET', '/admin/users/:id', show],
    ['POST', '/admin/users/:id/suspend', restrict('suspended')],
    ['POST', '/admin/users/:id/ban', restrict('banned')],
    ['POST', '/admin/users/:id/reinstate', reinstate],
    ['PUT', '/admin/organizations/:id/plan', changePlan],
    ['POST', '/admin/organizations/:id/credits', grant],
  ];
}

/** Limits by organization. */
function createLimitRoutes() {
  const limits = new Map();
  const list = ({ id }) => ({ overrides: limits.get(id) ?? [] });
  const set = ({ id, body }) => {
    const names = body.overrides.map(({ limit }) => limit);
    const kept = (limits.get(id) ?? []).filter(({ limit }) => !names.includes(limit));
    const told = { plan_value: 10, in_force: true, set_by: ME.user.id, set_at: at(Date.now()) };
    const made = body.overrides.map((own) => ({ expires_at: null, ...own, ...told }));
    limits.set(id, [...kept, ...made]);
    return list({ id });
  };
  const clear = ({ id, limit }) => {
    limits.set(
      id,
      list({ id }).overrides.filter((own) => own.limit !== decodeURIComponent(limit)),
    );
    return [204];
  };
  return [
    ['GET', '/admin/accounts/:id/overrides', list],
    ['PUT', '/admin/accounts/:id/overrides', set],
    ['DELETE', '/admin/accounts/:id/overrides/:limit', clear],
  ];
}

function createCosts() {
  const sums = {
    jobs: 12,
    succeeded: 9,
    failed: 2,
    cancelled: 1,
    estimated: 480,
    settled: 310,
    refunded: 170,
    penalties: 4,
  };
  return {
    from: daysAgo(30),
    to: at(Date.now()),
    operations: [{ operation: 'automl.train', ...sums }],
    days: [3, 2, 1].map((days) => ({ day: daysAgo(days), settled: 60 * days, jobs: days })),
    total: sums,
    models: MODELS,
  };
}

function createRevenue() {
  const money = (minor) => ({ minor, currency: 'USD', text: `${(minor / 100).toFixed(2)} USD` });
  return {
    from: daysAgo(30),
    to: at(Date.now()),
    opening: money(30_000),
    new: money(9_900),
    expansion: money(2_000),
    reactivation: money(0),
    contraction: money(1_000),
    churn: money(2_900),
    closing: money(38_000),
    yearly: money(456_000),
    customers_opening: 6,
    customers_won: 1,
    customers_lost: 1,
    customers_closing: 6,
    customer_churn: 1 / 6,
    gross_churn: 0.13,
    net_churn: 0.063,
    per_customer_minor: 6_333,
  };
}

function createReferralRoutes() {
  const account = { code: null, url: null };
  const terms = {
    reward: 50,
    welcome: 20,
    when: 'verified',
    most_per_month: 10,
    expires_days: null,
  };
  const referral = {
    id: randomUUID(),
    who: 'g…@example.org',
    state: 'rewarded',
    reward: 50,
    created_at: daysAgo(9),
    ended_at: daysAgo(8),
  };
  const seen = {
    organization_id: randomUUID(),
    referred_organization_id: randomUUID(),
    welcome: 20,
    referral,
  };
  const make = () =>
    Object.assign(account, { code: 'K7QX', url: 'http://127.0.0.1:8080/sign-up?ref=K7QX' });
  return [
    ['GET', '/referrals', () => ({ ...account, terms, items: [referral], next_cursor: null })],
    ['POST', '/referrals', make],
    ['GET', '/admin/referrals', () => ({ items: [seen], next_cursor: null })],
  ];
}

function createFlags() {
  const share = { users: [], organizations: [], plans: [], percentage: 12.5, on: true };
  return [
    {
      key: 'operation.automl.train',
      description: 'Pauses training',
      enabled: true,
      visible: false,
      rules: [share],
      variants: [{ name: 'blue', weight: 1 }],
      revision: 3,
      updated_by: null,
      updated_at: daysAgo(2),
    },
  ];
}

/** Method and path to a body, as in `createRoutes`. */
export function createAdminRoutes() {
  return [
    ...createPeopleRoutes(),
    ...createLimitRoutes(),
    ...createReferralRoutes(),
    ['GET', '/admin/costs', () => createCosts()],
    ['GET', '/admin/flags', () => ({ items: createFlags() })],
    ['GET', '/admin/revenue', () => createRevenue()],
    [
      'GET',
      '/admin/overview',
      () => ({
        users: 3,
        queues: [{ device: 'cpu', class: 'normal', queued: 2, running: 1 }],
        version: '0.1.0',
        uptime_s: 93784,
      }),
    ],
  ];
}
