//! What an administrator does to an account: another plan, credits, money back.

use gantry_access::{Actor, Permission, require};
use gantry_ports::PaymentProvider;
use gantry_ports::payments::RefundOrder;
use gantry_ports::store::{KeptRequest, LotGrant, Payment, PlanFix, StoreExt};
use gantry_rules::account::{Lot, LotOrigin};
use gantry_rules::plan::Plan;
use gantry_rules::submission::IdempotencyKey;
use gantry_types::{Credits, LotId, Money, OrganizationId, RefundId, Timestamp};
use serde_json::{Value, json};

use crate::Billing;
use crate::audit::append_all;
use crate::error::BillingError;
use crate::offers::list;
use crate::once::{Begun, Turn, under_way, unreadable};

/// The most credits of one gift.
const LARGEST_GIFT: i64 = 1_000_000_000;

/// Credits that an administrator gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditGift {
    /// How many.
    pub credits: Credits,
    /// Why, for the ledger.
    pub reason: String,
    /// When what is left of them expires; `None` never.
    pub expires_at: Option<Timestamp>,
}

impl CreditGift {
    fn check(&self, now: Timestamp) -> Result<(), BillingError> {
        if !(1..=LARGEST_GIFT).contains(&self.credits.get()) {
            let reason = format!("give between 1 and {LARGEST_GIFT} credits");
            return Err(BillingError::Conflict { reason });
        }
        if self.expires_at.is_some_and(|ends| ends <= now) {
            let reason =
                "credits cannot expire in the past; give a later `expires_at`, or leave it out";
            return Err(BillingError::Conflict { reason: reason.to_owned() });
        }
        Ok(())
    }
}

impl Billing {
    /// Puts an organization on the newest version of a plan, also one that is not for sale. There it
    /// stays, whatever becomes of a subscription, until it is released or the time is over; on the
    /// default plan without a time it follows its subscription's next event.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::NotOffered`], [`BillingError::Conflict`] for a time
    /// that is over, [`BillingError::Store`].
    pub async fn set_plan(
        &self,
        actor: &Actor,
        organization_id: OrganizationId,
        slug: &str,
        until: Option<Timestamp>,
    ) -> Result<(), BillingError> {
        require(actor, Permission::Administer)?;
        let now = self.clock.now();
        if until.is_some_and(|until| until <= now) {
            let reason = "a plan cannot end in the past; give a later `until`, or leave it out";
            return Err(BillingError::Conflict { reason: reason.to_owned() });
        }
        if self.edition.find_plan(slug).is_none() {
            return Err(BillingError::NotOffered {
                what: "plan",
                slug: slug.chars().take(64).collect(),
                known: list(self.edition.plans.iter().map(|plan| plan.slug.as_str())),
            });
        }
        let follows = slug == self.edition.default_plan && until.is_none();
        let fix =
            PlanFix { organization_id, expires_at: until, set_by: actor.user_id, set_at: now };
        let (actor, slug) = (actor.clone(), slug.to_owned());
        self.store
            .write(move |tx| {
                let (actor, slug) = (actor.clone(), slug.clone());
                Box::pin(async move {
                    tx.access().lock_organization(organization_id).await?;
                    let plan = tx.accounts().find_plan_by_slug(&slug).await?;
                    let missing = gantry_ports::StoreError::NotFound { what: "plan" };
                    let plan = plan.ok_or(missing)?;
                    let before = tx.access().find_organization(organization_id).await?;
                    let before = match before {
                        Some(before) => tx.accounts().find_plan(before.plan_id).await?,
                        None => None,
                    };
                    tx.accounts().set_plan(organization_id, plan.id, now).await?;
                    if follows {
                        tx.accounts().delete_plan_fix(organization_id).await?;
                    } else {
                        tx.accounts().fix_plan(&fix).await?;
                    }
                    let describe =
                        |plan: &Plan| json!({ "plan": plan.slug, "version": plan.version });
                    let details = json!({
                        "before": before.as_ref().map(describe), "after": describe(&plan),
                        "until": until,
                    });
                    let subject = format!("organization {organization_id}");
                    let about = ("plan.override", subject.as_str());
                    let entries = actor.house_entries(organization_id, about, details, now);
                    Ok::<(), BillingError>(append_all(tx, &entries).await?)
                })
            })
            .await
    }

    /// Gives an organization credits; under one key once.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::Conflict`] for an amount that is none and an
    /// expiry that is over, [`BillingError::IdempotencyMismatch`], [`BillingError::Store`].
    pub async fn grant_credits(
        &self,
        actor: &Actor,
        organization_id: OrganizationId,
        gift: &CreditGift,
        key: Option<&IdempotencyKey>,
    ) -> Result<(), BillingError> {
        require(actor, Permission::Administer)?;
        let now = self.clock.now();
        if let Err(refused) = gift.check(now) {
            // A repetition may come after the expiry that it names; it was done before.
            return if self.is_answered(actor, key).await? { Ok(()) } else { Err(refused) };
        }
        let lot = Lot {
            id: LotId::generate(),
            origin: LotOrigin::Promotional,
            expires_at: gift.expires_at,
            remaining: gift.credits,
        };
        let grant = LotGrant { organization_id, lot, reason: gift.reason.clone(), at: now };
        let details = json!({
            "credits": gift.credits, "why": gift.reason, "expires_at": gift.expires_at,
        });
        let subject = format!("organization {organization_id}");
        let about = ("credits.grant", subject.as_str());
        let entries = actor.house_entries(organization_id, about, details, now);
        let kept = key.map(|key| KeptRequest {
            organization_id: actor.organization_id,
            key: key.clone(),
            began: Value::Null,
            answer: Some(Value::Bool(true)),
            created_at: now,
            held_until: now,
        });
        let is_given = self
            .store
            .write(move |tx| {
                let (kept, grant, entries) = (kept.clone(), grant.clone(), entries.clone());
                Box::pin(async move {
                    if let Some(kept) = &kept
                        && !tx.requests().keep_request(kept).await?
                    {
                        return Ok(false);
                    }
                    tx.accounts().insert_lot(&grant).await?;
                    append_all(tx, &entries).await?;
                    Ok::<bool, BillingError>(true)
                })
            })
            .await?;
        if is_given || self.is_answered(actor, key).await? { Ok(()) } else { Err(under_way()) }
    }

    /// Whether a request of this key was done before.
    async fn is_answered(
        &self,
        actor: &Actor,
        key: Option<&IdempotencyKey>,
    ) -> Result<bool, BillingError> {
        match self.find_turn(actor, key).await? {
            Some(Begun::Done(_)) => Ok(true),
            Some(Begun::Act(_)) | None => Ok(false),
        }
    }

    /// Gives `minor` units of money, or all that is left, back for a payment, by its provider; what
    /// follows from it, its event tells. Under one key it is given back once; what is asked under
    /// another key, or under none, is a refund of its own, also before the first one is told.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::Conflict`],
    /// [`BillingError::IdempotencyMismatch`], [`BillingError::Overtaken`],
    /// [`BillingError::Payment`], [`BillingError::Store`].
    pub async fn refund(
        &self,
        actor: &Actor,
        (payment_ref, minor): (&str, Option<i64>),
        key: Option<&IdempotencyKey>,
    ) -> Result<(), BillingError> {
        require(actor, Permission::Administer)?;
        let begun = if let Some(begun) = self.find_turn(actor, key).await? {
            begun
        } else {
            let order = self.prepare_refund(payment_ref, minor).await?;
            let began = serde_json::to_value(&order).map_err(|error| unreadable(&error))?;
            self.begin_turn(actor, key, began).await?
        };
        match begun {
            Begun::Done(_) => Ok(()),
            Begun::Act(turn) => {
                let acted = self.give_back(actor, &turn).await;
                self.end_turn(turn, acted).await
            }
        }
    }

    /// A new refund. It is named here, once, and kept under its request's key before the provider
    /// is asked, so that a repetition asks under the same name.
    async fn prepare_refund(
        &self,
        payment_ref: &str,
        minor: Option<i64>,
    ) -> Result<RefundOrder, BillingError> {
        let (payment, _) = self.find_payment_of(payment_ref).await?;
        let left = payment.amount.minor - payment.lost_minor();
        let minor = minor.unwrap_or(left);
        if minor <= 0 || minor > left {
            let reason = format!("between 1 and {left} minor units can be given back");
            return Err(BillingError::Conflict { reason });
        }
        Ok(RefundOrder {
            id: RefundId::generate(),
            payment_ref: payment.provider_ref,
            amount: Money { minor, ..payment.amount },
        })
    }

    /// A payment by its provider's name, and the provider, which has to be in use.
    async fn find_payment_of(
        &self,
        payment_ref: &str,
    ) -> Result<(Payment, &dyn PaymentProvider), BillingError> {
        let till = self.require_till()?;
        let snapshot = self.store.read().await?;
        for provider in till.providers() {
            let found = snapshot.payments().find_payment(provider.id(), payment_ref).await?;
            if let Some(payment) = found {
                return Ok((payment, provider));
            }
        }
        Err(gantry_ports::StoreError::NotFound { what: "payment" }.into())
    }

    async fn give_back(&self, actor: &Actor, turn: &Turn) -> Result<(), BillingError> {
        let order: RefundOrder =
            serde_json::from_value(turn.began.clone()).map_err(|error| unreadable(&error))?;
        let (payment, provider) = self.find_payment_of(&order.payment_ref).await?;
        provider.refund(&order).await?;
        let whose = payment.organization_id;
        let details = json!({ "organization": whose, "amount": order.amount.to_string() });
        let about = ("payment.refund.ask", order.payment_ref.as_str());
        let entries = actor.house_entries(whose, about, details, self.clock.now());
        let turn = turn.clone();
        self.store
            .write(move |tx| {
                let (turn, entries) = (turn.clone(), entries.clone());
                Box::pin(async move {
                    turn.answer(tx, &Value::Bool(true)).await?;
                    Ok::<(), BillingError>(append_all(tx, &entries).await?)
                })
            })
            .await
    }
}
