//! Credits that are bought and given back, cards that fail, plans that are changed.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_testkit::fakes::FakePaid;
use serde_json::json;

use crate::provider::Stage;
use crate::shop::{ASKS_FIRST, DECLINED, PAYS, PAYS_ONCE, Shop, edition};

on_every_stage!(
    credits_come_when_they_are_paid_and_once,
    a_refund_takes_back_what_is_left,
    what_was_spent_of_a_refund_is_owed,
    who_runs_out_of_credits_is_warned_once,
    a_bank_may_ask_first,
    a_card_that_fails_is_asked_again_and_the_plan_ends_with_the_grace,
    who_did_not_pay_buys_again_after_the_grace,
    nobody_subscribes_twice_and_who_left_comes_back,
);

on_every_switching_stage!(
    another_plan_costs_the_difference_and_a_period_renews,
    another_interval_begins_a_period_of_its_own,
    a_card_that_fails_changes_no_plan,
);

on_every_crediting_stage!(a_smaller_plan_is_credited);

async fn credits_come_when_they_are_paid_and_once(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-500" })).await?;
    assert_eq!(shop.provider.pay(&page, DECLINED).await?, FakePaid::Declined);
    assert!(shop.provider.pay(&page, "4111 1111 1111 1111").await.is_err(), "no test card");
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 0);
    assert_eq!(shop.provider.pay(&page, PAYS).await?, FakePaid::Yes);
    assert_eq!(shop.credits().await?, 0, "nothing is given before the provider tells");
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 500);
    assert!(shop.provider.pay(&page, PAYS).await.is_err(), "it was paid already");
    let paid = shop.payments().await?;
    assert_eq!(paid.len(), 1);
    assert_eq!(paid[0]["amount"]["minor"], 4_500);
    let ledger = shop.buyer.get("/api/v1/account/ledger.csv").await?;
    ledger.require_status(200)?;
    let text = ledger.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "at,reason,account,amount,job_id,lot_id");
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines.iter().any(|line| line.contains(",available,500,")), "{text}");
    let reason = lines[1].split(',').nth(1).context("a reason")?;
    for (query, found) in [
        (format!("reason={reason}"), 2),
        ("reason=penalty".to_owned(), 0),
        ("to=2020-01-01T00:00:00Z".to_owned(), 0),
        ("job=0190a1b2-0000-7000-8000-000000000000".to_owned(), 0),
    ] {
        let list = shop.buyer.get(&format!("/api/v1/account/ledger?limit=9&{query}")).await?;
        list.require_status(200)?;
        assert_eq!(list.json()?["items"].as_array().map(Vec::len), Some(found), "{query}");
        let table = shop.buyer.get(&format!("/api/v1/account/ledger.csv?{query}")).await?.text();
        assert_eq!(table.lines().count(), found + 1, "{query}: {table}");
    }
    let upside_down = "from=2027-02-02T00:00:00Z&to=2027-02-01T00:00:00Z";
    for list in ["ledger", "ledger.csv"] {
        let refused = shop.buyer.get(&format!("/api/v1/account/{list}?{upside_down}")).await?;
        refused.require_status(400)?;
    }
    shop.require_sound_books().await
}

async fn a_refund_takes_back_what_is_left(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
    let payment = shop.payments().await?.remove(0);
    shop.refund(&payment, Some(250)).await?.require_status(202)?;
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 75);
    shop.require_sound_books().await?;
    shop.refund(&payment, Some(751)).await?.require_status(409)?;
    shop.refund(&payment, None).await?.require_status(202)?;
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 0);
    shop.refund(&payment, None).await?.require_status(409)?;
    assert_eq!(shop.payments().await?[0]["refunded"]["minor"], 1_000);
    shop.require_sound_books().await
}

async fn what_was_spent_of_a_refund_is_owed(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
    shop.spend(70).await?;
    assert_eq!(shop.credits().await?, 30);
    let payment = shop.payments().await?.remove(0);
    shop.refund(&payment, None).await?.require_status(202)?;
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 0, "never below zero");
    let ledger = shop.buyer.get("/api/v1/account/ledger.csv").await?.text();
    assert!(ledger.contains(",receivable,-70,"), "{ledger}");
    shop.require_sound_books().await
}

async fn who_runs_out_of_credits_is_warned_once(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    assert_eq!(shop.app.billing.warn_of_low_balances().await?, 0, "they never had any");
    for _ in 0..2 {
        shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
        assert_eq!(shop.app.billing.warn_of_low_balances().await?, 0);
        assert_eq!(shop.account().await?["credits"]["low"], false);
        shop.app.take_mails().await?;
        let left = shop.credits().await?;
        shop.spend(left - 19).await?;
        assert_eq!(shop.account().await?["credits"]["low"], true);
        assert_eq!(shop.app.billing.warn_of_low_balances().await?, 1);
        assert_eq!(shop.app.billing.warn_of_low_balances().await?, 0, "they know");
        let mails = shop.app.take_mails().await?;
        let warnings: Vec<_> = mails.iter().filter(|mail| mail.kind == "low_balance").collect();
        assert_eq!(warnings.len(), 1);
        assert_eq!(warnings[0].mail.subject, "19 credits are left");
    }
    Ok(())
}

async fn a_bank_may_ask_first(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-100" })).await?;
    assert_eq!(shop.provider.pay(&page, ASKS_FIRST).await?, FakePaid::AfterConsent);
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 0);
    assert_eq!(shop.provider.pay_after_consent(&page, ASKS_FIRST).await?, FakePaid::Yes);
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 100);
    shop.require_sound_books().await
}

async fn a_card_that_fails_is_asked_again_and_the_plan_ends_with_the_grace(
    stage: Stage,
) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS_ONCE).await?;
    assert_eq!(shop.plan().await?, "basic");
    shop.pass(32).await?;
    let due = shop.subscription().await?;
    assert_eq!(due["status"], "past_due");
    assert!(due["past_due_since"].is_string());
    assert_eq!(shop.plan().await?, "basic", "the grace keeps it");
    let failed = shop.payments().await?;
    let failed = failed.iter().any(|payment| payment["status"] == "failed");
    assert_eq!(failed, stage.who.names_failed_payments());
    let letters = shop.app.take_mails().await?;
    let told: Vec<_> = letters.iter().filter(|mail| mail.kind == "payment_failed").collect();
    // After a short month, it was asked for twice by now.
    assert!(matches!(told.len(), 1 | 2), "whoever asked in vain: {letters:?}");
    assert!(told.iter().all(|mail| mail.mail.text.contains("9.99 USD")), "{told:?}");
    shop.pass(20).await?;
    if !stage.who.ends_what_is_unpaid() {
        assert_eq!(shop.subscription().await?["status"], "past_due", "it stops asking");
        shop.reconcile().await?;
        assert_eq!(shop.subscription().await?["status"], "past_due", "the grace is not over here");
        shop.wait_days(45);
        shop.reconcile().await?;
        let log = shop.buyer.get("/api/v1/audit").await?.text();
        assert_eq!(log.matches("subscription.unpaid").count(), 1, "{log}");
        shop.deliver().await?;
        assert_eq!(shop.reconcile().await?["subscriptions"], 0, "it has ended there as well");
    }
    assert_eq!(shop.subscription().await?["status"], "ended");
    assert_eq!(shop.plan().await?, "free");
    shop.buy(&json!({ "plan": "premium" }), PAYS).await?;
    shop.reconcile().await?;
    assert_eq!(shop.plan().await?, "premium", "who comes back has it, and nothing is given back");
    assert_eq!(shop.payments().await?[0]["refunded"]["minor"], 0);
    shop.require_sound_books().await
}

/// Nobody reconciled in between: the page for another plan ends what is not paid for.
async fn who_did_not_pay_buys_again_after_the_grace(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS_ONCE).await?;
    shop.pass(32).await?;
    let again = json!({ "plan": "premium" });
    let early = shop.buyer.post("/api/v1/account/checkouts", &again).await?;
    early.require_status(409)?;
    shop.wait_days(39);
    shop.provider.advance(7).await?;
    let page = shop.order(&again).await?;
    assert_eq!(shop.subscription().await?["status"], "ended");
    assert_eq!(shop.plan().await?, "free");
    assert_eq!(shop.provider.pay(&page, PAYS).await?, FakePaid::Yes);
    shop.provider.advance(1).await?;
    shop.app.clock.advance(Duration::from_mins(5));
    shop.reconcile().await?;
    assert_eq!(shop.plan().await?, "premium");
    shop.require_sound_books().await
}

async fn another_plan_costs_the_difference_and_a_period_renews(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    let switch = json!({ "action": "switch", "plan": "premium", "interval": "month" });
    shop.change(&switch).await?.require_status(200)?;
    assert_eq!(shop.plan().await?, "premium");
    shop.deliver().await?;
    let paid = shop.payments().await?;
    assert_eq!(paid.len(), 2);
    // The whole period is left, less the seconds of this test.
    let difference = paid[0]["amount"]["minor"].as_i64().context("an amount")?;
    assert!((998..=1_000).contains(&difference), "{difference}");
    shop.change(&switch).await?.require_status(409)?;

    shop.pass(32).await?;
    assert_eq!(shop.subscription().await?["status"], "active");
    assert_eq!(shop.payments().await?[0]["amount"]["minor"], 1_999);
    shop.require_sound_books().await
}

async fn another_interval_begins_a_period_of_its_own(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("tabgraphsyn")).await?;
    shop.buy(&json!({ "plan": "paid", "interval": "month" }), PAYS).await?;
    let switch = json!({ "action": "switch", "plan": "paid", "interval": "year" });
    let changed = shop.change(&switch).await?;
    changed.require_status(200)?;
    assert_eq!(changed.json()?["interval"], "year");
    shop.deliver().await?;
    let paid = shop.payments().await?[0]["amount"]["minor"].as_i64().context("an amount")?;
    assert!((44_100..=44_102).contains(&paid), "a year less the month that is left: {paid}");
    shop.pass(200).await?;
    assert_eq!(shop.payments().await?.len(), 2, "nothing is due within the year");
    assert_eq!(shop.plan().await?, "paid");
    shop.require_sound_books().await
}

async fn a_smaller_plan_is_credited(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "premium" }), PAYS).await?;
    let switch = json!({ "action": "switch", "plan": "basic", "interval": "month" });
    shop.change(&switch).await?.require_status(200)?;
    shop.deliver().await?;
    assert_eq!(shop.plan().await?, "basic");
    assert_eq!(shop.payments().await?.len(), 1, "nothing is paid back in money");
    shop.pass(32).await?;
    // The next bill is over 9.99 and the credit is 10.00, less the seconds of this test.
    assert!(shop.payments().await?.iter().skip(1).all(|paid| paid["amount"]["minor"] == 1_999));
    let newest = shop.payments().await?[0]["amount"]["minor"].as_i64().context("an amount")?;
    assert!(newest == 1_999 || newest <= 2, "{newest}");
    assert_eq!(shop.subscription().await?["status"], "active");
    shop.require_sound_books().await
}

async fn a_card_that_fails_changes_no_plan(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS_ONCE).await?;
    let switch = json!({ "action": "switch", "plan": "premium", "interval": "month" });
    let refused = shop.change(&switch).await?;
    refused.require_status(409)?;
    assert!(refused.text().contains("declined"), "{}", refused.text());
    shop.deliver().await?;
    assert_eq!(shop.plan().await?, "basic");
    assert_eq!(shop.payments().await?.len(), 1);
    shop.require_sound_books().await
}

async fn nobody_subscribes_twice_and_who_left_comes_back(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    let twice = shop.buyer.post("/api/v1/account/checkouts", &json!({ "plan": "premium" })).await?;
    twice.require_status(409)?;
    shop.change(&json!({ "action": "cancel" })).await?.require_status(200)?;
    shop.pass_a_month(stage.who).await?;
    assert_eq!(shop.plan().await?, "free");
    let gone = shop.change(&json!({ "action": "keep" })).await?;
    gone.require_status(409)?;
    shop.buy(&json!({ "plan": "premium" }), PAYS).await?;
    assert_eq!(shop.plan().await?, "premium");
    shop.require_sound_books().await
}
