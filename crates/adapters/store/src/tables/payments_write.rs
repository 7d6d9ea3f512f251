//! Changes checkouts, subscriptions, payments and events.
//!
//! Invariant: credits are taken back under the lock of their account's row: what a lot has left,
//! then what of it expired, and the rest, which was spent, is owed on the lot, so that no balance
//! falls below zero; what jobs give back to that lot pays for it (`hot::settle`).

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    Checkout, CheckoutStatus, EventOutcome, LotReturn, Payment, PaymentDispute, PaymentEvent,
    PaymentRefund, WritePayments,
};
use gantry_rules::ledger::{Movement, Posting};
use gantry_rules::subscription::{Standing, Subscription};
use gantry_types::{
    CheckoutId, Credits, OrganizationId, PaymentEventId, SubscriptionId, Timestamp,
};
use sea_orm::Value;
use uuid::Uuid;

use super::accounts_write::make_blocked_jobs_due;
use super::convert::{encode_json, encode_serde_word};
use super::ledger;
use super::payment_rows::{SUBSCRIPTION_COLUMNS, SubscriptionRow};
use crate::session::Session;

#[async_trait]
impl WritePayments for Session {
    async fn insert_checkout(&self, checkout: &Checkout) -> Result<(), StoreError> {
        let sql = "INSERT INTO checkouts (id, organization_id, user_id, provider, provider_ref, \
                   purchase, price_minor, currency, status, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let values = vec![
            checkout.id.as_uuid().into(),
            checkout.organization_id.as_uuid().into(),
            checkout.user_id.map(|id| id.as_uuid()).into(),
            checkout.provider.as_str().into(),
            checkout.provider_ref.as_str().into(),
            encode_json("purchase", &checkout.purchase)?.into(),
            checkout.price.minor.into(),
            checkout.price.currency.to_string().into(),
            encode_serde_word("checkout status", &checkout.status)?.into(),
            checkout.created_at.as_micros().into(),
        ];
        self.sql().run("checkout", sql, values).await.map(drop)
    }

    async fn finish_checkout(
        &self,
        id: CheckoutId,
        status: CheckoutStatus,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let before = match status {
            CheckoutStatus::Completed => "status IN ('open', 'expired')",
            CheckoutStatus::Open | CheckoutStatus::Expired => "status = 'open'",
        };
        let sql = format!(
            "UPDATE checkouts SET status = $2, finished_at = $3 WHERE id = $1 AND {before}"
        );
        let status = encode_serde_word("checkout status", &status)?;
        let values = vec![id.as_uuid().into(), status.into(), at.as_micros().into()];
        Ok(self.sql().run("checkout", sql, values).await? > 0)
    }

    async fn insert_subscription(&self, subscription: &Subscription) -> Result<(), StoreError> {
        let sql = "INSERT INTO subscriptions (plan_id, status, billed, period_start, period_end, \
                   at_period_end, past_due_since, told_at, discount_minor, discount_until, \
                   discount_news, id, organization_id, provider, provider_ref, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
        let mut values = standing_values(&subscription.standing)?;
        values.extend([
            subscription.id.as_uuid().into(),
            subscription.organization_id.as_uuid().into(),
            subscription.provider.as_str().into(),
            subscription.provider_ref.as_str().into(),
            subscription.created_at.as_micros().into(),
        ]);
        self.sql().run("subscription", sql, values).await?;
        take_payments(self, subscription).await?;
        note_change(self, subscription.id).await
    }

    async fn set_subscription(
        &self,
        id: SubscriptionId,
        standing: &Standing,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE subscriptions SET plan_id = $1, status = $2, billed = $3, \
                   period_start = $4, period_end = $5, at_period_end = $6, past_due_since = $7, \
                   told_at = $8, discount_minor = $9, discount_until = $10, \
                   discount_news = $11, trial_told_at = \
                   CASE WHEN period_end < $5 THEN NULL ELSE trial_told_at END WHERE id = $12";
        let mut values = standing_values(standing)?;
        values.push(id.as_uuid().into());
        self.sql().run_on_row("subscription", sql, values).await?;
        note_change(self, id).await
    }

    async fn note_trial_told(
        &self,
        id: SubscriptionId,
        now: Timestamp,
    ) -> Result<Option<Subscription>, StoreError> {
        let sql = format!(
            "UPDATE subscriptions SET trial_told_at = $2 WHERE id = $1 AND trial_told_at IS NULL \
             AND status = 'trialing' AND at_period_end = 'renew' RETURNING {SUBSCRIPTION_COLUMNS}"
        );
        let values = vec![id.as_uuid().into(), now.as_micros().into()];
        let row = self.sql().first::<SubscriptionRow>("subscription", sql, values).await?;
        row.map(SubscriptionRow::decode).transpose()
    }

    async fn put_payment(&self, payment: &Payment) -> Result<(), StoreError> {
        let sql = "INSERT INTO payments (id, organization_id, provider, provider_ref, \
                   subscription_id, lot_id, amount_minor, currency, refunded_minor, status, \
                   description, at, charge_ref, dispute, disputed_minor, risk, \
                   refunds_told_minor, features, subscription_ref) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
                   $17, $18, $19) \
                   ON CONFLICT (provider, provider_ref) DO UPDATE SET \
                   subscription_id = excluded.subscription_id, \
                   subscription_ref = excluded.subscription_ref, lot_id = excluded.lot_id, \
                   amount_minor = excluded.amount_minor, refunded_minor = excluded.refunded_minor, \
                   status = excluded.status, description = excluded.description, \
                   at = excluded.at, charge_ref = excluded.charge_ref, \
                   dispute = excluded.dispute, disputed_minor = excluded.disputed_minor, \
                   risk = excluded.risk, \
                   refunds_told_minor = excluded.refunds_told_minor, \
                   features = excluded.features";
        let trail = &payment.trail;
        let dispute =
            trail.dispute.map(|state| encode_serde_word("dispute", &state)).transpose()?;
        let risk = trail.risk.map(|risk| encode_json("risk", &risk)).transpose()?;
        let values = vec![
            payment.id.as_uuid().into(),
            payment.organization_id.as_uuid().into(),
            payment.provider.as_str().into(),
            payment.provider_ref.as_str().into(),
            payment.subscription_id.map(|id| id.as_uuid()).into(),
            payment.lot_id.map(|id| id.as_uuid()).into(),
            payment.amount.minor.into(),
            payment.amount.currency.to_string().into(),
            payment.refunded_minor.into(),
            encode_serde_word("payment status", &payment.status)?.into(),
            payment.description.as_str().into(),
            payment.at.as_micros().into(),
            trail.charge_ref.clone().into(),
            dispute.into(),
            trail.disputed_minor.into(),
            risk.into(),
            trail.refunds_told_minor.into(),
            encode_json("features", &trail.features)?.into(),
            payment.subscription_ref.clone().into(),
        ];
        self.sql().run("payment", sql, values).await.map(drop)
    }

    async fn put_refund(&self, refund: &PaymentRefund) -> Result<bool, StoreError> {
        let sql = "INSERT INTO payment_refunds (provider, refund_ref, payment_id, minor, state) \
                   VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (provider, refund_ref) DO UPDATE SET state = excluded.state \
                   WHERE payment_refunds.state = 'given' AND excluded.state = 'failed'";
        let values = vec![
            refund.provider.as_str().into(),
            refund.refund_ref.as_str().into(),
            refund.payment_id.as_uuid().into(),
            refund.minor.into(),
            encode_serde_word("refund", &refund.state)?.into(),
        ];
        Ok(self.sql().run("refund", sql, values).await? > 0)
    }

    async fn put_dispute(&self, dispute: &PaymentDispute) -> Result<bool, StoreError> {
        let sql = "INSERT INTO payment_disputes (provider, dispute_ref, payment_id, minor, state) \
                   VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (provider, dispute_ref) DO UPDATE SET state = excluded.state, \
                   minor = excluded.minor \
                   WHERE payment_disputes.state = 'open' AND excluded.state <> 'open'";
        let values = vec![
            dispute.provider.as_str().into(),
            dispute.dispute_ref.as_str().into(),
            dispute.payment_id.as_uuid().into(),
            dispute.minor.into(),
            encode_serde_word("dispute", &dispute.state)?.into(),
        ];
        Ok(self.sql().run("dispute", sql, values).await? > 0)
    }

    async fn insert_event(&self, event: &PaymentEvent) -> Result<(), StoreError> {
        let sql = "INSERT INTO payment_events (id, provider, event_ref, kind, body, outcome, \
                   note, received_at, given_up_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let values = vec![
            event.id.as_uuid().into(),
            event.provider.as_str().into(),
            event.event_ref.as_str().into(),
            event.kind.as_str().into(),
            event.body.as_str().into(),
            encode_serde_word("event outcome", &event.outcome)?.into(),
            event.note.as_str().into(),
            event.received_at.as_micros().into(),
            event.given_up_at.map(|at| at.as_micros()).into(),
        ];
        self.sql().run("payment event", sql, values).await.map(drop)
    }

    async fn set_event_outcome(
        &self,
        id: PaymentEventId,
        outcome: EventOutcome,
        note: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE payment_events SET outcome = $2, note = $3 WHERE id = $1";
        let outcome = encode_serde_word("event outcome", &outcome)?;
        let values = vec![id.as_uuid().into(), outcome.into(), note.into()];
        self.sql().run_on_row("payment event", sql, values).await
    }

    async fn give_up_event(
        &self,
        id: PaymentEventId,
        at: Timestamp,
        note: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE payment_events SET given_up_at = $2, note = $3 WHERE id = $1";
        let values = vec![id.as_uuid().into(), at.as_micros().into(), note.into()];
        self.sql().run_on_row("payment event", sql, values).await
    }

    async fn return_lot(&self, back: &LotReturn) -> Result<Credits, StoreError> {
        lock_account(self, back.organization_id).await?;
        let sql = "SELECT remaining FROM lots WHERE id = $1 AND organization_id = $2";
        let key = vec![back.lot_id.as_uuid().into(), back.organization_id.as_uuid().into()];
        let left = self.sql().number("lot", sql, key).await?.min(back.amount.get());
        let rest = back.amount.get() - left;
        // What expired was not spent, so that nobody owes it.
        let expired = ledger::sum_expired(self.sql(), back.lot_id).await?.min(rest);
        let owed = rest - expired;
        add_to_lot(self, back, -left).await?;
        add_to_debt(self, back, owed).await?;
        let expired = (Movement::RefundExpired, expired);
        post(self, back, [(Movement::Refund, left), expired, (Movement::Owe, owed)]).await?;
        Ok(Credits::new(left))
    }

    async fn restore_lot(&self, back: &LotReturn) -> Result<Credits, StoreError> {
        lock_account(self, back.organization_id).await?;
        let sql = "SELECT owed FROM lots WHERE id = $1 AND organization_id = $2";
        let key = vec![back.lot_id.as_uuid().into(), back.organization_id.as_uuid().into()];
        let forgiven = self.sql().number("lot", sql, key).await?.min(back.amount.get());
        let rest = back.amount.get() - forgiven;
        let expired = ledger::sum_taken_back_expired(self.sql(), back.lot_id).await?.min(rest);
        let given = rest - expired;
        add_to_debt(self, back, -forgiven).await?;
        add_to_lot(self, back, given).await?;
        let expired = (Movement::RestoreExpired, expired);
        post(self, back, [(Movement::Forgive, forgiven), expired, (Movement::Restore, given)])
            .await?;
        make_blocked_jobs_due(self, back.organization_id).await?;
        // What is put back into a lot whose time is over expires with the next look at the account.
        let counts = if is_over(self, back).await? { 0 } else { given };
        Ok(Credits::new(forgiven + counts))
    }
}

/// Whether the time of a lot is over.
async fn is_over(session: &Session, back: &LotReturn) -> Result<bool, StoreError> {
    let sql = "SELECT COUNT(*) FROM lots WHERE id = $1 AND organization_id = $2 \
               AND expires_at <= $3";
    let values = vec![
        back.lot_id.as_uuid().into(),
        back.organization_id.as_uuid().into(),
        back.at.as_micros().into(),
    ];
    Ok(session.sql().number("lot", sql, values).await? > 0)
}

/// Gives a subscription the payments that name it and were told of before it.
async fn take_payments(session: &Session, subscription: &Subscription) -> Result<(), StoreError> {
    let sql = "UPDATE payments SET subscription_id = $1 WHERE provider = $2 \
               AND subscription_ref = $3 AND organization_id = $4 AND subscription_id IS NULL";
    let values = vec![
        subscription.id.as_uuid().into(),
        subscription.provider.as_str().into(),
        subscription.provider_ref.as_str().into(),
        subscription.organization_id.as_uuid().into(),
    ];
    session.sql().run("payment", sql, values).await.map(drop)
}

/// Adds what a subscription is now to the list of changes.
async fn note_change(session: &Session, id: SubscriptionId) -> Result<(), StoreError> {
    let sql = "INSERT INTO subscription_changes \
               (id, subscription_id, organization_id, plan_id, status, billed, at, \
               discount_minor, discount_until) \
               SELECT $1, id, organization_id, plan_id, status, billed, told_at, \
               discount_minor, discount_until FROM subscriptions WHERE id = $2";
    let values = vec![Uuid::now_v7().into(), id.as_uuid().into()];
    session.sql().run("subscription change", sql, values).await.map(drop)
}

/// Changes what is left of a lot, and of its account.
async fn add_to_lot(session: &Session, back: &LotReturn, amount: i64) -> Result<(), StoreError> {
    if amount == 0 {
        return Ok(());
    }
    let sql = "UPDATE lots SET remaining = remaining + $2 WHERE id = $1";
    let values = vec![back.lot_id.as_uuid().into(), amount.into()];
    session.sql().run_on_row("lot", sql, values).await?;
    let sql = "UPDATE accounts SET available = available + $2 WHERE organization_id = $1";
    let values = vec![back.organization_id.as_uuid().into(), amount.into()];
    session.sql().run_on_row("account", sql, values).await
}

/// Changes what is owed on a lot.
async fn add_to_debt(session: &Session, back: &LotReturn, amount: i64) -> Result<(), StoreError> {
    if amount == 0 {
        return Ok(());
    }
    let sql = "UPDATE lots SET owed = owed + $2 WHERE id = $1";
    let values = vec![back.lot_id.as_uuid().into(), amount.into()];
    session.sql().run_on_row("lot", sql, values).await
}

async fn post(
    session: &Session,
    back: &LotReturn,
    movements: [(Movement, i64); 3],
) -> Result<(), StoreError> {
    for (movement, amount) in movements {
        if amount > 0 {
            let amount = Credits::new(amount);
            let posting = Posting { movement, lot_id: back.lot_id, amount };
            let whose = (back.organization_id, back.at);
            ledger::post(session, &posting, whose).await?;
        }
    }
    Ok(())
}

/// The account's row is the lock under which its lots change.
async fn lock_account(
    session: &Session,
    organization_id: OrganizationId,
) -> Result<(), StoreError> {
    let sql = "UPDATE accounts SET available = available WHERE organization_id = $1";
    session.sql().run_on_row("account", sql, vec![organization_id.as_uuid().into()]).await
}

/// The plan and the columns of a state and a discount, in the order of `insert_subscription`.
fn standing_values(standing: &Standing) -> Result<Vec<Value>, StoreError> {
    let state = &standing.state;
    let off = standing.discount.off;
    Ok(vec![
        standing.plan_id.as_uuid().into(),
        state.status.as_str().into(),
        state.interval.as_str().into(),
        state.period_start.as_micros().into(),
        state.period_end.as_micros().into(),
        encode_serde_word("end of a period", &state.at_period_end)?.into(),
        state.past_due_since.map(|time| time.as_micros()).into(),
        state.told_at.as_micros().into(),
        off.map_or(0, |discount| discount.minor).into(),
        off.and_then(|discount| discount.until).map(|time| time.as_micros()).into(),
        encode_serde_word("news of a discount", &standing.discount.news)?.into(),
    ])
}
