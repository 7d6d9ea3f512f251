//! What people should be told of their money.
//!
//! Invariant: a notice is made once per event of the provider, fall of a balance or trial that ends;
//! its mails are written in the transaction of what it is about, and after the commit it is logged
//! and the sender is rung.

use gantry_ports::payments::DisputeState;
use gantry_types::{Credits, Money, OrganizationId, Timestamp};

use crate::Billing;

/// Something that happened to an account's money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingNotice {
    /// Whose account.
    pub organization_id: OrganizationId,
    /// What happened.
    pub news: BillingNews,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BillingNews {
    /// Money was received: a receipt.
    Received {
        /// How much.
        amount: Money,
        /// What for.
        description: String,
        /// The credits that it bought.
        credits: Option<Credits>,
    },
    /// Money was asked for in vain; the plan lasts for the grace.
    Failed {
        /// How much.
        amount: Money,
        /// What for.
        description: String,
    },
    /// Money was given back.
    Refunded {
        /// How much, this time.
        amount: Money,
    },
    /// Money that was given back came back: the buyer's bank did not take it, say.
    RefundFailed {
        /// How much, this time.
        amount: Money,
        /// The credits that had been taken back for it, and are the account's again.
        credits: Option<Credits>,
    },
    /// A payment is disputed, or was.
    Disputed {
        /// How much.
        amount: Money,
        /// Where it stands.
        state: DisputeState,
    },
    /// The balance fell below what the edition says is low.
    LowBalance {
        /// What is left.
        left: Credits,
    },
    /// A trial ends, and the plan is paid for from then on.
    TrialEnding {
        /// The plan's title.
        plan: String,
        /// What is to be paid for the first period, where the plan says so.
        price: Option<Money>,
        /// When.
        at: Timestamp,
    },
    /// The account is on another plan.
    PlanChanged {
        /// The plan's title before.
        before: String,
        /// The plan's title now.
        after: String,
    },
}

impl BillingNews {
    /// The word for logs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Received { .. } => "received",
            Self::Failed { .. } => "failed",
            Self::Refunded { .. } => "refunded",
            Self::RefundFailed { .. } => "refund_failed",
            Self::Disputed { .. } => "disputed",
            Self::LowBalance { .. } => "low_balance",
            Self::TrialEnding { .. } => "trial_ending",
            Self::PlanChanged { .. } => "plan_changed",
        }
    }
}

impl Billing {
    /// Tells of what was committed.
    pub(crate) fn announce(&self, notices: &[BillingNotice]) {
        for BillingNotice { organization_id, news } in notices {
            tracing::info!(organization = %organization_id, news = news.as_str(), "billing");
        }
        if let Some(post) = &self.post
            && !notices.is_empty()
        {
            post.posted.notify_one();
        }
    }
}
