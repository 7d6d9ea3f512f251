//! Recurring revenue.

use gantry_billing::RevenueView;
use gantry_types::{Money, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::MoneyBody;

/// Which month.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RevenueParams {
    /// Such as `2027-02`; the present month, in UTC, if not given.
    pub month: Option<String>,
}

/// How recurring revenue moved in a month; amounts are for each month.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevenueBody {
    /// The start of the month.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// The start of the next one.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// At the start.
    pub opening: MoneyBody,
    /// Of customers who never paid before.
    pub new: MoneyBody,
    /// Of customers who pay more.
    pub expansion: MoneyBody,
    /// Of customers who pay again.
    pub reactivation: MoneyBody,
    /// Of customers who pay less.
    pub contraction: MoneyBody,
    /// Of customers who left.
    pub churn: MoneyBody,
    /// At the end: monthly recurring revenue.
    pub closing: MoneyBody,
    /// Twelve times that.
    pub yearly: MoneyBody,
    /// Customers at the start.
    pub customers_opening: i64,
    /// Customers who came, or came again.
    pub customers_won: i64,
    /// Those of them who never paid before.
    pub customers_new: i64,
    /// Customers who left.
    pub customers_lost: i64,
    /// Customers at the end.
    pub customers_closing: i64,
    /// The part of the opening revenue that was lost; `null` of nothing.
    pub gross_churn: Option<f64>,
    /// The same less what customers of before pay more.
    pub net_churn: Option<f64>,
    /// The part of the opening customers that left; `null` of nobody.
    pub customer_churn: Option<f64>,
    /// What a customer brings a month at the end, in the smallest unit; `null` without customers.
    pub per_customer_minor: Option<f64>,
    /// What a customer brings until they leave, in the smallest unit, if as many leave each month as
    /// in this one; `null` where none did.
    pub lifetime_value_minor: Option<f64>,
    /// People who registered.
    pub registered: u64,
    /// Customers who never paid before, for each of those; `null` where nobody registered.
    pub conversion: Option<f64>,
}

impl From<RevenueView> for RevenueBody {
    fn from(view: RevenueView) -> Self {
        let money = |minor: i64| Money { minor, currency: view.currency }.into();
        let found = view.revenue;
        Self {
            from: view.period.start,
            to: view.period.end,
            opening: money(found.opening),
            new: money(found.new),
            expansion: money(found.expansion),
            reactivation: money(found.reactivation),
            contraction: money(found.contraction),
            churn: money(found.churn),
            closing: money(found.closing),
            yearly: money(found.yearly()),
            customers_opening: found.customers_opening,
            customers_won: found.customers_won,
            customers_new: found.customers_new,
            customers_lost: found.customers_lost,
            customers_closing: found.customers_closing,
            gross_churn: found.gross_churn(),
            net_churn: found.net_churn(),
            customer_churn: found.customer_churn(),
            per_customer_minor: found.per_customer(),
            lifetime_value_minor: found.lifetime_value(),
            registered: view.registered,
            conversion: found.conversion(view.registered),
        }
    }
}
