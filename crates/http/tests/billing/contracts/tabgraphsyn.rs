//! The programs of the edition tabgraphsyn: runs, quotas, keys, Stripe's messages, subscriptions.

use anyhow::Result;
use serde_json::{Value, json};

use super::{
    STRIPE, ask, buy_through, find_meter, get, manage_subscription, read_use, refuse_unsigned,
    run_job,
};
use crate::shop::{Shop, edition};

/// What its programs know and nothing here answers, with what it waits for.
const ABSENT: [(&str, &str, &str); 1] = [(
    "POST",
    "/api/chatbot/",
    "a catalogue of public datasets, and an operation that answers from it; the edition limits its \
     questions (`chat_messages`) and names its feature (`chatbot`) already",
)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tabgraphsyn_answers_its_programs() -> Result<()> {
    let mut shop = Shop::open(STRIPE, edition("tabgraphsyn")).await?;
    free(&mut shop).await?;
    let address = "/webhooks/stripe/";
    buy_through(&mut shop, &json!({ "plan": "paid", "interval": "year" }), address).await?;
    refuse_unsigned(&shop, address).await?;
    assert_eq!(shop.plan().await?, "paid");
    paid(&mut shop).await?;
    manage_subscription(&mut shop).await?;
    read_use(&mut shop).await?;
    administration(&mut shop).await?;
    for (method, path, why) in ABSENT {
        ask(&mut shop.buyer, (method, path), &json!({ "message": why }), (404, &["/code"])).await?;
    }
    shop.require_sound_books().await
}

async fn free(shop: &mut Shop) -> Result<()> {
    run_job(shop, "/api/start-run/").await?;
    let jobs = find_meter(shop, "jobs").await?;
    assert_eq!((&jobs["used"], &jobs["limit"]), (&json!(1), &json!(10)));
    let terms = ["/plan/terms/class", "/plan/terms/gpu", "/plan/terms/file_bytes"];
    let account = get(&mut shop.buyer, "/api/v1/account", &terms).await?;
    assert_eq!(account["plan"]["terms"]["gpu"], false);
    assert_eq!(account["plan"]["terms"]["meters"]["rows"]["per_job"], 10_000);
    assert_eq!(account["plan"]["terms"]["meters"]["epochs"]["per_job"], 50);
    let large = json!({ "name": "big", "file_name": "big.csv", "bytes": 100_000_000 });
    let path = ("POST", "/api/datasets/upload-url");
    let refused = ask(&mut shop.buyer, path, &large, (413, &["/limit", "/next_step"])).await?;
    assert_eq!(refused["limit"], 50_000_000);
    Ok(())
}

async fn paid(shop: &mut Shop) -> Result<()> {
    let jobs = find_meter(shop, "jobs").await?;
    assert_eq!((&jobs["used"], &jobs["limit"]), (&json!(1), &json!(1_000)), "nothing is lost");
    let calls = find_meter(shop, "api_calls").await?;
    assert_eq!((&calls["used"], &calls["limit"]), (&json!(0), &json!(1_000)));
    let new = json!({ "name": "notebook", "scopes": ["read", "run"] });
    let path = ("POST", "/api/v1/api-keys");
    let key = ask(&mut shop.buyer, path, &new, (201, &["/id", "/key", "/prefix"])).await?;
    let mut program = shop.app.client().with_key(key["key"].as_str().unwrap_or_default());
    get(&mut program, "/api/jobs", &["/items/0/id"]).await?;
    let calls = find_meter(shop, "api_calls").await?;
    assert_eq!(calls["limit"], 1_000);
    Ok(())
}

async fn administration(shop: &mut Shop) -> Result<()> {
    let root = &mut shop.administrator;
    get(root, "/api/v1/admin/overview", &["/users", "/queues", "/uptime_s"]).await?;
    let figures = ["/closing/minor", "/yearly/minor", "/gross_churn", "/conversion", "/registered"];
    let revenue = get(root, "/api/v1/admin/revenue", &figures).await?;
    // A yearly price counts a twelfth each month.
    assert_eq!(revenue["closing"]["minor"], 4_083, "{revenue}");
    get(root, "/api/v1/admin/quota-events", &["/items"]).await?;
    let stop = "/api/v1/admin/jobs/01890000-0000-7000-8000-000000000000/cancel";
    let why = json!({ "reason": "nobody's" });
    ask(root, ("POST", stop), &why, (404, &["/code"])).await?;
    ask(&mut shop.buyer, ("GET", "/api/v1/admin/overview"), &Value::Null, (403, &["/code"]))
        .await?;
    Ok(())
}
