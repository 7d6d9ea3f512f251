//! A client of another maker (`requests-oauthlib`) finds its way by the metadata.

use anyhow::{Context, Result};
use gantry_testkit::python::Peer;
use gantry_testkit::{TestApp, TestSettings};
use serde_json::{Value, json};

use super::{REDIRECT, decide, register};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/accounts/oauth/peer.py");

fn ask(peer: &mut Peer, deed: &Value) -> Result<Value> {
    peer.tell(&deed.to_string())?;
    peer.next_line()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_library_of_another_maker_gets_along() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut peer = Peer::start(("oauth", "requests-oauthlib==2.0.0"), SCRIPT)?;
    let metadata = format!("http://{}/.well-known/oauth-authorization-server", app.address);

    let server = register(&mut ada, "confidential", &["read", "run"]).await?;
    let itself = json!({ "deed": "itself", "metadata": metadata, "client_id": server.id,
        "client_secret": server.secret });
    let said = ask(&mut peer, &itself)?;
    assert_eq!(said["jobs"], 200, "{said}");

    let public = register(&mut ada, "public", &["read", "run"]).await?;
    let begin = json!({ "deed": "begin", "metadata": metadata, "client_id": public.id,
        "redirect_uri": REDIRECT });
    let said = ask(&mut peer, &begin)?;
    let url = said["url"].as_str().with_context(|| said.to_string())?;
    let (page, question) = url.split_once('?').context("a question")?;
    assert_eq!(page, format!("http://{}/oauth/authorize", app.address));
    let answer = decide(&mut ada, question, "allow").await?;
    let location = answer.header("location").context("a location")?;
    let said = ask(&mut peer, &json!({ "deed": "finish", "location": location }))?;
    assert_eq!(said, json!({ "jobs": [200, 200], "renewed": true }));
    Ok(())
}
