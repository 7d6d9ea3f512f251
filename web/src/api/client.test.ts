import { afterEach, expect, test, vi } from 'vitest';

import { answerBy } from '../../test/stage';
import { api } from './client';

afterEach(() => vi.unstubAllGlobals());

const tokenOf = (request: RequestInit) =>
  (request.headers as Record<string, string>)['X-CSRF-Token'];

test('changes of administrators carry the token of their own session where there is one', async () => {
  const answers = {
    '/api/v1/auth/me': { csrf_token: 'ordinary', administrator_sign_in: '/admin/sign-in' },
    '/api/v1/admin/session': { user_id: '0191', csrf_token: 'of-the-desk' },
    '/api/v1/admin/flags': {},
    '/api/v1/jobs': {},
  };
  const server = answerBy(answers);
  await api.me();
  await api.send('POST', '/jobs', { body: {} });
  await api.send('POST', '/admin/flags', { body: {} });
  await api.send('POST', '/admin/flags', { body: {} });
  const changes = server.mock.calls.filter(([, request]) => request.method === 'POST');
  expect(changes.map(([, request]) => tokenOf(request))).toEqual([
    'ordinary',
    'of-the-desk',
    'of-the-desk',
  ]);
  const asked = server.mock.calls.filter(([path]) => path === '/api/v1/admin/session');
  expect(asked).toHaveLength(1);

  // Where both are one, the ordinary token does for all.
  const shared = { csrf_token: 'shared', administrator_sign_in: null };
  const later = answerBy({ ...answers, '/api/v1/auth/me': shared });
  await api.me();
  await api.send('POST', '/admin/flags', { body: {} });
  const last = later.mock.calls.at(-1);
  expect(last && tokenOf(last[1])).toBe('shared');
});
