//! Stripe's whole life with its buyers: every answer and every event of it has the shape that
//! Stripe's public description of its API says, is read, and says what happened.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use gantry_pay::{OnPage, Stripe, StripeSettings};
use gantry_ports::payments::{
    CheckoutOrder, DisputeState, PaymentError, ProviderFact, Purchase, RawEvent, RefundOrder,
    SubscriptionChange, SubscriptionOrder, ToldSubscription, TrialEnd,
};
use gantry_ports::{Clock, PaymentProvider};
use gantry_rules::discount::{Discount, ToldDiscount};
use gantry_rules::plan::Interval;
use gantry_rules::subscription::{AtPeriodEnd, SubscriptionStatus};
use gantry_testkit::TestClock;
use gantry_testkit::fakes::stripe::{
    FakeDuration, FakeOff, FakeStripe, STRIPE_KEY, STRIPE_WEBHOOK_SECRET,
};
use gantry_testkit::fakes::{FakePaid, Trouble};
use gantry_types::{
    CheckoutId, Credits, Currency, Money, OrganizationId, PlanId, RefundId, Timestamp,
};

const PAYS: &str = "4242 4242 4242 4242";
const PAYS_ONCE: &str = "4000 0000 0000 0341";
const DISPUTES: &str = "4000 0000 0000 0259";

/// A buyer at Stripe.
struct Desk {
    fake: FakeStripe,
    stripe: Stripe,
    organization_id: OrganizationId,
    /// The kinds of events that were told.
    kinds: BTreeSet<String>,
}

const fn dollars(dollars: i64) -> Money {
    Money { minor: dollars * 100, currency: Currency::usd() }
}

fn plan(trial_days: u32) -> Purchase {
    Purchase::Plan { plan_id: PlanId::generate(), interval: Interval::Month, trial_days }
}

fn package() -> Purchase {
    Purchase::Package { slug: "credits".to_owned(), credits: Credits::new(100) }
}

/// The last of what these facts say of something.
fn find_last<T>(
    facts: &[ProviderFact],
    say: impl Fn(&ProviderFact) -> Option<T>,
    what: &'static str,
) -> Result<T> {
    facts.iter().rev().find_map(say).context(what)
}

fn last_subscription(facts: &[ProviderFact]) -> Result<ToldSubscription> {
    let say = |fact: &ProviderFact| {
        let ProviderFact::Subscription(told) = fact else { return None };
        Some(told.clone())
    };
    find_last(facts, say, "a subscription")
}

fn last_payment(facts: &[ProviderFact]) -> Result<String> {
    let say = |fact: &ProviderFact| {
        let (ProviderFact::PaymentReceived(told)
        | ProviderFact::CheckoutPaid { payment: Some(told), .. }) = fact
        else {
            return None;
        };
        Some(told.provider_ref.clone())
    };
    find_last(facts, say, "a payment")
}

impl Desk {
    async fn open() -> Result<Self> {
        let fake = FakeStripe::start().await?;
        let settings = StripeSettings {
            secret_key: STRIPE_KEY.to_owned(),
            webhook_secret: STRIPE_WEBHOOK_SECRET.to_owned(),
            api_base: fake.base(),
            promotion_codes: OnPage::Yes,
            automatic_tax: OnPage::Yes,
            tax_ids: OnPage::Yes,
        };
        let stripe = Stripe::new(settings, Arc::new(TestClock::default()))?;
        let organization_id = OrganizationId::generate();
        Ok(Self { fake, stripe, organization_id, kinds: BTreeSet::new() })
    }

    /// Orders, and answers Stripe's name for the page.
    async fn order(&self, purchase: Purchase, price: Money) -> Result<String> {
        let order = CheckoutOrder {
            id: CheckoutId::generate(),
            ordered_at: TestClock::default().now(),
            organization_id: self.organization_id,
            purchase,
            title: "Something good".to_owned(),
            price,
            email: "buyer@example.org".to_owned(),
            return_url: "https://shop.example/back".to_owned(),
            confirm_url: "https://shop.example/confirm".to_owned(),
            earlier_subscription: None,
        };
        Ok(self.stripe.open_checkout(&order).await?.provider_ref)
    }

    /// Buys, and answers what was told of it.
    async fn buy(
        &mut self,
        (purchase, price): (Purchase, Money),
        card: &str,
        code: Option<&str>,
    ) -> Result<Vec<ProviderFact>> {
        let page = self.order(purchase, price).await?;
        ensure!(self.fake.pay(&page, card, code)? == FakePaid::Yes, "{card} does not pay");
        self.take().await
    }

    /// Takes what was told; every event is believed, read, and as it is described.
    async fn take(&mut self) -> Result<Vec<ProviderFact>> {
        let received_at = TestClock::default().now();
        let mut facts = Vec::new();
        for event in self.fake.list_undelivered()? {
            let raw = RawEvent { body: &event.body, headers: &event.headers, received_at };
            let told = self.stripe.verify(raw).await?;
            self.kinds.insert(told.kind);
            facts.push(told.fact);
            self.fake.note_delivered(&event.event_ref);
        }
        self.require_described()?;
        Ok(facts)
    }

    async fn pass(&mut self, days: u64) -> Result<Vec<ProviderFact>> {
        self.fake.advance(Duration::from_hours(days * 24))?;
        self.take().await
    }

    fn require_described(&self) -> Result<()> {
        let breaches = self.fake.breaches();
        ensure!(breaches.is_empty(), "{}", breaches.join("\n"));
        Ok(())
    }

    fn require_told(&self, kinds: &[&str]) {
        for kind in kinds {
            assert!(self.kinds.contains(*kind), "{kind} is not among {:?}", self.kinds);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_from_its_first_day_to_its_last() -> Result<()> {
    let mut desk = Desk::open().await?;
    desk.fake.offer_code("HALF", FakeOff::Percent(50), FakeDuration::Once)?;
    let told = desk.buy((plan(0), dollars(10)), PAYS, Some("HALF")).await?;
    let begun = last_subscription(&told)?;
    assert_eq!(begun.state.status, SubscriptionStatus::Active);
    assert_eq!(begun.organization_id, Some(desk.organization_id));
    let name = begun.provider_ref;

    let renewed = desk.pass(32).await?;
    assert!(last_subscription(&renewed)?.state.period_end > begun.state.period_end);
    let switch = SubscriptionOrder::Switch {
        plan_id: PlanId::generate(),
        interval: Interval::Month,
        title: "Something better".to_owned(),
        price: dollars(30),
        return_url: "https://shop.example/back".to_owned(),
    };
    desk.stripe.change_subscription(&name, &switch).await?;
    let switched = desk.take().await?;
    let billed = switched.iter().any(|fact| {
        matches!(fact, ProviderFact::PaymentReceived(told)
            if told.amount.minor > 0 && told.amount.minor < dollars(30).minor)
    });
    assert!(billed, "the rest of the period: {switched:?}");

    for (order, at_period_end) in [
        (SubscriptionOrder::CancelAtPeriodEnd, AtPeriodEnd::Cancel),
        (SubscriptionOrder::Keep, AtPeriodEnd::Renew),
    ] {
        let changed = desk.stripe.change_subscription(&name, &order).await?;
        let SubscriptionChange::Done(told) = changed else { bail!("{changed:?}") };
        assert_eq!(told.state.at_period_end, at_period_end);
    }
    assert_eq!(desk.stripe.list_invoices(&name).await?.len(), 3);
    assert!(desk.stripe.open_portal(&name, "https://shop.example/").await?.contains("/p/session/"));

    desk.fake.change_card(&name, PAYS_ONCE)?;
    let failed = desk.pass(32).await?;
    assert!(failed.iter().any(|fact| matches!(fact, ProviderFact::PaymentFailed(_))));
    assert_eq!(last_subscription(&failed)?.state.status, SubscriptionStatus::PastDue);
    let ended = desk.pass(20).await?;
    assert_eq!(last_subscription(&ended)?.state.status, SubscriptionStatus::Ended);
    desk.require_told(&[
        "checkout.session.completed",
        "customer.subscription.created",
        "customer.subscription.deleted",
        "customer.subscription.updated",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_failed",
        "invoice_payment.paid",
    ]);
    desk.require_described()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_off_is_named_in_events_and_shown_when_asked_for() -> Result<()> {
    let mut desk = Desk::open().await?;
    desk.fake.offer_code("ONCE", FakeOff::Percent(50), FakeDuration::Once)?;
    desk.fake.offer_code("EVER", FakeOff::Cents(300), FakeDuration::Forever)?;
    desk.fake.offer_code("MONTH", FakeOff::Percent(50), FakeDuration::Months(1))?;
    ensure!(desk.fake.offer_code("EVER", FakeOff::Percent(1), FakeDuration::Once).is_err());
    for (code, minor) in [("ONCE", None), ("EVER", Some(300)), ("MONTH", Some(500))] {
        let told = desk.buy((plan(0), dollars(10)), PAYS, Some(code)).await?;
        let told = last_subscription(&told)?;
        let named = minor.map_or(ToldDiscount::None, |_| ToldDiscount::Unknown);
        assert_eq!(told.discount, named, "{code}");
        let until = Some(told.state.period_end).filter(|_| code == "MONTH");
        let off = |minor| ToldDiscount::Off(Discount { minor, until });
        let shown = desk.stripe.fetch_subscription(&told.provider_ref).await?;
        assert_eq!(shown.discount, minor.map_or(ToldDiscount::None, off), "{code}");
        let keep = SubscriptionOrder::Keep;
        let changed = desk.stripe.change_subscription(&told.provider_ref, &keep).await?;
        let SubscriptionChange::Done(changed) = changed else { bail!("{changed:?}") };
        assert_eq!(changed.discount, shown.discount, "{code}");
        desk.take().await?;
    }
    desk.require_described()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_and_a_page_that_nobody_paid_on() -> Result<()> {
    let mut desk = Desk::open().await?;
    let begun = last_subscription(&desk.buy((plan(14), dollars(10)), PAYS, None).await?)?;
    assert_eq!(begun.state.status, SubscriptionStatus::Trialing);
    let paid = desk.pass(15).await?;
    assert_eq!(last_subscription(&paid)?.state.status, SubscriptionStatus::Active);
    last_payment(&paid)?;
    desk.order(package(), dollars(5)).await?;
    let expired = desk.pass(2).await?;
    assert!(expired.iter().any(|fact| matches!(fact, ProviderFact::CheckoutExpired { .. })));
    desk.require_told(&["checkout.session.expired"]);
    desk.require_described()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_trial_moves_on_and_to_now() -> Result<()> {
    let mut desk = Desk::open().await?;
    let begun = last_subscription(&desk.buy((plan(14), dollars(10)), PAYS, None).await?)?;
    let (name, days) = (begun.provider_ref, |days: u64| Duration::from_hours(days * 24));
    let to = |end| SubscriptionOrder::MoveTrialEnd { end };

    let later = begun.state.period_end.plus(days(30));
    let moved = desk.stripe.change_subscription(&name, &to(TrialEnd::At(later))).await?;
    let SubscriptionChange::Done(told) = moved else { bail!("{moved:?}") };
    assert_eq!((told.state.status, told.state.period_end), (SubscriptionStatus::Trialing, later));
    let moved = last_subscription(&desk.take().await?)?;
    assert_eq!(moved.state.period_end, later, "and it is told");
    let waited = desk.pass(15).await?;
    assert!(waited.is_empty(), "the old end has passed: {waited:?}");

    let (past, far) = (begun.state.period_start, later.plus(days(2 * 366)));
    for end in [past, far] {
        let refused = desk.stripe.change_subscription(&name, &to(TrialEnd::At(end))).await;
        let Err(PaymentError::Refused { reason }) = refused else { bail!("{end}: {refused:?}") };
        assert!(reason.contains("trial_end"), "{reason}");
    }

    let ended = desk.stripe.change_subscription(&name, &to(TrialEnd::Now)).await?;
    let SubscriptionChange::Done(told) = ended else { bail!("{ended:?}") };
    assert_eq!(told.state.status, SubscriptionStatus::Active);
    assert!(told.state.period_end < later.plus(days(30)), "its period begins now");
    last_payment(&desk.take().await?)?;
    for end in [TrialEnd::Now, TrialEnd::At(later.plus(days(60)))] {
        let refused = desk.stripe.change_subscription(&name, &to(end)).await;
        let Err(PaymentError::Refused { reason }) = refused else { bail!("{end:?}: {refused:?}") };
        assert!(reason.contains("on no trial"), "{reason}");
    }
    desk.require_described()
}

/// Both ask before either is answered, or one after the other: one period is billed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_that_is_ended_twice_at_once_is_billed_once() -> Result<()> {
    let mut desk = Desk::open().await?;
    let begun = last_subscription(&desk.buy((plan(14), dollars(10)), PAYS, None).await?)?;
    let (name, now) = (begun.provider_ref, SubscriptionOrder::MoveTrialEnd { end: TrialEnd::Now });
    let both = tokio::join!(
        desk.stripe.change_subscription(&name, &now),
        desk.stripe.change_subscription(&name, &now),
    );
    let mut done = 0;
    for ended in <[_; 2]>::from(both) {
        match ended {
            Ok(SubscriptionChange::Done(told)) => {
                assert_eq!(told.state.status, SubscriptionStatus::Active);
                done += 1;
            }
            Err(PaymentError::Refused { reason }) => {
                assert!(reason.contains("on no trial"), "{reason}");
            }
            other => bail!("{other:?}"),
        }
    }
    assert!(done > 0, "nobody ended it");
    assert_eq!(desk.fake.count_done("POST /v1/subscriptions/{}"), 1);
    let told = desk.take().await?;
    let paid = told.iter().filter(|fact| matches!(fact, ProviderFact::PaymentReceived(_)));
    // `invoice.paid` and `invoice.payment_succeeded` tell of one payment.
    let names: BTreeSet<String> =
        paid.map(|fact| last_payment(std::slice::from_ref(fact))).collect::<Result<_>>()?;
    assert_eq!(names.len(), 1, "{told:?}");
    desk.require_described()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_ended_unpaid_cannot_be_paid_any_more() -> Result<()> {
    const VOIDS: &str = "POST /v1/invoices/{}/void";
    let mut desk = Desk::open().await?;
    let begun = last_subscription(&desk.buy((plan(0), dollars(10)), PAYS_ONCE, None).await?)?;
    let name = begun.provider_ref;
    let due = last_subscription(&desk.pass(32).await?)?;
    assert_eq!(due.state.status, SubscriptionStatus::PastDue);
    // It is ended, and Stripe is away before what it asks for can be taken back.
    desk.fake.expect_trouble(&[Trouble::Cut, Trouble::Broken, Trouble::Broken]);
    let end = SubscriptionOrder::CancelNow;
    assert!(desk.stripe.change_subscription(&name, &end).await.is_err());
    for _ in 0..2 {
        let ended = desk.stripe.change_subscription(&name, &end).await?;
        let SubscriptionChange::Done(told) = ended else { bail!("{ended:?}") };
        assert_eq!(told.state.status, SubscriptionStatus::Ended);
        assert_eq!(desk.fake.count_done(VOIDS), 1, "what was open, once");
    }
    let invoices = desk.stripe.list_invoices(&name).await?;
    assert_eq!(invoices.len(), 2);
    assert!(desk.fake.pay_open_invoice(&name, PAYS).is_err(), "nothing is open: {invoices:?}");
    desk.take().await?;
    desk.require_told(&["customer.subscription.deleted", "invoice.voided"]);
    desk.require_described()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_goes_back_and_what_is_listed() -> Result<()> {
    let mut desk = Desk::open().await?;
    let bought = desk.buy((package(), dollars(20)), PAYS, None).await?;
    let payment_ref = last_payment(&bought)?;
    let order = RefundOrder { id: RefundId::generate(), payment_ref, amount: dollars(5) };
    desk.stripe.refund(&order).await?;
    let refunded = desk.take().await?;
    let total = |fact: &ProviderFact| {
        let ProviderFact::Refunded { total, .. } = fact else { return None };
        Some(*total)
    };
    assert_eq!(find_last(&refunded, total, "a refund")?, dollars(5));

    let bought = desk.buy((package(), dollars(20)), DISPUTES, None).await?;
    desk.fake.decide_dispute(&last_payment(&bought)?, true)?;
    let decided = desk.take().await?;
    let state = |fact: &ProviderFact| {
        let ProviderFact::Disputed(told) = fact else { return None };
        Some(told.state)
    };
    assert_eq!(find_last(&decided, state, "a dispute")?, DisputeState::Won);

    // By its invoice, whose payments are asked for.
    let subscribed = desk.buy((plan(0), dollars(10)), PAYS, None).await?;
    let (id, payment_ref) = (RefundId::generate(), last_payment(&subscribed)?);
    let order = RefundOrder { id, payment_ref, ..order };
    assert!(order.payment_ref.starts_with("in_"), "{}", order.payment_ref);
    desk.stripe.refund(&order).await?;
    desk.take().await?;

    let listed = desk.stripe.list_events(Timestamp::from_micros(0), &[]).await?;
    let kinds: BTreeSet<&str> = listed.iter().map(|told| told.event.kind.as_str()).collect();
    for kind in ["charge.dispute.created", "refund.created"] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
    assert!(desk.stripe.fetch_subscription("sub_of_nobody").await.is_err());
    desk.require_told(&[
        "charge.dispute.closed",
        "charge.dispute.created",
        "charge.dispute.funds_reinstated",
        "charge.refunded",
        "charge.succeeded",
        "refund.created",
    ]);
    desk.require_described()
}
