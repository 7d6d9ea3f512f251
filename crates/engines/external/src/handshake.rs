//! The opening of a session, and whether what the engine says about itself can be right.
//!
//! Invariant: a manifest that passed names operations that a form, a command line and a price
//! can be made from; all findings are told at once.

use std::collections::BTreeSet;
use std::time::Duration;

use gantry_engine_api::protocol::{
    CallMeterRule, EngineManifest, EngineMessage, HostMessage, MeterRule, OperationManifest,
    PROTOCOL, ServiceManifest,
};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::error::ExternalError;
use crate::schema;
use crate::wire::{Wire, WireFault};

/// How long a process may take to answer `hello`.
const PATIENCE: Duration = Duration::from_secs(10);

/// Says `hello` and waits for `ready`.
pub(crate) async fn shake_hands<R, W>(
    wire: &mut Wire<R, W>,
) -> Result<EngineManifest, ExternalError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let talk = async {
        wire.send(&HostMessage::Hello { protocol: PROTOCOL }).await?;
        wire.receive().await
    };
    match tokio::time::timeout(PATIENCE, talk).await {
        Err(_) => Err(ExternalError::Silent { seconds: PATIENCE.as_secs() }),
        Ok(Err(WireFault::Closed)) => {
            Err(ExternalError::Ended("it closed its output instead of writing `ready`".to_owned()))
        }
        Ok(Err(WireFault::Wrong(cause))) => Err(ExternalError::Protocol(cause)),
        Ok(Ok(EngineMessage::Ready { protocol, engine })) if protocol == PROTOCOL => Ok(engine),
        Ok(Ok(EngineMessage::Ready { protocol, .. })) => {
            Err(ExternalError::Version { theirs: protocol, ours: PROTOCOL })
        }
        Ok(Ok(_)) => Err(ExternalError::Protocol(
            "`hello` was not answered with `ready`; that must be the first line".to_owned(),
        )),
    }
}

/// Refuses a manifest that no form, command line or price could be made from.
pub(crate) fn require_sound(manifest: &EngineManifest) -> Result<(), ExternalError> {
    let mut findings = Vec::new();
    if !is_word(&manifest.id) || manifest.id.len() > 32 {
        findings.push(format!(
            "the engine's id `{}` must be 1 to 32 of a-z, 0-9 and _, starting with a letter",
            manifest.id.escape_debug()
        ));
    }
    check_title(&manifest.title, "the engine", &mut findings);
    if manifest.operations.is_empty() && manifest.services.is_empty() {
        findings.push("it has no operations; name at least one".to_owned());
    }
    let mut seen = BTreeSet::new();
    for operation in &manifest.operations {
        if !seen.insert(operation.id.as_str()) {
            findings.push(format!("`{}` is described twice", operation.id));
        }
        check_operation(&manifest.id, operation, &mut findings);
    }
    for service in &manifest.services {
        if !seen.insert(service.id.as_str()) {
            findings.push(format!("`{}` is described twice", service.id));
        }
        check_service(&manifest.id, service, &mut findings);
    }
    if findings.is_empty() { Ok(()) } else { Err(ExternalError::Manifest(findings)) }
}

fn check_operation(engine: &str, operation: &OperationManifest, findings: &mut Vec<String>) {
    let id = operation.id.escape_debug().to_string();
    let verb = operation.id.strip_prefix(engine).and_then(|rest| rest.strip_prefix('.'));
    if !verb.is_some_and(is_word) || operation.id.len() > 64 {
        findings.push(format!(
            "the operation's id `{id}` must be `{engine}.` and a word of a-z, 0-9 and _"
        ));
    }
    check_title(&operation.title, &format!("`{id}`"), findings);
    if operation.version == 0 {
        findings.push(format!("the version of `{id}` starts at 1"));
    }
    if operation.reads_from.is_some_and(|oldest| oldest == 0 || oldest > operation.version) {
        let version = operation.version;
        findings.push(format!("`reads_from` of `{id}` must lie between 1 and {version}"));
    }
    let mut slots = BTreeSet::new();
    for slot in &operation.inputs {
        if !is_word(&slot.name) || !slots.insert(slot.name.as_str()) {
            let name = slot.name.escape_debug();
            findings.push(format!("the input `{name}` of `{id}` must be one word, and named once"));
        }
    }
    check_schemas(operation, &id, findings);
    check_estimate(operation, &id, &slots, findings);
}

fn check_service(engine: &str, service: &ServiceManifest, findings: &mut Vec<String>) {
    let id = service.id.escape_debug().to_string();
    let noun = service.id.strip_prefix(engine).and_then(|rest| rest.strip_prefix('.'));
    if !noun.is_some_and(is_word) || service.id.len() > 64 {
        findings.push(format!(
            "the service's id `{id}` must be `{engine}.` and a word of a-z, 0-9 and _"
        ));
    }
    check_title(&service.title, &format!("`{id}`"), findings);
    if service.version == 0 {
        findings.push(format!("the version of `{id}` starts at 1"));
    }
    if let Err(cause) = schema::require_well_formed(&service.input_schema) {
        findings.push(format!("`input_schema` of `{id}`: {cause}"));
    }
    if !matches!(service.output_schema, Value::Null | Value::Object(_) | Value::Bool(_)) {
        findings.push(format!("`output_schema` of `{id}` must be a JSON Schema"));
    }
    for (meter, rule) in &service.meters {
        if let CallMeterRule::ItemsOf(pointer) = rule
            && !pointer.starts_with('/')
        {
            let cause = format!("`{pointer}` is no JSON pointer such as `/rows`");
            findings.push(format!("the meter `{meter}` of `{id}`: {cause}"));
        }
    }
}

fn check_schemas(operation: &OperationManifest, id: &str, findings: &mut Vec<String>) {
    let params = &operation.params_schema;
    if params.get("type").and_then(Value::as_str) != Some("object") {
        findings.push(format!("`params_schema` of `{id}` must be a JSON Schema of type `object`"));
    } else if let Err(cause) = schema::require_well_formed(params) {
        findings.push(format!("`params_schema` of `{id}`: {cause}"));
    }
    if !matches!(operation.report_schema, Value::Null | Value::Object(_) | Value::Bool(_)) {
        findings.push(format!("`report_schema` of `{id}` must be a JSON Schema"));
    }
}

fn check_estimate(
    operation: &OperationManifest,
    id: &str,
    slots: &BTreeSet<&str>,
    findings: &mut Vec<String>,
) {
    let rule = &operation.estimate;
    if rule.credits.is_negative() {
        findings.push(format!("`estimate.credits` of `{id}` is negative"));
    }
    for (meter, price) in &rule.credits_per {
        if !rule.meters.contains_key(meter) {
            findings.push(format!("`{id}` has a price per `{meter}` and no such meter"));
        }
        if !(0.0..=1e9).contains(price) {
            findings.push(format!("the price per `{meter}` of `{id}` must lie between 0 and 1e9"));
        }
    }
    for (meter, source) in &rule.meters {
        let cause = match source {
            MeterRule::Fixed(_) => continue,
            MeterRule::Param(pointer) if pointer.starts_with('/') => continue,
            MeterRule::Param(pointer) => format!("`{pointer}` is no JSON pointer such as `/rows`"),
            MeterRule::RowsOf(slot) | MeterRule::BytesOf(slot) if slots.contains(slot.as_str()) => {
                continue;
            }
            MeterRule::RowsOf(slot) | MeterRule::BytesOf(slot) => {
                format!("there is no input `{slot}`")
            }
        };
        findings.push(format!("the meter `{meter}` of `{id}`: {cause}"));
    }
}

fn check_title(title: &str, whose: &str, findings: &mut Vec<String>) {
    if title.trim().is_empty() || title.chars().count() > 120 || title.contains(char::is_control) {
        findings.push(format!("the title of {whose} must be one line of 1 to 120 characters"));
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refuse(value: Value) -> String {
        let manifest: EngineManifest = serde_json::from_value(value).unwrap();
        require_sound(&manifest).unwrap_err().to_string()
    }

    #[test]
    fn a_short_manifest_is_sound() {
        let manifest = json!({
            "id": "hello", "title": "Hello",
            "operations": [{ "id": "hello.greet", "title": "Greet" }],
        });
        require_sound(&serde_json::from_value(manifest).unwrap()).unwrap();
    }

    #[test]
    fn every_lie_is_told_at_once() {
        let text = refuse(json!({
            "id": "Hello!", "title": "",
            "operations": [
                { "id": "other.greet", "title": "Greet", "version": 0,
                  "params_schema": { "type": "string" }, "report_schema": 7,
                  "inputs": [{ "name": "Da ta", "title": "x", "kind": "table", "required": true }],
                  "estimate": { "credits": -1, "credits_per": { "rows": 1.0, "x": -2.0 },
                                "meters": { "rows": { "rows_of": "data" }, "x": { "param": "n" } } } },
                { "id": "other.greet", "title": "Greet" },
            ],
        }));
        for word in [
            "engine's id",
            "title of the engine",
            "described twice",
            "operation's id",
            "version",
            "`Da ta`",
            "params_schema",
            "report_schema",
            "negative",
            "per `x`",
            "no input `data`",
            "JSON pointer",
        ] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
}
