//! The edition whose plans differ in how often somebody may ask: from the free limit to a paid plan
//! and back.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_testkit::TestResponse;
use serde_json::{Value, json};

use crate::provider::Stage;
use crate::shop::{PAYS, Shop, edition};

/// More requests than the free plan lets in at once and while they are made.
const MANY: usize = 1_000;
/// Requests that the free plan does not let in at once.
const BEYOND: usize = 300;
/// In which a plan of one request a second lets some in again.
const BREATH: Duration = Duration::from_secs(5);
/// After which a server has looked again at what a plan says.
const LOOKED_AGAIN: Duration = Duration::from_secs(31);

stages!(suresh:
    razorpay_sqlite = Razorpay on Sqlite,
    razorpay_postgres = Razorpay on Postgres,
);

async fn suresh(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("suresh")).await?;
    assert_eq!(shop.plan().await?, "standard");
    require_told(&ask_until_refused(&mut shop).await?)?;

    // What was refused a moment ago is let in again at the plan's rate, so that it can be paid.
    tokio::time::sleep(BREATH).await;
    shop.buy(&json!({ "plan": "premium" }), PAYS).await?;
    assert_eq!(shop.plan().await?, "premium");
    for _ in 0..BEYOND {
        shop.buyer.get("/api/v1/account").await?.require_status(200)?;
    }
    let paid = shop.payments().await?;
    assert_eq!((paid.len(), &paid[0]["amount"]["minor"]), (1, &json!(199_900)));
    assert_eq!(paid[0]["amount"]["currency"], "INR");

    shop.change(&json!({ "action": "cancel" })).await?.require_status(200)?;
    shop.deliver().await?;
    assert_eq!(shop.plan().await?, "premium", "what was paid for lasts");
    shop.pass_a_month(stage.who).await?;
    assert_eq!(shop.subscription().await?["status"], "ended");
    assert_eq!(shop.plan().await?, "standard");
    tokio::time::sleep(LOOKED_AGAIN).await;
    require_told(&ask_until_refused(&mut shop).await?)?;
    shop.require_sound_books().await
}

/// Asks until a request is refused. A second gives one request back, so a slow machine asks longer.
async fn ask_until_refused(shop: &mut Shop) -> Result<TestResponse> {
    for _ in 0..MANY {
        let answer = shop.buyer.get("/api/v1/account").await?;
        if answer.status == 429 {
            return Ok(answer);
        }
        answer.require_status(200)?;
    }
    anyhow::bail!("{MANY} requests were let through");
}

/// A refusal names the limit, the use, when to go on, and the plan that lifts it.
fn require_told(refused: &TestResponse) -> Result<()> {
    ensure!(refused.header("retry-after").is_some(), "{}", refused.text());
    let problem: Value = refused.json()?;
    assert_eq!(problem["code"], "rate_limited");
    assert_eq!(problem["requests_per_minute"], 60, "{problem}");
    assert_eq!((&problem["limit"], &problem["used"]), (&json!(100), &json!(100)), "{problem}");
    assert_eq!(problem["retry_after_s"], 1);
    let detail = problem["detail"].as_str().context("a detail")?;
    for words in ["60 requests a minute and 100 at once", "100 of 100 are used", "in 1 s"] {
        ensure!(detail.contains(words), "{detail}");
    }
    assert_eq!(problem["upgrade"]["slug"], "premium", "{problem}");
    assert_eq!(problem["upgrade"]["price"]["month"]["text"], "1999.00 INR");
    Ok(())
}
