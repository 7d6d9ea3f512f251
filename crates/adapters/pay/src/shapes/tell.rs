//! What the objects say in our words.

use gantry_ports::payments::{
    DisputeState, InvoiceState, MissedPayment, PaidPage, PaymentFeatures, PaymentRisk,
    ProviderFact, RefundState, RiskLevel, ToldDispute, ToldInvoice, ToldPayment, ToldRefund,
    ToldSubscription, UnverifiedEvent,
};
use gantry_rules::plan::Interval;
use gantry_rules::subscription::{AtPeriodEnd, SubscriptionState, SubscriptionStatus};
use gantry_types::{CheckoutId, OrganizationId, Timestamp};

use super::discounts::tell_discounts;
use super::{
    Charge, CheckoutSession, Dispute, FailedCharge, Invoice, InvoicePayment, ORGANIZATION, Outcome,
    PLAN, Refund, Subscription, find_id, money_of, time_of,
};

fn refuse(reason: impl Into<String>) -> UnverifiedEvent {
    UnverifiedEvent::Unreadable { reason: reason.into() }
}

impl CheckoutSession {
    pub(super) fn find_checkout_id(&self) -> Option<CheckoutId> {
        self.client_reference_id.as_deref()?.parse().ok()
    }

    /// The tax in the total, where Stripe worked it out: none at all is an answer as well.
    fn find_tax(&self) -> Option<i64> {
        let status = self.automatic_tax.as_ref().and_then(|tax| tax.status.as_deref());
        let told = self.total_details.as_ref().map(|details| details.amount_tax);
        told.filter(|minor| *minor > 0 || status == Some("complete"))
    }

    pub(super) fn derive_fact(self) -> Result<ProviderFact, UnverifiedEvent> {
        let checkout_id = self.find_checkout_id();
        let provider_ref = Some(self.id.clone());
        // A subscription's first payment is told by its invoice.
        if self.mode != "payment" {
            let page = PaidPage { provider_ref, asked: None };
            return Ok(ProviderFact::CheckoutPaid { checkout_id, page, payment: None });
        }
        let currency = self.currency.as_deref().ok_or_else(|| refuse("it has no currency"))?;
        let total = self.amount_total.unwrap_or_default();
        // Codes make the total smaller than what was asked for, and taxes make it larger.
        let asked = self.amount_subtotal.map_or(total, |subtotal| subtotal.max(total));
        let page = PaidPage { provider_ref, asked: Some(money_of(asked, currency)?) };
        let tax_minor = self.find_tax();
        let payment = ToldPayment {
            // Nothing is charged where a coupon covers all.
            provider_ref: self.payment_intent.unwrap_or(self.id),
            subscription_ref: None,
            checkout_id: None,
            organization_id: find_id(&self.metadata, ORGANIZATION),
            amount: money_of(total, currency)?,
            tax_minor,
            description: String::new(),
            features: PaymentFeatures::default(),
        };
        Ok(ProviderFact::CheckoutPaid { checkout_id, page, payment: Some(payment) })
    }
}

impl Subscription {
    /// What it says, when it says so at `told_at`.
    ///
    /// # Errors
    /// [`UnverifiedEvent::Unreadable`] for states and intervals that there are not.
    pub(crate) fn tell(&self, told_at: Timestamp) -> Result<ToldSubscription, UnverifiedEvent> {
        let item = self.items.data.first().ok_or_else(|| refuse("the subscription has no item"))?;
        let status = match self.status.as_str() {
            // Paused: a trial ended, and there is no card yet.
            "incomplete" | "paused" => SubscriptionStatus::Incomplete,
            "trialing" => SubscriptionStatus::Trialing,
            "active" => SubscriptionStatus::Active,
            // Unpaid: asked for often enough, but not given up.
            "past_due" | "unpaid" => SubscriptionStatus::PastDue,
            "canceled" | "incomplete_expired" => SubscriptionStatus::Ended,
            other => return Err(refuse(format!("`{other}` is no state of a subscription"))),
        };
        let interval = item.price.recurring.as_ref().map(|recurring| recurring.interval.as_str());
        let interval = match interval {
            Some("month") => Interval::Month,
            Some("year") => Interval::Year,
            Some(other) => return Err(refuse(format!("`{other}` is no interval of a plan"))),
            None => return Err(refuse("its price is not paid again and again")),
        };
        let at_period_end =
            if self.cancel_at_period_end { AtPeriodEnd::Cancel } else { AtPeriodEnd::Renew };
        Ok(ToldSubscription {
            provider_ref: self.id.clone(),
            organization_id: find_id(&self.metadata, ORGANIZATION),
            // Who has the secret key alone writes what a subscription says of itself.
            checkout_id: None,
            plan_id: find_id(&self.metadata, PLAN),
            discount: tell_discounts(&self.discounts, &item.price, told_at),
            missed: (status == SubscriptionStatus::PastDue)
                .then_some(MissedPayment { amount: None }),
            state: SubscriptionState {
                status,
                interval,
                period_start: time_of(item.current_period_start),
                period_end: time_of(item.current_period_end),
                at_period_end,
                past_due_since: None,
                told_at,
            },
        })
    }
}

impl Invoice {
    pub(super) fn tell(&self, minor: i64) -> Result<ToldPayment, UnverifiedEvent> {
        let details = self.parent.as_ref().and_then(|parent| parent.subscription_details.as_ref());
        let whose: Option<OrganizationId> = find_id(&self.metadata, ORGANIZATION)
            .or_else(|| find_id(&details?.metadata, ORGANIZATION));
        Ok(ToldPayment {
            provider_ref: self.id.clone(),
            subscription_ref: self
                .subscription
                .clone()
                .or_else(|| details.and_then(|details| details.subscription.clone())),
            checkout_id: None,
            organization_id: whose,
            amount: money_of(minor, &self.currency)?,
            // Stripe writes this invoice itself.
            tax_minor: None,
            description: self.description.clone().unwrap_or_default(),
            features: PaymentFeatures::default(),
        })
    }

    /// What its list shows.
    ///
    /// # Errors
    /// [`UnverifiedEvent::Unreadable`] for states that there are not.
    pub(crate) fn show(self) -> Result<ToldInvoice, UnverifiedEvent> {
        let state = match self.status.as_deref() {
            Some("draft") | None => InvoiceState::Draft,
            Some("open") => InvoiceState::Open,
            Some("paid") => InvoiceState::Paid,
            Some("void" | "uncollectible") => InvoiceState::Void,
            Some(other) => return Err(refuse(format!("`{other}` is no state of an invoice"))),
        };
        Ok(ToldInvoice {
            amount: money_of(self.amount_due.max(0), &self.currency)?,
            provider_ref: self.id,
            number: self.number,
            state,
            page_url: self.hosted_invoice_url,
            pdf_url: self.invoice_pdf,
            at: time_of(self.created),
        })
    }
}

impl InvoicePayment {
    /// The movement that paid an invoice.
    pub(crate) fn find_charge(&self) -> Option<&str> {
        self.payment.payment_intent.as_deref().or(self.payment.charge.as_deref())
    }

    pub(super) fn derive_fact(self) -> ProviderFact {
        match (self.find_charge().map(str::to_owned), self.invoice) {
            (Some(charge_ref), Some(payment_ref)) => {
                ProviderFact::PaidBy { payment_ref, charge_ref }
            }
            (Some(_) | None, _) => ProviderFact::Other,
        }
    }
}

impl Charge {
    fn derive_ref(self) -> String {
        self.invoice.or(self.payment_intent).unwrap_or(self.id)
    }

    pub(super) fn derive_refund(self) -> Result<ProviderFact, UnverifiedEvent> {
        let total = money_of(self.amount_refunded, &self.currency)?;
        Ok(ProviderFact::Refunded { payment_ref: self.derive_ref(), total })
    }

    pub(super) fn derive_risk(self) -> ProviderFact {
        let method = self.payment_method_details.as_ref().and_then(|paid| paid.kind.clone());
        match self.outcome.as_ref().map(Outcome::tell) {
            Some(risk) => ProviderFact::Assessed { payment_ref: self.derive_ref(), risk, method },
            None => ProviderFact::Other,
        }
    }
}

impl FailedCharge {
    /// One for a purchase of ours; one for an invoice does not say whose it is, and its invoice
    /// tells of it.
    pub(super) fn derive_fact(self) -> Result<ProviderFact, UnverifiedEvent> {
        let Some(organization_id) = find_id(&self.metadata, ORGANIZATION) else {
            return Ok(ProviderFact::Other);
        };
        let risk = self.outcome.as_ref().map(Outcome::tell);
        let reason = self.outcome.and_then(|outcome| outcome.reason);
        let payment = ToldPayment {
            // The buyer may pay on the same page after all, which is the same payment.
            provider_ref: self.payment_intent.unwrap_or(self.id),
            subscription_ref: None,
            checkout_id: None,
            organization_id: Some(organization_id),
            amount: money_of(self.amount, &self.currency)?,
            tax_minor: None,
            description: String::new(),
            features: PaymentFeatures {
                method: self.payment_method_details.and_then(|paid| paid.kind),
                error_code: self.failure_code,
                error_reason: reason.or(self.failure_message),
                ..PaymentFeatures::default()
            },
        };
        Ok(ProviderFact::Declined { payment, risk })
    }
}

impl Outcome {
    fn tell(&self) -> PaymentRisk {
        let level = match self.risk_level.as_deref() {
            Some("normal") => RiskLevel::Normal,
            Some("elevated") => RiskLevel::Elevated,
            Some("highest") => RiskLevel::Highest,
            Some(_) | None => RiskLevel::Unknown,
        };
        let score = self.risk_score.and_then(|score| u8::try_from(score).ok());
        PaymentRisk { level, score: score.filter(|score| *score <= 100) }
    }
}

impl Refund {
    pub(super) fn derive_fact(self) -> Result<ProviderFact, UnverifiedEvent> {
        let state = match self.status.as_deref() {
            Some("failed" | "canceled") => RefundState::Failed,
            // What is on its way has left.
            Some(_) | None => RefundState::Given,
        };
        Ok(ProviderFact::Refund(ToldRefund {
            amount: money_of(self.amount, &self.currency)?,
            payment_ref: self.payment_intent.or(self.charge).unwrap_or_else(|| self.id.clone()),
            refund_ref: self.id,
            state,
        }))
    }
}

impl Dispute {
    pub(super) fn derive_fact(self) -> Result<ProviderFact, UnverifiedEvent> {
        let state = match self.status.as_str() {
            "needs_response" | "under_review" => DisputeState::Open,
            "won" => DisputeState::Won,
            "lost" => DisputeState::Lost,
            // An inquiry takes no money.
            _ => return Ok(ProviderFact::Other),
        };
        Ok(ProviderFact::Disputed(ToldDispute {
            dispute_ref: self.id.clone(),
            amount: money_of(self.amount, &self.currency)?,
            payment_ref: self.payment_intent.or(self.charge).unwrap_or(self.id),
            state,
        }))
    }
}
