//! Lots: in which order they are used, and what happens when they expire.
//!
//! Invariants: a lot's remainder is never negative; nothing is taken from an expired lot; what
//! comes back to an expired lot is lost at once.

use gantry_types::{Credits, CreditsOutOfRange, LotId, Timestamp};

use crate::account::{HeldCredits, Lot, LotOrigin};
use crate::ledger::{Movement, Posting};

/// Sorts lots by their order of use: by expiry (none last), then promotional, earned, paid,
/// then by identifier.
pub fn sort_by_use(lots: &mut [Lot]) {
    lots.sort_unstable_by_key(derive_place);
}

fn derive_place(lot: &Lot) -> (bool, Option<Timestamp>, LotOrigin, LotId) {
    (lot.expires_at.is_none(), lot.expires_at, lot.origin, lot.id)
}

/// Whether what is left of a lot is lost.
#[must_use]
pub fn is_expired(lot: &Lot, now: Timestamp) -> bool {
    lot.expires_at.is_some_and(|end| end <= now)
}

/// What can be spent: everything that did not expire.
///
/// # Errors
/// [`CreditsOutOfRange`] when the sum does not fit.
pub fn derive_available(lots: &[Lot], now: Timestamp) -> Result<Credits, CreditsOutOfRange> {
    lots.iter()
        .filter(|lot| !is_expired(lot, now))
        .try_fold(Credits::ZERO, |sum, lot| sum.checked_add(lot.remaining))
}

/// Chooses credits for a hold, in the order of use; `None` when they do not suffice.
#[must_use]
pub fn derive_hold(lots: &[Lot], amount: Credits, now: Timestamp) -> Option<Vec<HeldCredits>> {
    let mut usable: Vec<Lot> = lots
        .iter()
        .filter(|lot| lot.remaining > Credits::ZERO && !is_expired(lot, now))
        .copied()
        .collect();
    sort_by_use(&mut usable);
    let mut missing = amount.get();
    let mut taken = Vec::new();
    for lot in usable {
        if missing <= 0 {
            break;
        }
        let part = lot.remaining.get().min(missing);
        missing -= part;
        taken.push(HeldCredits { lot_id: lot.id, amount: Credits::new(part) });
    }
    (missing <= 0).then_some(taken)
}

/// Loses what is left of every lot that expired by `now`.
pub fn expire_due(lots: &mut [Lot], now: Timestamp) -> Vec<Posting> {
    let mut postings = Vec::new();
    for lot in lots.iter_mut().filter(|lot| is_expired(lot, now)) {
        if lot.remaining > Credits::ZERO {
            postings.push(Posting {
                movement: Movement::Expire,
                lot_id: lot.id,
                amount: lot.remaining,
            });
            lot.remaining = Credits::ZERO;
        }
    }
    postings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lot(number: u128, origin: LotOrigin, expires: Option<i64>, remaining: i64) -> Lot {
        Lot {
            id: LotId::from_uuid(uuid::Uuid::from_u128(number)),
            origin,
            expires_at: expires.map(Timestamp::from_micros),
            remaining: Credits::new(remaining),
        }
    }

    const NOW: Timestamp = Timestamp::from_micros(1_000);

    #[test]
    fn lots_that_expire_first_are_used_first() {
        let lots = [
            lot(1, LotOrigin::Paid, None, 10),
            lot(2, LotOrigin::Promotional, None, 10),
            lot(3, LotOrigin::Earned, Some(3_000), 10),
            lot(4, LotOrigin::Paid, Some(2_000), 10),
            lot(5, LotOrigin::Paid, Some(1_000), 10),
        ];
        let taken = derive_hold(&lots, Credits::new(35), NOW).unwrap();
        let order: Vec<u128> = taken.iter().map(|part| part.lot_id.as_uuid().as_u128()).collect();
        assert_eq!(order, [4, 3, 2, 1]);
        assert_eq!(taken[3].amount, Credits::new(5));
        assert_eq!(derive_available(&lots, NOW), Ok(Credits::new(40)));
        assert_eq!(derive_hold(&lots, Credits::new(41), NOW), None);
    }

    #[test]
    fn what_expired_is_lost_once() {
        let mut lots =
            [lot(1, LotOrigin::Paid, Some(999), 7), lot(2, LotOrigin::Paid, Some(1_001), 7)];
        let postings = expire_due(&mut lots, NOW);
        assert_eq!(postings.len(), 1);
        assert_eq!(postings[0].amount, Credits::new(7));
        assert_eq!(lots[0].remaining, Credits::ZERO);
        assert!(expire_due(&mut lots, NOW).is_empty());
    }
}
