import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { answer, changesOf, show } from '../../test/stage';
import type { AdminOrganization, AdminUser } from '../api/types';
import { CancelJob } from './CancelJob';
import { OrganizationDeeds } from './OrganizationDeeds';
import { PersonBadge } from './PersonBadge';
import { RestrictPerson } from './RestrictPerson';

const JOB = '01930000-0000-7000-8000-000000000001';
const HOME: AdminOrganization = {
  id: '0192',
  name: 'Compilers',
  role: 'owner',
  plan: 'free',
  credits: { available: 40, held: 2, low: false },
};
const GRACE: AdminUser = {
  id: '0193',
  email: 'grace@example.org',
  name: 'Grace',
  status: 'active',
  restriction: null,
  administrator: false,
  email_verified: true,
  created_at: '2026-11-27T10:00:00Z',
  last_seen_at: null,
  organization: HOME,
};

const names = () => screen.queryAllByRole('button').map((button) => button.textContent);

/** Opens the dialog behind a button. */
async function open(name: string) {
  await userEvent.click(screen.getByRole('button', { name }));
  const dialog = await screen.findByRole('dialog');
  return { dialog, confirm: within(dialog).getByRole('button', { name }) };
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe('somebody who is kept out', () => {
  test('is suspended with a reason and for a time', async () => {
    const server = answer(200, GRACE);
    show(<RestrictPerson person={GRACE} />);
    const { dialog, confirm } = await open('Suspend');
    expect(confirm).toHaveProperty('disabled', true);
    await userEvent.type(within(dialog).getByLabelText('Reason'), ' shares one account ');
    await userEvent.type(within(dialog).getByLabelText('Until'), '2026-12-24T18:00');
    await userEvent.click(confirm);
    await vi.waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    const until = new Date('2026-12-24T18:00').toISOString();
    expect(changesOf(server)).toEqual([
      ['POST', '/api/v1/admin/users/0193/suspend', { reason: 'shares one account', until }],
    ]);
  });

  test('is suspended without end where no time is given', async () => {
    const server = answer(200, GRACE);
    show(<RestrictPerson person={GRACE} />);
    const { dialog, confirm } = await open('Suspend');
    await userEvent.type(within(dialog).getByLabelText('Reason'), 'asked for it');
    await userEvent.click(confirm);
    await vi.waitFor(() => expect(changesOf(server)).toHaveLength(1));
    expect(changesOf(server)[0]?.[2]).toEqual({ reason: 'asked for it' });
  });

  test('is reinstated, and may be banned instead', async () => {
    const server = answer(200, GRACE);
    show(<RestrictPerson person={{ ...GRACE, status: 'suspended' }} />);
    expect(names()).toEqual(['Reinstate', 'Ban']);
    const { confirm } = await open('Reinstate');
    await userEvent.click(confirm);
    await vi.waitFor(() => expect(changesOf(server)).toHaveLength(1));
    expect(changesOf(server)).toEqual([['POST', '/api/v1/admin/users/0193/reinstate', {}]]);
  });

  test('stays as they are when the server refuses, and the reason is shown', async () => {
    const detail = 'Grace is the last administrator.';
    answer(409, { title: 'Conflict', code: 'conflict', detail });
    show(<RestrictPerson person={GRACE} />);
    const { dialog, confirm } = await open('Ban');
    await userEvent.type(within(dialog).getByLabelText('Reason'), 'fraud');
    await userEvent.click(confirm);
    expect((await within(dialog).findByRole('alert')).textContent).toContain(detail);
  });

  test('is never oneself, nor somebody who is erased', () => {
    show(<RestrictPerson person={GRACE} />, { id: GRACE.id });
    show(<RestrictPerson person={{ ...GRACE, status: 'erased' }} />);
    expect(names()).toEqual([]);
  });

  test('is marked in words', () => {
    show(<PersonBadge status="banned" />);
    expect(screen.getByText('Banned').className).toContain('badge-bad');
  });
});

describe('an organization', () => {
  test('is given whole credits with a reason', async () => {
    const server = answer(200, { plans: [] });
    show(<OrganizationDeeds organization={HOME} />);
    const { dialog, confirm } = await open('Grant credits');
    await userEvent.type(within(dialog).getByLabelText('Reason'), 'for the outage');
    await userEvent.type(within(dialog).getByLabelText('Credits'), '-5');
    expect(confirm).toHaveProperty('disabled', true);
    await userEvent.clear(within(dialog).getByLabelText('Credits'));
    await userEvent.type(within(dialog).getByLabelText('Credits'), '25');
    await userEvent.click(confirm);
    await vi.waitFor(() => expect(changesOf(server)).toHaveLength(1));
    expect(changesOf(server)).toEqual([
      [
        'POST',
        '/api/v1/admin/organizations/0192/credits',
        { credits: 25, reason: 'for the outage', expires_at: null },
      ],
    ]);
  });

  test('is given credits that expire', async () => {
    const server = answer(200, { plans: [] });
    show(<OrganizationDeeds organization={HOME} />);
    const { dialog, confirm } = await open('Grant credits');
    await userEvent.type(within(dialog).getByLabelText('Credits'), '25');
    await userEvent.type(within(dialog).getByLabelText('Reason'), 'a pilot');
    await userEvent.type(within(dialog).getByLabelText('Until'), '2026-12-24T18:00');
    await userEvent.click(confirm);
    await vi.waitFor(() => expect(changesOf(server)).toHaveLength(1));
    const expires_at = new Date('2026-12-24T18:00').toISOString();
    const gift = { credits: 25, reason: 'a pilot', expires_at };
    expect(changesOf(server)).toEqual([['POST', '/api/v1/admin/organizations/0192/credits', gift]]);
  });

  test('is put on a plan that is offered, though its own is not', async () => {
    const server = answer(200, { plans: [{ slug: 'paid', title: 'Paid' }] });
    show(<OrganizationDeeds organization={HOME} />);
    const { dialog, confirm } = await open('Change plan');
    expect(confirm).toHaveProperty('disabled', true);
    await within(dialog).findByRole('option', { name: 'Paid' });
    const plan = within(dialog).getByLabelText('Plan');
    expect(plan).toHaveProperty('value', 'free');
    await userEvent.selectOptions(plan, 'paid');
    await userEvent.click(confirm);
    await vi.waitFor(() => expect(changesOf(server)).toHaveLength(1));
    expect(changesOf(server)).toEqual([
      ['PUT', '/api/v1/admin/organizations/0192/plan', { plan: 'paid' }],
    ]);
  });
});

test('a job of anybody is cancelled by its whole identifier', async () => {
  const server = answer(200, {});
  show(<CancelJob />);
  const { dialog, confirm } = await open('Cancel a job');
  await userEvent.type(within(dialog).getByLabelText('Job id'), JOB.slice(0, 8));
  expect(confirm).toHaveProperty('disabled', true);
  await userEvent.type(within(dialog).getByLabelText('Job id'), JOB.slice(8));
  await userEvent.click(confirm);
  await vi.waitFor(() => expect(changesOf(server)).toHaveLength(1));
  expect(changesOf(server)).toEqual([['POST', `/api/v1/admin/jobs/${JOB}/cancel`, {}]]);
});
