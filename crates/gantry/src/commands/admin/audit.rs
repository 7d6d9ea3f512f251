//! `gantry admin audit`: the installation's log, read by the lines of its export.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::cli::{AdminAuditCommand, SpanArgs};
use crate::commands::people::AUDIT;
use crate::commands::query::{given, with_query};
use crate::commands::save::save_and_tell;
use crate::commands::server_access::open_client;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::render_items;

/// Talks to a server about its audit log.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(command: &AdminAuditCommand, console: Console) -> Result<(), Failure> {
    match command {
        AdminAuditCommand::List { server, span, limit } => {
            let mut newest = Newest { lines: VecDeque::new(), limit: *limit };
            let client = open_client(server)?;
            client.read_lines(&path_of(span, "jsonl"), |line| newest.take(line))?;
            let items: Vec<Value> = newest.lines.into_iter().rev().collect();
            console.result(&json!({ "items": items }), |entries| {
                render_items(&entries["items"], &AUDIT, "There are no entries.")
            });
        }
        AdminAuditCommand::Export { server, span, format, out } => {
            save_and_tell(&open_client(server)?, &path_of(span, format), out, console)?;
        }
    }
    Ok(())
}

fn path_of(span: &SpanArgs, format: &str) -> String {
    let parameters = [
        ("format", Some(format.to_owned())),
        ("from", given(span.from.as_ref())),
        ("to", given(span.to.as_ref())),
    ];
    with_query("/api/v1/admin/audit/export", &parameters)
}

/// The last entries of a log that is read from its beginning.
struct Newest {
    lines: VecDeque<Value>,
    limit: usize,
}

impl Newest {
    /// Takes a line: an entry, or a seal, which is passed over.
    fn take(&mut self, line: &str) -> Result<(), Failure> {
        let entry: Value = serde_json::from_str(line).map_err(|error| {
            Failure::broken(format!("the log has a line that is none: {error}"))
        })?;
        if entry["kind"] == "entry" {
            self.lines.push_back(entry);
            if self.lines.len() > self.limit {
                self.lines.pop_front();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_entries_are_kept_and_seals_passed_over() {
        let mut newest = Newest { lines: VecDeque::new(), limit: 2 };
        for line in [
            r#"{"kind":"entry","id":1}"#,
            r#"{"kind":"entry","id":2}"#,
            r#"{"kind":"seal","number":1}"#,
            r#"{"kind":"entry","id":3}"#,
        ] {
            newest.take(line).unwrap();
        }
        let ids: Vec<u64> = newest.lines.iter().filter_map(|entry| entry["id"].as_u64()).collect();
        assert_eq!(ids, [2, 3]);
        assert!(newest.take("{").is_err());
    }
}
