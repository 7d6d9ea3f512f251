// What the mock server starts with: a few datasets and jobs, and the operations of a small engine.

import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { ME } from './mock-account.mjs';

const EXAMPLES = new URL('../../examples/', import.meta.url);

export const now = () => new Date().toISOString();
const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

export const OPERATIONS = [
  {
    id: 'automl.train',
    engine: 'automl',
    version: 1,
    title: 'Train models',
    summary: 'Compares models for a target column by cross-validation and keeps the best.',
    inputs: [{ name: 'data', title: 'Table', kind: 'table', required: true }],
    params_schema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'TrainParams',
      type: 'object',
      additionalProperties: false,
      required: ['target'],
      properties: {
        target: {
          description: 'The column to predict.',
          type: 'string',
          minLength: 1,
          'x-gantry': { column_of: 'data' },
        },
        task: {
          description: 'What is predicted; found from the target unless chosen.',
          $ref: '#/$defs/Task',
          default: 'auto',
        },
        metric: {
          description: 'What the models are compared by.',
          type: ['string', 'null'],
          default: null,
        },
        models: {
          description: 'Which models to try.',
          type: 'array',
          items: { $ref: '#/$defs/Model' },
          default: ['linear', 'random_forest'],
          minItems: 1,
        },
        ignore: {
          description: 'Columns that are left out.',
          type: 'array',
          items: { type: 'string' },
          default: [],
          'x-gantry': { column_of: 'data' },
        },
        folds: {
          description: 'How many parts the data are divided into.',
          type: 'integer',
          format: 'uint32',
          minimum: 2,
          maximum: 20,
          default: 5,
        },
        importance: {
          description: 'Work out which columns matter.',
          type: 'boolean',
          default: true,
        },
        budget_seconds: {
          description: 'No model starts after this time.',
          type: ['integer', 'null'],
          minimum: 1,
          default: null,
          'x-gantry': { advanced: true },
        },
      },
      $defs: {
        Task: {
          oneOf: [
            { const: 'auto', type: 'string', description: 'Decided by the target.' },
            { const: 'classification', type: 'string', description: 'Classes.' },
            { const: 'regression', type: 'string', description: 'Numbers.' },
          ],
        },
        Model: { type: 'string', enum: ['linear', 'random_forest'] },
      },
    },
    report_schema: {},
  },
  {
    id: 'automl.predict',
    engine: 'automl',
    version: 1,
    title: 'Predict',
    summary: 'Applies a trained model to a table.',
    inputs: [
      { name: 'model', title: 'Model', kind: 'model', required: true },
      { name: 'data', title: 'Table', kind: 'table', required: true },
    ],
    params_schema: { type: 'object', properties: {} },
    report_schema: {},
  },
];

export function parseCsv(text) {
  return text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(',').map((cell) => (cell === '' ? null : cell)));
}

function histogram(values, bins = 16) {
  const min = Math.min(...values);
  const max = Math.max(...values);
  const width = (max - min) / bins || 1;
  const counts = new Array(bins).fill(0);
  for (const value of values) counts[Math.min(bins - 1, Math.floor((value - min) / width))] += 1;
  return { edges: counts.map((_, at) => min + at * width).concat(max), counts };
}

function summarizeNumbers(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const at = (share) => sorted[Math.floor(share * (sorted.length - 1))];
  return {
    type: 'numbers',
    min: sorted[0],
    max: sorted[sorted.length - 1],
    mean,
    std: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length),
    zeros: values.filter((value) => value === 0).length,
    negatives: values.filter((value) => value < 0).length,
    quantiles: {
      points: [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99].map((share) => [share, at(share)]),
      approximate: false,
    },
    histogram: histogram(values),
  };
}

function profileColumn(name, cells) {
  const present = cells.filter((cell) => cell !== null && cell !== undefined);
  const isNumber = present.length > 0 && present.every((cell) => !Number.isNaN(Number(cell)));
  const counts = new Map();
  for (const cell of present) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const top = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 20);
  const shown = top.reduce((sum, [, count]) => sum + count, 0);
  return {
    name,
    kind: isNumber
      ? present.every((cell) => /^-?\d+$/.test(cell))
        ? 'integer'
        : 'number'
      : 'category',
    missing: cells.length - present.length,
    distinct: { value: counts.size, approximate: false },
    summary: isNumber
      ? summarizeNumbers(present.map(Number))
      : {
          type: 'levels',
          top: top.map(([label, count]) => ({ label, count })),
          other: present.length - shown,
          approximate: false,
        },
    notes: counts.size === 1 ? ['constant'] : [],
  };
}

export function createVersion(fileName, bytes, version) {
  const [header, ...rows] = parseCsv(bytes.toString('utf8'));
  return {
    meta: {
      version,
      file_name: fileName,
      media_type: 'text/csv',
      bytes: bytes.length,
      sha256: sha256(bytes),
      profile_job_id: randomUUID(),
      profiled: true,
      rows: rows.length,
      columns: header.length,
      created_at: now(),
    },
    header,
    rows,
    profile: {
      file: { format: 'delimited' },
      bytes: bytes.length,
      rows: rows.length,
      columns: header.map((name, at) =>
        profileColumn(
          name,
          rows.map((row) => row[at]),
        ),
      ),
      sample: rows.slice(0, 20),
      warnings:
        fileName === 'titanic.csv' ? [{ code: 'short_rows', count: 3, first_line: 18 }] : [],
    },
    bytes,
  };
}

export function createDataset(name, fileName, bytes) {
  const version = createVersion(fileName, bytes, 1);
  return { id: randomUUID(), name, created_at: now(), versions: [version] };
}

export const seedDatasets = () =>
  ['german_credit', 'titanic', 'wine_quality_white'].map((name) =>
    createDataset(name, `${name}.csv`, readFileSync(new URL(`${name}.csv`, EXAMPLES))),
  );

export const REPORT = {
  task: 'classification',
  target: 'risk',
  metric: 'roc_auc',
  rows: 1000,
  columns: 20,
  best: { model: 'random_forest', score: 0.7912 },
  leaderboard: {
    metric: 'roc_auc',
    greater_is_better: true,
    rows: [
      {
        rank: 1,
        model: 'random_forest',
        score: 0.7912,
        score_std: 0.0221,
        fit_seconds: 1.24,
        params: { trees: 300, max_depth: null, min_leaf: 3 },
        status: 'ok',
      },
      {
        rank: 2,
        model: 'logistic_regression',
        score: 0.7845,
        score_std: 0.0312,
        fit_seconds: 0.08,
        params: { l2: 1 },
        status: 'ok',
      },
      {
        rank: 3,
        model: 'baseline',
        score: 0.5,
        score_std: 0,
        fit_seconds: 0.001,
        params: {},
        status: 'ok',
      },
    ],
  },
  importance: [
    { column: 'checking_status', importance: 0.0923 },
    { column: 'duration_months', importance: 0.0412 },
    { column: 'credit_amount', importance: 0.0311 },
    { column: 'credit_history', importance: 0.0287 },
    { column: 'savings', importance: 0.0144 },
    { column: 'purpose', importance: 0.0101 },
    { column: 'age', importance: 0.0089 },
    { column: 'foreign_worker', importance: -0.0004 },
  ],
  confusion: {
    labels: ['good', 'bad'],
    counts: [
      [632, 68],
      [162, 138],
    ],
  },
  warnings: ['The classes are not balanced: 70 % of the rows are “good”.'],
};

const HTML = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Report</title>
<style>body{font:15px/1.5 system-ui;margin:32px;max-width:720px;color:#14181b}table{border-collapse:collapse}
td,th{padding:4px 12px;border-bottom:1px solid #ddd;text-align:left}</style></head><body>
<h1>Training report</h1><p>The random forest predicts <b>risk</b> best.</p>
<table><tr><th>Model</th><th>ROC AUC</th></tr><tr><td>Random forest</td><td>0.7912</td></tr>
<tr><td>Logistic regression</td><td>0.7845</td></tr></table></body></html>`;

const SVG = (title, color) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 300">
<rect width="480" height="300" fill="#fff"/><text x="20" y="30" font-family="sans-serif" font-size="16">${title}</text>
<path d="M40 260 C80 120 160 80 440 60" fill="none" stroke="${color}" stroke-width="3"/>
<path d="M40 260H440M40 260V60" stroke="#888"/></svg>`;

export function createArtifacts(jobId) {
  return [
    ['report.html', 'text/html', 'report', Buffer.from(HTML)],
    ['roc.svg', 'image/svg+xml', 'chart', Buffer.from(SVG('ROC curve', '#0f766e'))],
    ['calibration.svg', 'image/svg+xml', 'chart', Buffer.from(SVG('Calibration', '#b45309'))],
    ['model.gantry', 'application/octet-stream', 'model', Buffer.alloc(482133, 7)],
    ['predictions.csv', 'text/csv', 'table', Buffer.from('row,risk\n1,good\n2,bad\n')],
  ].map(([name, media_type, role, bytes]) => ({
    meta: {
      id: randomUUID(),
      job_id: jobId,
      name,
      media_type,
      role,
      bytes: bytes.length,
      sha256: sha256(bytes),
      created_at: now(),
    },
    bytes,
  }));
}

export function createJob(operation, dataset, fields = {}) {
  const spec = OPERATIONS.find(({ id }) => id === operation);
  return {
    id: randomUUID(),
    operation,
    operation_title: spec.title,
    engine: spec.engine,
    label: null,
    state: 'queued',
    device: 'cpu',
    class: 'normal',
    attempt: 1,
    cancel_requested: false,
    params: { target: 'risk', folds: 5, models: ['linear', 'random_forest'] },
    inputs: dataset ? { data: { kind: 'dataset', id: dataset.id, version: 1 } } : {},
    input_names: dataset ? { data: dataset.name } : {},
    seed: '9223372036854775807',
    max_credits: 12,
    cost: null,
    penalty: 0,
    stage: null,
    progress: 0,
    report: null,
    error: null,
    parent_id: null,
    submitted_by: ME.user.id,
    created_at: now(),
    start_at: null,
    started_at: null,
    finished_at: null,
    cursor: 0,
    ...fields,
  };
}

const done = (seconds, cost) => ({
  progress: 1,
  cost,
  created_at: ago(seconds + 62),
  started_at: ago(seconds + 60),
  finished_at: ago(seconds),
});

export function seedJobs(datasets) {
  const [credit, titanic, wine] = datasets;
  return [
    createJob('automl.train', wine, {
      state: 'queued',
      label: 'Wine quality, all models',
      created_at: ago(4),
    }),
    createJob('automl.train', titanic, {
      state: 'failed',
      ...done(900, 1),
      error: {
        kind: 'input',
        message: 'The target “survived” has a class with only one row.',
        next_step: 'Leave out classes with fewer rows than folds, or choose fewer folds.',
      },
    }),
    createJob('automl.train', credit, { state: 'succeeded', ...done(3700, 7), report: REPORT }),
    createJob('automl.predict', credit, {
      state: 'succeeded',
      ...done(9000, 2),
      params: {},
      report: {
        rows: 1000,
        written: 'predictions.csv',
        classes: ['good', 'bad'],
        share: { good: 0.7, bad: 0.3 },
      },
    }),
    createJob('automl.train', titanic, { state: 'cancelled', ...done(90000, 0) }),
    createJob('automl.train', wine, { state: 'dead', ...done(400000, 0), attempt: 3 }),
  ];
}
