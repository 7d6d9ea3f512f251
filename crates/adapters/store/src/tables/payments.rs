//! Looks up checkouts, subscriptions, payments and events.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    Checkout, Page, PageRequest, Payment, PaymentDispute, PaymentEvent, PaymentEventFilter,
    PaymentFilter, PaymentRefund, ReadPayments, SubscriptionChange, UnclearEvents,
};
use gantry_rules::period::Period;
use gantry_rules::subscription::Subscription;
use gantry_types::{
    CheckoutId, Credits, LotId, OrganizationId, PaymentEventId, PaymentId, Timestamp,
};
use sea_orm::Value;

use super::convert::encode_serde_word;
use super::page::PageSql;
use super::payment_rows::{
    CHANGE_COLUMNS, CHECKOUT_COLUMNS, ChangeRow, CheckoutRow, DisputeRow, EVENT_COLUMNS,
    EVENT_HEAD_COLUMNS, EventRow, PAYMENT_COLUMNS, PaymentRow, RefundRow, SUBSCRIPTION_COLUMNS,
    SubscriptionRow,
};
use crate::session::Session;

#[async_trait]
impl ReadPayments for Session {
    async fn find_checkout(&self, id: CheckoutId) -> Result<Option<Checkout>, StoreError> {
        let sql = format!("SELECT {CHECKOUT_COLUMNS} FROM checkouts WHERE id = $1");
        let row = self.sql().first::<CheckoutRow>("checkout", sql, vec![id.as_uuid().into()]);
        row.await?.map(CheckoutRow::decode).transpose()
    }

    async fn find_subscription_by_ref(
        &self,
        provider: &str,
        provider_ref: &str,
    ) -> Result<Option<Subscription>, StoreError> {
        let sql = format!(
            "SELECT {SUBSCRIPTION_COLUMNS} FROM subscriptions \
             WHERE provider = $1 AND provider_ref = $2"
        );
        let values = vec![provider.into(), provider_ref.into()];
        let row = self.sql().first::<SubscriptionRow>("subscription", sql, values).await?;
        row.map(SubscriptionRow::decode).transpose()
    }

    async fn find_subscription(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<Subscription>, StoreError> {
        // One that is not paid for yet does not hide one that is.
        let sql = format!(
            "SELECT {SUBSCRIPTION_COLUMNS} FROM subscriptions WHERE organization_id = $1 \
             ORDER BY CASE status WHEN 'ended' THEN 2 WHEN 'incomplete' THEN 1 ELSE 0 END, \
             id DESC LIMIT 1"
        );
        let values = vec![organization_id.as_uuid().into()];
        let row = self.sql().first::<SubscriptionRow>("subscription", sql, values).await?;
        row.map(SubscriptionRow::decode).transpose()
    }

    async fn list_due_subscriptions(
        &self,
        provider: &str,
        before: Timestamp,
        after: Option<&Subscription>,
        limit: u32,
    ) -> Result<Vec<Subscription>, StoreError> {
        let mut values: Vec<Value> = vec![provider.into(), before.as_micros().into()];
        let mut following = "";
        if let Some(after) = after {
            following = " AND (period_end > $3 OR (period_end = $3 AND id > $4))";
            values.push(after.standing.state.period_end.as_micros().into());
            values.push(after.id.as_uuid().into());
        }
        values.push(i64::from(limit).into());
        let last = values.len();
        let sql = format!(
            "SELECT {SUBSCRIPTION_COLUMNS} FROM subscriptions \
             WHERE provider = $1 AND status <> 'ended' \
             AND (period_end < $2 OR status = 'past_due' OR discount_news = 'awaited'){following} \
             ORDER BY period_end, id LIMIT ${last}"
        );
        let rows = self.sql().all::<SubscriptionRow>("subscription", sql, values).await?;
        rows.into_iter().map(SubscriptionRow::decode).collect()
    }

    async fn list_abandoned_subscriptions(
        &self,
        in_use: &[&str],
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<Subscription>, StoreError> {
        let places: Vec<String> =
            (2..).zip(in_use).map(|(place, _)| format!(" AND provider <> ${place}")).collect();
        let (others, last) = (places.concat(), places.len() + 2);
        let sql = format!(
            "SELECT {SUBSCRIPTION_COLUMNS} FROM subscriptions \
             WHERE status <> 'ended' AND (period_end < $1 OR status = 'past_due'){others} \
             ORDER BY period_end LIMIT ${last}"
        );
        let mut values: Vec<Value> = vec![before.as_micros().into()];
        values.extend(in_use.iter().map(|provider| Value::from(*provider)));
        values.push(i64::from(limit).into());
        let rows = self.sql().all::<SubscriptionRow>("subscription", sql, values).await?;
        rows.into_iter().map(SubscriptionRow::decode).collect()
    }

    async fn list_duplicate_subscriptions(
        &self,
        provider: &str,
        limit: u32,
    ) -> Result<Vec<Subscription>, StoreError> {
        let sql = format!(
            "SELECT {SUBSCRIPTION_COLUMNS} FROM subscriptions \
             WHERE provider = $1 AND status IN ('trialing', 'active', 'past_due') AND EXISTS ( \
             SELECT 1 FROM subscriptions earlier \
             WHERE earlier.organization_id = subscriptions.organization_id \
             AND earlier.status IN ('trialing', 'active', 'past_due') \
             AND earlier.id < subscriptions.id) ORDER BY id LIMIT $2"
        );
        let values = vec![provider.into(), i64::from(limit).into()];
        let rows = self.sql().all::<SubscriptionRow>("subscription", sql, values).await?;
        rows.into_iter().map(SubscriptionRow::decode).collect()
    }

    async fn list_ending_trials(
        &self,
        span: Period,
        limit: u32,
    ) -> Result<Vec<Subscription>, StoreError> {
        let sql = format!(
            "SELECT {SUBSCRIPTION_COLUMNS} FROM subscriptions \
             WHERE status = 'trialing' AND trial_told_at IS NULL AND at_period_end = 'renew' \
             AND period_end >= $1 AND period_end < $2 ORDER BY period_end LIMIT $3"
        );
        let Period { start, end } = span;
        let values =
            vec![start.as_micros().into(), end.as_micros().into(), i64::from(limit).into()];
        let rows = self.sql().all::<SubscriptionRow>("subscription", sql, values).await?;
        rows.into_iter().map(SubscriptionRow::decode).collect()
    }

    async fn list_subscription_changes(
        &self,
        before: Timestamp,
    ) -> Result<Vec<SubscriptionChange>, StoreError> {
        let sql = format!(
            "SELECT {CHANGE_COLUMNS} FROM subscription_changes WHERE at < $1 ORDER BY at, id"
        );
        let values = vec![before.as_micros().into()];
        let rows = self.sql().all::<ChangeRow>("subscription change", sql, values).await?;
        rows.into_iter().map(ChangeRow::decode).collect()
    }

    async fn find_payment(
        &self,
        provider: &str,
        provider_ref: &str,
    ) -> Result<Option<Payment>, StoreError> {
        let sql = format!(
            "SELECT {PAYMENT_COLUMNS} FROM payments \
             WHERE provider = $1 AND (provider_ref = $2 OR charge_ref = $2)"
        );
        let values = vec![provider.into(), provider_ref.into()];
        let row = self.sql().first::<PaymentRow>("payment", sql, values).await?;
        row.map(PaymentRow::decode).transpose()
    }

    async fn list_refunds(&self, id: PaymentId) -> Result<Vec<PaymentRefund>, StoreError> {
        let sql = "SELECT payment_id, provider, refund_ref, minor, state FROM payment_refunds \
                   WHERE payment_id = $1 ORDER BY refund_ref";
        let rows = self.sql().all::<RefundRow>("refund", sql, vec![id.as_uuid().into()]).await?;
        rows.into_iter().map(RefundRow::decode).collect()
    }

    async fn list_disputes(&self, id: PaymentId) -> Result<Vec<PaymentDispute>, StoreError> {
        let sql = "SELECT payment_id, provider, dispute_ref, minor, state FROM payment_disputes \
                   WHERE payment_id = $1 ORDER BY dispute_ref";
        let rows = self.sql().all::<DisputeRow>("dispute", sql, vec![id.as_uuid().into()]).await?;
        rows.into_iter().map(DisputeRow::decode).collect()
    }

    async fn get_granted(&self, lot_id: LotId) -> Result<Credits, StoreError> {
        let sql = "SELECT granted FROM lots WHERE id = $1";
        let values = vec![lot_id.as_uuid().into()];
        Ok(Credits::new(self.sql().number("lot", sql, values).await?))
    }

    async fn list_payments(
        &self,
        organization_id: OrganizationId,
        page: &PageRequest<PaymentId>,
    ) -> Result<Page<Payment, PaymentId>, StoreError> {
        let tail = PageSql::new(page, "id", 2, PaymentId::as_uuid);
        let sql = format!(
            "SELECT {PAYMENT_COLUMNS} FROM payments WHERE organization_id = $1{}",
            tail.tail
        );
        let mut values = vec![organization_id.as_uuid().into()];
        values.extend(tail.values.iter().cloned());
        let rows = self.sql().all::<PaymentRow>("payment", sql, values).await?;
        let payments = rows.into_iter().map(PaymentRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(payments, |payment: &Payment| payment.id))
    }

    async fn list_all_payments(
        &self,
        filter: &PaymentFilter,
        page: &PageRequest<PaymentId>,
    ) -> Result<Page<Payment, PaymentId>, StoreError> {
        let (wanted, mut values) = derive_payment_conditions(filter);
        let tail = PageSql::new(page, "id", values.len() + 1, PaymentId::as_uuid);
        let sql = format!("SELECT {PAYMENT_COLUMNS} FROM payments WHERE {wanted}{}", tail.tail);
        values.extend(tail.values.iter().cloned());
        let rows = self.sql().all::<PaymentRow>("payment", sql, values).await?;
        let payments = rows.into_iter().map(PaymentRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(payments, |payment: &Payment| payment.id))
    }

    async fn list_open_checkouts(
        &self,
        provider: &str,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let sql = format!(
            "SELECT {CHECKOUT_COLUMNS} FROM checkouts \
             WHERE provider = $1 AND status = 'open' AND created_at < $2 \
             ORDER BY created_at DESC LIMIT $3"
        );
        let values = vec![provider.into(), before.as_micros().into(), i64::from(limit).into()];
        let rows = self.sql().all::<CheckoutRow>("checkout", sql, values).await?;
        rows.into_iter().map(|row| Ok(row.decode()?.provider_ref)).collect()
    }

    async fn list_open_plan_checkouts(
        &self,
        organization_id: OrganizationId,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Checkout>, StoreError> {
        let sql = format!(
            "SELECT {CHECKOUT_COLUMNS} FROM checkouts \
             WHERE organization_id = $1 AND status = 'open' AND created_at >= $2 \
             AND purchase LIKE '%\"kind\":\"plan\"%' AND NOT EXISTS (SELECT 1 FROM subscriptions begun \
             WHERE begun.provider = checkouts.provider \
             AND begun.provider_ref = checkouts.provider_ref) \
             ORDER BY created_at DESC, id DESC LIMIT $3"
        );
        let values = vec![
            organization_id.as_uuid().into(),
            since.as_micros().into(),
            i64::from(limit).into(),
        ];
        let rows = self.sql().all::<CheckoutRow>("checkout", sql, values).await?;
        rows.into_iter().map(CheckoutRow::decode).collect()
    }

    async fn has_event(&self, provider: &str, event_ref: &str) -> Result<bool, StoreError> {
        let sql = "SELECT COUNT(*) FROM payment_events WHERE provider = $1 AND event_ref = $2";
        let values = vec![provider.into(), event_ref.into()];
        Ok(self.sql().number("payment event", sql, values).await? > 0)
    }

    async fn list_unclear_events(
        &self,
        provider: &str,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<PaymentEvent>, StoreError> {
        let sql = format!(
            "SELECT {EVENT_COLUMNS} FROM payment_events \
             WHERE provider = $1 AND outcome = 'unclear' AND given_up_at IS NULL \
             AND received_at >= $2 ORDER BY received_at, id LIMIT $3"
        );
        let values = vec![provider.into(), since.as_micros().into(), i64::from(limit).into()];
        let rows = self.sql().all::<EventRow>("payment event", sql, values).await?;
        rows.into_iter().map(EventRow::decode).collect()
    }
    async fn find_event(&self, id: PaymentEventId) -> Result<Option<PaymentEvent>, StoreError> {
        let sql = format!("SELECT {EVENT_COLUMNS} FROM payment_events WHERE id = $1");
        let row = self.sql().first::<EventRow>("payment event", sql, vec![id.as_uuid().into()]);
        row.await?.map(EventRow::decode).transpose()
    }

    async fn list_events(
        &self,
        filter: &PaymentEventFilter,
        page: &PageRequest<PaymentEventId>,
    ) -> Result<Page<PaymentEvent, PaymentEventId>, StoreError> {
        let (wanted, mut values) = derive_event_conditions(filter)?;
        let tail = PageSql::new(page, "id", values.len() + 1, PaymentEventId::as_uuid);
        let sql =
            format!("SELECT {EVENT_HEAD_COLUMNS} FROM payment_events WHERE {wanted}{}", tail.tail);
        values.extend(tail.values.iter().cloned());
        let rows = self.sql().all::<EventRow>("payment event", sql, values).await?;
        let events = rows.into_iter().map(EventRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(events, |event: &PaymentEvent| event.id))
    }

    async fn count_unclear_events(&self) -> Result<UnclearEvents, StoreError> {
        let count = |state: &'static str| {
            let sql = format!(
                "SELECT COUNT(*) FROM payment_events \
                 WHERE outcome = 'unclear' AND given_up_at IS {state}"
            );
            self.sql().number("payment event", sql, Vec::new())
        };
        Ok(UnclearEvents {
            waiting: count("NULL").await?.unsigned_abs(),
            given_up: count("NOT NULL").await?.unsigned_abs(),
        })
    }
}

/// The condition of a list of payments, and its parameters, numbered from 1.
fn derive_payment_conditions(filter: &PaymentFilter) -> (String, Vec<Value>) {
    let wanted: [(&str, Option<Value>); 4] = [
        ("organization_id =", filter.organization_id.map(|id| id.as_uuid().into())),
        ("provider =", filter.provider.as_deref().map(Into::into)),
        ("at >=", filter.since.map(|time| time.as_micros().into())),
        ("at <", filter.until.map(|time| time.as_micros().into())),
    ];
    let mut text = String::from("TRUE");
    let mut values = Vec::new();
    for (compare, value) in wanted {
        if let Some(value) = value {
            values.push(value);
            text.push_str(&format!(" AND {compare} ${}", values.len()));
        }
    }
    (text, values)
}

/// The condition of a list of events, and its parameters, numbered from 1.
fn derive_event_conditions(
    filter: &PaymentEventFilter,
) -> Result<(String, Vec<Value>), StoreError> {
    let mut wanted = String::from("TRUE");
    let mut values: Vec<Value> = Vec::new();
    let words = [("provider", &filter.provider), ("kind", &filter.kind)];
    for (column, word) in words {
        if let Some(word) = word {
            values.push(word.as_str().into());
            wanted.push_str(&format!(" AND {column} = ${}", values.len()));
        }
    }
    if let Some(outcome) = filter.outcome {
        values.push(encode_serde_word("event outcome", &outcome)?.into());
        wanted.push_str(&format!(" AND outcome = ${}", values.len()));
    }
    if let Some(since) = filter.since {
        values.push(since.as_micros().into());
        wanted.push_str(&format!(" AND received_at >= ${}", values.len()));
    }
    Ok((wanted, values))
}
