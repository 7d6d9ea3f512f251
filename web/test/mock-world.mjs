// The state behind the mock server: datasets, jobs that play a training, and who listens to them.

import { REPORT, createArtifacts, createJob, now, seedDatasets, seedJobs } from './mock-data.mjs';

export const FINAL = ['succeeded', 'failed', 'cancelled', 'dead'];

export function createWorld({ isEmpty = false, stepMs = 500 } = {}) {
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
  const clients = [];
  const adSessions = [];
  const earned = [];
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

  return {
    datasets,
    jobs,
    uploads,
    artifacts,
    events,
    listeners,
    accountListeners,
    keys,
    clients,
    adSessions,
    earned,
    state,
    stepMs,
    setState,
    addJob,
  };
}
