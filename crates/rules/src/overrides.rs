//! Limits that one account has instead of those of its plan.
//!
//! Invariants: what no override names stays as the plan says; one whose time is over changes
//! nothing; whoever reads an account's terms reads them through [`derive_terms`].

use std::fmt;
use std::str::FromStr;

use gantry_types::{MeterId, Timestamp};

use crate::plan::{MeterLimit, PlanTerms};

/// The words of the limits that name no meter.
const CONCURRENT_JOBS: &str = "concurrent_jobs";
const SEATS: &str = "seats";
const RETENTION_DAYS: &str = "retention_days";
const FILE_BYTES: &str = "file_bytes";
/// How the words of the limits of a meter begin.
const PER_MONTH: &str = "per_month.";
const PER_DAY: &str = "per_day.";
const PER_JOB: &str = "per_job.";

/// What is wrong with an override.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOverride {
    /// There is no such limit.
    #[error(
        "`{text}` is no limit that an account may have of its own; known are concurrent_jobs, \
         seats, retention_days, file_bytes, and per_month, per_day and per_job with a meter, such \
         as per_month.jobs"
    )]
    Limit {
        /// The word that was given, shortened.
        text: String,
    },
    /// The number is none for this limit.
    #[error("`{limit}` may be from {least} to {most}, or null for no limit")]
    Value {
        /// The limit.
        limit: LimitName,
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
    },
}

/// A limit that an account may have of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitName {
    /// [`PlanTerms::concurrent_jobs`].
    ConcurrentJobs,
    /// [`PlanTerms::seats`].
    Seats,
    /// [`PlanTerms::retention_days`].
    RetentionDays,
    /// [`PlanTerms::file_bytes`].
    FileBytes,
    /// [`MeterLimit::per_period`].
    PerMonth(MeterId),
    /// [`MeterLimit::per_day`].
    PerDay(MeterId),
    /// [`MeterLimit::per_job`].
    PerJob(MeterId),
}

impl LimitName {
    /// The meter that it limits.
    #[must_use]
    pub const fn meter(&self) -> Option<&MeterId> {
        match self {
            Self::ConcurrentJobs | Self::Seats | Self::RetentionDays | Self::FileBytes => None,
            Self::PerMonth(meter) | Self::PerDay(meter) | Self::PerJob(meter) => Some(meter),
        }
    }

    /// What terms say of it; `None` does not limit.
    #[must_use]
    pub fn read(&self, terms: &PlanTerms) -> Option<u64> {
        let of = |meter: &MeterId| terms.meters.get(meter).copied().unwrap_or_default();
        match self {
            Self::ConcurrentJobs => Some(terms.concurrent_jobs.into()),
            Self::Seats => terms.seats.map(u64::from),
            Self::RetentionDays => terms.retention_days.map(u64::from),
            Self::FileBytes => Some(terms.file_bytes),
            Self::PerMonth(meter) => of(meter).per_period,
            Self::PerDay(meter) => of(meter).per_day,
            Self::PerJob(meter) => of(meter).per_job,
        }
    }

    fn write(&self, terms: &mut PlanTerms, value: Option<u64>) {
        let small = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        match self {
            Self::ConcurrentJobs => terms.concurrent_jobs = value.map_or(u32::MAX, small),
            Self::Seats => terms.seats = value.map(small),
            Self::RetentionDays => terms.retention_days = value.map(small),
            Self::FileBytes => terms.file_bytes = value.unwrap_or(u64::MAX),
            Self::PerMonth(meter) => bounds(terms, meter).per_period = value,
            Self::PerDay(meter) => bounds(terms, meter).per_day = value,
            Self::PerJob(meter) => bounds(terms, meter).per_job = value,
        }
    }

    /// The smallest and the largest number that it may be.
    const fn range(&self) -> (u64, u64) {
        const LARGEST_SMALL: u64 = 0xFFFF_FFFF;
        const LARGEST: u64 = i64::MAX.cast_unsigned();
        match self {
            Self::ConcurrentJobs | Self::Seats | Self::RetentionDays => (1, LARGEST_SMALL),
            Self::FileBytes => (1, LARGEST),
            Self::PerMonth(_) | Self::PerDay(_) | Self::PerJob(_) => (0, LARGEST),
        }
    }
}

fn bounds<'t>(terms: &'t mut PlanTerms, meter: &MeterId) -> &'t mut MeterLimit {
    terms.meters.entry(meter.clone()).or_default()
}

impl fmt::Display for LimitName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConcurrentJobs => formatter.write_str(CONCURRENT_JOBS),
            Self::Seats => formatter.write_str(SEATS),
            Self::RetentionDays => formatter.write_str(RETENTION_DAYS),
            Self::FileBytes => formatter.write_str(FILE_BYTES),
            Self::PerMonth(meter) => write!(formatter, "{PER_MONTH}{meter}"),
            Self::PerDay(meter) => write!(formatter, "{PER_DAY}{meter}"),
            Self::PerJob(meter) => write!(formatter, "{PER_JOB}{meter}"),
        }
    }
}

impl FromStr for LimitName {
    type Err = InvalidOverride;

    fn from_str(text: &str) -> Result<Self, InvalidOverride> {
        let invalid = || InvalidOverride::Limit { text: text.chars().take(100).collect() };
        match text {
            CONCURRENT_JOBS => return Ok(Self::ConcurrentJobs),
            SEATS => return Ok(Self::Seats),
            RETENTION_DAYS => return Ok(Self::RetentionDays),
            FILE_BYTES => return Ok(Self::FileBytes),
            _ => {}
        }
        let of_meter = |kind| text.strip_prefix(kind).map(str::parse::<MeterId>);
        let found = of_meter(PER_MONTH)
            .map(|meter| meter.map(Self::PerMonth))
            .or_else(|| of_meter(PER_DAY).map(|meter| meter.map(Self::PerDay)))
            .or_else(|| of_meter(PER_JOB).map(|meter| meter.map(Self::PerJob)));
        let name = found.ok_or_else(invalid)?.map_err(|_| invalid())?;
        // The books' own meters of a day are limited by the day of what they count.
        let counted_elsewhere = |meter: &MeterId| meter.find_counted_by_day().is_some();
        if name.meter().is_some_and(counted_elsewhere) { Err(invalid()) } else { Ok(name) }
    }
}

/// A limit that an account has instead of its plan's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitOverride {
    /// Which one.
    pub limit: LimitName,
    /// How much; `None` does not limit.
    pub value: Option<u64>,
    /// When the plan's limit holds again; `None` never by itself.
    pub expires_at: Option<Timestamp>,
}

impl LimitOverride {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Refuses a number that its limit cannot be.
    ///
    /// # Errors
    /// [`InvalidOverride::Value`].
    pub fn check(&self) -> Result<(), InvalidOverride> {
        let (least, most) = self.limit.range();
        match self.value {
            Some(value) if !(least..=most).contains(&value) => {
                Err(InvalidOverride::Value { limit: self.limit.clone(), least, most })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// What an account may at `now`: its plan's terms, with the overrides that are in force.
#[must_use]
pub fn derive_terms<'a>(
    plan: &PlanTerms,
    overrides: impl IntoIterator<Item = &'a LimitOverride>,
    now: Timestamp,
) -> PlanTerms {
    let mut terms = plan.clone();
    for one in overrides.into_iter().filter(|one| one.is_in_force(now)) {
        one.limit.write(&mut terms, one.value);
    }
    terms
}
