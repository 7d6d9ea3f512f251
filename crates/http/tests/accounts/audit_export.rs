//! The audit log as a file, checked without the installation.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_access::{AuditFile, AuditFileProof};
use gantry_ports::Clock;
use gantry_testkit::{TestApp, TestClient, TestSettings};
use serde_json::json;

const EXPORT: &str = "/api/v1/admin/audit/export";

async fn export(root: &mut TestClient, query: &str) -> Result<String> {
    let answer = root.get(&format!("{EXPORT}?{query}")).await?;
    answer.require_status(200)?;
    Ok(answer.text())
}

fn prove(text: &str) -> Result<AuditFileProof> {
    let mut file = AuditFile::new();
    for line in text.lines() {
        file.read(line)?;
    }
    Ok(file.finish())
}

/// A server whose log has two seals, and when the first was made.
async fn sealed_twice() -> Result<(TestApp, TestClient, String)> {
    let (app, mut root) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    app.clock.advance(Duration::from_mins(6));
    app.access.seal_audit().await?;
    let between = app.clock.now().to_string();
    ada.post("/api/v1/organizations", &json!({ "name": "Engines" })).await?.require_status(201)?;
    app.clock.advance(Duration::from_mins(6));
    app.access.seal_audit().await?;
    root.get("/api/v1/auth/me").await?.require_status(200)?;
    Ok((app, root, between))
}

#[tokio::test]
async fn a_file_is_checked_by_itself_and_a_forgery_shows() -> Result<()> {
    let (_app, mut root, between) = sealed_twice().await?;
    let whole = export(&mut root, "format=jsonl").await?;
    let proof = prove(&whole)?;
    let AuditFileProof::Whole { behind: None, seals: 2, entries, unsealed } = proof else {
        panic!("{proof:?}")
    };
    assert_eq!(entries, 3, "two people and an organization: {whole}");
    assert_eq!(unsealed, 1, "the export itself is not sealed yet: {whole}");
    let forged = whole.replacen("user.register", "user.forge", 1);
    let forged = if forged == whole { whole.replacen("session.begin", "x", 1) } else { forged };
    assert!(matches!(prove(&forged)?, AuditFileProof::Broken { seal: 1, .. }));

    let late = export(&mut root, &format!("format=jsonl&from={between}")).await?;
    let proof = prove(&late)?;
    assert!(
        matches!(proof, AuditFileProof::Whole { behind: Some(1), seals: 1, unsealed: 2, .. }),
        "{proof:?}"
    );
    let early = export(&mut root, &format!("format=jsonl&to={between}")).await?;
    let proof = prove(&early)?;
    assert!(matches!(proof, AuditFileProof::Whole { behind: None, unsealed: 0, .. }), "{proof:?}");
    Ok(())
}

#[tokio::test]
async fn a_table_has_what_happened_in_its_time() -> Result<()> {
    let (_app, mut root, between) = sealed_twice().await?;
    let all = export(&mut root, "").await?;
    let head = all.lines().next().context("a head")?;
    assert_eq!(head, "id,at,organization_id,user_id,action,subject,ip,details");
    assert!(all.contains("audit.export"), "{all}");
    let late = export(&mut root, &format!("from={between}")).await?;
    assert!(late.lines().count() < all.lines().count() && late.lines().count() > 1, "{late}");
    let none = export(&mut root, "from=1999-01-01T00:00:00Z&to=1999-01-02T00:00:00Z").await?;
    assert_eq!(none.lines().count(), 1, "{none}");
    for wrong in
        ["from=yesterday", "format=xml", "from=2027-01-02T00:00:00Z&to=2027-01-01T00:00:00Z"]
    {
        root.get(&format!("{EXPORT}?{wrong}")).await?.require_status(400)?;
    }
    let audit = export(&mut root, "format=jsonl").await?;
    assert_eq!(audit.matches("audit.export").count(), 4, "{audit}");
    let there = root.get("/api/v1/audit").await?.text();
    assert!(!there.contains("audit.export"), "it is about no organization: {there}");
    Ok(())
}
