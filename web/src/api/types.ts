// What the API answers with, named as the app's pages say it. The shapes come from the OpenAPI
// document; what it leaves open, such as parameters and reports, is narrowed to JSON here.

import type { components } from './schema';

export type JsonValue =
  string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export type JsonObject = { [key: string]: JsonValue };

type Schemas = components['schemas'];

/** The server writes null where there is no value, and leaves no field out. */
type Filled<T> = {
  [K in keyof T]-?: undefined extends T[K] ? Exclude<T[K], undefined> | null : T[K];
};
type With<T, Fields> = Omit<Filled<T>, keyof Fields> & Fields;

export type JobState = Schemas['JobState'];

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

/** Why something is booked, in the words of the ledger. */
export const LEDGER_REASONS = [
  'grant',
  'hold',
  'spend',
  'penalty',
  'release',
  'expire',
  'refund',
  'refund_expired',
  'owe',
  'restore',
  'restore_expired',
  'forgive',
] as const;
export type LedgerReason = (typeof LEDGER_REASONS)[number];

const FINAL_STATES: readonly JobState[] = ['succeeded', 'failed', 'cancelled', 'dead'];

export const isFinal = (state: JobState): boolean => FINAL_STATES.includes(state);

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export type Meta = Filled<Schemas['MetaBody']>;
export type Me = Filled<Schemas['Me']>;
export type AdminSession = Filled<Schemas['AdminSessionBody']>;
export type Locale = Schemas['Locale'];
export const LOCALES: readonly Locale[] = ['en', 'de'];
export type Role = Schemas['Role'];
export const ROLES: readonly Role[] = ['owner', 'admin', 'member', 'viewer', 'billing'];
export type Member = Filled<Schemas['MemberBody']>;
export type Invitation = Filled<Schemas['InvitationBody']>;
export type Roster = Filled<Schemas['RosterBody']>;
export type SecondFactorState = Filled<Schemas['SecondFactorBody']>;
export type Enrolment = Filled<Schemas['EnrolmentBody']>;
export type RecoveryCodes = Filled<Schemas['RecoveryCodesBody']>;
export type Provider = Filled<Schemas['ProviderBody']>;
export type LinkedIdentity = Filled<Schemas['LinkedIdentityBody']>;
export type LinkBegun = Schemas['LinkBegun'];
export type Passkey = Filled<Schemas['PasskeyBody']>;
export type OAuthClientKind = Schemas['OAuthClientKind'];
export type OAuthClient = Filled<Schemas['OAuthClientBody']>;
export type IssuedOAuthClient = Filled<Schemas['IssuedOAuthClient']>;
export type Grant = Filled<Schemas['GrantBody']>;
export type AccountExport = Filled<Schemas['AccountExport']>;
export type Leaving = Schemas['LeavingBody'];
export type BillingDetails = Schemas['BillingDetailsBody'];
export type ClosingPlace = Schemas['ClosingBody'];
export type PasskeyCreation = Schemas['PasskeyCreationBody'];
export type Session = Filled<Schemas['SessionBody']>;

export type Scope = Schemas['Scope'];
export const SCOPES: readonly Scope[] = ['read', 'run', 'data', 'account', 'admin'];
export type ApiKey = Filled<Schemas['ApiKeyBody']>;
export type NewApiKey = ApiKey & Schemas['IssuedApiKey'];

export type Meter = Filled<Schemas['MeterBody']>;
/** A limit that an account has in place of its plan's. */
export type OwnLimit = Filled<Schemas['LimitOverrideBody']>;
/** The same, as administrators see it. */
export type PaymentEvent = Filled<Schemas['PaymentEventBody']>;
export type LimitRecord = Filled<Schemas['LimitRecordBody']>;
export type LimitRequest = Schemas['LimitOverrideRequest'];
export type Account = With<
  Schemas['AccountBody'],
  {
    meters: Meter[];
    overrides: OwnLimit[];
    plan: With<Schemas['PlanBody'], { terms: JsonObject }>;
  }
>;
/** Credits that were given together and expire together. */
export type Lot = With<Schemas['LotBody'], { source: 'promotional' | 'earned' | 'paid' }>;
/** What was used on some days, summed by one thing. */
export type UsageGrouping = Schemas['UsageGrouping'];
export type UsageRow = Filled<Schemas['UsageRowBody']>;
/** What was asked of a language model. */
export type ModelUse = Schemas['ModelUse'];
export type Usage = With<Schemas['UsageBody'], { rows: UsageRow[] }>;
export type LedgerEntry = Filled<Schemas['LedgerEntryBody']>;

export type Offers = With<Schemas['OffersBody'], { plans: Offer[]; packages: Package[] }>;
export type Offer = With<
  Schemas['OfferBody'],
  { price: Filled<Schemas['PriceBody']>; terms: Filled<Schemas['PlanTermsBody']> }
>;
export type Package = Filled<Schemas['PackageBody']>;
export type Interval = Schemas['Interval'];
export type Checkout = Schemas['CheckoutBody'];
export type Portal = Schemas['PortalBody'];
export type Subscription = Filled<Schemas['SubscriptionBody']>;
export type ChangedSubscription = Filled<Schemas['ChangedSubscriptionBody']>;
export type Payment = Filled<Schemas['PaymentBody']>;
export type Invoice = Filled<Schemas['InvoiceBody']>;
export type Referral = Filled<Schemas['ReferralBody']>;
export type ReferralTerms = Filled<Schemas['ReferralTermsBody']>;
export type Referrals = With<
  Schemas['ReferralsBody'],
  { items: Referral[]; terms: ReferralTerms | null }
>;
export type AdminReferral = With<Schemas['AdminReferralBody'], { referral: Referral }>;

export type InputKind = Schemas['InputKind'];
export type InputSlot = Schemas['InputSlotBody'];
export type InputRef = Schemas['InputRef'];
export type OperationSpec = With<
  Schemas['OperationBody'],
  { inputs: InputSlot[]; params_schema: JsonObject; report_schema: JsonObject }
>;

/** Whatever may arrive in the place of a problem document, from our server or a proxy. */
export type ProblemBody = Partial<Schemas['ProblemBody']> & { [extra: string]: unknown };

export type Estimate = With<
  Schemas['EstimateBody'],
  { device: 'cpu' | 'prefers_gpu' | 'needs_gpu'; refusal: ProblemBody | null }
>;

export type Stage = Schemas['StageBody'];
export type JobError = Filled<Schemas['JobErrorBody']>;
export type Job = With<
  Schemas['Job'],
  {
    params: JsonObject;
    inputs: Record<string, InputRef>;
    input_names: Record<string, string>;
    stage: Stage | null;
    error: JobError | null;
    report: JsonObject | null;
  }
>;

export type Sample = With<
  Schemas['Sample'],
  { suggestion: { operation: string; params: JsonObject } | null }
>;

export interface NewJob extends Partial<Schemas['NewJobRequest']> {
  operation: string;
  params: JsonObject;
  inputs: Record<string, InputRef>;
}

export type Schedule = With<
  Schemas['ScheduleBody'],
  { params: JsonObject; inputs: Record<string, Schemas['ScheduledInput']> }
>;
export type ScheduleRequest = Schemas['ScheduleRequest'];

/** The operation that runs workflows: it has pages of its own. */
export const RUN_WORKFLOW = 'flow.run';

export type WorkflowProblem = Filled<Schemas['WorkflowProblem']>;
export type Workflow = With<
  Schemas['Workflow'],
  { definition: JsonObject; problems: WorkflowProblem[] }
>;
export type WorkflowCheck = { sound: boolean; problems: WorkflowProblem[] };
export type WorkflowRun = Filled<Schemas['WorkflowRun']>;
export type WorkflowNode = Filled<Schemas['WorkflowNode']>;
export interface WorkflowRunDetail {
  run: WorkflowRun;
  definition: JsonObject | null;
  nodes: WorkflowNode[];
}

export type Model = With<Schemas['Model'], { inputs: Record<string, InputRef> }>;
export interface ModelMetrics {
  report: JsonObject | null;
  measured: JsonObject[];
}
export interface ModelComparison {
  job_id: string;
  models: { model: Model; report: JsonObject | null }[];
}

export type ArtifactRole = Schemas['ArtifactRole'];
export type Artifact = Filled<Schemas['Artifact']>;

export type DatasetVersion = Filled<Schemas['DatasetVersion']>;
export type Dataset = With<Schemas['Dataset'], { latest: DatasetVersion }>;

export type UploadPart = Schemas['UploadPartBody'];
export type Upload = With<Schemas['Upload'], { parts: UploadPart[] }>;

export type Rewards = Filled<Schemas['RewardsBody']>;
export type AdSession = Filled<Schemas['AdSessionBody']>;
export type Claim = Filled<Schemas['ClaimBody']>;
export type FraudBlock = Filled<Schemas['FraudBlockBody']>;
export type FraudEvent = With<
  Schemas['FraudEventBody'],
  { review: Filled<Schemas['FraudReviewBody']> | null }
>;
/** Who has a flag on or off: those who fit all that is given. */
export type FlagRule = With<
  Schemas['FlagRule'],
  { users: string[]; organizations: string[]; plans: string[] }
>;
export type FlagVariant = Schemas['FlagVariant'];
export type Flag = With<Schemas['FlagBody'], { rules: FlagRule[]; variants: FlagVariant[] }>;
export type FlagRequest = Schemas['FlagRequest'];
export type FlagTrial = With<
  Schemas['FlagTrialBody'],
  { reason: 'switched_off' | 'everybody' | 'rule' | 'no_rule_fits' }
>;
export type AdminOverview = Schemas['AdminOverview'];
export type Revenue = Filled<Schemas['RevenueBody']>;

/** What a person's organization has, as administrators see it. */
export type AdminOrganization = Schemas['AdminHomeBody'];
export type PersonStatus = Schemas['UserStatus'];
export const PERSON_STATES: readonly PersonStatus[] = [
  'active',
  'suspended',
  'banned',
  'leaving',
  'erased',
];
export type AdminUser = With<
  Schemas['AdminUserBody'],
  { restriction: Filled<Schemas['RestrictionBody']> | null }
>;
export interface AdminUserDetail extends AdminUser {
  organizations: AdminOrganization[];
}

/** Jobs of a period by how they ended, and their credits. */
export type Cost = Schemas['CostSumsBody'];
export type Costs = Schemas['CostsBody'];

export interface AccountJobEvent {
  job_id: string;
  operation: string;
  state: JobState;
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
