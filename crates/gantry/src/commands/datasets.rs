//! `gantry datasets`: list, upload, show, delete.

use serde_json::{Value, json};
use ureq::http::Method;

use super::query::with_query;
use super::server_access::open_client;
use crate::cli::DatasetsCommand;
use crate::client::{Body, UploadRequest, open_file, upload_file};
use crate::console::{BarUnit, Console, heading};
use crate::failure::{Exit, Failure};
use crate::render::{Table, format_bytes, render_report};

/// Talks to a server about datasets.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(command: &DatasetsCommand, console: Console) -> Result<Exit, Failure> {
    match command {
        DatasetsCommand::List { server, query, limit } => {
            let parameters = [("limit", Some(limit.to_string())), ("q", query.clone())];
            let path = with_query("/api/v1/datasets", &parameters);
            console.result(&open_client(server)?.get(&path)?, render_list);
        }
        DatasetsCommand::Upload { server, file, name, dataset } => {
            let mut source = open_file(file)?;
            let text = |part: Option<&std::ffi::OsStr>| {
                part.map_or_else(
                    || "dataset".to_owned(),
                    |part| part.to_string_lossy().into_owned(),
                )
            };
            let name = name.clone().unwrap_or_else(|| text(file.file_stem()));
            let request = UploadRequest {
                name: &name,
                file_name: &text(file.file_name()),
                dataset_id: dataset.map(|id| id.to_string()),
            };
            let client = open_client(server)?;
            let bar = console.bar(1, BarUnit::Bytes);
            bar.set_message(name.clone());
            let uploaded = upload_file(&client, &request, &mut source, &bar);
            bar.finish_and_clear();
            console.result(&uploaded?, |dataset| {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let version = &dataset["latest"]["version"];
                format!("{}  {}, version {version}", text(&dataset["id"]), text(&dataset["name"]))
            });
        }
        DatasetsCommand::Show(arguments) => {
            let client = open_client(&arguments.server)?;
            let path = format!("/api/v1/datasets/{}", arguments.id);
            let mut dataset = client.get(&path)?;
            match client.get(&format!("{path}/profile")) {
                Ok(profile) => dataset["profile"] = profile,
                // There is none yet.
                Err(failure) if failure.exit == Exit::NotFound => {}
                Err(failure) => return Err(failure),
            }
            console.result(&dataset, render_dataset);
        }
        DatasetsCommand::Delete(arguments) => {
            let client = open_client(&arguments.server)?;
            let path = format!("/api/v1/datasets/{}", arguments.id);
            client.send(Method::DELETE, &path, &Body::Empty)?;
            let id = arguments.id;
            console.result(&json!({ "deleted": id }), |_| format!("{id} is deleted"));
        }
    }
    Ok(Exit::Success)
}

fn render_list(datasets: &Value) -> String {
    let mut table = Table::new(&["dataset", "name", "version", "rows", "columns", "size"]);
    for dataset in datasets["items"].as_array().into_iter().flatten() {
        let latest = &dataset["latest"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let count = |name: &str| latest[name].as_u64().map_or("–".to_owned(), |n| n.to_string());
        table.push([
            text(&dataset["id"]),
            text(&dataset["name"]),
            count("version"),
            count("rows"),
            count("columns"),
            format_bytes(latest["bytes"].as_u64().unwrap_or(0)),
        ]);
    }
    if table.is_empty() { "There are no datasets.".to_owned() } else { table.render() }
}

fn render_dataset(dataset: &Value) -> String {
    let latest = &dataset["latest"];
    let facts = json!({
        "dataset": dataset["id"],
        "name": dataset["name"],
        "version": latest["version"],
        "file": latest["file_name"],
        "bytes": latest["bytes"],
        "rows": latest["rows"],
        "sha256": latest["sha256"],
    });
    let mut text = render_report(&facts);
    if dataset["profile"].is_object() {
        let columns = json!({ "columns": dataset["profile"]["columns"] });
        text.push_str(&format!("\n\n{}{}", heading("profile"), render_report(&columns)));
    }
    text
}
