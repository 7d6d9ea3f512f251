//! The programs of the edition automl: accounts, credits, purchases, ads, administration.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestRequest};
use serde_json::{Value, json};

use super::{SANDBOX, STRIPE, ask, buy_through, get, refuse_unsigned};
use crate::shop::{Shop, edition};

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn automl_answers_its_programs() -> Result<()> {
    let mut shop = Shop::open(SANDBOX, edition("automl")).await?;
    accounts(&shop.app).await?;
    credits(&mut shop).await?;
    ads(&mut shop).await?;
    administration(&mut shop).await?;
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn automl_takes_what_stripe_tells_at_its_address() -> Result<()> {
    let address = "/api/webhooks/stripe";
    let mut shop = Shop::open(STRIPE, edition("automl")).await?;
    for (package, credits) in [
        ("credits-100", 100),
        ("credits-500", 600),
        ("credits-1000", 1_600),
        ("credits-5000", 6_600),
    ] {
        buy_through(&mut shop, &json!({ "package": package }), address).await?;
        assert_eq!(shop.credits().await?, credits, "{package}");
    }
    refuse_unsigned(&shop, address).await?;
    shop.require_sound_books().await
}

/// Signs in by an older name, and takes the token against forged requests.
async fn enter(client: &mut TestClient, path: &str, body: &Value, status: u16) -> Result<()> {
    let answer = client.post(path, body).await?;
    answer.require_status(status)?;
    client.learn_csrf_token(&answer)
}

async fn accounts(app: &TestApp) -> Result<()> {
    let mut ann = app.client();
    let new = json!({ "email": "ann@example.org", "password": PASSWORD, "name": "Ann" });
    enter(&mut ann, "/api/auth/register", &new, 201).await?;
    let logout = ("POST", "/api/auth/logout");
    ask(&mut ann, logout, &Value::Null, (204, &[])).await?;
    ask(&mut ann, ("GET", "/api/auth/me"), &Value::Null, (401, &["/code"])).await?;
    let known = json!({ "email": "ann@example.org", "password": PASSWORD });
    enter(&mut ann, "/api/auth/login", &known, 200).await?;
    let members = ["/user/id", "/user/email", "/user/name", "/user/administrator"];
    get(&mut ann, "/api/auth/me", &members).await?;

    let wanted = json!({ "name": "app", "scopes": ["read"] });
    let pair = ["/access_token", "/refresh_token", "/expires_at"];
    let first = ask(&mut ann, ("POST", "/api/v1/auth/tokens"), &wanted, (201, &pair)).await?;
    let refresh = json!({ "refresh_token": first["refresh_token"] });
    let path = ("POST", "/api/auth/refresh");
    let next = ask(&mut app.client(), path, &refresh, (200, &pair)).await?;
    let mut program = app.client().with_key(next["access_token"].as_str().context("a token")?);
    get(&mut program, "/api/jobs", &["/items"]).await?;
    // A token is exchanged once.
    ask(&mut app.client(), path, &refresh, (401, &["/code"])).await?;
    Ok(())
}

async fn credits(shop: &mut Shop) -> Result<()> {
    let balance = ["/credits/available", "/credits/held", "/credits/low"];
    let told = get(&mut shop.buyer, "/api/credits/balance", &balance).await?;
    assert_eq!(told["credits"]["available"], 0);
    let wish = json!({ "package": "credits-100" });
    let mock = ("POST", "/api/credits/mock-purchase");
    ask(&mut shop.buyer, mock, &wish, (202, &["/checkout_id"])).await?;
    shop.deliver().await?;
    let told = get(&mut shop.buyer, "/api/credits/balance", &balance).await?;
    assert_eq!(told["credits"]["available"], 100);
    let entry = ["/items/0/id", "/items/0/reason", "/items/0/amount", "/items/0/at"];
    get(&mut shop.buyer, "/api/credits/transactions", &entry).await?;
    let csv = shop.buyer.get("/api/v1/account/ledger.csv").await?;
    csv.require_status(200)?;
    assert!(csv.text().starts_with("at,reason,account,amount"), "{}", csv.text());
    let checkout = ("POST", "/api/payments/create-checkout");
    ask(&mut shop.buyer, checkout, &wish, (201, &["/id", "/url"])).await?;
    let dear = json!({ "operation": "test.noop", "params": { "credits": 101 } });
    let refusal = ["/code", "/needed", "/available", "/next_step"];
    let refused = ask(&mut shop.buyer, ("POST", "/api/jobs"), &dear, (402, &refusal)).await?;
    assert_eq!(refused["code"], "insufficient_credits");
    Ok(())
}

async fn ads(shop: &mut Shop) -> Result<()> {
    let limits = ["/credits", "/per_day", "/remaining", "/wait_s", "/resets_at"];
    let told = get(&mut shop.buyer, "/api/v1/rewards", &limits).await?;
    assert_eq!((&told["per_day"], &told["remaining"]), (&json!(10), &json!(10)));
    let send = |path: &str| TestRequest::new("POST", path).header("user-agent", BROWSER);
    let begun = shop.buyer.send(send("/api/v1/rewards/sessions")).await?;
    begun.require_status(201)?;
    let session = begun.json()?["id"].as_str().context("an id")?.to_owned();
    shop.app.clock.advance(Duration::from_secs(6));
    let watched = send(&format!("/api/v1/rewards/sessions/{session}/sandbox"));
    shop.buyer.send(watched).await?.require_status(204)?;
    let claim = json!({ "session_id": session, "fingerprint": "a device of one's own" });
    let claimed = shop.buyer.send(send("/api/credits/claim-ad-reward").json(&claim)).await?;
    claimed.require_status(200)?;
    let claimed = claimed.json()?;
    assert_eq!((&claimed["status"], &claimed["credits"]), (&json!("given"), &json!(5)));
    // The next one too soon.
    let early = shop.buyer.send(send("/api/v1/rewards/sessions")).await?;
    early.require_status(429)?;
    let early = early.json()?;
    assert_eq!((&early["limit"], &early["remaining"]), (&json!("cooldown"), &json!(9)));
    Ok(())
}

async fn administration(shop: &mut Shop) -> Result<()> {
    let bob = shop.app.register("bob@example.org").await?;
    let me = get(&mut bob.clone(), "/api/auth/me", &["/user/id"]).await?;
    let id = me["user"]["id"].as_str().context("an id")?;
    let root = &mut shop.administrator;
    let person = ["/items/0/id", "/items/0/email", "/items/0/status", "/items/0/created_at"];
    get(root, "/api/admin/users", &person).await?;
    for (deed, status) in [("suspend", "suspended"), ("ban", "banned")] {
        let path = format!("/api/admin/users/{id}/{deed}");
        let why = json!({ "reason": "it mines coins" });
        let told = ask(root, ("POST", &path), &why, (200, &["/id", "/status"])).await?;
        assert_eq!(told["status"], status, "{told}");
    }
    ask(&mut bob.clone(), ("GET", "/api/auth/me"), &Value::Null, (401, &["/code"])).await?;
    get(root, "/api/admin/fraud-events", &["/items"]).await?;
    let sums = ["/total/estimated", "/total/settled", "/total/refunded", "/operations", "/days"];
    get(root, "/api/admin/cost-monitoring", &sums).await?;
    // Who is no administrator sees nothing of it.
    for path in ["/api/admin/users", "/api/admin/fraud-events", "/api/admin/cost-monitoring"] {
        ask(&mut shop.buyer, ("GET", path), &Value::Null, (403, &["/code"])).await?;
    }
    Ok(())
}
