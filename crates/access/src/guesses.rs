//! Failed sign-ins: under which keys they are counted, and until when those are locked.
//!
//! Invariants: a guess is decided while the keys are held, so that guesses at one moment are counted
//! one after another; success clears the count of the e-mail address and never that of the network.

use std::net::IpAddr;

use gantry_ports::store::{ReadAccess, SignInFailures, Tx};
use gantry_types::{Timestamp, UserId};
use serde_json::json;

use crate::Access;
use crate::audit::{AuditDraft, Origin};
use crate::error::AccessError;
use crate::household::household_of;
use crate::lock_out::LockOut;
use crate::sign_in::Client;

/// Under what failures from a network address are counted; one that cannot be read stands for
/// itself.
fn address_key(ip: &str) -> String {
    match ip.parse::<IpAddr>() {
        Ok(address) => format!("address {}", household_of(address)),
        Err(_) => format!("address {ip}"),
    }
}

/// The keys under which failures are counted, with their rules.
#[derive(Clone)]
pub(crate) struct Locks {
    keys: [(String, LockOut); 2],
    /// Where the attempt comes from, for the audit log.
    ip: String,
}

impl Locks {
    pub fn new(access: &Access, email: &str, client: &Client) -> Self {
        Self {
            keys: [
                (format!("email {email}"), access.settings.email_lock_out),
                (address_key(&client.ip), access.settings.address_lock_out),
            ],
            ip: client.ip.clone(),
        }
    }

    /// Until when one of the keys is locked, as [`Locks::find`], once whoever else guesses under
    /// them has been made to wait until the transaction ends; always the first thing in it, so that
    /// no guess is decided by a count that another is about to raise.
    pub async fn hold(
        &self,
        tx: &dyn Tx,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, AccessError> {
        for (key, _) in &self.keys {
            tx.access().lock_sign_in_failures(key).await?;
        }
        self.find(tx.access(), now).await
    }

    /// Counts a failure of somebody under both keys; one that locks is audited.
    pub async fn record_failure(
        &self,
        tx: &dyn Tx,
        whose: Option<UserId>,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        for (key, rule) in &self.keys {
            let window_start = now.minus(rule.memory);
            let failures: SignInFailures =
                tx.access().record_sign_in_failure(key, now, window_start).await?;
            if failures.count >= rule.free_attempts {
                // The address stands where it can be erased, and not in what is sealed.
                let (subject, details) = match key.strip_prefix("email ") {
                    Some(email) => {
                        ("e-mail address", json!({ "email": email, "failures": failures.count }))
                    }
                    None => ("network address", json!({ "failures": failures.count })),
                };
                let draft =
                    AuditDraft { action: "sign_in.lock", subject: subject.to_owned(), details };
                let origin = Origin { organization_id: None, user_id: whose, ip: self.ip.clone() };
                tx.audit().append(&draft.complete(origin, now)).await?;
            }
        }
        Ok(())
    }

    /// Forgets the failures under the e-mail address, and only those: an attacker with an account
    /// of their own must not be able to clear the count of their network address.
    pub async fn clear_email(&self, tx: &dyn Tx) -> Result<(), AccessError> {
        let [(email_key, _), _] = &self.keys;
        Ok(tx.access().clear_sign_in_failures(email_key).await?)
    }

    /// Until when one of the keys is locked, the longest.
    pub async fn find(
        &self,
        access: &dyn ReadAccess,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, AccessError> {
        let mut latest = None;
        for (key, rule) in &self.keys {
            let failures = access.find_sign_in_failures(key, now.minus(rule.memory)).await?;
            let lock = failures.and_then(|failures| rule.derive_lock(failures, now));
            latest = latest.max(lock);
        }
        Ok(latest)
    }
}
