import { afterEach, expect, test, vi } from 'vitest';

import { findPlayer, showBy } from './adPlayer';
import type { AdBridge } from './adPlayer';

afterEach(() => {
  delete window.gantryAds;
});

test('real ads need the app, and those of the sandbox do not', () => {
  expect(findPlayer('sandbox').kind).toBe('sandbox');
  expect(findPlayer('admob').kind).toBe('none');
  window.gantryAds = { show: () => Promise.resolve('watched') };
  expect(findPlayer('admob').kind).toBe('bridge');
});

test('the app gives the ad the session along', async () => {
  const show = vi.fn<AdBridge['show']>(() => Promise.resolve('watched'));
  const session = {
    id: '0190',
    custom_data: '0190',
    provider: 'admob',
    unit: 'ca-app-pub-1/22',
    expires_at: '2026-11-27T10:00:00Z',
    remaining: 3,
  };
  await expect(showBy({ show }, session, () => undefined)).resolves.toBe('watched');
  expect(show.mock.calls[0]?.[0]).toEqual({ unit: 'ca-app-pub-1/22', customData: '0190' });
});
