//! What strangers do at the stand-in for PayPal: with an application's client ID, which pages show
//! to everybody, they make orders and subscriptions of their own, with whatever they like in them.

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

use super::amounts::Sum;
use super::book::{Book, Order, Subscription};
use crate::fakes::card::Card;

impl Book {
    /// An order that no server made, approved at once.
    pub(super) fn approve_own_order(
        &mut self,
        custom: &str,
        dollars: &str,
        now: i64,
    ) -> Result<()> {
        let (amount, sum) = read_dollars(dollars)?;
        let order = Order {
            id: self.name("order"),
            unit: json!({ "custom_id": custom, "amount": amount }),
            sum,
            status: "APPROVED",
            card: Card::Pays,
            capture: None,
            created: now,
        };
        self.tell("CHECKOUT.ORDER.APPROVED", &self.show_order(&order, ""), now);
        self.orders.insert(order.id.clone(), order);
        Ok(())
    }

    /// Another amount for an order that a server made and nobody approved.
    pub(super) fn change_amount(&mut self, order: &str, dollars: &str) -> Result<()> {
        let (amount, sum) = read_dollars(dollars)?;
        let order = self.orders.get_mut(order).context("an order")?;
        order.unit["amount"] = amount;
        order.sum = sum;
        Ok(())
    }

    /// A subscription with the plan and the mark of the one on a page, that is paid from `start` on.
    pub(super) fn begin_own_subscription(
        &mut self,
        page: &str,
        (start, now): (i64, i64),
    ) -> Result<()> {
        let model = self.subscriptions.values().find(|known| known.page == page);
        let model = model.context("a subscription on this page")?.clone();
        let own = Subscription {
            id: self.name("subscription"),
            page: format!("BA-{}", self.name("page")),
            start,
            anchor: start,
            created: now,
            ..model
        };
        self.activate(own, now);
        Ok(())
    }
}

fn read_dollars(dollars: &str) -> Result<(Value, Sum)> {
    let amount = json!({ "value": dollars, "currency_code": "USD" });
    let sum = Sum::read(&amount).map_err(|_| anyhow!("{dollars} is no amount"))?;
    Ok((amount, sum))
}
