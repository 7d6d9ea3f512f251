//! A subscription changed, and the account's plan with it.

use gantry_ports::StoreError;
use gantry_ports::payments::{MissedPayment, ToldSubscription};
use gantry_ports::store::Tx;
use gantry_rules::discount::Discount;
use gantry_rules::subscription::{
    Change, Standing, Subscription, SubscriptionState, SubscriptionStatus, apply, begins_anew,
    entitles,
};
use gantry_types::{Money, OrganizationId, SubscriptionId, Timestamp};
use serde_json::{Value, json};

use super::payments::describe_plan;
use super::{Ground, Verdict, applied, ignored, unclear};
use crate::notice::{BillingNews, BillingNotice};

/// Why a subscription is ended here, before or without its provider's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndedHere {
    /// The organization has an earlier one.
    Duplicate,
    /// Its time is over, and its provider is not in use any more.
    Abandoned,
    /// It was not paid for within the grace, and its provider was asked to end it.
    Unpaid,
}

impl EndedHere {
    const fn as_action(self) -> &'static str {
        match self {
            Self::Duplicate => "subscription.duplicate",
            Self::Abandoned => "subscription.abandoned",
            Self::Unpaid => "subscription.unpaid",
        }
    }

    /// Since when a payment was missing at its end, where that is why it ended: what is paid later
    /// for a second subscription is given back, and not kept as unclear.
    const fn keep_past_due(self, state: &SubscriptionState) -> Option<Timestamp> {
        match self {
            Self::Duplicate | Self::Abandoned => None,
            Self::Unpaid => state.past_due_since,
        }
    }

    /// When it ended, which is no earlier than what its provider told last.
    fn derive_end(self, state: &SubscriptionState, now: Timestamp) -> Timestamp {
        let end = match self {
            Self::Duplicate | Self::Unpaid => now,
            // One that is overdue was billed for a time that nobody paid for.
            Self::Abandoned => state.period_end.min(now),
        };
        end.max(state.told_at)
    }
}

impl Ground {
    /// Notes what a subscription has become and puts its account on the plan that follows.
    pub(crate) async fn apply_subscription(
        &self,
        tx: &dyn Tx,
        told: &ToldSubscription,
    ) -> Result<Verdict, StoreError> {
        let known = self.find_told(tx, told).await?;
        if known.is_none()
            && let Some(reason) = self.find_false_origin(tx, told).await?
        {
            return Ok(unclear(reason));
        }
        let whose = known.as_ref().map(|known| known.organization_id).or(told.organization_id);
        let plan_id = told.plan_id.or(known.as_ref().map(|known| known.standing.plan_id));
        let (Some(organization_id), Some(plan_id)) = (whose, plan_id) else {
            return Ok(unclear("it names no organization or plan of ours"));
        };
        if tx.accounts().find_plan(plan_id).await?.is_none() {
            return Ok(unclear(format!("there is no plan {plan_id}")));
        }
        if tx.access().find_organization(organization_id).await?.is_none() {
            return Ok(unclear(format!("there is no organization {organization_id}")));
        }
        let before = known.as_ref().map(|known| known.standing);
        let discount = told.discount.learn(before.map(|before| before.discount));
        let told_now = Standing { plan_id, discount, state: self.learn_end(told, before.as_ref()) };
        let standing = match apply(before.as_ref(), told_now) {
            Change::Stale => return Ok(ignored("later news were here before")),
            Change::Now(standing) => standing,
        };
        self.audit_discount(tx, (organization_id, told), (before.as_ref(), &standing)).await?;
        let before = before.map(|before| before.state.status);
        match known {
            Some(known) => tx.payments().set_subscription(known.id, &standing).await?,
            None => {
                let new = Subscription {
                    id: SubscriptionId::generate(),
                    organization_id,
                    provider: self.provider.clone(),
                    provider_ref: told.provider_ref.clone(),
                    standing,
                    created_at: self.now,
                };
                tx.payments().insert_subscription(&new).await?;
            }
        }
        if begins_anew(before, standing.state.status) {
            let begun = standing.state.period_start;
            tx.accounts().set_quota_anchor(organization_id, begun).await?;
        }
        let mut verdict = applied(standing.state.status.as_str());
        let change = (before, told.missed, &standing);
        verdict.notices.extend(self.find_failure(tx, organization_id, change).await?);
        verdict.notices.extend(self.follow_subscription(tx, organization_id).await?);
        Ok(verdict)
    }

    /// What is told, with the end that is known where its provider never says that it stands.
    fn learn_end(&self, told: &ToldSubscription, before: Option<&Standing>) -> SubscriptionState {
        if self.ends_are_told {
            return told.state;
        }
        let known = before.map(|before| before.state.at_period_end);
        SubscriptionState {
            at_period_end: told.state.at_period_end.learn_silently(known),
            ..told.state
        }
    }

    /// The payment that failed where a subscription is overdue from now on and nothing else tells of
    /// it. Further attempts leave it overdue, and are not told.
    async fn find_failure(
        &self,
        tx: &dyn Tx,
        organization_id: OrganizationId,
        (before, missed, now): (Option<SubscriptionStatus>, Option<MissedPayment>, &Standing),
    ) -> Result<Option<BillingNotice>, StoreError> {
        let overdue = SubscriptionStatus::PastDue;
        let is_news = now.state.status == overdue && before != Some(overdue);
        let Some(missed) = missed.filter(|_| self.overdue_tells_of_failure && is_news) else {
            return Ok(None);
        };
        let Some(plan) = tx.accounts().find_plan(now.plan_id).await? else { return Ok(None) };
        let Some(price) = plan.terms.price.find(now.state.interval) else { return Ok(None) };
        let discount = now.discount.off.filter(|off| off.is_active(self.now));
        let off = discount.map_or(0, |discount| discount.minor);
        let usual = Money { minor: (price.minor - off).max(0), ..price };
        let amount = missed.amount.unwrap_or(usual);
        let news = BillingNews::Failed { amount, description: describe_plan(&plan) };
        Ok(Some(BillingNotice { organization_id, news }))
    }

    /// Notes who has what taken off from now on, where that is not what it was.
    async fn audit_discount(
        &self,
        tx: &dyn Tx,
        (organization_id, told): (OrganizationId, &ToldSubscription),
        (before, now): (Option<&Standing>, &Standing),
    ) -> Result<(), StoreError> {
        let (before, after) = (before.and_then(|before| before.discount.off), now.discount.off);
        if before == after {
            return Ok(());
        }
        let details = json!({
            "provider": self.provider,
            "before": before.map(describe_discount),
            "after": after.map(describe_discount),
        });
        let subject = format!("subscription {}", told.provider_ref);
        self.audit(tx, organization_id, ("subscription.discount", &subject, details)).await
    }

    /// Ends a subscription here, so that it gives no plan and counts nothing, whatever its provider
    /// tells of it afterwards.
    pub(crate) async fn end_here(
        &self,
        tx: &dyn Tx,
        subscription: &Subscription,
        why: EndedHere,
    ) -> Result<Option<BillingNotice>, StoreError> {
        let organization_id = subscription.organization_id;
        tx.access().lock_organization(organization_id).await?;
        let name = subscription.provider_ref.as_str();
        let known = tx.payments().find_subscription_by_ref(&self.provider, name).await?;
        let known = known.ok_or(StoreError::NotFound { what: "subscription" })?;
        let before = known.standing.state.status;
        if before == SubscriptionStatus::Ended {
            return Ok(None);
        }
        let state = SubscriptionState {
            status: SubscriptionStatus::Ended,
            told_at: why.derive_end(&known.standing.state, self.now),
            past_due_since: why.keep_past_due(&known.standing.state),
            ..known.standing.state
        };
        let ended = Standing { state, ..known.standing };
        tx.payments().set_subscription(known.id, &ended).await?;
        let details = json!({
            "provider": self.provider,
            "provider_ref": name,
            "before": before.as_str(),
            "after": state.status.as_str(),
        });
        let subject = format!("subscription {}", known.id);
        self.audit(tx, organization_id, (why.as_action(), &subject, details)).await?;
        self.follow_subscription(tx, organization_id).await
    }

    /// The subscription that is told of, with the lock of its organization.
    async fn find_told(
        &self,
        tx: &dyn Tx,
        told: &ToldSubscription,
    ) -> Result<Option<Subscription>, StoreError> {
        let (payments, name) = (tx.payments(), told.provider_ref.as_str());
        let known = payments.find_subscription_by_ref(&self.provider, name).await?;
        let whose = known.map(|known| known.organization_id).or(told.organization_id);
        if let Some(organization_id) = whose {
            tx.access().lock_organization(organization_id).await?;
        }
        // As it is now: another event may have changed it while this one waited.
        payments.find_subscription_by_ref(&self.provider, name).await
    }

    /// Puts an account on the plan that its subscription gives it now; `None` when it was on it.
    pub(crate) async fn follow_subscription(
        &self,
        tx: &dyn Tx,
        organization_id: OrganizationId,
    ) -> Result<Option<BillingNotice>, StoreError> {
        tx.access().lock_organization(organization_id).await?;
        // What an administrator said stands until they take it back or its time is over.
        let fix = tx.accounts().find_plan_fix(organization_id).await?;
        if fix.is_some_and(|fix| fix.holds(self.now)) {
            return Ok(None);
        }
        let subscription = tx.payments().find_subscription(organization_id).await?;
        let entitled = subscription
            .filter(|subscription| entitles(&subscription.standing.state, self.grace, self.now));
        let organization = tx.access().find_organization(organization_id).await?;
        let organization = organization.ok_or(StoreError::NotFound { what: "organization" })?;
        let present = tx.accounts().find_plan(organization.plan_id).await?;
        let present = present.ok_or(StoreError::NotFound { what: "plan" })?;
        let next = match entitled {
            Some(subscription) => tx.accounts().find_plan(subscription.standing.plan_id).await?,
            // Who is on the default plan keeps the version that they have.
            None if present.slug == self.default_plan => return Ok(None),
            None => tx.accounts().find_plan_by_slug(&self.default_plan).await?,
        };
        let next = next.ok_or(StoreError::NotFound { what: "plan" })?;
        if next.id == present.id {
            return Ok(None);
        }
        tx.accounts().set_plan(organization_id, next.id, self.now).await?;
        let details = json!({
            "before": { "plan": present.slug, "version": present.version },
            "after": { "plan": next.slug, "version": next.version },
        });
        self.audit(tx, organization_id, ("plan.change", &organization_id.to_string(), details))
            .await?;
        let news = BillingNews::PlanChanged { before: present.title, after: next.title };
        Ok(Some(BillingNotice { organization_id, news }))
    }
}

fn describe_discount(discount: Discount) -> Value {
    json!({ "minor": discount.minor, "until": discount.until })
}
