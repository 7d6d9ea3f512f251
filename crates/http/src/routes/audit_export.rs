//! The installation's audit log as a file.
//!
//! Invariants: it is written as it is read, batch after batch, whatever its length; a cell of CSV is
//! never a formula of whoever caused the entry.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use gantry_access::{AuditBatch, AuditSpan, describe_anchor, describe_entry, describe_seal};
use gantry_ports::store::AuditEntry;

use crate::dto::{AuditExportParams, AuditFormat};
use crate::extract::{CurrentActor, Params};
use crate::problem::Answer;
use crate::state::AppState;

const CSV_HEAD: &str = "id,at,organization_id,user_id,action,subject,ip,details\r\n";

/// Every organization's entries, oldest first; for administrators. `jsonl` has the seals too, each
/// behind the entries that it covers, and `gantry admin verify-audit --file` checks such a file
/// without the installation; its batches are whole, so that it may begin before `from` and end
/// after `to`.
#[utoipa::path(get, path = "/admin/audit/export", tag = "Admin", params(AuditExportParams),
    responses((status = 200, content_type = "text/csv", body = String)))]
pub async fn export_audit(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<AuditExportParams>,
) -> Answer {
    let format = params.format;
    let span = AuditSpan { from: params.from, to: params.to };
    let export = state.access().begin_audit_export(&actor, span).await?;
    let head = match (format, export.anchor()) {
        (AuditFormat::Csv, _) => CSV_HEAD.to_owned(),
        (AuditFormat::Jsonl, Some(seal)) => format!("{}\n", describe_anchor(seal)),
        (AuditFormat::Jsonl, None) => String::new(),
    };
    let batches = stream::try_unfold((export, state), move |(export, state)| async move {
        match state.access().next_audit_batch(export).await {
            Ok(Some((batch, next))) => {
                let text = match format {
                    AuditFormat::Csv => write_csv(&batch, span)?,
                    AuditFormat::Jsonl => write_jsonl(&batch),
                };
                Ok(Some((text, (next, state))))
            }
            Ok(None) => Ok(None),
            Err(error) => Err(std::io::Error::other(error.to_string())),
        }
    });
    let first = stream::once(async move { Ok::<String, std::io::Error>(head) });
    let mut response = Response::new(Body::from_stream(first.chain(batches)));
    let (content_type, disposition) = match format {
        AuditFormat::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"audit.csv\""),
        AuditFormat::Jsonl => ("application/x-ndjson", "attachment; filename=\"audit.jsonl\""),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    Ok(response.into_response())
}

fn write_jsonl(batch: &AuditBatch) -> String {
    let mut text = String::new();
    let lines = batch.entries.iter().map(describe_entry);
    for line in lines.chain(batch.seal.as_ref().map(describe_seal)) {
        text.push_str(&line.to_string());
        text.push('\n');
    }
    text
}

fn write_csv(batch: &AuditBatch, span: AuditSpan) -> std::io::Result<String> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for entry in batch.entries.iter().filter(|entry| span.contains(entry.at)) {
        writer.write_record(cells_of(entry)).map_err(std::io::Error::other)?;
    }
    let bytes = writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?;
    String::from_utf8(bytes).map_err(std::io::Error::other)
}

fn cells_of(entry: &AuditEntry) -> [String; 8] {
    [
        entry.id.to_string(),
        entry.at.to_string(),
        entry.organization_id.map(|id| id.to_string()).unwrap_or_default(),
        entry.user_id.map(|id| id.to_string()).unwrap_or_default(),
        as_text(&entry.action),
        as_text(&entry.subject),
        as_text(&entry.ip),
        as_text(&entry.details.to_string()),
    ]
}

/// A cell that programs for tables take for text, whatever it begins with.
fn as_text(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=HYPERLINK(\"x\")", "+1", "-1", "@sum", "\t=1", "\r=1"] {
            assert_eq!(as_text(formula), format!("'{formula}"));
        }
        assert_eq!(as_text("user 1"), "user 1");
        assert_eq!(as_text(""), "");
    }
}
