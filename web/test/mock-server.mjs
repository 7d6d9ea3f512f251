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

import {
  ME,
  OPERATIONS,
  REPORT,
  createArtifacts,
  createDataset,
  createJob,
  createVersion,
  now,
  seedDatasets,
  seedJobs,
  sha256,
} from './mock-data.mjs';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
const PART_BYTES = 8 * 1024 * 1024;
const FINAL = ['succeeded', 'failed', 'cancelled', 'dead'];
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

class Refusal extends Error {
  constructor(status, code, detail, extra = {}) {
    super(detail);
    Object.assign(this, { status, code, extra });
  }
}

export function createMock({ isEmpty = false, stepMs = 500 } = {}) {
  const datasets = isEmpty ? [] : seedDatasets();
  const jobs = isEmpty ? [] : seedJobs(datasets);
  const uploads = new Map();
  const artifacts = new Map(
    jobs.filter((job) => job.state === 'succeeded').map((job) => [job.id, createArtifacts(job.id)]),
  );
  const events = new Map(jobs.map((job) => [job.id, []]));
  const listeners = new Map();
  const accountListeners = new Set();
  const keys = [];
  const state = { isSignedIn: true };

  const publish = (job, kind, body) => {
    const list = events.get(job.id) ?? events.set(job.id, []).get(job.id);
    const event = { cursor: list.length + 1, kind, body, at: now() };
    list.push(event);
    job.cursor = event.cursor;
    for (const send of listeners.get(job.id) ?? []) send(event);
  };
  const setState = (job, next) => {
    job.state = next;
    if (FINAL.includes(next)) {
      job.finished_at = now();
      job.started_at ??= job.created_at;
    }
    publish(job, 'state', { state: next, attempt: job.attempt });
    const text = JSON.stringify({ job_id: job.id, operation: job.operation, state: next });
    for (const send of accountListeners) send(`event: job\ndata: ${text}\n\n`);
    if (FINAL.includes(next)) for (const send of listeners.get(job.id) ?? []) send(null);
  };

  /** Plays a training, step by step, until somebody cancels it. */
  function* play(job) {
    job.started_at = now();
    setState(job, 'running');
    publish(job, 'log', { level: 'info', message: '1,000 rows, 21 columns', at: now() });
    const stages = ['Read the table', 'Compare models', 'Fit the best model', 'Explain'];
    const steps = 12;
    for (let step = 0; step < steps; step += 1) {
      const at = Math.floor((step / steps) * stages.length);
      if (job.stage?.current !== at + 1) {
        job.stage = { name: stages[at], current: at + 1, total: stages.length };
        publish(job, 'stage', job.stage);
      }
      job.progress = (step + 1) / steps;
      publish(job, 'progress', { fraction: job.progress });
      publish(job, 'metric', { name: 'best_score', step, value: 0.7 + 0.09 * (1 - 0.7 ** step) });
      publish(job, 'log', {
        level: step === 4 ? 'warning' : 'info',
        message: step === 4 ? 'The classes are not balanced.' : `fold ${step + 1} of ${steps}`,
        at: now(),
      });
      if (step > 3) {
        const rows = REPORT.leaderboard.rows.slice(0, step > 6 ? 3 : 1);
        publish(job, 'partial', { name: 'leaderboard', value: { ...REPORT.leaderboard, rows } });
      }
      yield;
    }
    job.report = job.operation === 'automl.train' ? REPORT : { rows: 1000 };
    job.cost = 7;
    artifacts.set(job.id, createArtifacts(job.id));
    setState(job, 'succeeded');
  }
  function run(job) {
    const story = play(job);
    const timer = setInterval(() => {
      if (job.cancel_requested) {
        clearInterval(timer);
        job.cost = 1;
        setState(job, 'cancelled');
      } else if (story.next().done) clearInterval(timer);
    }, stepMs);
    timer.unref();
  }
  const addJob = (fields, dataset) => {
    const job = createJob(fields.operation, dataset, {
      params: fields.params,
      inputs: fields.inputs,
      label: fields.label ?? null,
    });
    jobs.unshift(job);
    publish(job, 'state', { state: 'queued', attempt: 0 });
    run(job);
    return job;
  };

  for (const job of jobs.filter(({ state: its }) => its === 'succeeded')) {
    publish(job, 'stage', { name: 'Compare models', current: 1, total: 2 });
    for (let step = 0; step < 20; step += 1) {
      publish(job, 'metric', { name: 'best_score', step, value: 0.7 + 0.09 * (1 - 0.8 ** step) });
    }
    publish(job, 'stage', { name: 'Explain', current: 2, total: 2 });
    publish(job, 'log', { level: 'info', message: 'random_forest: 0.7912', at: job.finished_at });
    publish(job, 'state', { state: 'succeeded', attempt: 1 });
  }

  const view = (dataset) => ({
    id: dataset.id,
    name: dataset.name,
    created_at: dataset.created_at,
    versions_count: dataset.versions.length,
    latest: dataset.versions[dataset.versions.length - 1].meta,
  });
  const page = (items, query) => {
    const limit = Number(query.get('limit') ?? 50);
    const from = Number(query.get('cursor') ?? 0);
    const next = from + limit < items.length ? String(from + limit) : null;
    return { items: items.slice(from, from + limit), next_cursor: next };
  };
  const find = (list, id) => {
    const found = list.find((item) => item.id === id);
    if (!found) throw new Refusal(404, 'not_found', 'It does not exist, or is not yours.');
    return found;
  };
  const versionOf = (dataset, query) =>
    dataset.versions[Number(query.get('version') ?? dataset.versions.length) - 1];

  const account = () => ({
    organization_id: ME.organization.id,
    plan: {
      slug: 'default',
      title: 'Default',
      version: 1,
      terms: {
        concurrent_jobs: 4,
        job_seconds: 3600,
        file_bytes: 1e9,
        meters: { jobs: { limit: 100 } },
      },
    },
    credits: { available: 988, held: jobs.filter((job) => !FINAL.includes(job.state)).length * 12 },
    running_jobs: jobs.filter((job) => job.state === 'running').length,
    queued_jobs: jobs.filter((job) => job.state === 'queued').length,
    meters: [
      {
        meter: 'jobs',
        used: 83,
        reserved: 1,
        limit: 100,
        period_start: now(),
        resets_at: new Date(Date.now() + 9e8).toISOString(),
      },
      {
        meter: 'rows',
        used: 61234,
        reserved: 0,
        limit: null,
        period_start: now(),
        resets_at: null,
      },
    ],
  });
  const ledger = () =>
    jobs
      .filter((job) => job.cost !== null)
      .map((job) => ({
        id: `l-${job.id}`,
        account: 'available',
        amount: -job.cost,
        lot_id: null,
        job_id: job.id,
        reason: 'settlement',
        at: job.finished_at,
      }));
  const estimate = (body) => {
    if (body.params.folds === 13) {
      throw new Refusal(422, 'invalid_parameters', 'The parameters are not valid.', {
        errors: [{ pointer: '/folds', message: 'Thirteen is unlucky.' }],
      });
    }
    const refused = body.params.folds === 20;
    return {
      meters: { jobs: 1, rows: 1000 },
      max_credits: (body.params.folds ?? 1) * 2 + 2,
      memory_bytes: 268435456,
      threads: 2,
      device: 'cpu',
      admissible: !refused,
      refusal: refused
        ? {
            code: 'insufficient_credits',
            title: 'Not enough credits',
            detail: 'The job needs 42 credits, and 12 are available.',
            next_step: 'Wait for running jobs to return what they hold.',
          }
        : null,
    };
  };
  function complete(upload) {
    const bytes = Buffer.concat(
      [...upload.bytes.entries()].sort((a, b) => a[0] - b[0]).map(([, part]) => part),
    );
    if (bytes.length !== upload.view.bytes)
      throw new Refusal(409, 'conflict', 'Parts are missing.');
    if (upload.sha256 && upload.sha256 !== sha256(bytes))
      throw new Refusal(422, 'checksum_mismatch', 'The checksum does not match.');
    if (bytes.includes(0)) {
      throw new Refusal(422, 'unreadable_file', 'The file is not text.', {
        next_step: 'Save the table as CSV and upload that.',
      });
    }
    uploads.delete(upload.view.id);
    const known = datasets.find(({ id }) => id === upload.datasetId);
    if (known) {
      known.versions.push(createVersion(upload.view.file_name, bytes, known.versions.length + 1));
      return view(known);
    }
    const made = createDataset(upload.view.name, upload.view.file_name, bytes);
    const [first] = made.versions;
    first.meta.profiled = false;
    setTimeout(() => {
      first.meta.profiled = true;
    }, stepMs * 4).unref();
    datasets.unshift(made);
    return view(made);
  }

  /** Method and path to a body; `[status, body]` for anything but 200. */
  const routes = [
    [
      'GET',
      '/meta',
      () => ({
        name: 'Gantry',
        version: '0.1.0',
        edition: 'default',
        setup_required: false,
        registration_open: true,
        engines: [
          {
            id: 'automl',
            title: 'AutoML',
            summary: 'From a table and a target column to a compared, explained model.',
          },
        ],
      }),
    ],
    ['GET', '/auth/me', () => ME],
    [
      'POST',
      '/auth/logout',
      () => {
        state.isSignedIn = false;
        return [204];
      },
    ],
    [
      'GET',
      '/sessions',
      () => ({
        items: [
          {
            id: randomUUID(),
            current: true,
            user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0',
            ip: '127.0.0.1',
            created_at: now(),
            last_used_at: now(),
            expires_at: new Date(Date.now() + 1e9).toISOString(),
          },
          {
            id: randomUUID(),
            current: false,
            user_agent: 'Mozilla/5.0 (iPhone; CPU) Safari/605',
            ip: '192.0.2.7',
            created_at: now(),
            last_used_at: now(),
            expires_at: new Date(Date.now() + 1e9).toISOString(),
          },
        ],
      }),
    ],
    ['DELETE', '/sessions/:id', () => [204]],
    ['GET', '/api-keys', () => ({ items: keys })],
    [
      'POST',
      '/api-keys',
      ({ body }) => {
        const key = {
          id: randomUUID(),
          prefix: 'gk_live12',
          created_at: now(),
          last_used_at: null,
          expires_at: null,
          ...body,
        };
        keys.push(key);
        return [201, { ...key, key: `gk_${randomBytes(24).toString('hex')}` }];
      },
    ],
    [
      'DELETE',
      '/api-keys/:id',
      ({ id }) => {
        keys.splice(
          keys.findIndex((key) => key.id === id),
          1,
        );
        return [204];
      },
    ],
    ['GET', '/account', account],
    ['GET', '/account/ledger', ({ query }) => page(ledger(), query)],
    ['GET', '/operations', () => ({ items: OPERATIONS })],
    ['POST', '/operations/:id/estimate', ({ body }) => estimate(body)],
    [
      'GET',
      '/jobs',
      ({ query }) => {
        const states = query.get('state')?.split(',');
        const q = query.get('q')?.toLowerCase();
        const operation = query.get('operation');
        return page(
          jobs.filter(
            (job) =>
              (!states || states.includes(job.state)) &&
              (!operation || job.operation === operation) &&
              (!q ||
                JSON.stringify([job.label, job.operation_title, job.input_names])
                  .toLowerCase()
                  .includes(q)),
          ),
          query,
        );
      },
    ],
    [
      'POST',
      '/jobs',
      ({ body, headers }) => {
        if (!headers['idempotency-key'])
          throw new Refusal(400, 'invalid_request', 'No Idempotency-Key.');
        const job = addJob(
          body,
          datasets.find(({ id }) => id === body.inputs.data?.id),
        );
        return [202, job];
      },
    ],
    ['GET', '/jobs/:id', ({ id }) => find(jobs, id)],
    [
      'POST',
      '/jobs/:id/cancel',
      ({ id }) => {
        const job = find(jobs, id);
        job.cancel_requested = true;
        if (job.state === 'queued' && !job.started_at) setState(job, 'cancelled');
        return [202, job];
      },
    ],
    [
      'POST',
      '/jobs/:id/rerun',
      ({ id }) => {
        const job = find(jobs, id);
        return [
          202,
          addJob(
            job,
            datasets.find((dataset) => dataset.id === job.inputs.data?.id),
          ),
        ];
      },
    ],
    [
      'GET',
      '/jobs/:id/artifacts',
      ({ id }) => ({ items: (artifacts.get(find(jobs, id).id) ?? []).map(({ meta }) => meta) }),
    ],
    [
      'GET',
      '/datasets',
      ({ query }) =>
        page(
          datasets.filter((dataset) => dataset.name.includes(query.get('q') ?? '')).map(view),
          query,
        ),
    ],
    [
      'POST',
      '/datasets/uploads',
      ({ body }) => {
        const its = {
          id: randomUUID(),
          name: body.name,
          file_name: body.file_name,
          bytes: body.bytes,
          part_bytes: PART_BYTES,
          parts: [],
          expires_at: now(),
        };
        uploads.set(its.id, {
          view: its,
          bytes: new Map(),
          sha256: body.sha256,
          datasetId: body.dataset_id,
        });
        return [201, its];
      },
    ],
    [
      'GET',
      '/datasets/uploads/:id',
      ({ id }) =>
        find(
          [...uploads.values()].map((upload) => upload.view),
          id,
        ),
    ],
    [
      'DELETE',
      '/datasets/uploads/:id',
      ({ id }) => {
        uploads.delete(id);
        return [204];
      },
    ],
    [
      'PUT',
      '/datasets/uploads/:id/parts/:number',
      ({ id, number, raw }) => {
        const upload = uploads.get(id);
        const part = { number: Number(number), bytes: raw.length, sha256: sha256(raw) };
        upload.bytes.set(part.number, raw);
        upload.view.parts = [
          ...upload.view.parts.filter((other) => other.number !== part.number),
          part,
        ];
        return part;
      },
    ],
    ['POST', '/datasets/uploads/:id/complete', ({ id }) => [201, complete(uploads.get(id))]],
    ['GET', '/datasets/:id', ({ id }) => view(find(datasets, id))],
    [
      'DELETE',
      '/datasets/:id',
      ({ id }) => {
        datasets.splice(datasets.indexOf(find(datasets, id)), 1);
        return [204];
      },
    ],
    [
      'GET',
      '/datasets/:id/versions',
      ({ id }) => ({ items: find(datasets, id).versions.map(({ meta }) => meta) }),
    ],
    [
      'GET',
      '/datasets/:id/profile',
      ({ id, query }) => versionOf(find(datasets, id), query).profile,
    ],
    [
      'GET',
      '/datasets/:id/preview',
      ({ id, query }) => {
        const version = versionOf(find(datasets, id), query);
        const columns = version.profile.columns.map(({ name, kind }) => ({ name, kind }));
        return { columns, rows: version.rows.slice(0, Number(query.get('rows') ?? 50)) };
      },
    ],
    [
      'GET',
      '/admin/overview',
      () => ({
        users: 3,
        queues: [{ device: 'cpu', class: 'normal', queued: 2, running: 1 }],
        version: '0.1.0',
        uptime_s: 93784,
      }),
    ],
  ];

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
  return { server, jobs, datasets, addJob };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.env.PORT ?? 8080);
  const { server } = createMock({ isEmpty: process.env.EMPTY === '1' });
  server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/app/`));
}
