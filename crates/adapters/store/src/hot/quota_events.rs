//! What limits refused, on its way to the database.
//!
//! Invariant: of a batch there is one row for each account, day, kind and limit, to be added to
//! what the database has; it is written in the commit that refused.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use gantry_ports::StoreError;
use gantry_ports::store::{HotError, QuotaEventKind};
use gantry_rules::period::derive_day;
use gantry_rules::refusal::Refusal;
use gantry_types::{OrganizationId, Timestamp};

use super::books::Books;
use super::commands::{Command, Reply};
use super::stop::Stop;
use crate::dialect::JsonRows;
use crate::tables::{encode_serde_word, encode_u64};

/// Whose, the start of the day, what the limit did, and its name.
type EventKey = (OrganizationId, Timestamp, QuotaEventKind, String);

/// What a batch has of a row.
#[derive(Debug)]
struct Counted {
    times: u64,
    first_at: Timestamp,
    last_at: Timestamp,
    message: String,
}

/// The rows of a batch.
#[derive(Debug, Default)]
pub(super) struct QuotaEvents(BTreeMap<EventKey, Counted>);

impl QuotaEvents {
    /// Counts what a limit did at `at`.
    pub(super) fn count(
        &mut self,
        organization_id: OrganizationId,
        kind: QuotaEventKind,
        refusal: &Refusal,
        at: Timestamp,
    ) {
        let message = refusal.to_string();
        let key = (organization_id, derive_day(at).start, kind, refusal.limit_name());
        match self.0.entry(key) {
            Entry::Vacant(place) => {
                place.insert(Counted { times: 1, first_at: at, last_at: at, message });
            }
            Entry::Occupied(mut place) => {
                let counted = place.get_mut();
                counted.times += 1;
                counted.first_at = counted.first_at.min(at);
                counted.last_at = counted.last_at.max(at);
                counted.message = message;
            }
        }
    }

    /// The rows in the columns of `QUOTA_EVENT`.
    ///
    /// # Errors
    /// A count that is too large for its column.
    pub(super) fn collect(&self) -> Result<JsonRows, StoreError> {
        let mut rows = JsonRows::new();
        for ((organization_id, day, kind, limit), counted) in &self.0 {
            let kind = encode_serde_word("quota event", kind)?;
            rows.row().id(organization_id.as_uuid()).int(day.as_micros()).text(&kind).text(limit);
            rows.int(encode_u64("quota event", counted.times)?);
            rows.int(counted.first_at.as_micros()).int(counted.last_at.as_micros());
            rows.text(&counted.message);
        }
        Ok(rows)
    }
}

/// Counts a command that plan or balance refused.
pub(super) fn note_refused(books: &mut Books, command: &Command, answer: &Result<Reply, Stop>) {
    let Err(Stop::Refused(HotError::Refused(refusal))) = answer else { return };
    let asked = match command {
        Command::Submit(submission, _) => {
            Some((submission.organization_id, submission.submitted_at))
        }
        Command::Allow(allow) => Some((allow.organization_id, allow.now)),
        Command::RaiseHold(raise) => {
            books.jobs.get(&raise.job_id).map(|job| (job.facts.organization_id, raise.now))
        }
        // These are refused by no limit.
        Command::Claim(_)
        | Command::Heartbeat(_)
        | Command::Notes(_)
        | Command::Checkpoint(_)
        | Command::Fork(_)
        | Command::Settle(_)
        | Command::Cancel(_)
        | Command::Reap(_)
        | Command::Release(_)
        | Command::ReportUse(_) => None,
    };
    if let Some((organization_id, at)) = asked {
        let kind = QuotaEventKind::Refused;
        books.additions.quota_events.count(organization_id, kind, refusal, at);
    }
}
