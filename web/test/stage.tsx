// What tests of parts share: somebody who is signed in, and a server that answers as it is told.

import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { vi } from 'vitest';

import type { Me } from '../src/api/types';
import { MeContext } from '../src/app/me';

const HOME = { id: '0190', name: 'Analytical Engines', role: 'owner' } as const;
const ME: Me = {
  user: {
    id: '0191',
    email: 'ada@example.org',
    name: 'Ada Lovelace',
    administrator: false,
    locale: 'en',
    email_verified: true,
    password: true,
    second_factor: false,
    created_at: '2026-11-27T10:00:00Z',
  },
  organization: HOME,
  organizations: [HOME],
  csrf_token: 'csrf-for-tests',
  chosen_plan: null,
  administrator_sign_in: null,
  scopes: ['read', 'run', 'data', 'account'],
};

/** Draws a part for Ada, with what is different about her. */
export function show(part: ReactNode, user: Partial<Me['user']> = {}) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={client}>
        <MeContext value={{ ...ME, user: { ...ME.user, ...user } }}>{part}</MeContext>
      </QueryClientProvider>
    </MantineProvider>,
  );
}

/** Answers every request alike, and notes what was asked. */
export function answer(status: number, body: unknown) {
  const ask = vi.fn<(path: string, request: RequestInit) => Promise<Response>>(() =>
    Promise.resolve(new Response(JSON.stringify(body), { status })),
  );
  vi.stubGlobal('fetch', ask);
  return ask;
}

/** What changes were asked for: method, path and body of each. */
export const changesOf = (ask: ReturnType<typeof answer>) =>
  ask.mock.calls
    .filter(([, request]) => request.method !== 'GET')
    .map(([path, { method, body }]): [string | undefined, string, unknown] => [
      method,
      path,
      typeof body === 'string' ? JSON.parse(body) : null,
    ]);

/** Answers by the path that is asked for, without its query; what is not there is not found. */
export function answerBy(bodies: Record<string, unknown>) {
  const ask = vi.fn<(path: string, request: RequestInit) => Promise<Response>>((path) => {
    const body = bodies[path.replace(/\?.*/, '')];
    const status = body === undefined ? 404 : 200;
    return Promise.resolve(new Response(JSON.stringify(body ?? {}), { status }));
  });
  vi.stubGlobal('fetch', ask);
  return ask;
}
