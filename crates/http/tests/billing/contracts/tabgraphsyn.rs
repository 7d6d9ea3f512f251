//! The programs of the edition tabgraphsyn: runs, quotas, keys, Stripe's messages, subscriptions.

use anyhow::{Context, Result};
use gantry_engine_api::Engine;
use gantry_testkit::TestRequest;
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

/// A small table of the buyer's, whose rows are counted.
async fn upload(shop: &mut Shop, name: &str) -> Result<Value> {
    let client = &mut shop.buyer;
    let bytes = b"city,age\nBergen,41\nLima,39\nOslo,40\nCusco,38\nBergen,37\nLima,36\n";
    let new = json!({ "name": name, "file_name": format!("{name}.csv"), "bytes": bytes.len() });
    let path = ("POST", "/api/v1/datasets/uploads");
    let begun = ask(client, path, &new, (201, &["/id"])).await?;
    let upload = format!("/api/v1/datasets/uploads/{}", begun["id"].as_str().context("an id")?);
    let part = TestRequest::new("PUT", &format!("{upload}/parts/1"));
    client.send(part.body("application/octet-stream", bytes)).await?.require_status(200)?;
    let path = format!("{upload}/complete");
    let members = ["/id", "/latest/profile_job_id"];
    let done = ask(client, ("POST", &path), &Value::Null, (201, &members)).await?;
    shop.wait_for(&json!({ "id": done["latest"]["profile_job_id"] })).await?;
    Ok(json!({ "kind": "dataset", "id": done["id"], "version": 1 }))
}

/// Whether a job of the engine would be admitted, and the refusal where it would not.
async fn estimate(shop: &mut Shop, operation: &str, body: &Value) -> Result<(bool, Value)> {
    let path = format!("/api/v1/operations/{operation}/estimate");
    let members = ["/meters", "/admissible"];
    let told = ask(&mut shop.buyer, ("POST", &path), body, (200, &members)).await?;
    Ok((told["admissible"] == true, told["refusal"].clone()))
}

/// The limits of one job, told by jobs of the engine itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_is_held_to_epochs_and_rows() -> Result<()> {
    let engines: Vec<Box<dyn Engine>> = vec![Box::new(gantry_synth::engine())];
    let mut shop = Shop::open_with(STRIPE, edition("tabgraphsyn"), engines).await?;
    let deep = |[vae, gnn, diffusion]: [u32; 3]| {
        json!({
            "dataset": "AIDS", "tier": "deep",
            "epochs_vae": vae, "epochs_gnn": gnn, "epochs_diffusion": diffusion,
        })
    };
    let members = ["/meter", "/limit", "/needed", "/next_step"];
    for (params, needed) in [
        (deep([40, 10, 1]), 51),
        // A free choice, of which 1,711 rows at least are learned.
        (json!({ "dataset": "AIDS", "tier": "deep" }), 233 + 60 + 300),
    ] {
        for operation in ["synth.generate", "synth.fit"] {
            let job = json!({ "operation": operation, "params": params });
            let refused =
                ask(&mut shop.buyer, ("POST", "/api/v1/jobs"), &job, (402, &members)).await?;
            let told = (&refused["meter"], &refused["limit"], &refused["needed"]);
            assert_eq!(told, (&json!("epochs"), &json!(50), &json!(needed)), "{operation}");
        }
    }
    let largest = json!({ "params": deep([20, 20, 10]) });
    assert_eq!(estimate(&mut shop, "synth.generate", &largest).await?, (true, Value::Null));
    tables(&mut shop).await?;
    let usual = json!({ "operation": "synth.generate", "params": { "dataset": "AIDS" } });
    let job = ask(&mut shop.buyer, ("POST", "/api/v1/jobs"), &usual, (202, &["/id"])).await?;
    shop.wait_for(&job).await?;
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().context("an id")?);
    let done = shop.buyer.get(&path).await?.json()?;
    // Nobody can have credits here: a job that names some is included in the plan.
    assert_eq!((&done["cost"], done["max_credits"] != 0), (&json!(0), true));
    shop.require_sound_books().await
}

/// Rows that are drawn count as those that are read.
async fn tables(shop: &mut Shop) -> Result<()> {
    let (one, two) = (upload(shop, "one").await?, upload(shop, "two").await?);
    let job = |scale: u32| {
        json!({
            "operation": "synth.generate_tables",
            "params": { "scale": scale },
            "inputs": { "table_1": one, "table_2": two },
        })
    };
    let path = ("POST", "/api/v1/jobs");
    let refused = ask(&mut shop.buyer, path, &job(1_000), (402, &["/next_step"])).await?;
    let told = (&refused["meter"], &refused["limit"], &refused["needed"]);
    assert_eq!(told, (&json!("rows"), &json!(10_000), &json!(12_000)));
    let small = job(800);
    let small = json!({ "params": small["params"], "inputs": small["inputs"] });
    let (admissible, refusal) = estimate(shop, "synth.generate_tables", &small).await?;
    assert!(admissible, "{refusal}");
    Ok(())
}
