import {
  RouterProvider,
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
} from '@tanstack/react-router';
import type { AnyRouter } from '@tanstack/react-router';
import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';

import { answerBy, changesOf, show } from '../../test/stage';
import type {
  AdminOrganization,
  AdminReferral,
  AdminUser,
  Cost,
  Costs,
  Flag,
  PaymentEvent,
  Revenue,
} from '../api/types';
import { AdminCostsPage } from '../pages/AdminCostsPage';
import { AdminFlagsPage } from '../pages/AdminFlagsPage';
import { AdminPaymentsPage } from '../pages/AdminPaymentsPage';
import { AdminPeoplePage } from '../pages/AdminPeoplePage';
import { AdminPersonPage } from '../pages/AdminPersonPage';
import { AdminReferralsPage } from '../pages/AdminReferralsPage';
import { AdminRevenuePage } from '../pages/AdminRevenuePage';

const PAGES = {
  '/admin/people': AdminPeoplePage,
  '/admin/people/$userId': AdminPersonPage,
  '/admin/costs': AdminCostsPage,
  '/admin/referrals': AdminReferralsPage,
  '/admin/payments': AdminPaymentsPage,
  '/admin/revenue': AdminRevenuePage,
  '/admin/flags': AdminFlagsPage,
};
const AT = '2026-11-27T10:00:00Z';
const HOME: AdminOrganization = {
  id: '0192',
  name: 'Compilers',
  role: 'owner',
  plan: 'free',
  credits: { available: 1_240, held: 2, low: false },
};
const GRACE: AdminUser = {
  id: '0193',
  email: 'grace@example.org',
  name: 'Grace',
  status: 'suspended',
  restriction: { reason: 'shares one account', at: AT, until: null, by: '0191' },
  administrator: false,
  email_verified: true,
  created_at: AT,
  last_seen_at: null,
  organization: HOME,
};
const OFFERS = {
  '/api/v1/plans': { providers: [], currency: 'USD', plans: [], meters: {}, ads: false },
};

/** The pages under the addresses that they have in the app. */
function visit(address: string) {
  const root = createRootRoute();
  const routes = Object.entries(PAGES).map(([path, component]) =>
    createRoute({ getParentRoute: () => root, path, component }),
  );
  const router = createRouter({
    routeTree: root.addChildren(routes),
    history: createMemoryHistory({ initialEntries: [address] }),
  });
  show(<RouterProvider router={router as unknown as AnyRouter} />);
}

const rowOf = async (table: string, text: string) => {
  const found = within(await screen.findByRole('table', { name: table })).getByText(text);
  return found.closest('tr')?.textContent;
};

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test('people are searched for once typing ends, and lead to their own page', async () => {
  const server = answerBy({
    ...OFFERS,
    '/api/v1/admin/users': { items: [GRACE], next_cursor: null },
    '/api/v1/admin/users/0193': { ...GRACE, organizations: [HOME] },
    '/api/v1/admin/accounts/0192/overrides': { overrides: [] },
  });
  visit('/admin/people?status=suspended');
  expect(await rowOf('People', 'grace@example.org')).toContain('1,240');
  await userEvent.type(screen.getByLabelText('Search by name or address'), 'grace');
  const asked = () =>
    server.mock.calls.map(([path]) => path).filter((path) => path.includes('/admin/users?'));
  await vi.waitFor(() => expect(asked().at(-1)).toContain('search=grace&status=suspended'));
  expect(asked()).toHaveLength(2);

  await userEvent.click(await screen.findByRole('link', { name: 'Grace' }));
  expect(await screen.findByRole('heading', { level: 1, name: 'Grace' })).toBeTruthy();
  const person = await screen.findByTestId('person');
  expect(within(person).getByTestId('restriction').textContent).toContain('shares one account');
  expect(within(person).getByRole('button', { name: 'Reinstate' })).toBeTruthy();
  const organization = screen.getByRole('region', { name: 'Compilers' });
  expect(within(organization).getByRole('button', { name: 'Grant credits' })).toBeTruthy();
  const limits = screen.getByRole('region', { name: 'Limits of Compilers alone' });
  expect(within(limits).getByRole('button', { name: 'Set a limit' })).toBeTruthy();
});

test('costs stand by operation and by day', async () => {
  const total: Cost = {
    jobs: 12,
    succeeded: 9,
    failed: 2,
    cancelled: 1,
    estimated: 4_800,
    settled: 3_100,
    refunded: 1_700,
    penalties: 4,
  };
  const costs: Costs = {
    from: AT,
    to: AT,
    operations: [{ operation: 'automl.train', ...total }],
    days: [{ day: '2026-11-26T00:00:00Z', settled: 600, jobs: 3 }],
    total,
    models: [
      {
        model: 'small-4.1',
        requests: 7,
        unpriced_requests: 0,
        input_tokens: 8_400,
        output_tokens: 210,
        cost: { minor: 3, currency: 'USD', text: '0.03 USD' },
        exact_cost: '0.0284',
      },
    ],
  };
  const server = answerBy({ ...OFFERS, '/api/v1/admin/costs': costs });
  visit('/admin/costs');
  expect(await rowOf('By operation', 'automl.train')).toContain('3,100');
  expect(await rowOf('Settled by day', '2026-11-26')).toContain('600');
  expect(await rowOf('Language models', 'small-4.1')).toContain('0.0284 USD');
  await userEvent.selectOptions(screen.getByLabelText('Period'), '7');
  const spans = () =>
    server.mock.calls.flatMap(([path]) => {
      const from = new URL(path, 'http://127.0.0.1').searchParams.get('from');
      return from ? [Math.round((Date.now() - new Date(from).getTime()) / 86_400_000)] : [];
    });
  await vi.waitFor(() => expect(spans()).toEqual([30, 7]));
});

test('referrals of everybody tell who brought whom', async () => {
  const seen: AdminReferral = {
    organization_id: '01920000-1',
    referred_organization_id: '01930000-2',
    welcome: 20,
    referral: {
      id: '0194',
      who: 'g…@example.org',
      state: 'waiting',
      reward: 0,
      created_at: AT,
      ended_at: null,
    },
  };
  answerBy({ ...OFFERS, '/api/v1/admin/referrals': { items: [seen], next_cursor: null } });
  visit('/admin/referrals');
  const row = await rowOf('Referrals', 'g…@example.org');
  expect(row).toContain('Waiting');
  expect(row).toContain('01930000');
});

test('revenue tells how it moved in a month', async () => {
  const money = (minor: number) => ({ minor, currency: 'USD', text: `${minor / 100} USD` });
  const revenue: Revenue = {
    from: AT,
    to: AT,
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
    customers_new: 1,
    customers_lost: 1,
    customers_closing: 6,
    customer_churn: 0.5,
    gross_churn: 0.13,
    net_churn: null,
    per_customer_minor: 6_333,
    lifetime_value_minor: 12_666,
    registered: 16,
    conversion: 0.0625,
  };
  const server = answerBy({ ...OFFERS, '/api/v1/admin/revenue': revenue });
  visit('/admin/revenue');
  expect(await rowOf('Movement', 'Paying less')).toContain('10 USD');
  expect(screen.getByText('4560 USD')).toBeTruthy();
  expect(screen.getByText('50%')).toBeTruthy();
  expect(screen.getByText('6.3%')).toBeTruthy();
  await userEvent.type(screen.getByLabelText('Month'), '2026-10');
  await vi.waitFor(() =>
    expect(server.mock.calls.at(-1)?.[0]).toBe('/api/v1/admin/revenue?month=2026-10'),
  );
});

test('an event that could not be understood is tried again or put aside', async () => {
  const event: PaymentEvent = {
    id: '0197',
    provider: 'stripe',
    event_ref: 'evt_1',
    kind: 'charge.refunded',
    outcome: 'unclear',
    note: 'there is no payment pi_1 yet',
    received_at: AT,
    given_up_at: null,
  };
  const server = answerBy({
    ...OFFERS,
    '/api/v1/admin/payment-events': { items: [event], next_cursor: null },
    '/api/v1/admin/payment-events/0197/apply': event,
    '/api/v1/admin/payment-events/0197/dismiss': { ...event, outcome: 'ignored' },
  });
  visit('/admin/payments');
  expect(await rowOf('Unclear events', 'charge.refunded')).toContain('no payment pi_1');
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  const trial = within(await screen.findByRole('dialog'));
  await userEvent.click(trial.getByRole('button', { name: 'Try again' }));
  await vi.waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  await userEvent.click(screen.getByRole('button', { name: 'Put aside' }));
  const aside = within(await screen.findByRole('dialog'));
  await userEvent.type(aside.getByLabelText('Reason'), 'of another shop');
  await userEvent.click(aside.getByRole('button', { name: 'Put aside' }));
  await vi.waitFor(() =>
    expect(changesOf(server).map(([, path, body]) => [path, body])).toEqual([
      ['/api/v1/admin/payment-events/0197/apply', null],
      ['/api/v1/admin/payment-events/0197/dismiss', { reason: 'of another shop' }],
    ]),
  );
});

const FLAG: Flag = {
  key: 'shop.new',
  description: 'The new shop',
  enabled: true,
  visible: false,
  rules: [{ users: [], organizations: [], plans: [], percentage: 12.5, on: true }],
  variants: [],
  revision: 3,
  updated_by: null,
  updated_at: AT,
};

const visitFlags = () => {
  const server = answerBy({
    ...OFFERS,
    '/api/v1/admin/flags': { items: [FLAG] },
    '/api/v1/admin/flags/shop.new': { ...FLAG, enabled: false },
    '/api/v1/admin/flags/shop.new/try': { on: true, variant: null, reason: 'rule', rule: 1 },
  });
  visit('/admin/flags');
  return server;
};

test('a flag is switched off with the revision that was read', async () => {
  const server = visitFlags();
  expect(await rowOf('Flags', 'shop.new')).toContain('12.5%');
  await userEvent.click(screen.getByLabelText('Turn shop.new'));
  const { key: _key, revision, updated_by: _by, updated_at: _at, ...body } = FLAG;
  await vi.waitFor(() =>
    expect(changesOf(server)).toEqual([
      ['PUT', '/api/v1/admin/flags/shop.new', { ...body, enabled: false, base_revision: revision }],
    ]),
  );
});

test('the rules of a flag are edited as a form, and tried', async () => {
  const server = visitFlags();
  await userEvent.click(await screen.findByRole('button', { name: 'Edit' }));
  const form = within(await screen.findByRole('dialog', { name: 'shop.new' }));
  const share = form.getByLabelText('Percent of the organizations');
  await userEvent.clear(share);
  await userEvent.type(share, '25');
  await userEvent.type(form.getByLabelText('Plans'), 'pro, team');
  await userEvent.click(form.getByRole('button', { name: 'Save' }));
  await vi.waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  const rule = { ...FLAG.rules[0], percentage: 25, plans: ['pro', 'team'] };
  expect(changesOf(server).at(-1)?.[2]).toMatchObject({ base_revision: 3, rules: [rule] });

  await userEvent.click(await screen.findByRole('button', { name: 'Try' }));
  const trial = within(await screen.findByRole('dialog', { name: 'Try shop.new' }));
  await userEvent.type(trial.getByLabelText('Organization id'), '0192');
  await userEvent.click(trial.getByRole('button', { name: 'Ask' }));
  expect((await trial.findByTestId('flag-trial')).textContent).toContain('rule 1 fits');
  expect(changesOf(server).at(-1)?.[2]).toEqual({ organization_id: '0192', user_id: null });
});
