//! Mails to people who did not ask for them come with pauses.
//!
//! Invariants: an address gets one mail of a kind a minute, whoever has it sent; an organization
//! sends so many invitations a day, and those that it took back count too.

use std::time::Duration;

use gantry_ports::store::{QueuedMail, Tx};
use gantry_types::{OrganizationId, Timestamp};

use crate::error::AccessError;

/// How long nobody sends another mail of the same kind to the same address.
pub(crate) const PAUSE: Duration = Duration::from_mins(1);
/// Invitations that an organization sends within a day.
const DAILY_INVITATIONS: u32 = 100;
const DAY: Duration = Duration::from_hours(24);

/// Refuses a mail to an address that got one of its kind a moment ago.
///
/// # Errors
/// [`AccessError::MailsPaused`], [`AccessError::Store`].
pub(crate) async fn require_pause(tx: &dyn Tx, mail: &QueuedMail) -> Result<(), AccessError> {
    let last = tx.mails().find_last_mail(&mail.kind, &mail.mail.recipient).await?;
    let reason = "this address was sent such a mail a moment ago";
    refuse_before(last.map(|at| at.plus(PAUSE)), mail.created_at, reason)
}

/// Refuses an invitation of an organization that sent as many as it may within a day.
///
/// # Errors
/// [`AccessError::MailsPaused`], [`AccessError::Store`].
pub(crate) async fn require_share_of_day(
    tx: &dyn Tx,
    organization_id: OrganizationId,
    now: Timestamp,
) -> Result<(), AccessError> {
    let oldest = tx.identity().find_invited_at(organization_id, DAILY_INVITATIONS - 1).await?;
    let reason = "the organization sent as many invitations as it may within a day";
    refuse_before(oldest.map(|at| at.plus(DAY)), now, reason)
}

fn refuse_before(
    until: Option<Timestamp>,
    now: Timestamp,
    reason: &'static str,
) -> Result<(), AccessError> {
    match until.filter(|until| now < *until) {
        Some(until) => {
            Err(AccessError::MailsPaused { reason, until, retry_after: until.since(now) })
        }
        None => Ok(()),
    }
}
