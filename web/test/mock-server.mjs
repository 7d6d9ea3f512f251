// A small stand-in for the server, for tests of the app alone: it speaks the same HTTP interface,
// keeps everything in memory, and serves dist/ under the product's content security policy.
//
//   npm run build && npm run mock        then http://127.0.0.1:8080/app/
//   npm run mock & npm run dev           then http://127.0.0.1:5173/app/

import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { ME } from './mock-account.mjs';
import { Refusal, find } from './mock-refusal.mjs';
import { createRoutes } from './mock-routes.mjs';
import { FINAL, createWorld } from './mock-world.mjs';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
const TYPES = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.csv': 'text/csv',
  '.json': 'application/json',
};
const policy = (nonce) =>
  [
    "default-src 'self'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
    "frame-src 'self'",
  ].join('; ');

export function createMock(options) {
  const world = createWorld(options);
  const { accountListeners, artifacts, events, jobs, listeners, state } = world;
  const routes = createRoutes(world);

  function match(method, place) {
    for (const [verb, pattern, handler] of routes) {
      const names = [];
      const source = pattern.replace(/:(\w+)/g, (_, name) => {
        names.push(name);
        return '([^/]+)';
      });
      const found = verb === method && new RegExp(`^${source}$`).exec(place);
      if (found)
        return {
          handler,
          params: Object.fromEntries(names.map((name, at) => [name, found[at + 1]])),
        };
    }
    return null;
  }

  function stream(request, response, query, jobId) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.flushHeaders();
    if (!jobId) {
      const send = (text) => response.write(text);
      accountListeners.add(send);
      request.on('close', () => accountListeners.delete(send));
      return;
    }
    const job = find(jobs, jobId);
    const send = (event) => {
      if (!event) return response.end('event: end\ndata: {}\n\n');
      return response.write(
        `id: ${event.cursor}\nevent: ${event.kind}\ndata: ${JSON.stringify(event.body)}\n\n`,
      );
    };
    const after = Number(request.headers['last-event-id'] ?? query.get('after') ?? 0);
    for (const event of events.get(jobId) ?? []) if (event.cursor > after) send(event);
    if (FINAL.includes(job.state)) return void send(null);
    const list = listeners.get(jobId) ?? listeners.set(jobId, new Set()).get(jobId);
    list.add(send);
    request.on('close', () => list.delete(send));
  }

  function content(response, query, id) {
    const found = [...artifacts.values()].flat().find(({ meta }) => meta.id === id);
    if (!found) throw new Refusal(404, 'not_found', 'It does not exist, or is not yours.');
    const inline = query.get('inline') === '1';
    response.writeHead(200, {
      'content-type': found.meta.media_type,
      'content-disposition': `${inline ? 'inline' : 'attachment'}; filename="${found.meta.name}"`,
      ...(inline
        ? {
            'content-security-policy':
              "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
          }
        : {}),
    });
    response.end(found.bytes);
  }

  function exported(response, file) {
    response.writeHead(200, {
      'content-type': 'application/zip',
      'content-disposition': `attachment; filename="${file.name}"`,
    });
    response.end(Buffer.alloc(file.bytes));
  }

  function serveApp(response, place) {
    const file = path.join(DIST, place.replace(/^\/app\/?/, ''));
    if (file.startsWith(DIST) && path.extname(file) && existsSync(file)) {
      response.writeHead(200, {
        'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream',
      });
      return response.end(readFileSync(file));
    }
    if (place.startsWith('/app/assets/')) return response.writeHead(404).end();
    const nonce = randomBytes(16).toString('base64');
    const html = readFileSync(path.join(DIST, 'index.html'), 'utf8').replaceAll(
      '__CSP_NONCE__',
      nonce,
    );
    response.writeHead(200, {
      'content-type': 'text/html',
      'content-security-policy': policy(nonce),
    });
    return response.end(html);
  }

  async function answer(request, response) {
    const url = new URL(request.url, 'http://localhost');
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    if (url.pathname.startsWith('/app')) return serveApp(response, url.pathname);
    if (url.pathname === '/sign-in') {
      state.isSignedIn = true;
      return response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><title>Sign in</title><h1>Sign in</h1>');
    }
    const place = url.pathname.replace(/^\/api\/v1/, '');
    if (!state.isSignedIn) throw new Refusal(401, 'not_signed_in', 'Sign in first.');
    if (request.method !== 'GET' && request.headers['x-csrf-token'] !== ME.csrf_token) {
      throw new Refusal(403, 'csrf_rejected', 'The request did not come from this site.');
    }
    const events_ = /^\/jobs\/([^/]+)\/events$/.exec(place);
    if (place === '/events' || events_)
      return stream(request, response, url.searchParams, events_?.[1]);
    const content_ = /^\/artifacts\/([^/]+)\/content$/.exec(place);
    if (content_) return content(response, url.searchParams, content_[1]);
    if (place === '/account/export/content' && state.export?.file)
      return exported(response, state.export.file);
    const found = match(request.method, place);
    if (!found) throw new Refusal(404, 'not_found', `Nothing at ${place}.`);
    const isJson = request.headers['content-type'] === 'application/json' && raw.length > 0;
    const body = isJson ? JSON.parse(raw) : undefined;
    const result = found.handler({
      ...found.params,
      query: url.searchParams,
      body,
      raw,
      headers: request.headers,
    });
    const [status, json] = Array.isArray(result) ? result : [200, result];
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-request-id': randomUUID(),
    });
    return response.end(json === undefined ? undefined : JSON.stringify(json));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      const status = error.status ?? 500;
      const requestId = randomUUID();
      response.writeHead(status, {
        'content-type': 'application/problem+json',
        'x-request-id': requestId,
      });
      response.end(
        JSON.stringify({
          type: `/problems/${error.code}`,
          title: error.code ?? 'internal',
          status,
          code: error.code ?? 'internal',
          detail: error.message,
          request_id: requestId,
          ...error.extra,
        }),
      );
    });
  });
  return { server, jobs, datasets: world.datasets, addJob: world.addJob };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.env.PORT ?? 8080);
  const { server } = createMock({ isEmpty: process.env.EMPTY === '1' });
  server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/app/`));
}
