//! Whether what was paid is what we had opened a page for, and was paid in time.
//!
//! Invariant: our name for a purchase proves nothing, because whoever pays may write it on a page of
//! their own making; the provider's name for the page does, because the provider alone gives it.

use gantry_ports::StoreError;
use gantry_ports::payments::{Purchase, ToldSubscription};
use gantry_ports::store::{Checkout, Tx};
use gantry_rules::subscription::Subscription;
use gantry_types::{CheckoutId, Money, Timestamp};

use super::Ground;

/// What to do about money that came for nothing.
const NEXT_STEP: &str = "nothing was given for it: look it up at the provider, give its money back \
                         there, and put this event aside";

impl Ground {
    /// Why a subscription that is not known here is not taken: it says that a purchase began it,
    /// and that purchase did not. `None` where nothing speaks against it.
    pub(super) async fn find_false_origin(
        &self,
        tx: &dyn Tx,
        told: &ToldSubscription,
    ) -> Result<Option<String>, StoreError> {
        self.find_false_page(tx, (told.checkout_id, &told.provider_ref)).await
    }

    /// The same of money for a subscription of this name, which is not known here.
    pub(super) async fn find_false_page(
        &self,
        tx: &dyn Tx,
        (checkout_id, name): (Option<CheckoutId>, &str),
    ) -> Result<Option<String>, StoreError> {
        let Some(id) = checkout_id else { return Ok(None) };
        // The provider may be faster than the transaction that notes the checkout.
        let Some(checkout) = tx.payments().find_checkout(id).await? else {
            return Ok(Some(format!("there is no checkout {id} yet")));
        };
        let page = (self.provider.as_str(), Some(name));
        Ok(require_page(&checkout, page).err())
    }
}

/// Why money for a subscription that came at `at` is not taken, in words for an administrator:
/// the subscription had ended because it was not paid for.
pub(super) fn find_too_late(subscription: &Subscription, at: Timestamp) -> Option<String> {
    let (name, ended) = (&subscription.provider_ref, subscription.standing.state.told_at);
    subscription.standing.state.is_too_late_to_pay(at).then(|| {
        format!(
            "subscription {name} ended unpaid at {ended}, and this was paid after it; {NEXT_STEP}"
        )
    })
}

/// Refuses another page than the one of a purchase, in words for an administrator.
pub(super) fn require_page(
    checkout: &Checkout,
    (provider, name): (&str, Option<&str>),
) -> Result<(), String> {
    let id = checkout.id;
    let Some(name) = name else {
        return Err(format!("it does not say on which page checkout {id} was paid"));
    };
    if checkout.provider == provider && checkout.provider_ref == name {
        return Ok(());
    }
    let (ours, whose) = (&checkout.provider_ref, &checkout.provider);
    Err(format!(
        "it names checkout {id}, whose page is {ours} of {whose}, and is {name} of {provider}, which \
         was not opened here; {NEXT_STEP}"
    ))
}

/// Refuses a page that asked for less than its purchase costs. What a promotion code takes off is
/// not less asked for.
pub(super) fn require_price(checkout: &Checkout, asked: Option<Money>) -> Result<(), String> {
    let (id, price) = (checkout.id, checkout.price);
    match (&checkout.purchase, asked) {
        // Its payments are told by themselves, and its price is its provider's to keep.
        (Purchase::Plan { .. }, _) => Ok(()),
        (Purchase::Package { .. }, Some(asked))
            if asked.currency == price.currency && asked.minor >= price.minor =>
        {
            Ok(())
        }
        (Purchase::Package { .. }, Some(asked)) => {
            Err(format!("checkout {id} costs {price}, and its page asked for {asked}; {NEXT_STEP}"))
        }
        (Purchase::Package { .. }, None) => {
            Err(format!("it does not say what the page of checkout {id} asked for"))
        }
    }
}

#[cfg(test)]
mod tests {
    use gantry_ports::store::CheckoutStatus;
    use gantry_rules::plan::Interval;
    use gantry_types::{Credits, Currency, OrganizationId, PlanId};

    use super::*;

    const fn dollars(dollars: i64) -> Money {
        Money { minor: dollars * 100, currency: Currency::usd() }
    }

    fn checkout(purchase: Purchase) -> Checkout {
        Checkout {
            id: CheckoutId::generate(),
            organization_id: OrganizationId::generate(),
            user_id: None,
            provider: "stripe".to_owned(),
            provider_ref: "cs_1".to_owned(),
            purchase,
            price: dollars(45),
            status: CheckoutStatus::Open,
            created_at: Timestamp::from_micros(0),
        }
    }

    fn package() -> Checkout {
        checkout(Purchase::Package { slug: "credits-500".to_owned(), credits: Credits::new(500) })
    }

    #[test]
    fn a_page_is_known_by_its_provider_and_its_name() {
        let checkout = package();
        assert_eq!(require_page(&checkout, ("stripe", Some("cs_1"))), Ok(()));
        for (provider, name) in [
            ("stripe", Some("cs_2")),
            ("paypal", Some("cs_1")),
            ("stripe", Some("")),
            ("stripe", None),
        ] {
            let refused = require_page(&checkout, (provider, name)).unwrap_err();
            assert!(refused.contains(&checkout.id.to_string()), "{refused}");
        }
    }

    #[test]
    fn less_than_the_price_buys_nothing() {
        let checkout_of_package = package();
        for asked in [dollars(45), dollars(46)] {
            assert_eq!(require_price(&checkout_of_package, Some(asked)), Ok(()));
        }
        let euros = Money { minor: 4_500, currency: "EUR".parse().unwrap() };
        let short = Money { minor: 4_499, ..dollars(0) };
        for asked in [Some(short), Some(dollars(0)), Some(euros), None] {
            assert!(require_price(&checkout_of_package, asked).is_err(), "{asked:?}");
        }
        let plan = Purchase::Plan {
            plan_id: PlanId::generate(),
            interval: Interval::Month,
            trial_days: 0,
        };
        assert_eq!(require_price(&checkout(plan), None), Ok(()), "its invoices tell of its money");
    }
}
