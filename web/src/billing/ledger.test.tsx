import {
  RouterProvider,
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
} from '@tanstack/react-router';
import type { AnyRouter } from '@tanstack/react-router';
import { cleanup, fireEvent, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { answer, show } from '../../test/stage';
import type { LedgerEntry } from '../api/types';
import { Ledger } from './Ledger';
import { queryOf, readLedgerFilter } from './ledgerFilter';

const JOB = '01990000-0000-7000-8000-000000000001';
const ENTRY: LedgerEntry = {
  id: '0198',
  account: 'held',
  amount: 40,
  lot_id: '0197',
  job_id: JOB,
  reason: 'hold',
  at: '2026-11-27T10:00:00Z',
};

function visit(address: string) {
  const root = createRootRoute();
  const routes = [
    createRoute({
      getParentRoute: () => root,
      path: '/account',
      validateSearch: readLedgerFilter,
      component: Ledger,
    }),
    createRoute({ getParentRoute: () => root, path: '/jobs/$jobId' }),
  ];
  const history = createMemoryHistory({ initialEntries: [address] });
  const router = createRouter({ routeTree: root.addChildren(routes), history });
  show(<RouterProvider router={router as unknown as AnyRouter} />);
  return () => router.state.location.search as Record<string, unknown>;
}

const askedOf = (server: ReturnType<typeof answer>) =>
  new URL(server.mock.calls.at(-1)?.[0] ?? '', 'http://127.0.0.1').searchParams;

const lines = (items: LedgerEntry[]) => answer(200, { items, next_cursor: null });

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe('the ledger', () => {
  test('is filtered by its address, and so is what is downloaded', async () => {
    const server = lines([ENTRY]);
    visit(`/account?reason=hold&job=${JOB}&from=2026-11-01&to=2026-11-30`);
    const panel = await screen.findByTestId('ledger');
    expect(within(panel).getByRole('search', { name: 'Filter the ledger' })).toBeTruthy();
    expect(within(panel).getByLabelText<HTMLSelectElement>('Reason').value).toBe('hold');
    expect(within(panel).getByLabelText<HTMLInputElement>('Job ID').value).toBe(JOB);
    const asked = askedOf(server);
    expect([asked.get('reason'), asked.get('job')]).toEqual(['hold', JOB]);
    expect(asked.get('from')).toBe(new Date(2026, 10, 1).toISOString());
    expect(asked.get('to')).toBe(new Date(2026, 11, 1).toISOString());
    const link = within(panel).getByRole('link', { name: 'Download as CSV' });
    const path = new URL(link.getAttribute('href') ?? '', 'http://127.0.0.1');
    expect(path.pathname).toBe('/api/v1/account/ledger.csv');
    for (const name of ['reason', 'job', 'from', 'to']) {
      expect(path.searchParams.get(name), name).toBe(asked.get(name));
    }
  });

  test('keeps what is chosen in its address', async () => {
    const server = lines([ENTRY]);
    const search = visit('/account');
    await userEvent.selectOptions(await screen.findByLabelText('Reason'), 'penalty');
    await vi.waitFor(() => expect(askedOf(server).get('reason')).toBe('penalty'));
    fireEvent.change(screen.getByLabelText('From'), { target: { value: '2026-11-02' } });
    await vi.waitFor(() => expect(search()).toEqual({ reason: 'penalty', from: '2026-11-02' }));
    const job = screen.getByLabelText('Job ID');
    fireEvent.change(job, { target: { value: JOB.slice(0, 8) } });
    expect(screen.getByText(/Paste the whole ID/)).toBeTruthy();
    expect(search().job).toBeUndefined();
    fireEvent.change(job, { target: { value: JOB } });
    await vi.waitFor(() => expect(search().job).toBe(JOB));
    await userEvent.selectOptions(screen.getByLabelText('Reason'), '');
    await vi.waitFor(() => expect(search()).toEqual({ job: JOB, from: '2026-11-02' }));
  });

  test('says that nothing is like that, and shows all again', async () => {
    const server = lines([]);
    const search = visit('/account?reason=expire');
    await screen.findByText('Nothing was booked like that.');
    await userEvent.click(screen.getByRole('button', { name: 'Clear the filters' }));
    await screen.findByText('Nothing has been booked yet.');
    expect(search()).toEqual({});
    expect(askedOf(server).get('reason')).toBeNull();
  });
});

test('what an address cannot mean is left out', () => {
  const raw = { reason: 'theft', job: 'a job', from: 'yesterday', to: 5, page: 2 };
  expect(Object.values(readLedgerFilter(raw)).filter(Boolean)).toEqual([]);
  expect(queryOf(readLedgerFilter({ to: '2026-12-31' })).to).toBe(
    new Date(2027, 0, 1).toISOString(),
  );
});
