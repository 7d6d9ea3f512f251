import { cleanup, screen, within } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';

import { answer, show } from '../../test/stage';
import type { Session } from '../api/types';
import { SessionsPage } from '../pages/SessionsPage';

const ORDINARY: Session = {
  id: '0194',
  current: true,
  purpose: 'person',
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
  ip: '127.0.0.1',
  created_at: '2026-11-27T10:00:00Z',
  last_used_at: '2026-11-27T10:00:00Z',
  expires_at: '2026-12-27T10:00:00Z',
};

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test('a session in which one administers is told from the others', async () => {
  const desk: Session = { ...ORDINARY, id: '0195', current: false, purpose: 'administrator' };
  answer(200, { items: [ORDINARY, desk] });
  show(<SessionsPage />);
  const table = within(await screen.findByRole('table', { name: 'Sessions' }));
  const [, ordinary, administering] = table.getAllByRole('row');
  expect(ordinary?.textContent).toContain('Your work');
  expect(ordinary?.textContent).toContain('This session');
  expect(administering?.textContent).toContain('Administering');
  expect(administering?.textContent).toContain('End session');
});
