//! The programs of the edition litxplore: subscriptions, use, roles, the audit log.

use anyhow::Result;
use serde_json::{Value, json};

use super::{
    STRIPE, ask, buy_through, find_meter, get, manage_subscription, read_use, refuse_unsigned,
    run_job,
};
use crate::shop::{Shop, edition};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn litxplore_answers_its_programs() -> Result<()> {
    let mut shop = Shop::open(STRIPE, edition("litxplore")).await?;
    let offers = ["/plans/0/terms/meters/reviews", "/plans/1/price/month/text", "/plans/2/slug"];
    let sold = get(&mut shop.app.client(), "/api/v1/plans", &offers).await?;
    assert_eq!(sold["plans"][2]["price"]["month"]["minor"], 1_999);
    assert_eq!(find_meter(&mut shop, "reviews").await?["limit"], 3);
    assert_eq!(find_meter(&mut shop, "chat_messages.day").await?["limit"], 20);
    run_job(&mut shop, "/api/v1/jobs").await?;

    let address = "/api/v1/payments/webhooks/stripe";
    buy_through(&mut shop, &json!({ "plan": "basic", "interval": "month" }), address).await?;
    refuse_unsigned(&shop, address).await?;
    assert_eq!(find_meter(&mut shop, "reviews").await?["limit"], 25);
    let larger = json!({ "action": "switch", "plan": "premium", "interval": "month" });
    let path = ("POST", "/api/v1/account/subscription");
    ask(&mut shop.buyer, path, &larger, (200, &["/plan/slug", "/status"])).await?;
    shop.deliver().await?;
    assert_eq!(shop.plan().await?, "premium");
    manage_subscription(&mut shop).await?;
    read_use(&mut shop).await?;
    roles(&mut shop).await?;
    shop.require_sound_books().await
}

async fn roles(shop: &mut Shop) -> Result<()> {
    let buyer = &mut shop.buyer;
    let guest = json!({ "email": "reader@example.org", "role": "viewer" });
    let invited = ["/id", "/email", "/role", "/expires_at"];
    ask(buyer, ("POST", "/api/v1/invitations"), &guest, (201, &invited)).await?;
    let roster = ["/members/0/role", "/invitations/0/role"];
    get(buyer, "/api/v1/members", &roster).await?;
    get(buyer, "/api/v1/sessions", &["/items/0/id", "/items/0/expires_at"]).await?;
    let entry = ["/items/0/action", "/items/0/subject", "/items/0/details", "/items/0/at"];
    get(buyer, "/api/v1/audit", &entry).await?;
    ask(&mut shop.app.client(), ("GET", "/api/v1/audit"), &Value::Null, (401, &["/code"])).await?;
    Ok(())
}
