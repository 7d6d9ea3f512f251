import { cleanup, screen, within } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';

import { answer, show } from '../../test/stage';
import type { Account, Meter } from '../api/types';
import { Meters } from './Meters';
import { OwnLimits } from './OwnLimits';

const AT = '2026-12-24T18:00:00Z';
const OFFERS = { providers: [], currency: 'USD', plans: [], meters: { rows: 'Rows of tables' } };

const meterOf = (meter: string, limit: number | null): Meter => ({
  meter,
  used: 3,
  reserved: 0,
  limit,
  period_start: AT,
  resets_at: AT,
  currency: null,
});

const accountOf = (overrides: Account['overrides'], meters: Meter[] = []) =>
  ({ overrides, meters }) as unknown as Account;

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test('limits of one’s own are listed with their end', async () => {
  answer(200, OFFERS);
  show(
    <OwnLimits
      account={accountOf([
        { limit: 'per_month.rows', value: 5_000, expires_at: AT },
        { limit: 'file_bytes', value: 2_000_000, expires_at: null },
        { limit: 'seats', value: null, expires_at: null },
      ])}
    />,
  );
  const panel = within(screen.getByTestId('own-limits'));
  expect(await panel.findByText('Rows of tables a month')).toBeTruthy();
  const values = panel.getAllByRole('definition').map((value) => value.textContent);
  expect(values[0]).toMatch(/^5,000 until .*2026/);
  expect(values.slice(1)).toEqual(['2 MB', 'No limit']);
});

test('who has none reads of none', () => {
  answer(200, OFFERS);
  show(<OwnLimits account={accountOf([])} />);
  expect(screen.queryByTestId('own-limits')).toBeNull();
});

test('a meter says where its limit is not the plan’s', () => {
  const meters = [meterOf('jobs', 40), meterOf('jobs.day', 5), meterOf('rows', 0)];
  const own = [
    { limit: 'per_day.jobs', value: 5, expires_at: null },
    { limit: 'per_month.rows', value: 0, expires_at: null },
    { limit: 'per_job.jobs', value: 1, expires_at: null },
  ];
  show(<Meters account={accountOf(own, meters)} />);
  const said = screen.getAllByText(/limit is your own/);
  const about = said.map((line) => line.closest('div')?.textContent ?? '');
  expect(about).toHaveLength(2);
  expect(about[0]).toContain('3 of 5');
  // None at all is a limit too.
  expect(about[1]).toContain('3 of 0');
});
