// The one place that talks to the API. Errors become ApiProblem; changes carry the anti-forgery
// token that `GET /auth/me` gave.

import { ApiProblem, deriveProblem } from './problem';
import type { AdminSession, Me } from './types';

export const API = '/api/v1';

type Query = Record<string, string | number | undefined | null>;

export interface RequestOptions {
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export function buildPath(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return `${API}${path}${text ? `?${text}` : ''}`;
}

class ApiClient {
  private csrfToken: string | null = null;
  /** The page on which administering begins, where it is a session of its own. */
  private adminSignIn: string | null = null;
  /** The token of that session, once it was asked for. */
  private adminToken: string | null = null;

  /** Headers that a change needs, also for uploads that do not go through `send`. */
  changeHeaders(): Record<string, string> {
    return this.csrfToken ? { 'X-CSRF-Token': this.csrfToken } : {};
  }

  async me(): Promise<Me> {
    const me = await this.send<Me>('GET', '/auth/me');
    this.csrfToken = me.csrf_token;
    this.adminSignIn = me.administrator_sign_in;
    return me;
  }

  private async tokenFor(path: string): Promise<Record<string, string>> {
    if (!this.adminSignIn || !path.startsWith('/admin/')) return this.changeHeaders();
    this.adminToken ??= (await this.get<AdminSession>('/admin/session')).csrf_token;
    return this.adminToken ? { 'X-CSRF-Token': this.adminToken } : {};
  }

  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
    return this.send<T>('GET', path, { query, signal });
  }

  async send<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const headers: Record<string, string> = { Accept: 'application/json', ...options.headers };
    if (method !== 'GET') Object.assign(headers, await this.tokenFor(path));
    if (options.body !== undefined) headers['Content-Type'] = 'application/json';
    let response: Response;
    try {
      response = await fetch(buildPath(path, options.query), {
        method,
        headers,
        body: options.body === undefined ? undefined : JSON.stringify(options.body),
        signal: options.signal,
        credentials: 'same-origin',
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      throw new ApiProblem({}, 0, null);
    }
    const text = await response.text();
    if (!response.ok) {
      const problem = deriveProblem(response.status, text, response.headers.get('x-request-id'));
      const signIn = problem.extra['sign_in'];
      // What was typed into a form must not be lost, so that only readers are sent on.
      if (method === 'GET' && typeof signIn === 'string') goToSignIn(signIn);
      throw problem;
    }
    return (text ? JSON.parse(text) : undefined) as T;
  }
}

export const api = new ApiClient();

/** A random key. `crypto.randomUUID` is missing on plain http away from localhost. */
export function createKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function goToSignIn(page = '/sign-in'): void {
  const next = `${window.location.pathname}${window.location.search}`;
  window.location.assign(`${page}?next=${encodeURIComponent(next)}`);
}
