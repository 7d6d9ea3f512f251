//! Two providers take money at one shop, and the buyer chooses.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use gantry_pay::{PayPal, Stripe};
use gantry_ports::Clock;
use gantry_testkit::fakes::paypal::FakePayPal;
use gantry_testkit::fakes::stripe::FakeStripe;
use gantry_testkit::{TestApp, TestClock, TestSettings, TestTill};
use serde_json::json;

use crate::provider::{paypal_settings_of, settings_of};
use crate::shop::edition;

const CHECKOUTS: &str = "/api/v1/account/checkouts";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_buyer_chooses_who_is_paid() -> Result<()> {
    let (stripe, paypal) = (FakeStripe::start().await?, FakePayPal::start().await?);
    let clock = Arc::new(TestClock::default());
    let first = Arc::new(Stripe::new(settings_of(&stripe), clock.clone())?);
    let other = Arc::new(PayPal::new(paypal_settings_of(&paypal), clock)?);
    let mut settings = TestSettings {
        edition: Some(edition("montecarlo")),
        till: TestTill::Two(first, other),
        ..TestSettings::default()
    };
    settings.http.public_url = Some("http://shop.example".to_owned());
    let (app, mut administrator) = TestApp::start(settings).await?;
    let mut buyer = app.register("buyer@example.org").await?;
    let offers = buyer.get("/api/v1/plans").await?.json()?;
    assert_eq!(offers["provider"], "stripe");
    let both =
        json!([{ "id": "stripe", "title": "Stripe" }, { "id": "paypal", "title": "PayPal" }]);
    assert_eq!(offers["providers"], both);
    let page = app.client().get("/pricing").await?.text();
    assert!(page.contains("You can pay with Stripe or PayPal."), "{page}");
    let plans = offers["plans"].as_array().context("plans")?;
    let plan = plans.iter().find(|plan| plan["price"]["month"].is_object());
    let plan = plan.context("a plan with a price")?["slug"].clone();
    for provider in [None, Some("stripe"), Some("paypal")] {
        let wish = json!({ "plan": plan, "provider": provider });
        buyer.post(CHECKOUTS, &wish).await?.require_status(201)?;
    }
    let since = app.clock.now().plus(Duration::from_hours(24));
    let snapshot = app.store.read().await?;
    for (provider, pages) in [("stripe", 2), ("paypal", 1)] {
        let open = snapshot.payments().list_open_checkouts(provider, since, 10).await?;
        assert_eq!(open.len(), pages, "{provider}: {open:?}");
    }
    drop(snapshot);
    let unused = buyer.post(CHECKOUTS, &json!({ "plan": plan, "provider": "razorpay" })).await?;
    unused.require_status(404)?;
    let detail = unused.json()?["detail"].to_string();
    assert!(detail.contains("stripe, paypal"), "{detail}");
    let done = administrator.post("/api/v1/admin/payments/reconcile", &json!({})).await?;
    assert_eq!(done.json()?["unanswered"], json!([]));
    Ok(())
}
