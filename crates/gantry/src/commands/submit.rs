//! `gantry jobs submit` and `gantry jobs redrive`.

use serde_json::{Map, Value, json};

use super::jobs::render_job;
use super::query::encode;
use super::server_access::open_client;
use crate::cli::{RedriveArgs, SubmitArgs, WorkArgs};
use crate::client::Client;
use crate::console::Console;
use crate::failure::Failure;

/// Submits a job to a server.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn submit(arguments: &SubmitArgs, console: Console) -> Result<(), Failure> {
    let client = open_client(&arguments.server)?;
    let mut body = describe_work(&arguments.work)?;
    name_newest_versions(&client, &mut body)?;
    if let Some(label) = &arguments.label {
        body["label"] = json!(label);
    }
    if let Some(start_at) = arguments.start_at {
        body["start_at"] = json!(start_at);
    }
    console.result(&client.post("/api/v1/jobs", &body)?, render_job);
    Ok(())
}

/// Runs failed or dead jobs of a server anew.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn redrive(arguments: &RedriveArgs, console: Console) -> Result<(), Failure> {
    let client = open_client(&arguments.server)?;
    if let Some(id) = arguments.id {
        let job = client.post(&format!("/api/v1/jobs/{id}/redrive"), &json!({}))?;
        console.result(&job, render_job);
        return Ok(());
    }
    let body = json!({ "operation": arguments.all_dead });
    let report = client.post("/api/v1/admin/jobs/redrive", &body)?;
    console.result(&report, |report| {
        let count = |name: &str| report[name].as_array().map_or(0, Vec::len);
        let mut text =
            format!("{} jobs run anew, {} were refused", count("redriven"), count("refused"));
        for refusal in report["refused"].as_array().into_iter().flatten() {
            let word = |name: &str| refusal[name].as_str().unwrap_or_default().to_owned();
            text.push_str(&format!("\n{}  {}", word("job_id"), word("reason")));
        }
        text
    });
    Ok(())
}

/// Operation, parameters and inputs as the API takes them.
///
/// # Errors
/// A usage failure for parameters that are no JSON and inputs that are none.
pub fn describe_work(work: &WorkArgs) -> Result<Value, Failure> {
    let params: Value = serde_json::from_str(&work.params).map_err(|error| {
        Failure::usage(format!("--params is not JSON: {error}"))
            .with_next("write an object, such as --params '{\"rows\": 10}'")
    })?;
    let mut inputs = Map::new();
    for text in &work.inputs {
        let (slot, input) = describe_input(text)?;
        inputs.insert(slot, input);
    }
    Ok(json!({
        "operation": work.operation,
        "params": params,
        "inputs": inputs,
        "keep_if_refused": work.keep_if_refused,
    }))
}

fn describe_input(text: &str) -> Result<(String, Value), Failure> {
    let wrong = || {
        Failure::usage(format!("`{text}` is not an input"))
            .with_next("write SLOT=DATASET, SLOT=DATASET@VERSION or SLOT=artifact:ID")
    };
    let (slot, input) = text.split_once('=').ok_or_else(wrong)?;
    let input = if let Some(id) = input.strip_prefix("artifact:") {
        json!({ "kind": "artifact", "id": id })
    } else if let Some((id, version)) = input.split_once('@') {
        let version: u32 = version.parse().map_err(|_| wrong())?;
        json!({ "kind": "dataset", "id": id, "version": version })
    } else {
        json!({ "kind": "dataset", "id": input })
    };
    Ok((slot.to_owned(), input))
}

/// A job reads one version: where none is named, the newest is looked up.
fn name_newest_versions(client: &Client, body: &mut Value) -> Result<(), Failure> {
    let Some(inputs) = body["inputs"].as_object_mut() else { return Ok(()) };
    for input in inputs.values_mut() {
        if input["kind"] != "dataset" || !input["version"].is_null() {
            continue;
        }
        let id = encode(input["id"].as_str().unwrap_or_default());
        let dataset = client.get(&format!("/api/v1/datasets/{id}"))?;
        input["version"] = dataset["latest"]["version"].clone();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_read() {
        let read = |text: &str| describe_input(text).map(|(slot, input)| (slot, input.to_string()));
        let (slot, input) = read("data=0190@3").unwrap();
        assert_eq!((slot.as_str(), input.contains("\"version\":3")), ("data", true));
        assert!(read("model=artifact:0190").unwrap().1.contains("artifact"));
        assert!(!read("data=0190").unwrap().1.contains("version"));
        assert!(read("nothing").is_err());
        assert!(read("data=0190@x").is_err());
    }
}
