//! Refunds and disputes of a payment, one by one, and what they come to; and the credits that go
//! back with the money.
//!
//! Invariant: what they come to follows from what was told of each, in whatever order it came: a
//! refund that failed stays failed, and a dispute that has ended stays as it ended.

use gantry_types::{Credits, LotId, OrganizationId, PaymentId, Timestamp};

use crate::payments::{DisputeState, RefundState};

/// Credits taken back from a lot that was paid for, or put back into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotReturn {
    /// Whose.
    pub organization_id: OrganizationId,
    /// The lot.
    pub lot_id: LotId,
    /// How many credits the money had bought.
    pub amount: Credits,
    /// When.
    pub at: Timestamp,
}

/// Money that was given back once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRefund {
    /// The payment.
    pub payment_id: PaymentId,
    /// The provider.
    pub provider: String,
    /// The provider's name for it; unique per provider.
    pub refund_ref: String,
    /// How much, in minor units.
    pub minor: i64,
    /// Whether it was given after all.
    pub state: RefundState,
}

/// One dispute about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentDispute {
    /// The payment.
    pub payment_id: PaymentId,
    /// The provider.
    pub provider: String,
    /// The provider's name for it; unique per provider.
    pub dispute_ref: String,
    /// How much is or was disputed, in minor units.
    pub minor: i64,
    /// Where it stands.
    pub state: DisputeState,
}

/// How much was given back, in minor units. Some events tell of one refund and some tell
/// `told_minor`, the largest sum of all until then, in which those may be that failed later: what
/// is told both ways counts once.
#[must_use]
pub fn derive_refunded(refunds: &[PaymentRefund], told_minor: i64) -> i64 {
    let sum = |state: RefundState| {
        let those = refunds.iter().filter(|refund| refund.state == state);
        those.fold(0_i64, |sum, refund| sum.saturating_add(refund.minor))
    };
    let told = told_minor.saturating_sub(sum(RefundState::Failed));
    sum(RefundState::Given).max(told).max(0)
}

/// Where the disputes about a payment stand together, and how much they are about: those that are
/// open or lost, and where there is none of these, those that were won.
#[must_use]
pub fn derive_disputed(disputes: &[PaymentDispute]) -> (Option<DisputeState>, i64) {
    let has = |state: DisputeState| disputes.iter().any(|dispute| dispute.state == state);
    let state = [DisputeState::Open, DisputeState::Lost, DisputeState::Won];
    let state = state.into_iter().find(|state| has(*state));
    let is_won = state == Some(DisputeState::Won);
    let those = disputes.iter().filter(|dispute| (dispute.state == DisputeState::Won) == is_won);
    (state, those.fold(0_i64, |sum, dispute| sum.saturating_add(dispute.minor)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refund(minor: i64, state: RefundState) -> PaymentRefund {
        PaymentRefund {
            payment_id: PaymentId::generate(),
            provider: "story".to_owned(),
            refund_ref: "re_1".to_owned(),
            minor,
            state,
        }
    }

    fn dispute(minor: i64, state: DisputeState) -> PaymentDispute {
        PaymentDispute {
            payment_id: PaymentId::generate(),
            provider: "story".to_owned(),
            dispute_ref: "dp_1".to_owned(),
            minor,
            state,
        }
    }

    #[test]
    fn what_is_told_both_ways_counts_once_and_what_failed_does_not() {
        let given = |minor| refund(minor, RefundState::Given);
        let failed = |minor| refund(minor, RefundState::Failed);
        for (refunds, told, sum) in [
            (vec![], 0, 0),
            (vec![], 500, 500),
            (vec![given(500)], 0, 500),
            (vec![given(500)], 500, 500),
            (vec![given(500)], 800, 800),
            (vec![failed(500)], 0, 0),
            (vec![failed(500)], 500, 0),
            // One failed, and another was made; with and without the first in the sum.
            (vec![failed(500), given(300)], 500, 300),
            (vec![failed(500), given(300)], 800, 300),
        ] {
            assert_eq!(derive_refunded(&refunds, told), sum, "{refunds:?} of {told}");
        }
    }

    #[test]
    fn disputes_are_counted_together() {
        let (open, won, lost) = (DisputeState::Open, DisputeState::Won, DisputeState::Lost);
        for (disputes, expected) in [
            (vec![], (None, 0)),
            (vec![dispute(5, open)], (Some(open), 5)),
            (vec![dispute(5, won)], (Some(won), 5)),
            (vec![dispute(5, won), dispute(7, lost)], (Some(lost), 7)),
            (vec![dispute(5, open), dispute(7, lost)], (Some(open), 12)),
            (vec![dispute(5, won), dispute(7, won)], (Some(won), 12)),
        ] {
            assert_eq!(derive_disputed(&disputes), expected, "{disputes:?}");
        }
    }
}
