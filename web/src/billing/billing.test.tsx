import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { answer, changesOf, show } from '../../test/stage';
import type { Account, Invoice, Lot, Offers, Referrals, Subscription } from '../api/types';
import { Lots } from './Lots';
import { Packages, Plans } from './Plans';
import { Recommend } from './Recommend';
import { Invoices, SubscriptionPanel } from './SubscriptionPanel';

const URL = 'https://gantry.example/sign-up?ref=K7QX';
const REFERRALS: Referrals = {
  terms: { reward: 50, welcome: 20, most_per_month: 10, expires_days: 90, when: 'verified' },
  code: 'K7QX',
  url: URL,
  items: [
    {
      id: '0194',
      who: 'g…@example.org',
      state: 'rewarded',
      reward: 50,
      created_at: '2026-11-27T10:00:00Z',
      ended_at: '2026-11-27T11:00:00Z',
    },
  ],
  next_cursor: null,
};

const SANDBOX = { id: 'sandbox', title: 'Sandbox' };
const STRIPE = { id: 'stripe', title: 'Stripe' };
const PAYPAL = { id: 'paypal', title: 'PayPal' };

/** What is sold where these take the money. */
const offersOf = (...providers: Offers['providers']) =>
  ({
    provider: providers[0]?.id,
    providers,
    currency: 'USD',
    plans: [],
    packages: [],
    meters: {},
  }) as unknown as Offers;

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe('recommending', () => {
  test('shows what it brings, the link and whom it brought', async () => {
    answer(200, REFERRALS);
    show(<Recommend />);
    const panel = await screen.findByTestId('recommend');
    expect(within(panel).getByRole('button', { name: /your link/ }).title).toBe(URL);
    expect(within(panel).getByText('g…@example.org')).toBeTruthy();
    expect(within(panel).getByText('Rewarded').className).toContain('badge-good');
    expect(within(panel).getByText('90 days')).toBeTruthy();
    expect(within(panel).queryByRole('button', { name: 'Get my link' })).toBeNull();
  });

  test('makes the link when it is asked for', async () => {
    const server = answer(200, { ...REFERRALS, code: null, url: null, items: [] });
    show(<Recommend />);
    await userEvent.click(await screen.findByRole('button', { name: 'Get my link' }));
    await vi.waitFor(() =>
      expect(changesOf(server)).toEqual([['POST', '/api/v1/referrals', null]]),
    );
    expect(screen.getByText(/Nobody has registered/)).toBeTruthy();
  });

  test('is not spoken of where it is not rewarded', async () => {
    const server = answer(200, { ...REFERRALS, terms: null, code: null, url: null, items: [] });
    show(<Recommend />);
    await vi.waitFor(() => expect(server).toHaveBeenCalled());
    expect(screen.queryByTestId('recommend')).toBeNull();
  });
});

describe('credits by expiry', () => {
  const NEVER: Lot = {
    id: '0196',
    source: 'promotional',
    reason: 'welcome',
    granted: 20,
    left: 20,
    expires_at: null,
    created_at: '2026-11-27T10:00:00Z',
  };
  const SOON: Lot = {
    ...NEVER,
    id: '0197',
    source: 'paid',
    reason: 'package credits-100',
    granted: 100,
    left: 30,
    expires_at: '2026-12-27T10:00:00Z',
  };

  test('are listed as they are spent', async () => {
    answer(200, { items: [SOON, NEVER], next_cursor: null });
    show(<Lots />);
    const table = await screen.findByRole('table', { name: 'Credits by expiry' });
    const [, soon, never] = within(table).getAllByRole('row');
    const texts = (row: HTMLElement | undefined) =>
      Array.from(row?.children ?? [], (cell) => cell.textContent);
    expect(texts(soon).slice(0, 3)).toEqual(['Bought', '30', '100']);
    expect(soon?.querySelector('time')?.dateTime).toBe(SOON.expires_at);
    expect(texts(never).slice(0, 4)).toEqual(['Given', '20', '20', 'Never']);
  });

  test('are not spoken of where nothing expires', async () => {
    const server = answer(200, { items: [NEVER], next_cursor: null });
    show(<Lots />);
    await vi.waitFor(() => expect(server).toHaveBeenCalled());
    expect(screen.queryByTestId('lots')).toBeNull();
  });
});

describe('who is paid', () => {
  const price = { currency: 'USD', minor: 500, text: '5.00 USD' };
  const item = { slug: 'small', title: 'Small', credits: 50, price, expires_days: null };
  const buy = () => screen.getByRole('button', { name: 'Buy for 5.00 USD' });
  const wishOf = (provider?: string) => [
    'POST',
    '/api/v1/account/checkouts',
    { package: 'small', ...(provider ? { provider } : {}) },
  ];

  test('is chosen where several take money, the first of them unless another is', async () => {
    vi.stubGlobal('location', { ...window.location, assign: vi.fn() });
    const server = answer(201, { url: 'https://pay.example/page' });
    show(<Packages offers={{ ...offersOf(STRIPE, PAYPAL), packages: [item] }} />);
    const field = screen.getByLabelText('Pay with');
    expect(within(field).getAllByRole('option', { name: /./ })).toHaveLength(2);
    await userEvent.click(buy());
    await vi.waitFor(() => expect(changesOf(server)).toEqual([wishOf('stripe')]));
    await userEvent.selectOptions(field, 'PayPal');
    await userEvent.click(buy());
    await vi.waitFor(() => expect(changesOf(server)).toEqual([wishOf('stripe'), wishOf('paypal')]));
  });

  test('is no question where one takes money', async () => {
    vi.stubGlobal('location', { ...window.location, assign: vi.fn() });
    const server = answer(201, { url: 'https://pay.example/page' });
    show(<Packages offers={{ ...offersOf(STRIPE), packages: [item] }} />);
    expect(screen.queryByLabelText('Pay with')).toBeNull();
    await userEvent.click(buy());
    await vi.waitFor(() => expect(changesOf(server)).toEqual([wishOf()]));
  });
});

describe('a subscription', () => {
  const SUBSCRIPTION = {
    status: 'active',
    provider: 'stripe',
    plan: { title: 'Professional' },
    cancels_at_period_end: false,
    past_due_since: null,
    period_end: '2026-12-27T10:00:00Z',
  } as Subscription;
  const portal = () => screen.queryByRole('button', { name: 'Manage at the payment provider' });

  test('is handed over to the page of its provider', async () => {
    const server = answer(201, { url: 'https://pay.example/portal' });
    const assign = vi.fn();
    vi.stubGlobal('location', { assign });
    show(<SubscriptionPanel subscription={SUBSCRIPTION} offers={offersOf(STRIPE)} />);
    await userEvent.click(screen.getByRole('button', { name: 'Manage at the payment provider' }));
    await vi.waitFor(() => expect(assign).toHaveBeenCalledWith('https://pay.example/portal'));
    expect(changesOf(server)).toEqual([['POST', '/api/v1/account/portal', null]]);
  });

  test('is handed over to whom it is with, whoever else takes money', () => {
    show(<SubscriptionPanel subscription={SUBSCRIPTION} offers={offersOf(SANDBOX, STRIPE)} />);
    expect(portal()).toBeTruthy();
  });

  test('is handed over to nobody where its provider is in use no more', () => {
    show(<SubscriptionPanel subscription={SUBSCRIPTION} offers={offersOf(PAYPAL)} />);
    expect(portal()).toBeNull();
  });

  test('of the sandbox is managed here alone, also where others have a page', () => {
    const tried = { ...SUBSCRIPTION, provider: 'sandbox' };
    show(<SubscriptionPanel subscription={tried} offers={offersOf(SANDBOX, STRIPE)} />);
    expect(portal()).toBeNull();
    expect(screen.getByRole('button', { name: 'Cancel subscription' })).toBeTruthy();
  });

  test('changes its plan where the provider asks', async () => {
    const assign = vi.fn();
    vi.stubGlobal('location', { ...window.location, assign });
    const terms = { meters: {}, concurrent_jobs: 1, file_bytes: 1, support: 'email' };
    const price = { month: { currency: 'USD', minor: 1_999, text: '19.99 USD' }, year: null };
    const offer = { slug: 'premium', title: 'Premium', price, terms, highlights: [] };
    const offers = {
      ...offersOf(PAYPAL, STRIPE),
      plans: [{ ...offer, slug: 'basic' }, offer],
    };
    const approve_url = 'https://pay.example/agree';
    const server = answer(200, { ...SUBSCRIPTION, approve_url });
    show(
      <Plans
        offers={offers as unknown as Offers}
        account={{ plan: { slug: 'basic' } } as Account}
        subscription={SUBSCRIPTION}
      />,
    );
    // The subscription stays with whom it is.
    expect(screen.queryByLabelText('Pay with')).toBeNull();
    const card = screen.getByTestId('plan-premium');
    await userEvent.click(within(card).getByRole('button'));
    await vi.waitFor(() => expect(assign).toHaveBeenCalledWith(approve_url));
    expect(changesOf(server)).toEqual([
      [
        'POST',
        '/api/v1/account/subscription',
        { action: 'switch', plan: 'premium', interval: 'month' },
      ],
    ]);
  });

  test('has invoices that can be opened', async () => {
    const invoice: Invoice = {
      provider_ref: 'in_7',
      number: 'A-7',
      kind: 'invoice',
      corrects: null,
      net: null,
      tax: null,
      amount: { currency: 'USD', minor: 9_900, text: '99.00 USD' },
      at: '2026-11-27T10:00:00Z',
      status: 'paid',
      page_url: 'https://pay.example/in_7',
      pdf_url: null,
    };
    const own: Invoice = {
      ...invoice,
      provider_ref: 'INV-2026-1',
      number: 'INV-2026-1',
      page_url: '/api/v1/account/invoices/INV-2026-1/page',
      pdf_url: '/api/v1/account/invoices/INV-2026-1/pdf',
    };
    answer(200, { items: [invoice, own] });
    show(<Invoices />);
    const table = await screen.findByRole('table', { name: 'Invoices' });
    expect(within(table).getByText('A-7')).toBeTruthy();
    const links = within(table).getAllByRole('link');
    expect(links.map((link) => [link.textContent, link.getAttribute('href')])).toEqual([
      ['View', 'https://pay.example/in_7'],
      ['View', own.page_url],
      ['PDF', own.pdf_url],
    ]);
  });
});
