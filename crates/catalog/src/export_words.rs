//! What stands in which file of an export, and how rows become text.

use gantry_ports::store::ExportPart;
use serde_json::Value;

/// Files with one JSON object, whose members are parts.
pub(crate) const OBJECTS: &[(&str, &[ExportPart])] = &[
    (
        "account.json",
        &[
            ExportPart::Person,
            ExportPart::Departures,
            ExportPart::Sessions,
            ExportPart::SignInFailures,
            ExportPart::Links,
            ExportPart::Identities,
            ExportPart::Passkeys,
            ExportPart::SecondFactors,
            ExportPart::ApiKeys,
            ExportPart::RefreshTokens,
            ExportPart::Clients,
            ExportPart::Mails,
        ],
    ),
    (
        "organizations.json",
        &[
            ExportPart::Memberships,
            ExportPart::Invitations,
            ExportPart::Datasets,
            ExportPart::DatasetVersions,
            ExportPart::Uploads,
            ExportPart::Artifacts,
            ExportPart::ModelCards,
            ExportPart::Workflows,
            ExportPart::WorkflowRevisions,
            ExportPart::WorkflowRuns,
            ExportPart::Schedules,
            ExportPart::ScheduleRuns,
            ExportPart::ObjectGrants,
        ],
    ),
    (
        "invoices.json",
        &[
            ExportPart::Accounts,
            ExportPart::Lots,
            ExportPart::MeterUse,
            ExportPart::UsageDays,
            ExportPart::ModelAsks,
            ExportPart::Checkouts,
            ExportPart::Subscriptions,
            ExportPart::SubscriptionChanges,
            ExportPart::Payments,
            ExportPart::Invoices,
            ExportPart::AdSessions,
            ExportPart::FraudEvents,
            ExportPart::ReferralCodes,
            ExportPart::Referrals,
        ],
    ),
];

/// Files with one JSON object a line.
pub(crate) const LINES: &[(&str, ExportPart)] = &[
    ("jobs.jsonl", ExportPart::Jobs),
    ("job_events.jsonl", ExportPart::JobEvents),
    ("audit.jsonl", ExportPart::Audit),
];

/// The file with a table, and its columns.
pub(crate) const TABLE: (&str, ExportPart) = ("ledger.csv", ExportPart::Ledger);
const TABLE_COLUMNS: &[&str] = &[
    "at",
    "reason",
    "account",
    "amount",
    "job_id",
    "lot_id",
    "organization_id",
    "posting_id",
    "id",
];

/// The longest name of a file, in characters.
const LONGEST_NAME: usize = 120;

/// What the first file says.
pub(crate) const README: &str = "\
What is kept about you
======================

account.json         you: name, address, sessions, keys, passkeys, mails
organizations.json   organizations that you belong to; data, workflows and schedules
jobs.jsonl           your jobs: parameters, states, reports, costs; one a line
job_events.jsonl     what they said while they ran; one a line
ledger.csv           every movement of credits
invoices.json        balances, purchases, subscriptions, payments, invoices, ads for credits
audit.jsonl          what you did, as the audit log tells it; one a line
datasets/            the files that you uploaded, by dataset and version
artifacts/           the files that jobs made, by the artifact's identifier
manifest.json        every file here with its size and SHA-256, and what is missing and why

Of organizations that others belong to, only what you did is here, and no files.
Passwords and keys are kept as hashes alone, which are not here.


Was über Sie gespeichert ist
============================

account.json         Sie: Name, Adresse, Sitzungen, Schlüssel, Passkeys, Mails
organizations.json   Organisationen, denen Sie angehören; Daten, Abläufe und Zeitpläne
jobs.jsonl           Ihre Jobs: Parameter, Zustände, Berichte, Kosten; einer je Zeile
job_events.jsonl     was sie währenddessen gemeldet haben; eines je Zeile
ledger.csv           jede Bewegung von Credits
invoices.json        Guthaben, Käufe, Abonnements, Zahlungen, Rechnungen
audit.jsonl          was Sie getan haben, laut Prüfprotokoll; eines je Zeile
datasets/            die Dateien, die Sie hochgeladen haben, nach Datensatz und Version
artifacts/           die Dateien, die Jobs erzeugt haben, nach Kennung
manifest.json        jede Datei hier mit Größe und SHA-256, und was fehlt und warum

Von Organisationen, denen auch andere angehören, ist nur hier, was Sie getan haben, ohne Dateien.
Passwörter und Schlüssel sind nur als Hashwerte gespeichert, die nicht dabei sind.
";

/// The head of the table.
pub(crate) fn table_head() -> String {
    format!("{}\r\n", TABLE_COLUMNS.join(","))
}

/// A row of the table.
pub(crate) fn table_line(row: &Value) -> String {
    let cells: Vec<String> = TABLE_COLUMNS
        .iter()
        .map(|column| match row.get(*column) {
            Some(Value::String(text)) => quote(text),
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        })
        .collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell by RFC 4180.
fn quote(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

/// A file's name that cannot leave its folder, whatever people called it.
pub(crate) fn plain_name(name: &str) -> String {
    let keep = |c: char| if c.is_alphanumeric() || " ._-()".contains(c) { c } else { '_' };
    let plain: String = name.chars().take(LONGEST_NAME).map(keep).collect();
    let plain = plain.trim_matches([' ', '.']);
    if plain.is_empty() { "file".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn every_part_is_in_one_file() {
        let mut parts: Vec<ExportPart> = vec![TABLE.1];
        parts.extend(LINES.iter().map(|(_, part)| *part));
        parts.extend(OBJECTS.iter().flat_map(|(_, parts)| parts.iter().copied()));
        let words: BTreeSet<&str> = parts.iter().map(|part| part.as_str()).collect();
        let all: BTreeSet<&str> = ExportPart::ALL.iter().map(|part| part.as_str()).collect();
        assert_eq!(words, all);
        assert_eq!(parts.len(), all.len(), "a part is in two files");
        let files =
            OBJECTS.iter().map(|(name, _)| *name).chain(LINES.iter().map(|(name, _)| *name));
        for name in files.chain([TABLE.0]) {
            assert_eq!(README.matches(name).count(), 2, "{name}");
        }
    }

    #[test]
    fn names_stay_in_their_folder() {
        for (name, plain) in [
            ("../../etc/passwd", "_.._etc_passwd"),
            ("..", "file"),
            ("a\\b:c\n.csv", "a_b_c_.csv"),
            ("größe (2).csv", "größe (2).csv"),
        ] {
            assert_eq!(plain_name(name), plain);
        }
        assert!(plain_name(&"x".repeat(500)).len() <= LONGEST_NAME);
    }

    #[test]
    fn a_row_of_the_table_is_quoted_where_it_must_be() {
        let row = json!({ "at": "t", "reason": "a \"b\", c", "amount": -3, "job_id": null });
        assert_eq!(table_line(&row), "t,\"a \"\"b\"\", c\",,-3,,,,,\r\n");
        assert_eq!(table_head().split(',').count(), TABLE_COLUMNS.len());
    }
}
