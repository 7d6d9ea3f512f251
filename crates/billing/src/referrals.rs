//! Bringing others, and what it brings.
//!
//! Invariants: a referral is decided by [`gantry_rules::referral`] behind the lock of its code, and
//! the lots of both sides are posted in the transaction that ends it, so that nobody is rewarded
//! twice or beyond the month's limit; both sides read of it in their audit logs. The newcomer's
//! address is shown to nobody as it is.

use gantry_access::{Actor, Permission, require};
use gantry_ports::StoreError;
use gantry_ports::store::{
    ListedReferral, LotGrant, Page, PageRequest, Referral, ReferralCode, ReferralEnd,
    ReferralState, StoreExt, Tx, UserStatus,
};
use gantry_rules::account::{Lot, LotOrigin};
use gantry_rules::period::derive_period;
use gantry_rules::referral::{
    ReferralFacts, ReferralStep, ReferralTerms, derive_step, is_same_reader,
};
use gantry_types::{Credits, LotId, OrganizationId, ReferralId, Timestamp};
use serde_json::json;

use crate::Billing;
use crate::error::BillingError;

/// Referrals that are decided in one round.
const BATCH: u32 = 100;
/// Digits and letters that nobody mistakes for one another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// The length of a code; five bits each.
const CODE_LENGTH: u32 = 8;
/// How often a code that is another's is made anew.
const MOST_TRIES: u32 = 5;

/// What an organization sees of its referrals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferralsView {
    /// What they bring here; nothing in an edition that rewards none.
    pub terms: Option<ReferralTerms>,
    /// The organization's code, once it was made.
    pub code: Option<String>,
    /// Whom it referred.
    pub page: Page<ListedReferral, ReferralId>,
}

impl Billing {
    /// The actor's code, and whom it brought.
    ///
    /// # Errors
    /// [`BillingError::Access`] without the permission, [`BillingError::Store`].
    pub async fn referrals(
        &self,
        actor: &Actor,
        page: &PageRequest<ReferralId>,
    ) -> Result<ReferralsView, BillingError> {
        require(actor, Permission::ReadAccount)?;
        let snapshot = self.store.read().await?;
        let referrals = snapshot.referrals();
        let code = referrals.find_code(actor.organization_id).await?.map(|found| found.code);
        let page = referrals.list_referrals(actor.organization_id, page).await?;
        Ok(ReferralsView { terms: self.edition.referrals, code, page })
    }

    /// Every referral of the installation. For administrators.
    ///
    /// # Errors
    /// As [`Billing::referrals`].
    pub async fn list_all_referrals(
        &self,
        actor: &Actor,
        page: &PageRequest<ReferralId>,
    ) -> Result<Page<ListedReferral, ReferralId>, BillingError> {
        require(actor, Permission::Administer)?;
        Ok(self.store.read().await?.referrals().list_all_referrals(page).await?)
    }

    /// The actor's code, made now if there is none.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::Conflict`] where referrals are not rewarded,
    /// [`BillingError::Store`].
    pub async fn make_referral_code(&self, actor: &Actor) -> Result<String, BillingError> {
        require(actor, Permission::ManageBilling)?;
        if self.edition.referrals.is_none() {
            let reason =
                "referrals are not rewarded here; an edition's file says so in [referrals]";
            return Err(BillingError::Conflict { reason: reason.to_owned() });
        }
        for _ in 1..MOST_TRIES {
            match self.insert_code(actor).await {
                // The code is another's, or two made one for the same organization at once.
                Err(BillingError::Store(StoreError::AlreadyExists { .. })) => {}
                done => return done,
            }
        }
        self.insert_code(actor).await
    }

    async fn insert_code(&self, actor: &Actor) -> Result<String, BillingError> {
        let (actor, now) = (actor.clone(), self.clock.now());
        let made = ReferralCode {
            organization_id: actor.organization_id,
            code: generate_code(),
            created_by: actor.user_id,
            created_at: now,
        };
        self.store
            .write(move |tx| {
                let (actor, made) = (actor.clone(), made.clone());
                Box::pin(async move {
                    let known = tx.referrals().find_code(made.organization_id).await?;
                    if let Some(known) = known {
                        return Ok::<_, BillingError>(known.code);
                    }
                    tx.referrals().insert_code(&made).await?;
                    let subject = format!("organization {}", made.organization_id);
                    let details = json!({ "code": made.code });
                    let entry = actor.audit_entry("referral.code", &subject, details, now);
                    tx.audit().append(&entry).await?;
                    Ok(made.code)
                })
            })
            .await
    }

    /// Rewards the referrals whose condition is met; answers how many were decided.
    ///
    /// # Errors
    /// [`BillingError::Store`].
    pub async fn settle_referrals(&self) -> Result<u32, BillingError> {
        let Some(terms) = self.edition.referrals else { return Ok(0) };
        let snapshot = self.store.read().await?;
        let ready = snapshot.referrals().list_ready_referrals(terms.when, BATCH).await?;
        drop(snapshot);
        let mut decided = 0;
        for referral in ready {
            let now = self.clock.now();
            let settled = self.store.write::<bool, BillingError, _>(move |tx| {
                Box::pin(async move { Ok(settle(tx, terms, referral, now).await?) })
            });
            decided += u32::from(settled.await?);
        }
        Ok(decided)
    }
}

fn generate_code() -> String {
    let random = ReferralId::generate().as_uuid().as_u128();
    let place = |number: u32| usize::try_from((random >> (5 * number)) & 31).unwrap_or_default();
    (0..CODE_LENGTH).map(|number| char::from(ALPHABET[place(number)])).collect()
}

/// Decides on a referral; answers whether it ended by it.
async fn settle(
    tx: &dyn Tx,
    terms: ReferralTerms,
    referral: Referral,
    now: Timestamp,
) -> Result<bool, StoreError> {
    tx.referrals().lock_code(referral.organization_id).await?;
    let facts = read_facts(tx, &referral, now).await?;
    let (state, reward, welcome) = match derive_step(&terms, facts) {
        ReferralStep::Wait => return Ok(false),
        ReferralStep::Refuse => (ReferralState::Refused, Credits::ZERO, Credits::ZERO),
        ReferralStep::Reward { reward, welcome } => (ReferralState::Rewarded, reward, welcome),
    };
    let end = ReferralEnd { state, reward, welcome, at: now };
    if !tx.referrals().end_referral(referral.id, &end).await? {
        return Ok(false);
    }
    let mut gifts = [
        Gift { to: referral.organization_id, credits: reward, reason: "referral" },
        Gift { to: referral.referred_organization_id, credits: welcome, reason: "referred" },
    ];
    // Accounts are locked in the order of their identifiers, as hot commands lock them.
    gifts.sort_by_key(|gift| gift.to);
    for gift in gifts {
        gift.give(tx, &terms, now).await?;
    }
    let actor = Actor::system(referral.organization_id);
    let details = json!({ "state": state, "reward": reward });
    let subject = format!("referral {}", referral.id);
    tx.audit().append(&actor.audit_entry("referral.end", &subject, details, now)).await?;
    let actor = Actor::system(referral.referred_organization_id);
    let details = json!({ "state": state, "welcome": welcome });
    tx.audit().append(&actor.audit_entry("referral.end", &subject, details, now)).await?;
    Ok(true)
}

async fn read_facts(
    tx: &dyn Tx,
    referral: &Referral,
    now: Timestamp,
) -> Result<ReferralFacts, StoreError> {
    let newcomer = tx.access().find_user(referral.referred_user_id).await?;
    let verified = newcomer
        .as_ref()
        .is_some_and(|user| user.status == UserStatus::Active && user.email_verified_at.is_some());
    let members = tx.identity().list_members(referral.organization_id).await?;
    let same_side = members.iter().any(|member| {
        let reads_both =
            newcomer.as_ref().is_some_and(|user| is_same_reader(&user.email, &member.email));
        member.user_id == referral.referred_user_id || reads_both
    });
    let since = derive_period(now).start;
    Ok(ReferralFacts {
        verified,
        has_paid: tx.referrals().has_paid(referral.referred_organization_id).await?,
        same_side,
        rewarded_this_month: tx.referrals().count_rewarded(referral.organization_id, since).await?,
    })
}

/// What one side is given.
struct Gift {
    to: OrganizationId,
    credits: Credits,
    reason: &'static str,
}

impl Gift {
    async fn give(
        self,
        tx: &dyn Tx,
        terms: &ReferralTerms,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.credits <= Credits::ZERO {
            return Ok(());
        }
        let lot = Lot {
            id: LotId::generate(),
            origin: LotOrigin::Promotional,
            expires_at: terms.expires_after.map(|after| now.plus(after)),
            remaining: self.credits,
        };
        let reason = self.reason.to_owned();
        let grant = LotGrant { organization_id: self.to, lot, reason, at: now };
        tx.accounts().insert_lot(&grant).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_short_and_differ() {
        let codes: std::collections::BTreeSet<String> = (0..100).map(|_| generate_code()).collect();
        assert_eq!(codes.len(), 100);
        assert!(codes.iter().flat_map(|code| code.bytes()).all(|c| ALPHABET.contains(&c)));
        assert!(codes.iter().all(|code| code.len() == 8));
    }
}
