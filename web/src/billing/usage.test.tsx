import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';

import { answer, answerBy, show } from '../../test/stage';
import type { ModelUse, Usage as UsageSpan, UsageGrouping, UsageRow } from '../api/types';
import { Usage } from './Usage';

const ROW: UsageRow = {
  day: null,
  operation: null,
  user_id: null,
  organization_id: null,
  jobs: 12,
  succeeded: 9,
  failed: 2,
  cancelled: 1,
  credits: 3_100,
  seconds: 3_720,
  units: { rows: 40_000 },
};

const usageOf = (by: UsageGrouping, rows: UsageRow[]): UsageSpan => ({
  from: '2026-10-29',
  to: '2026-11-27',
  by,
  rows,
  total: { ...ROW },
  models: [],
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const tableOf = async (name: string) => within(await screen.findByRole('table', { name }));

test('use stands by day, with units of meters and a file', async () => {
  const days = [
    { ...ROW, day: '2026-11-26', credits: 600 },
    { ...ROW, day: '2026-11-27', credits: 2_500 },
  ];
  const server = answer(200, usageOf('day', days));
  show(<Usage />);
  const rows = (await tableOf('Usage')).getAllByRole('row');
  expect(rows[1]?.textContent).toContain('2026-11-27');
  expect(rows[1]?.textContent).toContain('2,500');
  expect((await tableOf('Credits used')).getByText('2026-11-26')).toBeTruthy();
  const panel = within(screen.getByTestId('usage'));
  expect(panel.getByText('40,000')).toBeTruthy();
  const file = panel.getByRole('link', { name: 'Download as CSV' });
  expect(file.getAttribute('href')).toMatch(/usage\.csv\?from=\d{4}-\d\d-\d\d&by=day$/);
  expect(server.mock.calls[0]?.[0]).toMatch(/\/account\/usage\?from=\d{4}-\d\d-\d\d&by=day$/);
});

test('members are told by their addresses', async () => {
  const members = [
    { user_id: '0192', email: 'grace@example.org', name: 'Grace', role: 'member', personal: false },
  ];
  const rows = [
    { ...ROW, user_id: '0191' },
    { ...ROW, user_id: '0192' },
    { ...ROW, user_id: '01930000-0000-7000-8000-0123456789ab' },
    ROW,
  ];
  answerBy({
    '/api/v1/account/usage': usageOf('member', rows),
    '/api/v1/members': { members, invitations: [], seats: null },
  });
  show(<Usage />);
  await userEvent.selectOptions(screen.getByLabelText('By'), 'member');
  const table = await tableOf('Usage');
  expect(await table.findByText('grace@example.org')).toBeTruthy();
  for (const name of ['ada@example.org', '456789ab', 'Nobody']) {
    expect(table.getByText(name)).toBeTruthy();
  }
});

test('what was asked of language models is told in tokens', async () => {
  const asked: ModelUse = {
    model: 'small-4.1',
    requests: 7,
    unpriced_requests: 0,
    input_tokens: 8_400,
    output_tokens: 210,
    cost: { minor: 3, currency: 'USD', text: '0.03 USD' },
    exact_cost: '0.0284',
  };
  answer(200, { ...usageOf('day', [{ ...ROW, day: '2026-11-26' }]), models: [asked] });
  show(<Usage />);
  const row = (await tableOf('Language models')).getByText('small-4.1').closest('tr');
  const cells = Array.from(row?.children ?? [], (cell) => cell.textContent);
  // What the operator pays is no price of the organization's.
  expect(cells).toEqual(['small-4.1', '7', '8,400', '210']);
});

test('where no job ended, nothing is drawn', async () => {
  answer(200, usageOf('day', []));
  show(<Usage />);
  expect(await screen.findByText('No job ended in this time.')).toBeTruthy();
  expect(screen.queryByRole('table')).toBeNull();
});
