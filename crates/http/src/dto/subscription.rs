//! The subscription: what is wanted of it, and what it is.

use gantry_billing::{ChangedSubscription, SubscriptionView};
use gantry_rules::subscription::AtPeriodEnd;
use gantry_types::{SubscriptionId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{IntervalBody, PlanBody};

/// What is to become of the subscription.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum SubscriptionRequest {
    /// It ends with the present period.
    Cancel,
    /// It goes on after all.
    Keep,
    /// Another plan from now on, what is left of the period being credited; or from the next payment
    /// on, where the provider does not do so.
    Switch {
        /// The plan's name.
        plan: String,
        /// How often it is to be paid.
        interval: IntervalBody,
    },
}

/// How the end of a trial is to move.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum TrialRequest {
    /// It lasts longer.
    Lengthen {
        /// Its new end: later than the present one, and at most 730 days from now.
        #[schema(value_type = String, format = DateTime)]
        until: Timestamp,
        /// Why, for the audit log: 1 to 200 characters.
        reason: String,
    },
    /// It ends now, and the first period is paid for.
    End {
        /// Why, for the audit log: 1 to 200 characters.
        reason: String,
    },
}

/// A subscription.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscriptionBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: SubscriptionId,
    /// Who takes the money for it, such as `stripe`; one that is in use no more stays named.
    pub provider: String,
    /// The plan, in the version that was bought.
    pub plan: PlanBody,
    /// `incomplete`, `trialing`, `active`, `past_due` or `ended`.
    pub status: String,
    /// How often it is paid.
    pub interval: IntervalBody,
    /// The start of the period that was paid.
    #[schema(value_type = String, format = DateTime)]
    pub period_start: Timestamp,
    /// Its end.
    #[schema(value_type = String, format = DateTime)]
    pub period_end: Timestamp,
    /// Whether it ends then.
    pub cancels_at_period_end: bool,
    /// Since when a payment is missing.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub past_due_since: Option<Timestamp>,
}

impl From<SubscriptionView> for SubscriptionBody {
    fn from(view: SubscriptionView) -> Self {
        let state = view.subscription.standing.state;
        Self {
            id: view.subscription.id,
            provider: view.subscription.provider,
            plan: view.plan.into(),
            status: state.status.as_str().to_owned(),
            interval: state.interval.into(),
            period_start: state.period_start,
            period_end: state.period_end,
            cancels_at_period_end: match state.at_period_end {
                AtPeriodEnd::Cancel => true,
                AtPeriodEnd::Renew => false,
            },
            past_due_since: state.past_due_since,
        }
    }
}

/// What came of a change of a subscription.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangedSubscriptionBody {
    /// The subscription as it is now.
    #[serde(flatten)]
    pub subscription: SubscriptionBody,
    /// The provider's page on which the buyer has to agree before anything changes; the other plan
    /// then begins with the next payment. `null` where the change is done.
    pub approve_url: Option<String>,
}

impl From<ChangedSubscription> for ChangedSubscriptionBody {
    fn from(changed: ChangedSubscription) -> Self {
        Self { subscription: changed.view.into(), approve_url: changed.approve_url }
    }
}

/// The subscription that an organization has or had last.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscriptionAnswer {
    /// `null` when there never was one.
    pub subscription: Option<SubscriptionBody>,
}
