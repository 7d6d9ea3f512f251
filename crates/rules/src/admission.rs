//! Whether a root job may run under its account's plan and balance.
//!
//! Invariants: what is admitted is held at once, credits by lot and units by meter, so that no
//! later job can spend it; a platform operation is always admitted and holds nothing; what the
//! plan cannot run at all and what it cannot run now are told apart by the refusal alone.

use gantry_types::{Credits, Device, JobState, MeterId, Timestamp};

use crate::account::{AccountState, HeldUnits, Hold};
use crate::ledger::{Movement, Posting};
use crate::lots;
use crate::period::{Period, derive_day};
use crate::plan::{Included, JobPricing, PlanTerms};
use crate::refusal::Refusal;
use crate::submission::{Accounting, Needs, OnRefusal, Submission};

/// A meter's column ends there, whatever the plan allows.
const LARGEST_USE: u64 = i64::MAX.cast_unsigned();

/// What an admitted job takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// `queued`, or `scheduled` when it is not to start yet.
    pub state: JobState,
    /// What it holds from now on.
    pub hold: Hold,
    /// The ledger's side of it.
    pub postings: Vec<Posting>,
}

/// What becomes of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may run.
    Admitted(Admission),
    /// It is kept until the plan or the balance allows it.
    Blocked(Refusal),
}

/// Decides on a submission, following its wish about refusals. A full queue refuses even what
/// would be kept, because what is kept waits in that queue.
///
/// # Errors
/// The [`Refusal`] of a submission that leaves no trace.
pub fn derive_verdict(account: &AccountState, submission: &Submission) -> Result<Verdict, Refusal> {
    let refusal = match admit(account, submission, submission.submitted_at) {
        Ok(admission) => return Ok(Verdict::Admitted(admission)),
        Err(refusal) => refusal,
    };
    match (submission.on_refusal, &refusal) {
        (OnRefusal::Refuse, _) | (OnRefusal::KeepBlocked, Refusal::QueueFull { .. }) => {
            Err(refusal)
        }
        (
            OnRefusal::KeepBlocked,
            Refusal::Credits { .. }
            | Refusal::Quota { .. }
            | Refusal::JobTooLarge { .. }
            | Refusal::GpuNotIncluded
            | Refusal::NotIncluded { .. }
            | Refusal::Memory { .. },
        ) => Ok(Verdict::Blocked(refusal)),
    }
}

/// Decides whether a new job may run.
///
/// # Errors
/// The [`Refusal`] that names the limit.
pub fn admit(
    account: &AccountState,
    submission: &Submission,
    now: Timestamp,
) -> Result<Admission, Refusal> {
    if submission.accounting == Accounting::Metered {
        let limit = account.terms.queued_jobs;
        if account.queued_roots >= limit {
            return Err(Refusal::QueueFull { limit });
        }
    }
    let mut admission = readmit(account, &submission.needs, submission.accounting, now)?;
    if submission.start_at.is_some_and(|start| start > now) {
        admission.state = JobState::Scheduled;
    }
    Ok(admission)
}

/// Decides whether a job that is in the queue already, but blocked, may run now.
///
/// # Errors
/// The [`Refusal`] that names the limit.
pub fn readmit(
    account: &AccountState,
    needs: &Needs,
    accounting: Accounting,
    now: Timestamp,
) -> Result<Admission, Refusal> {
    if accounting == Accounting::Platform {
        let hold = Hold::default();
        return Ok(Admission { state: JobState::Queued, hold, postings: Vec::new() });
    }
    check_job_limits(&account.terms, needs)?;
    let units = derive_units(account, needs, now)?;
    let (credits, postings) = derive_credits(account, needs.max_credits, now)?;
    Ok(Admission { state: JobState::Queued, hold: Hold { credits, units }, postings })
}

/// Decides whether a hold may grow by `more` credits: by none where jobs are included in the plan.
///
/// # Errors
/// [`Refusal::Credits`] when the balance does not cover it.
pub fn derive_credits(
    account: &AccountState,
    more: Credits,
    now: Timestamp,
) -> Result<(Vec<crate::account::HeldCredits>, Vec<Posting>), Refusal> {
    if account.terms.job_pricing == JobPricing::Included {
        return Ok((Vec::new(), Vec::new()));
    }
    let credits = lots::derive_hold(&account.lots, more, now).ok_or_else(|| Refusal::Credits {
        needed: more,
        available: lots::derive_available(&account.lots, now).unwrap_or(Credits::ZERO),
    })?;
    let postings = credits
        .iter()
        .map(|part| Posting { movement: Movement::Hold, lot_id: part.lot_id, amount: part.amount })
        .collect();
    Ok((credits, postings))
}

/// Whether a plan can run such a job at all, on its processors and in its memory.
///
/// # Errors
/// [`Refusal::GpuNotIncluded`], [`Refusal::Memory`].
pub fn check_job_limits(terms: &PlanTerms, needs: &Needs) -> Result<(), Refusal> {
    if needs.device == Device::Gpu && terms.gpu == Included::No {
        return Err(Refusal::GpuNotIncluded);
    }
    if needs.memory_bytes > terms.job_memory_bytes {
        let limit = terms.job_memory_bytes;
        return Err(Refusal::Memory { needed: needs.memory_bytes, limit });
    }
    Ok(())
}

/// The units that the job reserves: what its estimate counts, and one `jobs` for itself.
fn derive_units(
    account: &AccountState,
    needs: &Needs,
    now: Timestamp,
) -> Result<Vec<HeldUnits>, Refusal> {
    let periods = Periods::of(account, now);
    let mut wanted = needs.meters.clone();
    let itself = wanted.entry(MeterId::jobs()).or_insert(0);
    *itself = itself.saturating_add(1);
    let mut units = Vec::with_capacity(wanted.len());
    for (meter, needed) in wanted {
        check_meter(account, &meter, needed, periods)?;
        units.extend(derive_held(account, meter, needed, periods));
    }
    Ok(units)
}

/// The periods in which an account's meters count at one time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Periods {
    month: Period,
    day: Period,
}

impl Periods {
    /// Those that contain `now`.
    pub(crate) fn of(account: &AccountState, now: Timestamp) -> Self {
        Self { month: account.derive_month(now), day: derive_day(now) }
    }
}

/// What is reserved of a meter: in the period, and on the day where the plan limits that.
pub(crate) fn derive_held(
    account: &AccountState,
    meter: MeterId,
    units: u64,
    periods: Periods,
) -> impl Iterator<Item = HeldUnits> {
    let limited = account.terms.meters.get(&meter).is_some_and(|bounds| bounds.per_day.is_some());
    let of_day = limited.then(|| HeldUnits {
        meter: meter.of_day(),
        period_start: periods.day.start,
        units,
    });
    let of_period = HeldUnits { meter, period_start: periods.month.start, units };
    std::iter::once(of_period).chain(of_day)
}

/// Whether `needed` units are left of what one job, one day and one period may use.
pub(crate) fn check_meter(
    account: &AccountState,
    meter: &MeterId,
    needed: u64,
    periods: Periods,
) -> Result<(), Refusal> {
    let bounds = account.terms.meters.get(meter).copied().unwrap_or_default();
    if let Some(limit) = bounds.per_job.filter(|limit| needed > *limit) {
        return Err(Refusal::JobTooLarge { meter: meter.clone(), needed, limit });
    }
    let check = |counted: &MeterId, limit: u64, period: Period| {
        let used = derive_use(account, counted, period);
        if used.saturating_add(needed) <= limit {
            return Ok(());
        }
        let (meter, resets_at) = (meter.clone(), period.end);
        Err(Refusal::Quota { meter, needed, used, limit, resets_at })
    };
    check(meter, bounds.per_period.unwrap_or(LARGEST_USE), periods.month)?;
    // Without a limit by the day nothing is counted by the day.
    bounds.per_day.map_or(Ok(()), |limit| check(&meter.of_day(), limit, periods.day))
}

/// Units of a meter that nobody used or reserved.
pub(crate) fn derive_free(account: &AccountState, meter: &MeterId, periods: Periods) -> u64 {
    let bounds = account.terms.meters.get(meter).copied().unwrap_or_default();
    let left = |counted: &MeterId, limit: Option<u64>, period: Period| {
        limit.unwrap_or(LARGEST_USE).saturating_sub(derive_use(account, counted, period))
    };
    left(meter, bounds.per_period, periods.month).min(left(
        &meter.of_day(),
        bounds.per_day,
        periods.day,
    ))
}

/// What is used and reserved of a meter in a period.
fn derive_use(account: &AccountState, meter: &MeterId, period: Period) -> u64 {
    let present = |usage: &&crate::account::MeterUse| {
        usage.meter == *meter && usage.period_start == period.start
    };
    account.meters.iter().find(present).map_or(0, |usage| usage.used.saturating_add(usage.reserved))
}
