//! A purchase begins: a page of the provider, and a note of what was ordered.
//!
//! Invariants: nothing is given here; the provider's event does that once it is paid. An organization
//! has one open page for a plan, as far as its provider closes the older ones.

use gantry_access::{Actor, Permission, require};
use gantry_ports::PaymentProvider;
use gantry_ports::payments::{CheckoutOrder, Purchase};
use gantry_ports::store::{AuditEntry, Checkout, CheckoutStatus, StoreExt};
use gantry_rules::plan::Interval;
use gantry_rules::submission::IdempotencyKey;
use gantry_types::{CheckoutId, Money, Timestamp};
use serde_json::{Value, json};

use crate::Billing;
use crate::error::BillingError;
use crate::offers::list;
use crate::once::{Begun, Turn, unreadable};

/// What somebody wants to buy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// A plan of the edition.
    Plan {
        /// Its name.
        slug: String,
        /// How often it is to be paid.
        interval: Interval,
    },
    /// A package of credits.
    Package {
        /// Its name.
        slug: String,
    },
}

/// What is to be paid for, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutDraft {
    /// What is bought.
    pub wish: Wish,
    /// The provider that the buyer chose; the primary one takes the money of those who chose none.
    pub provider: Option<String>,
}

/// Where to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutLink {
    /// The purchase.
    pub id: CheckoutId,
    /// The provider's page.
    pub url: String,
}

/// What is kept of a purchase before its provider is asked.
struct Beginning<'b> {
    id: CheckoutId,
    /// Who was chosen.
    provider: &'b dyn PaymentProvider,
    /// When it was first asked for.
    at: Timestamp,
}

/// Where buyers come back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack {
    /// The page that they see.
    pub page: String,
    /// Where a provider that signs the way back sends them first; the provider's name is added.
    pub confirm: String,
}

impl Billing {
    /// Makes a page on which the wish can be paid for; under one key one page.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::NotOffered`] also for a provider that is not in use, [`BillingError::NotForSale`],
    /// [`BillingError::AlreadySubscribed`], [`BillingError::ProviderGone`] where a subscription that
    /// gives no plan any more is with a provider that is not in use,
    /// [`BillingError::IdempotencyMismatch`],
    /// [`BillingError::Conflict`] while the first request of the key is under way, and while the
    /// payment of an earlier page for a plan is on its way here,
    /// [`BillingError::Overtaken`],
    /// [`BillingError::NoProvider`], [`BillingError::Payment`], [`BillingError::Store`].
    pub async fn begin_checkout(
        &self,
        actor: &Actor,
        draft: &CheckoutDraft,
        back: &WayBack,
        key: Option<&IdempotencyKey>,
    ) -> Result<CheckoutLink, BillingError> {
        require(actor, Permission::ManageBilling)?;
        let provider = match &draft.provider {
            Some(name) => self.require_provider(name)?,
            None => self.require_till()?.primary(),
        };
        // Kept with the request, so that a repetition asks the same one.
        let began = json!({
            "id": CheckoutId::generate(),
            "provider": provider.id(),
            "at": self.clock.now(),
        });
        match self.begin_turn(actor, key, began).await? {
            Begun::Done(answer) => read_link(&answer),
            Begun::Act(turn) => {
                let acted = self.open_checkout(actor, &draft.wish, back, &turn).await;
                self.end_turn(turn, acted).await
            }
        }
    }

    async fn open_checkout(
        &self,
        actor: &Actor,
        wish: &Wish,
        back: &WayBack,
        turn: &Turn,
    ) -> Result<CheckoutLink, BillingError> {
        let Beginning { id, provider, at } = self.read_began(&turn.began)?;
        let (purchase, title, price) = self.derive_purchase(actor, wish).await?;
        let looked_at = self.close_older_pages(actor, (id, &purchase)).await?;
        let order = CheckoutOrder {
            id,
            ordered_at: at,
            organization_id: actor.organization_id,
            purchase: purchase.clone(),
            title,
            price,
            email: self.find_email(actor).await?,
            return_url: back.page.clone(),
            confirm_url: format!("{}/{}", back.confirm, provider.id()),
            earlier_subscription: self.find_earlier(actor, provider).await?,
        };
        let opened = provider.open_checkout(&order).await?;
        let checkout = Checkout {
            id: order.id,
            organization_id: actor.organization_id,
            user_id: actor.user_id,
            provider: provider.id().to_owned(),
            provider_ref: opened.provider_ref,
            purchase,
            price,
            status: CheckoutStatus::Open,
            created_at: self.clock.now(),
        };
        let entry = actor.audit_entry(
            "checkout.begin",
            &format!("checkout {}", checkout.id),
            json!({
                "title": order.title,
                "price": price.to_string(),
                "provider": checkout.provider,
            }),
            checkout.created_at,
        );
        let link = CheckoutLink { id: order.id, url: opened.url };
        self.note_begun(checkout, entry, (turn, &link)).await?;
        if let Err(error) = self.close_rivals(actor, (&order.purchase, &looked_at)).await {
            // This page is noted and may be paid on; what is paid twice is given back.
            tracing::warn!(%error, "whether another page was opened at the same moment is not known");
        }
        Ok(link)
    }

    /// Notes a purchase that began, with the answer to the request for it.
    async fn note_begun(
        &self,
        checkout: Checkout,
        entry: AuditEntry,
        (turn, link): (&Turn, &CheckoutLink),
    ) -> Result<(), BillingError> {
        let (turn, answer) = (turn.clone(), json!({ "id": link.id, "url": link.url }));
        self.store
            .write(move |tx| {
                let (checkout, entry) = (checkout.clone(), entry.clone());
                let (turn, answer) = (turn.clone(), answer.clone());
                Box::pin(async move {
                    turn.answer(tx, &answer).await?;
                    tx.payments().insert_checkout(&checkout).await?;
                    tx.audit().append(&entry).await?;
                    Ok::<(), BillingError>(())
                })
            })
            .await
    }

    /// What a kept request says. One that an older version kept says no time, and one of a time when
    /// one provider took all money is its name alone.
    fn read_began(&self, began: &Value) -> Result<Beginning<'_>, BillingError> {
        let id = read_id(began.get("id").unwrap_or(began))?;
        let at = match began.get("at") {
            Some(at) => read_time(at)?,
            None => self.clock.now(),
        };
        let provider = match began.get("provider").and_then(Value::as_str) {
            Some(name) => self.require_provider(name)?,
            None => self.require_till()?.primary(),
        };
        Ok(Beginning { id, provider, at })
    }

    /// The provider's name for a subscription that the organization has or had there.
    async fn find_earlier(
        &self,
        actor: &Actor,
        provider: &dyn PaymentProvider,
    ) -> Result<Option<String>, BillingError> {
        let snapshot = self.store.read().await?;
        let found = snapshot.payments().find_subscription(actor.organization_id).await?;
        let found = found.filter(|found| found.provider == provider.id());
        Ok(found.map(|found| found.provider_ref))
    }

    async fn derive_purchase(
        &self,
        actor: &Actor,
        wish: &Wish,
    ) -> Result<(Purchase, String, Money), BillingError> {
        match wish {
            Wish::Plan { slug, interval } => {
                let plan = self.get_plan_for_sale(slug)?;
                let price = self.get_price(slug, *interval)?;
                let had_one = self.require_unsubscribed(actor.organization_id).await?;
                let snapshot = self.store.read().await?;
                let stored = snapshot.accounts().find_plan_by_slug(slug).await?;
                let stored = stored.ok_or(gantry_ports::StoreError::NotFound { what: "plan" })?;
                // One trial per organization.
                let trial_days = if had_one { 0 } else { plan.terms.price.trial_days };
                let purchase =
                    Purchase::Plan { plan_id: stored.id, interval: *interval, trial_days };
                let title = format!("{} {}", self.edition.title, plan.title);
                Ok((purchase, title, price))
            }
            Wish::Package { slug } => {
                let package = self.edition.find_package(slug);
                let package = package.ok_or_else(|| BillingError::NotOffered {
                    what: "package",
                    slug: slug.chars().take(64).collect(),
                    known: list(self.edition.packages.iter().map(|known| known.slug.as_str())),
                })?;
                let (slug, credits) = (slug.clone(), package.credits);
                let purchase = Purchase::Package { slug, credits };
                Ok((purchase, package.title.clone(), package.price))
            }
        }
    }

    /// What a plan for sale costs each time.
    pub(crate) fn get_price(&self, slug: &str, interval: Interval) -> Result<Money, BillingError> {
        let plan = self.get_plan_for_sale(slug)?;
        plan.terms.price.find(interval).ok_or_else(|| BillingError::NotForSale {
            reason: if plan.terms.price.is_set() {
                format!("the plan `{slug}` is not sold by the {}", interval.as_str())
            } else {
                format!("the plan `{slug}` costs nothing; cancel the subscription to return to it")
            },
        })
    }

    async fn find_email(&self, actor: &Actor) -> Result<String, BillingError> {
        let Some(user_id) = actor.user_id else { return Ok(String::new()) };
        let snapshot = self.store.read().await?;
        let user = snapshot.access().find_user(user_id).await?;
        Ok(user.map(|user| user.email).unwrap_or_default())
    }
}

fn read_id(kept: &Value) -> Result<CheckoutId, BillingError> {
    serde_json::from_value(kept.clone()).map_err(|error| unreadable(&error))
}

fn read_time(kept: &Value) -> Result<Timestamp, BillingError> {
    serde_json::from_value(kept.clone()).map_err(|error| unreadable(&error))
}

fn read_link(answer: &Value) -> Result<CheckoutLink, BillingError> {
    let url = serde_json::from_value(answer["url"].clone()).map_err(|error| unreadable(&error))?;
    Ok(CheckoutLink { id: read_id(&answer["id"])?, url })
}
