// What the API answers with. Names are those of the OpenAPI document, so that these types can be
// taken from the generated `schema.d.ts` one by one.

export type JobState =
  | 'scheduled'
  | 'blocked'
  | 'queued'
  | 'running'
  | 'waiting'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'dead';

export const JOB_STATES: readonly JobState[] = [
  'scheduled',
  'blocked',
  'queued',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'cancelled',
  'dead',
];

const FINAL_STATES: readonly JobState[] = ['succeeded', 'failed', 'cancelled', 'dead'];

export const isFinal = (state: JobState): boolean => FINAL_STATES.includes(state);

export type JsonValue =
  string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export type JsonObject = { [key: string]: JsonValue };

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface Meta {
  name: string;
  version: string;
  edition: string;
  setup_required: boolean;
  registration_open: boolean;
  engines: { id: string; title: string; summary: string }[];
}

export interface Membership {
  id: string;
  name: string;
  role: string;
}

export interface Me {
  user: { id: string; email: string; name: string; administrator: boolean; created_at: string };
  organization: Membership;
  organizations: Membership[];
  csrf_token: string | null;
  scopes: string[];
}

export interface Session {
  id: string;
  current: boolean;
  user_agent: string | null;
  ip: string | null;
  created_at: string;
  last_used_at: string;
  expires_at: string;
}

export const SCOPES = ['read', 'run', 'data', 'account', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  scopes: Scope[];
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
}

export interface NewApiKey extends ApiKey {
  key: string;
}

export interface Meter {
  meter: string;
  used: number;
  reserved: number;
  limit: number | null;
  period_start: string;
  resets_at: string | null;
}

export interface Account {
  organization_id: string;
  plan: { slug: string; title: string; version: number; terms: JsonObject };
  credits: { available: number; held: number };
  running_jobs: number;
  queued_jobs: number;
  meters: Meter[];
}

export interface LedgerEntry {
  id: string;
  account: string;
  amount: number;
  lot_id: string;
  job_id: string | null;
  reason: string;
  at: string;
}

export type InputKind = 'table' | 'model' | 'file';

export interface InputSlot {
  name: string;
  title: string;
  kind: InputKind;
  required: boolean;
}

export interface OperationSpec {
  id: string;
  engine: string;
  version: number;
  title: string;
  summary: string;
  inputs: InputSlot[];
  params_schema: JsonObject;
  report_schema: JsonObject;
}

export type InputRef =
  { kind: 'dataset'; id: string; version: number } | { kind: 'artifact'; id: string };

export interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  code?: string;
  detail?: string;
  retryable?: boolean;
  request_id?: string;
  next_step?: string | null;
  errors?: { pointer: string; message: string }[];
  [extra: string]: unknown;
}

export interface Estimate {
  meters: Record<string, number>;
  max_credits: number;
  memory_bytes: number;
  threads: number;
  device: 'cpu' | 'prefers_gpu' | 'needs_gpu';
  admissible: boolean;
  refusal?: ProblemBody | null;
}

export interface JobError {
  kind: string;
  message: string;
  next_step: string | null;
}

export interface Stage {
  name: string;
  current: number;
  total: number;
}

export interface Job {
  id: string;
  operation: string;
  operation_title: string;
  engine: string;
  label: string | null;
  state: JobState;
  device: string;
  class: string;
  attempt: number;
  cancel_requested: boolean;
  params: JsonObject;
  inputs: Record<string, InputRef>;
  input_names: Record<string, string>;
  seed: string;
  max_credits: number;
  /** Zero until the job has ended. */
  cost: number;
  stage: Stage | null;
  progress: number;
  report: JsonObject | null;
  error: JobError | null;
  parent_id: string | null;
  submitted_by: string | null;
  created_at: string;
  start_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  cursor: number;
}

export interface NewJob {
  operation: string;
  params: JsonObject;
  inputs: Record<string, InputRef>;
  label?: string;
  keep_if_refused?: boolean;
}

export type ArtifactRole = 'report' | 'chart' | 'model' | 'table' | 'file';

export interface Artifact {
  id: string;
  job_id: string;
  name: string;
  media_type: string;
  role: ArtifactRole;
  bytes: number;
  sha256: string;
  created_at: string;
}

export interface DatasetVersion {
  version: number;
  file_name: string;
  media_type: string;
  bytes: number;
  sha256: string;
  profile_job_id: string | null;
  profiled: boolean;
  rows: number | null;
  columns: number | null;
  created_at: string;
}

export interface Dataset {
  id: string;
  name: string;
  created_at: string;
  versions_count?: number;
  latest: DatasetVersion;
}

export interface UploadPart {
  number: number;
  bytes: number;
  sha256: string;
}

export interface Upload {
  id: string;
  name: string;
  file_name: string;
  bytes: number;
  part_bytes: number;
  parts: UploadPart[];
  expires_at: string;
}

export type ColumnKind = 'number' | 'integer' | 'category' | 'boolean' | 'date' | 'text' | 'id';

export interface Histogram {
  edges: (number | string)[];
  counts: number[];
}

export type ColumnSummary =
  | {
      type: 'numbers';
      min: number | null;
      max: number | null;
      mean: number | null;
      std: number | null;
      zeros: number;
      negatives: number;
      quantiles: { points: [number, number][]; approximate: boolean };
      histogram: Histogram;
    }
  | {
      type: 'levels';
      top: { label: string; count: number }[];
      other: number;
      approximate: boolean;
    }
  | { type: 'dates'; min: string | null; max: string | null; histogram: Histogram }
  | {
      type: 'texts';
      min_chars: number | null;
      mean_chars: number | null;
      max_chars: number | null;
    };

export interface ColumnProfile {
  name: string;
  kind: ColumnKind;
  missing: number;
  distinct: { value: number; approximate: boolean };
  summary: ColumnSummary;
  notes: string[];
}

export interface Profile {
  bytes: number;
  rows: number;
  columns: ColumnProfile[];
  sample: (string | null)[][];
  warnings: { code: string; [field: string]: unknown }[];
}

export interface Preview {
  columns: { name: string; kind: ColumnKind }[];
  rows: (string | null)[][];
}

export interface AdminOverview {
  users: number;
  queues: { device: string; class: string; queued: number; running: number }[];
  version: string;
  uptime_s: number;
}

export interface AccountJobEvent {
  job_id: string;
  operation: string;
  state: JobState;
}
