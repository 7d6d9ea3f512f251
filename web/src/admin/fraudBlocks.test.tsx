import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';

import { answerBy, changesOf, show } from '../../test/stage';
import type { FraudBlock } from '../api/types';
import { FraudBlocks } from './FraudBlocks';

const PATH = '/api/v1/admin/fraud/blocks';
const NETWORK: FraudBlock = {
  id: '0194',
  kind: 'network',
  value: '192.0.2.0/24',
  reason: 'many accounts',
  created_by: null,
  created_at: '2026-11-27T10:00:00Z',
};

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test('a network is blocked with a reason', async () => {
  const server = answerBy({ [PATH]: { items: [], next_cursor: null } });
  show(<FraudBlocks />);
  expect(await screen.findByText('Nothing is blocked.')).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Block' }));
  const form = within(await screen.findByRole('dialog'));
  const confirm = form.getByRole('button', { name: 'Block' });
  await userEvent.type(form.getByLabelText('Device or network'), ' 192.0.2.0/24 ');
  expect(confirm).toHaveProperty('disabled', true);
  await userEvent.type(form.getByLabelText('Reason'), 'many accounts');
  await userEvent.click(confirm);
  await vi.waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  const wanted = { kind: 'network', value: '192.0.2.0/24', reason: 'many accounts' };
  expect(changesOf(server)).toEqual([['POST', PATH, wanted]]);
});

test('a block is lifted once that is confirmed', async () => {
  const one = `${PATH}/${NETWORK.id}`;
  const server = answerBy({ [PATH]: { items: [NETWORK], next_cursor: null }, [one]: {} });
  show(<FraudBlocks />);
  const table = within(await screen.findByRole('table', { name: 'Blocked' }));
  expect(table.getByText('192.0.2.0/24')).toBeTruthy();
  expect(table.getByText('many accounts')).toBeTruthy();
  await userEvent.click(table.getByRole('button', { name: 'Lift' }));
  const dialog = await screen.findByRole('dialog', { name: 'Lift the block?' });
  expect(changesOf(server)).toEqual([]);
  await userEvent.click(within(dialog).getByRole('button', { name: 'Lift' }));
  await vi.waitFor(() => expect(changesOf(server)).toEqual([['DELETE', one, null]]));
});
