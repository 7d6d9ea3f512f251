//! What was used, day by day.

use std::collections::BTreeMap;
use std::time::Duration;

use gantry_billing::UsageView;
use gantry_ports::store::{UsageBy, UsageKey, UsageSums};
use gantry_rules::period::{Period, derive_day};
use gantry_types::{Credits, OrganizationId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ModelUseBody;
use crate::problem::{Answer, Problem};

const DAY: Duration = Duration::from_hours(24);
/// Days that are looked at when none are asked for.
const USUAL_DAYS: u32 = 30;
const MOST_DAYS: u32 = 400;
/// Characters of a day.
const DAY_LENGTH: usize = "2027-02-28".len();

/// By what use is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsageGrouping {
    /// The day, in UTC.
    #[default]
    Day,
    /// The operation.
    Operation,
    /// Who submitted.
    Member,
    /// The organization.
    Organization,
}

impl From<UsageGrouping> for UsageBy {
    fn from(grouping: UsageGrouping) -> Self {
        match grouping {
            UsageGrouping::Day => Self::Day,
            UsageGrouping::Operation => Self::Operation,
            UsageGrouping::Member => Self::Member,
            UsageGrouping::Organization => Self::Organization,
        }
    }
}

/// Which days of an organization's use, and by what they are summed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UsageParams {
    /// The first day, such as 2027-02-01; 30 days up to `to` if not given.
    pub from: Option<String>,
    /// The last day, which is included; today, in UTC, if not given.
    pub to: Option<String>,
    /// `day` (if not given), `operation`, `member` or `organization`.
    #[serde(default)]
    #[param(value_type = Option<UsageGrouping>)]
    pub by: UsageGrouping,
}

impl UsageParams {
    /// The days.
    ///
    /// # Errors
    /// 400 for what is no day, and for too many of them.
    pub fn span(&self, now: Timestamp) -> Answer<Period> {
        find_span((self.from.as_deref(), self.to.as_deref()), now)
    }
}

/// Which days of whose use, and by what they are summed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AllUsageParams {
    /// The first day, such as 2027-02-01; 30 days up to `to` if not given.
    pub from: Option<String>,
    /// The last day, which is included; today, in UTC, if not given.
    pub to: Option<String>,
    /// `day` (if not given), `operation`, `member` or `organization`.
    #[serde(default)]
    #[param(value_type = Option<UsageGrouping>)]
    pub by: UsageGrouping,
    /// One organization; all of them if not given.
    #[param(value_type = Option<Uuid>)]
    pub organization: Option<OrganizationId>,
}

impl AllUsageParams {
    /// The days.
    ///
    /// # Errors
    /// As [`UsageParams::span`].
    pub fn span(&self, now: Timestamp) -> Answer<Period> {
        find_span((self.from.as_deref(), self.to.as_deref()), now)
    }
}

/// The days from one to another, or the usual ones.
///
/// # Errors
/// 400 for what is no day, and for too many of them.
pub fn find_span((from, to): (Option<&str>, Option<&str>), now: Timestamp) -> Answer<Period> {
    let last = to.map(|text| read_day("/to", text)).transpose()?;
    let end = derive_day(last.unwrap_or(now)).end;
    let first = from.map(|text| read_day("/from", text)).transpose()?;
    let start = first.unwrap_or_else(|| end.minus(DAY * USUAL_DAYS));
    if start >= end || end.since(start) > DAY * MOST_DAYS {
        let message = format!("Give a day that is not after `to`, and at most {MOST_DAYS} days.");
        return Err(Problem::invalid("/from", message));
    }
    Ok(Period { start, end })
}

fn read_day(pointer: &str, text: &str) -> Answer<Timestamp> {
    let midnight = || format!("{text}T00:00:00Z").parse::<Timestamp>().ok();
    let day = (text.len() == DAY_LENGTH).then(midnight).flatten();
    day.ok_or_else(|| Problem::invalid(pointer, "Give a day such as 2027-02-28."))
}

/// A day as text.
pub fn describe_day(day: Timestamp) -> String {
    day.to_string().chars().take(DAY_LENGTH).collect()
}

/// Sums over jobs that ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageSumsBody {
    /// Jobs that ended; the parts of a job are not counted apart.
    pub jobs: u64,
    /// Those that succeeded.
    pub succeeded: u64,
    /// Those that failed or died.
    pub failed: u64,
    /// Those that were cancelled.
    pub cancelled: u64,
    /// What they cost, penalties included.
    #[schema(value_type = i64)]
    pub credits: Credits,
    /// Whole seconds between their first start and their end.
    pub seconds: u64,
    /// Units that were used, by meter; requests with keys, `api_calls`, where the plan limits them
    /// by the day.
    pub units: BTreeMap<String, u64>,
}

impl From<UsageSums> for UsageSumsBody {
    fn from(sums: UsageSums) -> Self {
        Self {
            jobs: sums.jobs,
            succeeded: sums.succeeded,
            failed: sums.failed,
            cancelled: sums.cancelled,
            credits: sums.credits,
            seconds: sums.busy.as_secs(),
            units: sums.units.into_iter().map(|(meter, units)| (meter.into(), units)).collect(),
        }
    }
}

/// What was used by what it is summed by; the other three are `null`.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageRowBody {
    /// The day, in UTC.
    pub day: Option<String>,
    /// The operation; `null` beside the others is what no operation used.
    pub operation: Option<String>,
    /// Who submitted; `null` beside the others is nobody, or somebody who left for good.
    #[schema(value_type = Option<Uuid>)]
    pub user_id: Option<UserId>,
    /// The organization.
    #[schema(value_type = Option<Uuid>)]
    pub organization_id: Option<OrganizationId>,
    /// The sums.
    #[serde(flatten)]
    pub sums: UsageSumsBody,
}

impl UsageRowBody {
    fn new(key: UsageKey, sums: UsageSums) -> Self {
        let mut row = Self {
            day: None,
            operation: None,
            user_id: None,
            organization_id: None,
            sums: sums.into(),
        };
        match key {
            UsageKey::Day(day) => row.day = Some(describe_day(day)),
            UsageKey::Operation(operation) => row.operation = operation,
            UsageKey::Member(user_id) => row.user_id = user_id,
            UsageKey::Organization(id) => row.organization_id = Some(id),
        }
        row
    }
}

/// What was used on some days.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageBody {
    /// The first day, in UTC.
    pub from: String,
    /// The last day.
    pub to: String,
    /// By what is summed.
    pub by: UsageGrouping,
    /// By what was asked for, in its order; what has no use is left out.
    pub rows: Vec<UsageRowBody>,
    /// All together.
    pub total: UsageSumsBody,
    /// What was asked of language models, by model, of everybody that the answer is about;
    /// empty where one person's use is told.
    pub models: Vec<ModelUseBody>,
}

impl UsageBody {
    /// What was found, summed by what was asked for.
    pub fn new(view: UsageView, by: UsageGrouping) -> Self {
        Self {
            from: describe_day(view.span.start),
            to: describe_day(view.span.end.minus(DAY)),
            by,
            rows: view.sums.into_iter().map(|(key, sums)| UsageRowBody::new(key, sums)).collect(),
            total: view.total.into(),
            models: view.models.into_iter().map(Into::into).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span_of(from: Option<&str>, to: Option<&str>) -> Option<(String, String)> {
        let now = "2027-02-28T12:00:00Z".parse().unwrap();
        let span = find_span((from, to), now).ok()?;
        Some((describe_day(span.start), describe_day(span.end)))
    }

    #[test]
    fn a_span_has_whole_days() {
        let days = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        assert_eq!(span_of(None, None), days("2027-01-30", "2027-03-01"));
        assert_eq!(span_of(None, Some("2027-01-30")), days("2027-01-01", "2027-01-31"));
        assert_eq!(span_of(Some("2027-02-28"), None), days("2027-02-28", "2027-03-01"));
        let one = Some("2028-02-29");
        assert_eq!(span_of(one, one), days("2028-02-29", "2028-03-01"));
        // 400 days, and one more.
        assert!(span_of(Some("2026-01-25"), None).is_some());
        assert!(span_of(Some("2026-01-24"), None).is_none());
    }

    #[test]
    fn what_is_no_span_of_days_is_refused() {
        assert_eq!(span_of(Some("2027-03-01"), None), None);
        for text in ["", "2027-2-28", "2027-02-29", "today", "2027-02-28T00", "0000000000"] {
            assert_eq!(span_of(Some(text), None), None, "{text}");
            assert_eq!(span_of(None, Some(text)), None, "{text}");
        }
    }
}
