import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';

import { answer, answerBy, changesOf, show } from '../../test/stage';
import type { AdminOrganization, LimitRecord } from '../api/types';
import { AccountLimits } from './AccountLimits';
import { SetLimit } from './SetLimit';

const PATH = '/api/v1/admin/accounts/0192/overrides';
const OFFERS = {
  '/api/v1/plans': {
    providers: [],
    currency: 'USD',
    plans: [],
    ads: false,
    meters: { rows: 'Rows of tables' },
  },
};
const HOME: AdminOrganization = {
  id: '0192',
  name: 'Compilers',
  role: 'owner',
  plan: 'free',
  credits: { available: 40, held: 2, low: false },
};
const ROWS: LimitRecord = {
  limit: 'per_month.rows',
  value: 5_000,
  plan_value: 1_000,
  expires_at: '2026-12-24T18:00:00Z',
  in_force: false,
  reason: 'a pilot',
  set_by: null,
  set_at: '2026-11-27T10:00:00Z',
};
const SEATS: LimitRecord = {
  ...ROWS,
  limit: 'seats',
  value: null,
  plan_value: 2,
  expires_at: null,
  in_force: true,
  reason: 'a class',
};

/** Opens the form. */
async function open() {
  await userEvent.click(screen.getByRole('button', { name: 'Set a limit' }));
  const form = within(await screen.findByRole('dialog'));
  return { form, confirm: form.getByRole('button', { name: 'Set a limit' }) };
}

const cellsOf = (row: HTMLElement | undefined) =>
  Array.from(row?.children ?? [], (cell) => cell.textContent);

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test('limits of an organization alone stand beside its plan’s', async () => {
  answerBy({ ...OFFERS, [PATH]: { overrides: [ROWS, SEATS] } });
  show(<AccountLimits organization={HOME} />);
  const table = within(await screen.findByRole('table', { name: 'Limits in place of the plan’s' }));
  expect(await table.findByText('Rows of tables a month')).toBeTruthy();
  const [, rows, seats] = table.getAllByRole('row');
  const first = ['Rows of tables a month', '5,000', '1,000', 'Over', 'a pilot'];
  expect(cellsOf(rows).slice(0, 5)).toEqual(first);
  expect(cellsOf(seats).slice(0, 5)).toEqual(['Seats', 'No limit', '2', 'Without end', 'a class']);
});

test('a limit of a meter is set with a reason and for a time', async () => {
  const server = answerBy({ ...OFFERS, [PATH]: { overrides: [] } });
  show(<AccountLimits organization={HOME} />);
  expect(await screen.findByText(/no limit of its own/)).toBeTruthy();
  const { form, confirm } = await open();
  await userEvent.type(form.getByLabelText('Allowed'), '5000');
  await userEvent.type(form.getByLabelText('Until'), '2026-12-24T18:00');
  await userEvent.type(form.getByLabelText('Reason'), ' a pilot ');
  expect(confirm).toHaveProperty('disabled', true);
  await userEvent.type(form.getByLabelText('Meter'), 'rows');
  await userEvent.click(confirm);
  await vi.waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  const expires_at = new Date('2026-12-24T18:00').toISOString();
  const wanted = { limit: 'per_month.rows', value: 5_000, reason: 'a pilot', expires_at };
  expect(changesOf(server)).toEqual([['PUT', PATH, { overrides: [wanted] }]]);
});

test('what is not limited any more is asked for as nothing', async () => {
  const server = answerBy({ ...OFFERS, [PATH]: { overrides: [] } });
  show(<SetLimit organization={HOME} />);
  const { form, confirm } = await open();
  await userEvent.selectOptions(form.getByLabelText('Limit'), 'seats');
  expect(form.queryByLabelText('Meter')).toBeNull();
  await userEvent.type(form.getByLabelText('Reason'), 'a class');
  expect(confirm).toHaveProperty('disabled', true);
  await userEvent.click(form.getByLabelText('No limit'));
  expect(form.getByLabelText('Allowed')).toHaveProperty('disabled', true);
  await userEvent.click(confirm);
  await vi.waitFor(() => expect(changesOf(server)).toHaveLength(1));
  const wanted = { limit: 'seats', value: null, reason: 'a class' };
  expect(changesOf(server)).toEqual([['PUT', PATH, { overrides: [wanted] }]]);
});

test('what the server refuses is said where it was asked for', async () => {
  const detail = 'Nothing here counts `rwos`; did you mean `rows`?';
  answer(422, { title: 'The parameters are not valid', code: 'invalid_parameters', detail });
  show(<SetLimit organization={HOME} />);
  const { form, confirm } = await open();
  await userEvent.type(form.getByLabelText('Meter'), 'rwos');
  await userEvent.type(form.getByLabelText('Allowed'), '1');
  await userEvent.type(form.getByLabelText('Reason'), 'a pilot');
  await userEvent.click(confirm);
  expect((await form.findByRole('alert')).textContent).toContain('did you mean');
  expect(form.getByLabelText('Meter')).toHaveProperty('value', 'rwos');
});

test('a limit is cleared once that is confirmed', async () => {
  const one = `${PATH}/seats`;
  const server = answerBy({ ...OFFERS, [PATH]: { overrides: [SEATS] }, [one]: {} });
  show(<AccountLimits organization={HOME} />);
  await userEvent.click(await screen.findByRole('button', { name: 'Clear' }));
  const dialog = await screen.findByRole('dialog', { name: 'Clear “Seats”?' });
  expect(changesOf(server)).toEqual([]);
  await userEvent.click(within(dialog).getByRole('button', { name: 'Clear' }));
  await vi.waitFor(() => expect(changesOf(server)).toEqual([['DELETE', one, null]]));
});
