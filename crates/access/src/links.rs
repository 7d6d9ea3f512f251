//! Links in mails, and what else is good once.
//!
//! Invariants: only the hash of a link's secret is kept; a link is used up in the transaction of
//! what it is for; a newer one of the same purpose replaces it; what a thief may have asked for
//! does not outlive the password or the address that the owner had.

use std::time::Duration;

use gantry_ports::StoreError;
use gantry_ports::store::{LinkPurpose, OneTimeLink, Tx, User};
use gantry_types::{Timestamp, UserId};

use crate::error::AccessError;
use crate::secret::{LinkToken, sha256_hex};

/// A link to be kept, with its secret.
#[derive(Clone)]
pub(crate) struct NewLink {
    pub link: OneTimeLink,
    pub token: LinkToken,
}

impl NewLink {
    /// For `user`, proving `email`.
    pub fn mint(
        user: &User,
        email: &str,
        purpose: LinkPurpose,
        now: Timestamp,
    ) -> Result<Self, AccessError> {
        let token = LinkToken::generate()?;
        let link = OneTimeLink {
            token_sha256: sha256_hex(token.expose()),
            purpose,
            user_id: user.id,
            email: email.to_owned(),
            created_at: now,
            expires_at: now.plus(life_of(purpose)),
        };
        Ok(Self { link, token })
    }
}

/// How long a link is good.
const fn life_of(purpose: LinkPurpose) -> Duration {
    match purpose {
        LinkPurpose::VerifyEmail | LinkPurpose::ChangeEmail => Duration::from_hours(48),
        LinkPurpose::ResetPassword => Duration::from_hours(1),
        LinkPurpose::SecondFactor => Duration::from_mins(5),
        // As long as the grace, which is a setting: see `leave.rs`.
        LinkPurpose::KeepAccount => Duration::ZERO,
    }
}

/// A link that is good now, for one of `purposes`.
pub(crate) fn require_good(
    link: Option<OneTimeLink>,
    purposes: &[LinkPurpose],
    now: Timestamp,
) -> Result<OneTimeLink, AccessError> {
    let good = link.filter(|link| purposes.contains(&link.purpose) && now < link.expires_at);
    good.ok_or(AccessError::LinkNotGood)
}

/// Ends the links by which somebody could still become the owner of the account, once its owner
/// changed what proves who they are.
pub(crate) async fn end_links(tx: &dyn Tx, user_id: UserId) -> Result<(), AccessError> {
    let purposes =
        [LinkPurpose::ResetPassword, LinkPurpose::ChangeEmail, LinkPurpose::SecondFactor];
    Ok(tx.identity().delete_links(user_id, &purposes).await.map(drop)?)
}

/// Uses a link up; somebody else may have been faster.
pub(crate) async fn use_up(tx: &dyn Tx, link: &OneTimeLink) -> Result<(), AccessError> {
    match tx.identity().use_link(link).await {
        Err(StoreError::NotFound { .. }) => Err(AccessError::LinkNotGood),
        other => Ok(other?),
    }
}
