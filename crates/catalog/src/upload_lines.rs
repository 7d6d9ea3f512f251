//! What the audit log tells of uploads.
//!
//! Invariant: a line says what was before and what is now, where something was and is; it names the
//! dataset, and neither the file nor a word of what is in it.

use gantry_access::Actor;
use gantry_ports::store::{AuditEntry, Dataset, Upload};
use gantry_types::Timestamp;
use serde_json::{Value, json};

use crate::datasets::describe;

/// An upload that begins.
pub(crate) fn tell_begun(actor: &Actor, upload: &Upload) -> AuditEntry {
    let details = json!({ "before": null, "after": describe_upload(upload) });
    actor.audit_entry("upload.begin", &subject_of(upload), details, upload.created_at)
}

/// An upload that its owner gives up.
pub(crate) fn tell_given_up(actor: &Actor, upload: &Upload, now: Timestamp) -> AuditEntry {
    let details = json!({ "before": describe_upload(upload), "after": null });
    actor.audit_entry("upload.cancel", &subject_of(upload), details, now)
}

/// An upload that became a version of a dataset; `before` is the dataset's newest until then.
pub(crate) fn tell_completed(
    actor: &Actor,
    before: Option<&Dataset>,
    after: &Dataset,
) -> AuditEntry {
    let details = json!({ "before": before.map(describe), "after": describe(after) });
    let subject = format!("dataset {}", after.id);
    actor.audit_entry("dataset.upload", &subject, details, after.latest.created_at)
}

fn subject_of(upload: &Upload) -> String {
    format!("upload {}", upload.id)
}

fn describe_upload(upload: &Upload) -> Value {
    json!({
        "name": upload.name,
        "bytes": upload.bytes,
        "dataset": upload.dataset_id,
        "parts": upload.parts.len(),
    })
}
