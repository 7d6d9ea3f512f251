//! A plan is chosen at registration, and bought or let go afterwards.

use anyhow::{Context, Result};
use gantry_testkit::{PASSWORD, TestClient, TestRequest};
use serde_json::{Value, json};

use crate::provider::{Database, Stage, Who};
use crate::shop::{PAYS, Shop, edition};

const HOME: Stage = Stage { who: Who::Sandbox, database: Database::Sqlite };

async fn register(shop: &Shop, email: &str, more: &Value) -> Result<(u16, Value, TestClient)> {
    let mut body = json!({ "email": email, "password": PASSWORD, "name": "New" });
    for (name, value) in more.as_object().context("members")? {
        body[name] = value.clone();
    }
    let mut client = shop.app.client();
    let answer = client.post("/api/v1/auth/register", &body).await?;
    if answer.status == 201 {
        client.learn_csrf_token(&answer)?;
    }
    Ok((answer.status, answer.json()?, client))
}

/// A plan of the edition that has a price for each month.
async fn find_paid(shop: &Shop) -> Result<String> {
    let offers = shop.app.client().get("/api/v1/plans").await?.json()?;
    let plans = offers["plans"].as_array().context("plans")?.clone();
    let paid = plans.iter().find(|plan| !plan["price"]["month"].is_null());
    Ok(paid.context("a paid plan")?["slug"].as_str().context("a name")?.to_owned())
}

#[tokio::test]
async fn what_was_chosen_is_told_until_it_is_bought_and_gives_nothing_before() -> Result<()> {
    let mut shop = Shop::open(HOME, edition("tabgraphsyn")).await?;
    let paid = find_paid(&shop).await?;
    let wish = json!({ "plan": paid, "interval": "month" });
    let (status, me, client) = register(&shop, "ada@example.org", &wish).await?;
    assert_eq!((status, &me["chosen_plan"]), (201, &wish));
    shop.buyer = client;
    let account = shop.buyer.get("/api/v1/account").await?.json()?;
    assert_eq!((&account["chosen_plan"], &account["plan"]["slug"]), (&wish, &json!("free")));
    shop.buy(&wish, PAYS).await?;
    assert_eq!(shop.plan().await?, paid);
    let account = shop.buyer.get("/api/v1/account").await?.json()?;
    assert_eq!(account["chosen_plan"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn a_choice_can_be_let_go_and_a_free_plan_is_none() -> Result<()> {
    let shop = Shop::open(HOME, edition("tabgraphsyn")).await?;
    let paid = find_paid(&shop).await?;
    let (_, me, mut ada) = register(&shop, "ada@example.org", &json!({ "plan": paid })).await?;
    assert_eq!(me["chosen_plan"]["interval"], "month");
    for _ in 0..2 {
        let dismiss = TestRequest::new("DELETE", "/api/v1/account/chosen-plan");
        ada.send(dismiss).await?.require_status(204)?;
        let me = ada.get("/api/v1/auth/me").await?.json()?;
        assert_eq!(me["chosen_plan"], Value::Null);
    }
    let (status, me, _) = register(&shop, "eve@example.org", &json!({ "plan": "free" })).await?;
    assert_eq!((status, &me["chosen_plan"]), (201, &Value::Null));
    Ok(())
}

#[tokio::test]
async fn what_is_not_sold_is_refused_with_what_is() -> Result<()> {
    let shop = Shop::open(HOME, edition("tabgraphsyn")).await?;
    let (status, problem, _) =
        register(&shop, "ada@example.org", &json!({ "plan": "golden" })).await?;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/plan")));
    let detail = problem["detail"].as_str().context("a detail")?;
    assert!(detail.contains("free") && detail.contains("golden"), "{detail}");
    // Nothing was made of it.
    let (status, ..) = register(&shop, "ada@example.org", &json!({})).await?;
    assert_eq!(status, 201);
    Ok(())
}

#[tokio::test]
async fn the_page_of_plans_leads_to_a_form_that_keeps_the_choice() -> Result<()> {
    let shop = Shop::open(HOME, edition("tabgraphsyn")).await?;
    let paid = find_paid(&shop).await?;
    let mut browser = shop.app.client();
    let plans = browser.get("/pricing").await?.text();
    let link = format!("/register?plan={paid}&amp;interval=month");
    assert!(plans.contains(&link), "{plans}");
    let form = browser.get(&link.replace("&amp;", "&")).await?.text();
    assert!(form.contains("id=\"chosen-plan\""), "{form}");
    let (_, rest) = form.split_once("name=\"csrf_token\" value=\"").context("a token")?;
    let token: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    let password = PASSWORD.replace(' ', "%20");
    let body = format!(
        "csrf_token={token}&email=ada%40example.org&name=Ada&password={password}&plan={paid}\
         &interval=month"
    );
    let sent = TestRequest::new("POST", "/register")
        .body("application/x-www-form-urlencoded", body.as_bytes());
    browser.send(sent).await?.require_status(303)?;
    let me = browser.get("/api/v1/auth/me").await?.json()?;
    assert_eq!(me["chosen_plan"], json!({ "plan": paid, "interval": "month" }));
    // A plan that is not sold leaves a form that can be sent.
    let form = shop.app.client().get("/register?plan=golden").await?.text();
    assert!(form.contains("<form") && !form.contains("golden"), "{form}");
    Ok(())
}
