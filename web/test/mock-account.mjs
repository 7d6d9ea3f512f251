// The mock server's person and account: credits by ads, one's data as a file, applications of others,
// and the way out.

import { randomBytes, randomUUID } from 'node:crypto';

import { Refusal, find } from './mock-refusal.mjs';

const DAY_MS = 86_400_000;
const COOLDOWN_S = 30;
const PER_AD = 5;
const PER_DAY = 10;
const GRACE_DAYS = 14;
/** Whoever is asked for the password gives this one. */
const PASSWORD = 'nine-lanterns-over-harbour';

const at = (milliseconds) => new Date(milliseconds).toISOString();

/** What was asked of language models. */
export const MODELS = [
  {
    model: 'small-4.1',
    requests: 7,
    unpriced_requests: 0,
    input_tokens: 8_400,
    output_tokens: 210,
    cost: { minor: 3, currency: 'USD', text: '0.03 USD' },
    exact_cost: '0.0284',
  },
];

const HOME = { id: randomUUID(), name: 'Analytical Engines', role: 'owner' };
/** Limits of the account's own, of which one has an end. */
export const OVERRIDES = [
  { limit: 'per_month.jobs', value: 100, expires_at: at(Date.now() + 30 * DAY_MS) },
  { limit: 'seats', value: null, expires_at: null },
];
export const ME = {
  user: {
    id: randomUUID(),
    email: 'ada@example.org',
    name: 'Ada Lovelace',
    administrator: true,
    locale: 'en',
    email_verified: true,
    password: true,
    second_factor: false,
    created_at: at(Date.now() - 30 * DAY_MS),
  },
  organization: HOME,
  organizations: [HOME],
  csrf_token: 'csrf-for-tests',
  chosen_plan: null,
  administrator_sign_in: null,
  scopes: ['read', 'run', 'data', 'account', 'admin'],
};

function requirePassword(body) {
  if (body?.password !== PASSWORD) {
    throw new Refusal(400, 'invalid_request', 'The password is wrong.');
  }
}

/** `world.earned` has a time for each ad that was watched. */
function createAdRoutes({ earned, adSessions }) {
  const rewards = () => {
    const next = (earned.at(-1) ?? 0) + COOLDOWN_S * 1000;
    const wait = Math.max(0, Math.ceil((next - Date.now()) / 1000));
    return {
      provider: 'sandbox',
      unit: null,
      credits: PER_AD,
      per_day: PER_DAY,
      remaining: PER_DAY - earned.length,
      resets_at: at(Math.ceil(Date.now() / DAY_MS) * DAY_MS),
      next_at: at(Math.max(next, Date.now())),
      wait_s: wait,
      limit: wait > 0 ? 'cooldown' : null,
    };
  };
  const begin = () => {
    const { remaining, wait_s: wait } = rewards();
    if (wait > 0 || remaining === 0) {
      const told = { remaining, retry_after_s: wait };
      throw new Refusal(429, 'rate_limited', 'No ad can be watched yet.', told);
    }
    const id = randomUUID();
    const session = { id, custom_data: id, provider: 'sandbox', unit: null };
    adSessions.push({ ...session, isWatched: false });
    return [201, { ...session, expires_at: at(Date.now() + 3_600_000), remaining }];
  };
  const claim = ({ body }) => {
    const session = find(adSessions, body.session_id);
    if (!session.isWatched) {
      const told = { credits: 0, under_review: false, retry_after_s: 2, rewards: null };
      return [202, { status: 'pending', ...told }];
    }
    if (!session.isClaimed) earned.push(Date.now());
    session.isClaimed = true;
    const told = { credits: PER_AD, under_review: false, retry_after_s: null };
    return { status: 'given', ...told, rewards: rewards() };
  };
  return [
    ['GET', '/rewards', rewards],
    ['POST', '/rewards/sessions', begin],
    [
      'POST',
      '/rewards/sessions/:id/events',
      ({ id }) => {
        find(adSessions, id);
        return [204];
      },
    ],
    [
      'POST',
      '/rewards/sessions/:id/sandbox',
      ({ id }) => {
        find(adSessions, id).isWatched = true;
        return [204];
      },
    ],
    ['POST', '/rewards/claims', claim],
  ];
}

function createExportRoutes({ state, stepMs }) {
  const finish = (made) => {
    Object.assign(made, {
      state: 'succeeded',
      progress: 1,
      finished_at: at(Date.now()),
      file: { name: 'your-data.zip', bytes: 4321, sha256: 'ab'.repeat(32) },
    });
  };
  const ask = ({ body }) => {
    requirePassword(body);
    state.export = {
      job_id: randomUUID(),
      state: 'running',
      progress: 0.3,
      created_at: at(Date.now()),
      finished_at: null,
      error: null,
      file: null,
    };
    setTimeout(finish, stepMs * 4, state.export).unref();
    return [202, state.export];
  };
  return [
    ['GET', '/account/export', () => ({ export: state.export ?? null })],
    ['POST', '/account/export', ask],
  ];
}

function createClientRoutes({ clients }) {
  const createSecret = () => `gcs_${randomBytes(24).toString('hex')}`;
  const issue = (client) => ({
    ...client,
    secret: client.kind === 'confidential' ? createSecret() : null,
  });
  const register = ({ body }) => {
    const client = { id: randomUUID(), ...body, created_at: at(Date.now()), last_used_at: null };
    clients.push(client);
    return [201, issue(client)];
  };
  return [
    ['GET', '/oauth/clients', () => ({ items: clients })],
    ['POST', '/oauth/clients', register],
    ['POST', '/oauth/clients/:id/secret', ({ id }) => issue(find(clients, id))],
    [
      'DELETE',
      '/oauth/clients/:id',
      ({ id }) => {
        clients.splice(clients.indexOf(find(clients, id)), 1);
        return [204];
      },
    ],
    ['GET', '/account/grants', () => ({ items: [] })],
  ];
}

function createSalesRoutes() {
  const offers = {
    title: 'Gantry',
    tagline: 'Compute engines as products.',
    provider: 'sandbox',
    providers: [{ id: 'sandbox', title: 'Sandbox' }],
    currency: 'USD',
    plans: [],
    packages: [],
    ads: true,
    meters: { jobs: 'Jobs', rows: 'Rows' },
  };
  return [
    ['GET', '/plans', () => offers],
    ['GET', '/account/subscription', () => ({ subscription: null })],
    ['GET', '/account/payments', () => ({ items: [], next_cursor: null })],
    ['GET', '/account/time-zone', () => ({ time_zone: 'UTC' })],
  ];
}

/** The same jobs, whatever they are summed by. */
function createUsage({ query }) {
  const by = query.get('by') ?? 'day';
  const dayOf = (days) => at(Date.now() - days * DAY_MS).slice(0, 10);
  const keys = {
    day: [2, 1, 0].map((days) => ({ day: dayOf(days) })),
    operation: ['automl.train', 'mc.simulate', null].map((operation) => ({ operation })),
    member: [{ user_id: ME.user.id }, { user_id: randomUUID() }, { user_id: null }],
  };
  const sumsOf = (jobs) => ({
    jobs,
    succeeded: jobs - 1,
    failed: 1,
    cancelled: 0,
    credits: jobs * 12,
    seconds: jobs * 95,
    units: { rows: jobs * 1_000 },
  });
  const nothing = { day: null, operation: null, user_id: null, organization_id: null };
  return {
    from: query.get('from') ?? dayOf(29),
    to: dayOf(0),
    by,
    rows: keys[by].map((key, place) => ({ ...nothing, ...key, ...sumsOf(place + 2) })),
    total: { ...sumsOf(9), succeeded: 6, failed: 3 },
    models: MODELS,
  };
}

/** Method and path to a body, as in `createRoutes`. */
export function createAccountRoutes(world) {
  return [
    ['GET', '/auth/me', () => ME],
    ['GET', '/account/usage', createUsage],
    [
      'DELETE',
      '/account',
      ({ body }) => {
        requirePassword(body);
        world.state.isSignedIn = false;
        return { erase_at: at(Date.now() + GRACE_DAYS * DAY_MS) };
      },
    ],
    ...createSalesRoutes(),
    ...createAdRoutes(world),
    ...createExportRoutes(world),
    ...createClientRoutes(world),
  ];
}
