//! Workbooks are kept like tables, are not profiled, and are refused where a table is meant.

use anyhow::{Context, Result};
use gantry_testkit::{TestApp, TestClient, TestRequest, TestResponse, TestSettings};
use serde_json::{Value, json};

/// The beginning of a workbook: an archive's entries stand in it with their names.
const WORKBOOK: &[u8] = b"PK\x03\x04\x14\0\0\0\0\0[Content_Types].xmlPK\x03\x04xl/workbook.xml";
const DOCUMENT: &[u8] = b"PK\x03\x04\x14\0\0\0\0\0[Content_Types].xmlPK\x03\x04word/document.xml";

async fn upload(client: &mut TestClient, bytes: &[u8]) -> Result<TestResponse> {
    let new = json!({ "name": "plan", "file_name": "plan.xlsx", "bytes": bytes.len() });
    let begun = client.post("/api/v1/datasets/uploads", &new).await?.json()?;
    let upload = format!("/api/v1/datasets/uploads/{}", begun["id"].as_str().context("an id")?);
    let part = TestRequest::new("PUT", &format!("{upload}/parts/1"))
        .body("application/octet-stream", bytes);
    client.send(part).await?.require_status(200)?;
    client.post(&format!("{upload}/complete"), &Value::Null).await
}

#[tokio::test]
async fn a_workbook_is_kept_and_is_no_table() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut client = app.register("ada@example.org").await?;
    let kept = upload(&mut client, WORKBOOK).await?;
    kept.require_status(201)?;
    let kept = kept.json()?;
    let media_type = kept["latest"]["media_type"].as_str().context("a media type")?;
    assert!(media_type.ends_with("spreadsheetml.sheet"), "{kept}");
    assert_eq!(kept["latest"]["profile_job_id"], Value::Null);

    let input = json!({ "kind": "dataset", "id": kept["id"], "version": 1 });
    let job = json!({
        "operation": "test.learn",
        "params": { "target": "a" },
        "inputs": { "data": input },
    });
    let refused = client.post("/api/v1/jobs", &job).await?;
    refused.require_status(422)?;
    let problem = refused.json()?;
    assert_eq!(problem["errors"][0]["pointer"], "/inputs/data", "{problem}");
    let message = problem["errors"][0]["message"].as_str().context("a message")?;
    assert!(message.contains("`plan.xlsx` is a workbook") && message.contains("CSV"), "{message}");

    let preview = format!("/api/v1/datasets/{}/preview", kept["id"].as_str().context("an id")?);
    client.get(&preview).await?.require_status(422)
}

#[tokio::test]
async fn other_office_files_are_refused() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut client = app.register("ada@example.org").await?;
    let refused = upload(&mut client, DOCUMENT).await?;
    refused.require_status(422)?;
    assert_eq!(refused.json()?["code"], "unreadable_file");
    Ok(())
}
