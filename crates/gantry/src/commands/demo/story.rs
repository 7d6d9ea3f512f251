//! What the demo shows: sign in, upload, train, look.

use std::io::Cursor;

use gantry_types::JobId;
use serde_json::{Value, json};

use super::SignIn;
use crate::client::{Auth, Client, UploadRequest, upload_file};
use crate::commands::login::sign_in;
use crate::commands::remote_job::{derive_exit, watch_job};
use crate::console::{BarUnit, Console, heading};
use crate::failure::{Exit, Failure};
use crate::render::{Table, format_bytes, render_report};
use crate::samples::GERMAN_CREDIT;

const FILE_NAME: &str = "german_credit.csv";

/// Does it all over the API of the server at `url`.
pub fn tell(url: &str, person: &SignIn, console: Console) -> Result<Exit, Failure> {
    let anonymous = Client::new(url, Auth::Nobody)?;
    let client = sign_in(&anonymous, (person.email, &person.password), console)?;

    console.remark(&format!("\nUploading {FILE_NAME}: 1,000 people, 20 facts about each."));
    let dataset = upload_table(&client, console)?;
    console.remark("Training models that predict `risk` from the other columns.");
    let job = client.post(
        "/api/v1/jobs",
        &json!({
            "operation": "automl.train",
            "params": { "target": "risk" },
            "inputs": { "data": {
                "kind": "dataset",
                "id": dataset["id"],
                "version": dataset["latest"]["version"],
            }},
            "label": "Demo: credit risk",
            "seed": "0",
        }),
    )?;
    let job = watch_job(&client, read_id(&job["id"])?, console)?;
    let exit = derive_exit(&job);
    if exit != Exit::Success {
        let cause = job["error"]["message"].as_str().unwrap_or("the job did not succeed");
        return Err(Failure::new(exit, cause));
    }
    let id = read_id(&job["id"])?;
    let artifacts = client.get(&format!("/api/v1/jobs/{id}/artifacts"))?;
    let result = json!({
        "url": url,
        "email": person.email,
        "password": person.password.expose(),
        "job": job,
        "artifacts": artifacts["items"],
    });
    console.result(&result, |result| render(result, url));
    Ok(Exit::Success)
}

fn upload_table(client: &Client, console: Console) -> Result<Value, Failure> {
    let request = UploadRequest { name: "German credit", file_name: FILE_NAME, dataset_id: None };
    let bar = console.bar(GERMAN_CREDIT.len() as u64, BarUnit::Bytes);
    bar.set_message(FILE_NAME);
    let uploaded = upload_file(client, &request, &mut Cursor::new(GERMAN_CREDIT), &bar);
    bar.finish_and_clear();
    let dataset = uploaded?;
    // The profile is made by a job; with it, the estimate knows rows and columns.
    if let Ok(profile_job) = read_id(&dataset["latest"]["profile_job_id"]) {
        watch_job(client, profile_job, Console::silent())?;
    }
    Ok(dataset)
}

fn read_id(value: &Value) -> Result<JobId, Failure> {
    let text = value.as_str().unwrap_or_default();
    text.parse().map_err(|_| Failure::broken(format!("the server named a job `{value}`")))
}

fn render(result: &Value, url: &str) -> String {
    let (job, report) = (&result["job"], &result["job"]["report"]);
    let shown = json!({ "best": report["best"], "leaderboard": report["leaderboard"] });
    let mut files = Table::new(&["artifact", "what", "size"]);
    for artifact in result["artifacts"].as_array().into_iter().flatten() {
        let text = |name: &str| artifact[name].as_str().unwrap_or_default().to_owned();
        let bytes = artifact["bytes"].as_u64().unwrap_or(0);
        files.push([text("name"), text("role"), format_bytes(bytes)]);
    }
    format!(
        "{}\n\n{}\n{}\n\n{}  {url}/app/jobs/{}",
        render_report(&shown),
        heading("artifacts"),
        files.render(),
        heading("look"),
        job["id"].as_str().unwrap_or_default()
    )
}
