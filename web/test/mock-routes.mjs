// The mock server's answers, by method and path.

import { randomBytes, randomUUID } from 'node:crypto';

import { ME, OVERRIDES, createAccountRoutes } from './mock-account.mjs';
import { createAdminRoutes } from './mock-admin.mjs';
import { OPERATIONS, createDataset, createVersion, now, sha256 } from './mock-data.mjs';
import { Refusal, find } from './mock-refusal.mjs';
import { FINAL } from './mock-world.mjs';

const PART_BYTES = 8 * 1024 * 1024;

export function createRoutes(world) {
  const { artifacts, datasets, jobs, keys, uploads, addJob, setState, state, stepMs } = world;

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
    credits: {
      available: 988 + world.earned.length * 5,
      held: jobs.filter((job) => !FINAL.includes(job.state)).length * 12,
      low: false,
    },
    running_jobs: jobs.filter((job) => job.state === 'running').length,
    queued_jobs: jobs.filter((job) => job.state === 'queued').length,
    overrides: OVERRIDES,
    meters: [
      {
        meter: 'jobs',
        currency: null,
        used: 83,
        reserved: 1,
        limit: 100,
        period_start: now(),
        resets_at: new Date(Date.now() + 9e8).toISOString(),
      },
      {
        meter: 'rows',
        currency: null,
        used: 61234,
        reserved: 0,
        limit: null,
        period_start: now(),
        resets_at: null,
      },
    ],
  });
  const lots = () =>
    [
      { source: 'paid', granted: 500, left: 488, days: 30 },
      { source: 'promotional', granted: 500, left: 500, days: null },
    ].map(({ days, ...lot }, place) => ({
      id: `lot-${place}`,
      reason: lot.source === 'paid' ? 'package credits-500' : 'welcome',
      expires_at: days === null ? null : new Date(Date.now() + days * 864e5).toISOString(),
      created_at: now(),
      ...lot,
    }));
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
      cancel_keeps_percent: 0,
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
  return [
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
    ...createAccountRoutes(world),
    ...createAdminRoutes(),
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
            purpose: 'person',
            user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0',
            ip: '127.0.0.1',
            created_at: now(),
            last_used_at: now(),
            expires_at: new Date(Date.now() + 1e9).toISOString(),
          },
          {
            id: randomUUID(),
            current: false,
            purpose: 'administrator',
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
    ['GET', '/account/lots', ({ query }) => page(lots(), query)],
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
  ];
}
