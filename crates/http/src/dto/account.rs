//! What an account has.

use std::collections::BTreeMap;

use gantry_billing::{AccountView, OverLimit};
use gantry_ports::store::{LedgerAccount, LedgerEntry, LedgerFilter, LotRecord, PlanChoice};
use gantry_rules::account::LotOrigin;
use gantry_rules::plan::{Included, Plan, PlanTerms};
use gantry_types::{
    Credits, Currency, JobId, LedgerEntryId, LotId, MeterId, OrganizationId, PriorityClass,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{IntervalBody, LimitOverrideBody, PriorityClassWord, SupportBody};
use crate::problem::{Answer, Problem};

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountBody {
    /// Whose it is.
    #[schema(value_type = Uuid)]
    pub organization_id: OrganizationId,
    /// The plan that it is on.
    pub plan: PlanBody,
    /// Its balance.
    pub credits: CreditsBody,
    /// Root jobs that run or wait for children.
    pub running_jobs: u32,
    /// Root jobs that are queued.
    pub queued_jobs: u32,
    /// Every meter that is limited or that was used.
    pub meters: Vec<MeterBody>,
    /// The limits that it has now in place of its plan's, which an administrator gave it.
    pub overrides: Vec<LimitOverrideBody>,
    /// What it has beyond what it may, because an earlier one allowed more; nothing of it is taken
    /// away, and no more of it is let in.
    pub over_limits: Vec<OverLimitBody>,
    /// The paid plan that its owner chose when they registered and has not bought yet.
    pub chosen_plan: Option<ChosenPlanBody>,
}

/// A paid plan that somebody means to buy.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChosenPlanBody {
    /// The name in the edition.
    pub plan: String,
    /// How often it is to be paid for.
    pub interval: IntervalBody,
}

impl From<PlanChoice> for ChosenPlanBody {
    fn from(choice: PlanChoice) -> Self {
        Self { plan: choice.plan, interval: choice.interval.into() }
    }
}

/// A limit that an account is over.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverLimitBody {
    /// `seats`, `concurrent_jobs`, `queued_jobs`, or `quota.` and a meter.
    pub limit: String,
    /// What it has, or used in the present period.
    pub used: u64,
    /// What it may.
    pub allowed: u64,
}

impl From<OverLimit> for OverLimitBody {
    fn from(over: OverLimit) -> Self {
        Self { limit: over.limit, used: over.used, allowed: over.allowed }
    }
}

/// A balance.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreditsBody {
    /// What can be spent.
    #[schema(value_type = i64)]
    pub available: Credits,
    /// What jobs hold.
    #[schema(value_type = i64)]
    pub held: Credits,
    /// Whether both together are less than what the edition says is low; never where it says
    /// nothing.
    pub low: bool,
}

/// A version of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanBody {
    /// The name in the edition, such as `free`.
    pub slug: String,
    /// The name for people.
    pub title: String,
    /// The version, from 1.
    pub version: u32,
    /// What it allows.
    pub terms: PlanTermsBody,
}

/// What a plan allows.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanTermsBody {
    /// How many root jobs run at once, waiting ones included.
    pub concurrent_jobs: u32,
    /// How many children of one root run at once.
    pub parallel_children: u32,
    /// How many jobs may wait in the queue.
    pub queued_jobs: u32,
    /// The class of its jobs.
    #[schema(value_type = PriorityClassWord)]
    pub class: PriorityClass,
    /// Whether graphics processors are included.
    pub gpu: bool,
    /// Wall time of one attempt, in seconds.
    pub job_seconds: u64,
    /// Resident memory of one job, in bytes.
    pub job_memory_bytes: u64,
    /// Bytes of one uploaded file.
    pub file_bytes: u64,
    /// Bytes of all artifacts of one job.
    pub artifact_bytes: u64,
    /// Days for which artifacts are kept; `null` means for ever.
    pub retention_days: Option<u32>,
    /// Credits granted with each new account.
    #[schema(value_type = i64)]
    pub granted_credits: Credits,
    /// Whether jobs cost credits; where they do not, the meters alone limit them.
    pub jobs_cost_credits: bool,
    /// API requests per minute; `null` does not limit.
    pub requests_per_minute: Option<u32>,
    /// Requests above the steady rate that may come at once; `null` does not limit.
    pub request_burst: Option<u32>,
    /// Members of one organization; `null` does not limit.
    pub seats: Option<u32>,
    /// What of the platform it includes: `api`, `schedules`, `workflows`, `collaboration`,
    /// `chatbot`, `branding`.
    pub features: Vec<&'static str>,
    /// How its customers' questions are answered.
    pub support: SupportBody,
    /// When the months of its quotas begin: `calendar`, on the first, or `billing`, on the day and
    /// at the time of day on which the subscription began, or the account without one.
    pub quota_reset: &'static str,
    /// Limits by meter.
    pub meters: BTreeMap<String, MeterLimitBody>,
}

/// How much of a meter a plan allows; `null` does not limit.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeterLimitBody {
    /// Units per month.
    pub per_period: Option<u64>,
    /// Units per day.
    pub per_day: Option<u64>,
    /// Units in one job.
    pub per_job: Option<u64>,
}

impl From<Plan> for PlanBody {
    fn from(plan: Plan) -> Self {
        Self { slug: plan.slug, title: plan.title, version: plan.version, terms: plan.terms.into() }
    }
}

impl From<PlanTerms> for PlanTermsBody {
    fn from(terms: PlanTerms) -> Self {
        let gpu = match terms.gpu {
            Included::Yes => true,
            Included::No => false,
        };
        let meters = terms.meters.into_iter().map(|(meter, limit)| {
            let limit = MeterLimitBody {
                per_period: limit.per_period,
                per_day: limit.per_day,
                per_job: limit.per_job,
            };
            (String::from(meter), limit)
        });
        Self {
            concurrent_jobs: terms.concurrent_jobs,
            parallel_children: terms.parallel_children,
            queued_jobs: terms.queued_jobs,
            class: terms.class,
            gpu,
            job_seconds: terms.job_seconds,
            job_memory_bytes: terms.job_memory_bytes,
            file_bytes: terms.file_bytes,
            artifact_bytes: terms.artifact_bytes,
            retention_days: terms.retention_days,
            granted_credits: terms.granted_credits,
            jobs_cost_credits: terms.job_pricing.is_credits(),
            requests_per_minute: limited(terms.requests_per_minute),
            request_burst: limited(terms.request_burst),
            seats: terms.seats,
            features: terms.features.iter().map(|feature| feature.as_str()).collect(),
            support: terms.support.into(),
            quota_reset: terms.quota_reset.as_str(),
            meters: meters.collect(),
        }
    }
}

/// A rate, unless it is as good as none.
fn limited(rate: u32) -> Option<u32> {
    (rate < u32::MAX).then_some(rate)
}

/// The use of a meter in the present period, which is a month, or a day for a meter that ends
/// in `.day`.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeterBody {
    /// The meter.
    #[schema(value_type = String)]
    pub meter: MeterId,
    /// Units of settled jobs.
    pub used: u64,
    /// Units reserved by jobs that are not settled.
    pub reserved: u64,
    /// What the account may per period; `null` does not limit.
    pub limit: Option<u64>,
    /// The start of the period.
    #[schema(value_type = String, format = DateTime)]
    pub period_start: Timestamp,
    /// When the meter begins anew.
    #[schema(value_type = String, format = DateTime)]
    pub resets_at: Timestamp,
    /// Of which currency its units are millionths, such as `USD`; `null` for what is no money.
    #[schema(value_type = Option<String>)]
    pub currency: Option<Currency>,
}

impl From<AccountView> for AccountBody {
    fn from(view: AccountView) -> Self {
        let meters = view.meters.into_iter().map(|meter| MeterBody {
            meter: meter.meter,
            used: meter.used,
            reserved: meter.reserved,
            limit: meter.limit,
            period_start: meter.period.start,
            resets_at: meter.period.end,
            currency: meter.currency,
        });
        let overview = view.overview;
        Self {
            organization_id: overview.organization_id,
            plan: overview.plan.into(),
            credits: CreditsBody {
                available: overview.available,
                held: overview.held,
                low: view.low_balance,
            },
            running_jobs: overview.running_roots,
            queued_jobs: overview.queued_roots,
            meters: meters.collect(),
            overrides: view.overrides.into_iter().map(Into::into).collect(),
            over_limits: view.over_limits.into_iter().map(Into::into).collect(),
            chosen_plan: view.chosen_plan.map(Into::into),
        }
    }
}

/// Credits that were given together and expire together.
#[derive(Debug, Serialize, ToSchema)]
pub struct LotBody {
    /// The lot, as the ledger names it.
    #[schema(value_type = Uuid)]
    pub id: LotId,
    /// Where they came from: `promotional`, `earned` or `paid`.
    #[schema(value_type = String)]
    pub source: LotOrigin,
    /// Why they were given: `welcome`, `referral` or `referred`, `package` and its name, `ad` and
    /// its session, or what an administrator wrote.
    pub reason: String,
    /// How many were given.
    #[schema(value_type = i64)]
    pub granted: Credits,
    /// What is left and not held by jobs; always above zero.
    #[schema(value_type = i64)]
    pub left: Credits,
    /// When what is left expires; `null` means never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When they were given.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<LotRecord> for LotBody {
    fn from(record: LotRecord) -> Self {
        Self {
            id: record.lot.id,
            source: record.lot.origin,
            reason: record.reason,
            granted: record.granted,
            left: record.lot.remaining,
            expires_at: record.lot.expires_at,
            created_at: record.created_at,
        }
    }
}

/// Which lines of the ledger are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LedgerParams {
    /// For this reason, such as `hold` or `penalty`.
    pub reason: Option<String>,
    /// For this job.
    #[param(value_type = Option<Uuid>)]
    pub job: Option<JobId>,
    /// From this time on (RFC 3339); from the beginning if not given.
    #[param(value_type = Option<String>)]
    pub from: Option<Timestamp>,
    /// Before this time (RFC 3339); to the end if not given.
    #[param(value_type = Option<String>)]
    pub to: Option<Timestamp>,
}

impl LedgerParams {
    /// As the store takes it.
    ///
    /// # Errors
    /// 400 for a time that ends before it begins.
    pub fn into_filter(self) -> Answer<LedgerFilter> {
        let Self { reason, job, from, to } = self;
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            return Err(Problem::invalid("/from", "Give a time before `to`."));
        }
        Ok(LedgerFilter { reason, job_id: job, from, to })
    }
}

/// A line of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerEntryBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: LedgerEntryId,
    /// Which side: `available`, `held`, `revenue`, `issued`, `expired` or `receivable`.
    #[schema(value_type = String)]
    pub account: LedgerAccount,
    /// Positive adds to the side, negative takes from it.
    #[schema(value_type = i64)]
    pub amount: Credits,
    /// The lot that moved.
    #[schema(value_type = Uuid)]
    pub lot_id: LotId,
    /// The job that it was for.
    #[schema(value_type = Option<Uuid>)]
    pub job_id: Option<JobId>,
    /// Why.
    pub reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl From<LedgerEntry> for LedgerEntryBody {
    fn from(entry: LedgerEntry) -> Self {
        Self {
            id: entry.id,
            account: entry.account,
            amount: entry.amount,
            lot_id: entry.lot_id,
            job_id: entry.job_id,
            reason: entry.reason,
            at: entry.at,
        }
    }
}
