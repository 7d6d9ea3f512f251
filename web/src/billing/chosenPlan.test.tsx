import { cleanup, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';

import { answerBy, changesOf, show } from '../../test/stage';
import type { Account } from '../api/types';
import { ChosenPlan } from './ChosenPlan';

const CHOICE = { plan: 'pro', interval: 'month' } as const;
const STRIPE = { id: 'stripe', title: 'Stripe' };
const OFFERS = {
  providers: [STRIPE],
  plans: [{ slug: 'pro', title: 'Pro', price: { month: { text: '49.00 USD' }, year: null } }],
};

const accountWith = (choice: typeof CHOICE | null) =>
  ({ chosen_plan: choice }) as unknown as Account;

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test('leads to the payment of what was chosen, or lets it go', async () => {
  const server = answerBy({ '/api/v1/plans': OFFERS, '/api/v1/account/chosen-plan': {} });
  show(<ChosenPlan account={accountWith(CHOICE)} />);
  expect(await screen.findByText('You chose Pro')).toBeTruthy();
  expect(screen.getByText(/49\.00 USD a month/)).toBeTruthy();
  expect(screen.queryByLabelText('Pay with')).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Go to payment' }));
  await userEvent.click(screen.getByRole('button', { name: 'Not now' }));
  await vi.waitFor(() =>
    expect(changesOf(server)).toEqual([
      ['POST', '/api/v1/account/checkouts', CHOICE],
      ['DELETE', '/api/v1/account/chosen-plan', null],
    ]),
  );
});

test('pays the provider that was chosen of several', async () => {
  const providers = [STRIPE, { id: 'paypal', title: 'PayPal' }];
  const server = answerBy({ '/api/v1/plans': { ...OFFERS, providers } });
  show(<ChosenPlan account={accountWith(CHOICE)} />);
  await userEvent.selectOptions(await screen.findByLabelText('Pay with'), 'PayPal');
  await userEvent.click(screen.getByRole('button', { name: 'Go to payment' }));
  await vi.waitFor(() =>
    expect(changesOf(server)).toEqual([
      ['POST', '/api/v1/account/checkouts', { ...CHOICE, provider: 'paypal' }],
    ]),
  );
});

test('asks for the address to be proven first', async () => {
  answerBy({ '/api/v1/plans': OFFERS });
  show(<ChosenPlan account={accountWith(CHOICE)} />, { email_verified: false });
  expect(await screen.findByText(/Confirm your address/)).toBeTruthy();
});

test('says nothing where nothing was chosen, or it is sold no more', async () => {
  const server = answerBy({ '/api/v1/plans': { providers: [STRIPE], plans: [] } });
  show(<ChosenPlan account={accountWith(CHOICE)} />);
  show(<ChosenPlan account={accountWith(null)} />);
  await vi.waitFor(() => expect(server).toHaveBeenCalled());
  expect(screen.queryByRole('button')).toBeNull();
});
