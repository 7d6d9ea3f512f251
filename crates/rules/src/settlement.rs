//! What a job costs and what it gives back.
//!
//! The policy, by how a job ended:
//!
//! | Ending | Credits | Units of meters |
//! |---|---|---|
//! | succeeded | what the engine charged, at most the hold; the whole hold when it charged nothing | used |
//! | failed (any kind), dead | none | given back |
//! | cancelled while it ran | what the engine charged until then, at most the hold; and of the rest what the plan keeps | used |
//! | cancelled before it ran | none | given back |
//!
//! What the plan keeps, [`crate::cancellation`] says: nothing, unless its owner cancels often.
//! What settled children have spent stays spent however their parent ends. Invariants: the
//! hold is returned or spent exactly once; what returns to a lot pays what is
//! owed on it first; what returns to an expired lot expires at once;
//! units are corrected in the period in which they were reserved.

use std::collections::BTreeMap;

use gantry_types::{Credits, LotId, Timestamp};

use crate::account::{AccountState, BooksError, HeldCredits, HeldUnits, Hold, Lot};
use crate::ledger::{Movement, Posting};
use crate::lots;

/// How a job ended, as far as money is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// With a report.
    Succeeded,
    /// Without one, and not because somebody asked.
    Failed,
    /// Because somebody asked, after it had begun.
    CancelledRunning,
    /// Because somebody asked, before it had begun.
    CancelledUnstarted,
}

/// Units that leave a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledUnits {
    /// What was reserved.
    pub held: HeldUnits,
    /// What of it counts as used.
    pub used: u64,
}

/// The end of a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Credits that go back to their lots.
    pub returned: Vec<HeldCredits>,
    /// Units that leave their reservations.
    pub units: Vec<SettledUnits>,
    /// The ledger's side of it.
    pub postings: Vec<Posting>,
}

/// What a job costs; `budget` is what is left of its hold.
#[must_use]
pub fn derive_cost(conclusion: Conclusion, charged: Option<Credits>, budget: Credits) -> Credits {
    let owed = match conclusion {
        Conclusion::Succeeded => charged.unwrap_or(budget),
        Conclusion::CancelledRunning => charged.unwrap_or(Credits::ZERO),
        Conclusion::Failed | Conclusion::CancelledUnstarted => Credits::ZERO,
    };
    owed.clamp(Credits::ZERO, budget.max(Credits::ZERO))
}

/// Spends `cost` out of a hold, in the order in which its credits were taken; it must not
/// exceed the hold.
///
/// # Errors
/// [`BooksError::LotTooSmall`] when it does; nothing is changed then.
pub fn spend(hold: &mut Hold, cost: Credits) -> Result<Vec<Posting>, BooksError> {
    take(hold, cost, Movement::Spend)
}

/// Keeps `penalty` of what is left of a hold after [`spend`]; it must not exceed it.
///
/// # Errors
/// [`BooksError::LotTooSmall`] when it does; nothing is changed then.
pub fn keep(hold: &mut Hold, penalty: Credits) -> Result<Vec<Posting>, BooksError> {
    take(hold, penalty, Movement::Penalty)
}

fn take(hold: &mut Hold, total: Credits, movement: Movement) -> Result<Vec<Posting>, BooksError> {
    if let (true, Some(last)) = (hold.total() < total, hold.credits.last()) {
        return Err(BooksError::LotTooSmall(last.lot_id));
    }
    let mut owed = total.get().max(0);
    let mut postings = Vec::new();
    for part in &mut hold.credits {
        let taken = part.amount.get().min(owed);
        if taken > 0 {
            owed -= taken;
            part.amount = Credits::new(part.amount.get() - taken);
            let amount = Credits::new(taken);
            postings.push(Posting { movement, lot_id: part.lot_id, amount });
        }
    }
    hold.credits.retain(|part| part.amount > Credits::ZERO);
    Ok(postings)
}

/// Pays what is owed on the lots of a hold out of what is left of it after [`spend`] and [`keep`]:
/// credits whose price was given back while they were held are taken back, and the debt is
/// forgiven.
#[must_use]
pub fn repay(hold: &mut Hold, owed: &mut BTreeMap<LotId, Credits>) -> Vec<Posting> {
    let mut postings = Vec::new();
    for part in &mut hold.credits {
        let lot_id = part.lot_id;
        let Some(debt) = owed.get_mut(&lot_id) else { continue };
        let amount = part.amount.min(*debt);
        if amount > Credits::ZERO {
            part.amount = Credits::new(part.amount.get() - amount.get());
            *debt = Credits::new(debt.get() - amount.get());
            let movements = [Movement::Release, Movement::Refund, Movement::Forgive];
            postings.extend(movements.map(|movement| Posting { movement, lot_id, amount }));
        }
    }
    hold.credits.retain(|part| part.amount > Credits::ZERO);
    postings
}

/// Ends the hold of a root: spends its cost and gives back the rest.
///
/// # Errors
/// [`BooksError`] when the hold does not cover the cost.
pub fn settle(
    hold: &Hold,
    cost: Credits,
    conclusion: Conclusion,
    account_lots: &[Lot],
    now: Timestamp,
) -> Result<Settlement, BooksError> {
    let mut rest = hold.clone();
    let mut postings = spend(&mut rest, cost)?;
    let mut returned = Vec::new();
    for part in rest.credits {
        let HeldCredits { lot_id, amount } = part;
        let lot = account_lots.iter().find(|lot| lot.id == lot_id);
        let lot = lot.ok_or(BooksError::LotMissing(lot_id))?;
        postings.push(Posting { movement: Movement::Release, lot_id, amount });
        if lots::is_expired(lot, now) {
            postings.push(Posting { movement: Movement::Expire, lot_id, amount });
        } else {
            returned.push(part);
        }
    }
    let units = rest.units.into_iter().map(|held| settle_units(held, conclusion)).collect();
    Ok(Settlement { returned, units, postings })
}

impl Settlement {
    /// Books the settlement's effects on lots and meters.
    ///
    /// # Errors
    /// [`BooksError`] when the account does not contain what was held.
    pub fn apply(&self, account: &mut AccountState) -> Result<(), BooksError> {
        for part in &self.returned {
            account.put_back(*part)?;
        }
        for settled in &self.units {
            account.settle_units(&settled.held, settled.used)?;
        }
        Ok(())
    }
}

fn settle_units(held: HeldUnits, conclusion: Conclusion) -> SettledUnits {
    let used = match conclusion {
        Conclusion::Succeeded | Conclusion::CancelledRunning => held.units,
        Conclusion::Failed | Conclusion::CancelledUnstarted => 0,
    };
    SettledUnits { held, used }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_hold_pays_the_debts_of_its_own_lots() {
        let [owing, free, absent] = std::array::from_fn(|_| LotId::generate());
        let part = |lot_id, amount| HeldCredits { lot_id, amount: Credits::new(amount) };
        let mut hold = Hold { credits: vec![part(owing, 70), part(free, 5)], units: Vec::new() };
        let mut owed = BTreeMap::from([(owing, Credits::new(50)), (absent, Credits::new(9))]);
        let postings = repay(&mut hold, &mut owed);
        assert_eq!(hold.credits, [part(owing, 20), part(free, 5)]);
        assert_eq!(owed, BTreeMap::from([(owing, Credits::ZERO), (absent, Credits::new(9))]));
        let amount = Credits::new(50);
        let movements = [Movement::Release, Movement::Refund, Movement::Forgive];
        assert_eq!(postings, movements.map(|movement| Posting { movement, lot_id: owing, amount }));
        assert!(repay(&mut hold, &mut owed).is_empty(), "a debt is paid once");
    }
}
