//! `gantry admin import-people`: accounts that people had elsewhere, from a CSV file.
//!
//! Invariant: every mistake is named by its line, and a file with one imports nobody.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use gantry_access::{Imported, ImportedPerson, Known, Unimported};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::{DataArgs, GlobalArgs};
use crate::commands::open_config_with;
use crate::config::Override;
use crate::console::Console;
use crate::failure::{Exit, Failure, file_failure};
use crate::house::{House, derive_access_failure};
use crate::{logging, runtime};

/// Mistakes that are printed; the others are counted.
const SHOWN: usize = 20;
const COLUMNS: &str = "the first line names the columns: email,name,password_hash,verified";

/// A line of the file.
#[derive(Debug, Deserialize)]
struct Row {
    email: String,
    #[serde(default)]
    name: String,
    password_hash: String,
    verified: String,
}

/// Imports the people of a file.
///
/// # Errors
/// A usage failure that names the lines that cannot be taken, and as [`House::open`].
pub fn run(
    (data, global): (&DataArgs, &GlobalArgs),
    (path, edition): (&Path, Option<&str>),
    known: Known,
    console: Console,
) -> Result<Exit, Failure> {
    let edition = edition.map(|name| Override { key: "server.edition", value: json!(name) });
    let config = open_config_with(global, data, edition.into_iter().collect())?;
    logging::start(&config.log, "warn")?;
    let file = File::open(path).map_err(|error| file_failure("read", path, &error))?;
    let people = read(file)?;
    let imported = runtime::build_runtime()?.block_on(async {
        let house = House::open(&config).await?;
        house.access.import_people(&people, known).await.map_err(derive_failure)
    })?;
    say(&imported, console);
    Ok(Exit::Success)
}

fn say(imported: &Imported, console: Console) {
    for (line, email) in &imported.known {
        console.remark(&format!("line {line}: {email} has an account here already"));
    }
    let known: Vec<Value> = imported
        .known
        .iter()
        .map(|(line, email)| json!({ "line": line, "email": email }))
        .collect();
    console.result(&json!({ "imported": imported.made, "known": known }), |_| {
        format!("{} people imported, {} left out", imported.made, imported.known.len())
    });
}

fn derive_failure(error: Unimported) -> Failure {
    match error {
        Unimported::Access(error) => derive_access_failure(&error),
        Unimported::Rows(rows) => refuse(&rows),
    }
}

/// The mistakes, a line each.
fn refuse(rows: &[(u64, String)]) -> Failure {
    let mut lines: Vec<String> =
        rows.iter().take(SHOWN).map(|(line, reason)| format!("line {line}: {reason}")).collect();
    if let Some(more @ 1..) = rows.len().checked_sub(SHOWN) {
        lines.push(format!("and {more} more"));
    }
    Failure::usage(format!("nobody was imported\n{}", lines.join("\n")))
        .with_next("mend these lines; `--skip-known` leaves out who has an account here already")
}

/// Reads every row; all that cannot be read are named at once.
fn read(source: impl Read) -> Result<Vec<ImportedPerson>, Failure> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source);
    let headers = reader.headers().map_err(|error| {
        Failure::usage(format!("the file is no CSV: {error}")).with_next(COLUMNS)
    })?;
    // Spreadsheets put a mark in front of the first name.
    let headers: csv::StringRecord =
        headers.iter().map(|name| name.trim_start_matches('\u{feff}')).collect();
    let missing = |name: &&str| !headers.iter().any(|header| header == *name);
    if let Some(name) = ["email", "password_hash", "verified"].iter().copied().find(missing) {
        return Err(Failure::usage(format!("there is no column `{name}`")).with_next(COLUMNS));
    }
    let (mut people, mut wrong) = (Vec::new(), Vec::new());
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                let line = record.position().map_or(0, csv::Position::line);
                match derive_person(&record, &headers, line) {
                    Ok(person) => people.push(person),
                    Err(reason) => wrong.push((line, reason)),
                }
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                wrong.push((line, error.to_string()));
                if error.is_io_error() {
                    break;
                }
            }
        }
    }
    if wrong.is_empty() { Ok(people) } else { Err(refuse(&wrong)) }
}

fn derive_person(
    record: &csv::StringRecord,
    headers: &csv::StringRecord,
    line: u64,
) -> Result<ImportedPerson, String> {
    let row: Row = record.deserialize(Some(headers)).map_err(|error| error.to_string())?;
    let verified = match row.verified.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" => true,
        "no" | "false" | "0" => false,
        other => return Err(format!("verified: `{other}` is neither `yes` nor `no`")),
    };
    let Row { email, name, password_hash, verified: _ } = row;
    Ok(ImportedPerson { line, email, name, password_hash, verified })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_in_any_order_and_lines_are_counted() {
        let text = "\u{feff}verified,email,password_hash,name\n\
                    yes,ada@example.org,$2b$05$x,\"Lovelace, Ada\"\n\
                    FALSE, grace@example.org ,$2b$05$y,\n";
        let people = read(text.as_bytes()).unwrap();
        let [ada, grace] = people.as_slice() else { panic!("{people:?}") };
        assert_eq!((ada.line, ada.name.as_str(), ada.verified), (2, "Lovelace, Ada", true));
        assert_eq!((grace.line, grace.email.as_str()), (3, "grace@example.org"));
        assert!(!grace.verified && grace.name.is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_line() {
        for (text, reason) in [
            ("", "there is no column `email`"),
            ("email,name,verified\n", "there is no column `password_hash`"),
            ("email,password_hash,verified\na@b.c,x,maybe\n", "line 2: verified: `maybe`"),
            ("email,password_hash,verified\na@b.c,x,yes,more\n", "line 2"),
        ] {
            let refusal = read(text.as_bytes()).unwrap_err();
            assert!(refusal.cause.contains(reason), "{text:?}: {refusal}");
            assert_eq!(refusal.exit, Exit::Usage);
        }
        let many = "email,password_hash,verified\n".to_owned() + &"a@b.c,x,maybe\n".repeat(30);
        let refusal = read(many.as_bytes()).unwrap_err();
        assert!(refusal.cause.contains("and 10 more"), "{refusal}");
    }
}
