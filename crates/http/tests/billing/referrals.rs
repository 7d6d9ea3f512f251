//! Bringing others: both sides are rewarded once, when the newcomer proved their address and did
//! what the edition asks for.

use anyhow::{Context, Result};
use gantry_billing::Edition;
use gantry_rules::referral::{ReferralTerms, RewardedWhen};
use gantry_testkit::{PASSWORD, TestClient};
use serde_json::{Value, json};

use crate::provider::{Database, Stage, Who};
use crate::shop::{PAYS, Shop, edition};

const HOME: Stage = Stage { who: Who::Sandbox, database: Database::Sqlite };

on_every_stage!(both_sides_are_rewarded_once_the_newcomer_paid);

async fn both_sides_are_rewarded_once_the_newcomer_paid(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    let mut referrer = shop.buyer.clone();
    let code = make_code(&mut referrer).await?;
    assert_eq!(make_code(&mut referrer).await?, code, "one code for each organization");
    shop.buyer = register(&shop, "newcomer@example.org", &code.to_lowercase()).await?;
    shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
    assert_eq!(shop.app.billing.settle_referrals().await?, 0, "the address is not proven");
    prove_address(&shop).await?;
    assert_eq!(shop.app.billing.settle_referrals().await?, 1);
    assert_eq!(shop.app.billing.settle_referrals().await?, 0);
    assert_eq!(shop.credits().await?, 120);
    assert_eq!(balance(&mut referrer).await?, 50);
    let answer = referrer.get("/api/v1/referrals").await?;
    assert!(!answer.text().contains("newcomer@"), "{}", answer.text());
    let list = answer.json()?;
    assert_eq!(list["terms"]["when"], "first_payment");
    assert_eq!(list["url"], format!("http://shop.example/sign-up?ref={code}"));
    assert_eq!(list["items"][0]["who"], "n…@example.org");
    assert_eq!(list["items"][0]["state"], "rewarded");
    assert_eq!(list["items"][0]["reward"], 50);
    let all = shop.administrator.get("/api/v1/admin/referrals").await?.json()?;
    assert_eq!(all["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(all["items"][0]["welcome"], 20);
    let log = referrer.get("/api/v1/audit").await?.text();
    assert!(log.contains("referral.code") && log.contains("referral.end"), "{log}");
    shop.require_sound_books().await
}

#[tokio::test]
async fn the_address_alone_is_enough_where_the_edition_says_so_and_months_are_limited() -> Result<()>
{
    let mut shop = Shop::open(HOME, early_edition(1)).await?;
    let mut referrer = shop.buyer.clone();
    let code = make_code(&mut referrer).await?;
    for (email, rewarded) in [("one@example.org", 50), ("two@example.org", 50)] {
        shop.buyer = register(&shop, email, &code).await?;
        assert_eq!(shop.app.billing.settle_referrals().await?, 0);
        prove_address(&shop).await?;
        assert_eq!(shop.app.billing.settle_referrals().await?, 1);
        assert_eq!(shop.credits().await?, 20, "{email} is welcome");
        assert_eq!(balance(&mut referrer).await?, rewarded, "{email}");
    }
    shop.wait_days(31);
    shop.buyer = register(&shop, "three@example.org", &code).await?;
    prove_address(&shop).await?;
    assert_eq!(shop.app.billing.settle_referrals().await?, 1);
    assert_eq!(balance(&mut referrer).await?, 100, "another month");
    shop.require_sound_books().await
}

#[tokio::test]
async fn nobody_earns_by_themselves() -> Result<()> {
    let mut shop = Shop::open(HOME, early_edition(10)).await?;
    let mut referrer = shop.buyer.clone();
    let code = make_code(&mut referrer).await?;
    shop.buyer = register(&shop, "buyer+again@example.org", &code).await?;
    prove_address(&shop).await?;
    assert_eq!(shop.app.billing.settle_referrals().await?, 1);
    assert_eq!((shop.credits().await?, balance(&mut referrer).await?), (0, 0));
    let list = referrer.get("/api/v1/referrals").await?.json()?;
    assert_eq!(list["items"][0]["state"], "refused");
    Ok(())
}

#[tokio::test]
async fn a_code_is_filled_in_and_one_that_is_none_is_told() -> Result<()> {
    let shop = Shop::open(HOME, early_edition(10)).await?;
    let page = shop.app.client().get("/sign-up?ref=ABCD2345").await?;
    page.require_status(200)?;
    assert!(page.text().contains("value=\"ABCD2345\""), "{}", page.text());
    let body = json!({
        "email": "ada@example.org", "password": PASSWORD, "name": "Ada", "referral_code": "N0PE!",
    });
    let refused = shop.app.client().post("/api/v1/auth/register", &body).await?.json()?;
    assert_eq!(refused["errors"][0]["pointer"], "/referral_code", "{refused}");
    // Nobody was registered by it.
    register(&shop, "ada@example.org", "").await?;
    let mut plain = Shop::open(HOME, edition("suresh")).await?;
    plain.buyer.post("/api/v1/referrals", &json!({})).await?.require_status(409)?;
    let list = plain.buyer.get("/api/v1/referrals").await?.json()?;
    assert!(list["terms"].is_null() && list["code"].is_null(), "{list}");
    Ok(())
}

/// Rewards a proven address, so many times a month.
fn early_edition(most_per_month: u32) -> Edition {
    let automl = edition("automl");
    let terms = automl.referrals.unwrap();
    let terms = ReferralTerms { when: RewardedWhen::Verified, most_per_month, ..terms };
    Edition { referrals: Some(terms), ..automl }
}

async fn make_code(client: &mut TestClient) -> Result<String> {
    let answer = client.post("/api/v1/referrals", &json!({})).await?;
    answer.require_status(200)?;
    Ok(answer.json()?["code"].as_str().context("a code")?.to_owned())
}

async fn register(shop: &Shop, email: &str, code: &str) -> Result<TestClient> {
    let mut client = shop.app.client();
    let body =
        json!({ "email": email, "password": PASSWORD, "name": "New", "referral_code": code });
    let answer = client.post("/api/v1/auth/register", &body).await?;
    answer.require_status(201)?;
    client.learn_csrf_token(&answer)?;
    Ok(client)
}

/// Follows the link in the newest mail that asks for it.
async fn prove_address(shop: &Shop) -> Result<()> {
    let mails = shop.app.take_mails().await?;
    let mail = mails.iter().rfind(|mail| mail.kind == "verify_email").context("a mail")?;
    let (_, rest) = mail.mail.text.split_once("token=").context("a link")?;
    let token: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    let proof = json!({ "token": token });
    shop.app.client().post("/api/v1/auth/verify-email", &proof).await?.require_status(204)
}

async fn balance(client: &mut TestClient) -> Result<i64> {
    let account: Value = client.get("/api/v1/account").await?.json()?;
    account["credits"]["available"].as_i64().context("a balance")
}
