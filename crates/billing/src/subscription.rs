//! An organization's subscription: seen, cancelled, kept after all, changed; and its payments.

use gantry_access::{Actor, Permission, require};
use gantry_ports::PaymentProvider;
use gantry_ports::payments::{SubscriptionChange, SubscriptionOrder, ToldSubscription};
use gantry_ports::store::{AuditEntry, Page, PageRequest, Payment, StoreExt};
use gantry_rules::plan::{Interval, Plan};
use gantry_rules::submission::IdempotencyKey;
use gantry_rules::subscription::{AtPeriodEnd, Subscription, SubscriptionStatus};
use gantry_types::{Money, OrganizationId, PaymentId, PlanId};
use serde_json::{Value, json};

use crate::Billing;
use crate::audit::append_all;
use crate::error::BillingError;
use crate::once::{Begun, Turn, unreadable};

/// A subscription with its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionView {
    /// What the provider said last.
    pub subscription: Subscription,
    /// The version of the plan that was bought.
    pub plan: Plan,
}

/// What came of a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedSubscription {
    /// The subscription as it is now.
    pub view: SubscriptionView,
    /// The provider's page on which the buyer has to agree before anything changes.
    pub approve_url: Option<String>,
}

/// What somebody wants of their subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionWish {
    /// It should end with the present period.
    Cancel,
    /// It should go on after all.
    Keep,
    /// It should be another plan from now on, or from the next payment on where the provider does
    /// not change plans within a period.
    Switch {
        /// The plan's name.
        slug: String,
        /// How often it is to be paid.
        interval: Interval,
        /// Where a provider that asks the buyer leads them back to.
        return_url: String,
    },
}

impl Billing {
    /// The subscription that the organization has or had last.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::Store`].
    pub async fn find_subscription(
        &self,
        actor: &Actor,
    ) -> Result<Option<SubscriptionView>, BillingError> {
        require(actor, Permission::ReadAccount)?;
        self.find_view(actor.organization_id).await
    }

    /// The subscription that an organization has or had last, with its plan.
    pub(crate) async fn find_view(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<SubscriptionView>, BillingError> {
        let snapshot = self.store.read().await?;
        let found = snapshot.payments().find_subscription(organization_id).await?;
        let Some(subscription) = found else { return Ok(None) };
        let plan = snapshot.accounts().find_plan(subscription.standing.plan_id).await?;
        let plan = plan.ok_or(gantry_ports::StoreError::NotFound { what: "plan" })?;
        Ok(Some(SubscriptionView { subscription, plan }))
    }

    /// Changes the subscription at its provider, and notes what the provider answers; the event
    /// that follows tells the same. Under one key it is changed once; a repetition answers the
    /// subscription as it stands.
    ///
    /// # Errors
    /// [`BillingError::NoSubscription`], [`BillingError::ProviderGone`],
    /// [`BillingError::NotOffered`], [`BillingError::NotForSale`], [`BillingError::Conflict`],
    /// [`BillingError::IdempotencyMismatch`], [`BillingError::Overtaken`],
    /// [`BillingError::Payment`], and as [`Billing::find_subscription`].
    pub async fn change_subscription(
        &self,
        actor: &Actor,
        wish: &SubscriptionWish,
        key: Option<&IdempotencyKey>,
    ) -> Result<ChangedSubscription, BillingError> {
        require(actor, Permission::ManageBilling)?;
        self.require_till()?;
        let approve_url = match self.begin_turn(actor, key, Value::Null).await? {
            Begun::Act(turn) => {
                let acted = self.ask_for_change(actor, wish, &turn).await;
                self.end_turn(turn, acted).await?
            }
            Begun::Done(answer) => {
                serde_json::from_value(answer).map_err(|error| unreadable(&error))?
            }
        };
        let view = self.find_view(actor.organization_id).await?;
        Ok(ChangedSubscription { view: view.ok_or(BillingError::NoSubscription)?, approve_url })
    }

    /// Asks the provider, and gives the page on which the buyer has to agree, if there is one.
    async fn ask_for_change(
        &self,
        actor: &Actor,
        wish: &SubscriptionWish,
        turn: &Turn,
    ) -> Result<Option<String>, BillingError> {
        let view = self.find_view(actor.organization_id).await?;
        let view = view
            .filter(|view| view.subscription.standing.state.status != SubscriptionStatus::Ended);
        let view = view.ok_or(BillingError::NoSubscription)?;
        let provider = self.get_provider_of(&view.subscription.provider)?;
        let order = self.derive_order(&view, wish).await?;
        let name = view.subscription.provider_ref.clone();
        let (told, approve_url) = match provider.change_subscription(&name, &order).await? {
            SubscriptionChange::Done(told) => (Some(told), None),
            SubscriptionChange::Pending { approve_url } => (None, Some(approve_url)),
        };
        let (action, details) = describe(wish, &view);
        let subject = format!("subscription {}", view.subscription.id);
        let entry = actor.audit_entry(action, &subject, details, self.clock.now());
        self.note_change(provider, (told, approve_url.clone()), &[entry], turn).await?;
        Ok(approve_url)
    }

    /// Notes who wanted what, what the provider told of it if it was done, and the answer.
    pub(crate) async fn note_change(
        &self,
        provider: &dyn PaymentProvider,
        (told, approve_url): (Option<ToldSubscription>, Option<String>),
        entries: &[AuditEntry],
        turn: &Turn,
    ) -> Result<(), BillingError> {
        let ground = self.derive_ground(provider);
        let (turn, answer, entries) = (turn.clone(), json!(approve_url), entries.to_vec());
        let notices = self
            .store
            .write(move |tx| {
                let (ground, told, entries) = (ground.clone(), told.clone(), entries.clone());
                let (turn, answer) = (turn.clone(), answer.clone());
                Box::pin(async move {
                    turn.answer(tx, &answer).await?;
                    let mut notices = Vec::new();
                    if let Some(told) = &told {
                        notices = ground.apply_subscription(tx, told).await?.notices;
                        ground.post(tx, &notices).await?;
                    }
                    append_all(tx, &entries).await?;
                    Ok::<_, BillingError>(notices)
                })
            })
            .await?;
        self.announce(&notices);
        Ok(())
    }

    async fn derive_order(
        &self,
        view: &SubscriptionView,
        wish: &SubscriptionWish,
    ) -> Result<SubscriptionOrder, BillingError> {
        Ok(match wish {
            SubscriptionWish::Cancel => SubscriptionOrder::CancelAtPeriodEnd,
            SubscriptionWish::Keep => SubscriptionOrder::Keep,
            SubscriptionWish::Switch { slug, interval, return_url } => {
                let (plan_id, title, price) = self.find_wanted(view, (slug, *interval)).await?;
                SubscriptionOrder::Switch {
                    plan_id,
                    interval: *interval,
                    title: format!("{} {title}", self.edition.title),
                    price,
                    return_url: return_url.clone(),
                }
            }
        })
    }

    /// The version of a plan that a subscription is to have, what it is called and what it costs.
    /// Who agreed to another plan and has not paid for it yet takes that back by wanting the plan
    /// that they have, and keeps the version that they bought.
    async fn find_wanted(
        &self,
        view: &SubscriptionView,
        (slug, interval): (&str, Interval),
    ) -> Result<(PlanId, String, Money), BillingError> {
        let present = &view.plan;
        let is_present =
            present.slug == slug && view.subscription.standing.state.interval == interval;
        if is_present
            && let Some(price) = present.terms.price.find(interval)
            && self.has_agreed_to_another(view).await?
        {
            return Ok((present.id, present.title.clone(), price));
        }
        let plan = self.get_plan_for_sale(slug)?;
        let price = self.get_price(slug, interval)?;
        let snapshot = self.store.read().await?;
        let stored = snapshot.accounts().find_plan_by_slug(slug).await?;
        let stored = stored.ok_or(gantry_ports::StoreError::NotFound { what: "plan" })?;
        if is_present && stored.id == present.id {
            let reason = format!("the subscription is on the plan `{slug}` already");
            return Err(BillingError::Conflict { reason });
        }
        Ok((stored.id, plan.title.clone(), price))
    }

    /// Whether the provider has another plan for a subscription than the one that is paid for.
    async fn has_agreed_to_another(&self, view: &SubscriptionView) -> Result<bool, BillingError> {
        let provider = self.get_provider_of(&view.subscription.provider)?;
        let told = provider.fetch_subscription(&view.subscription.provider_ref).await?;
        Ok(told.plan_id.is_none())
    }

    /// A page of the provider on which the organization sees its invoices and changes how it pays.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::NoSubscription`], [`BillingError::ProviderGone`],
    /// [`BillingError::Payment`], [`BillingError::Store`].
    pub async fn open_portal(
        &self,
        actor: &Actor,
        return_url: &str,
    ) -> Result<String, BillingError> {
        require(actor, Permission::ManageBilling)?;
        let snapshot = self.store.read().await?;
        let found = snapshot.payments().find_subscription(actor.organization_id).await?;
        drop(snapshot);
        let found = found.ok_or(BillingError::NoSubscription)?;
        let provider = self.get_provider_of(&found.provider)?;
        let url = provider.open_portal(&found.provider_ref, return_url).await?;
        // What is changed there its events tell; who was let in stands here alone.
        let details = json!({ "provider": provider.id() });
        let subject = format!("organization {}", actor.organization_id);
        self.note(actor, ("portal.open", &subject), details).await?;
        Ok(url)
    }

    /// What the organization paid.
    ///
    /// # Errors
    /// As [`Billing::find_subscription`].
    pub async fn list_payments(
        &self,
        actor: &Actor,
        page: &PageRequest<PaymentId>,
    ) -> Result<Page<Payment, PaymentId>, BillingError> {
        require(actor, Permission::ReadAccount)?;
        let snapshot = self.store.read().await?;
        Ok(snapshot.payments().list_payments(actor.organization_id, page).await?)
    }
}

fn describe(wish: &SubscriptionWish, view: &SubscriptionView) -> (&'static str, Value) {
    let state = &view.subscription.standing.state;
    let end = |wanted: AtPeriodEnd| {
        json!({
            "before": { "at_period_end": state.at_period_end },
            "after": { "at_period_end": wanted },
        })
    };
    match wish {
        SubscriptionWish::Cancel => ("subscription.cancel", end(AtPeriodEnd::Cancel)),
        SubscriptionWish::Keep => ("subscription.keep", end(AtPeriodEnd::Renew)),
        SubscriptionWish::Switch { slug, interval, return_url: _ } => {
            let now = state.interval;
            let before = json!({ "plan": view.plan.slug, "interval": now.as_str() });
            let after = json!({ "plan": slug, "interval": interval.as_str() });
            ("subscription.switch", json!({ "before": before, "after": after }))
        }
    }
}
