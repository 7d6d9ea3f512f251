//! What is erased of those who leave, table by table.
//!
//! Invariant: every table that names somebody stands in one of the lists below, which the test at
//! the end holds against the schema: a new table is erased, or says why it is kept.

use gantry_ports::StoreError;
use gantry_ports::store::{ErasedRows, Traces};
use sea_orm::Value;

use super::usage;
use crate::sql::Sql;

/// Whether rows name bytes in the blob store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bytes {
    /// By their column `blob_key`.
    Named,
    /// They do not.
    None,
}

/// A table whose rows go with their organization: its name, its key, and whether it names bytes.
/// Rows that others refer to come after those others.
const WITH_ORGANIZATION: &[(&str, &str, Bytes)] = &[
    ("object_grants", "object_id, user_id", Bytes::None),
    ("object_restrictions", "object_id", Bytes::None),
    ("model_cards", "artifact_id", Bytes::None),
    ("flow_nodes", "job_id, node", Bytes::None),
    ("flow_runs", "job_id", Bytes::None),
    ("workflow_revisions", "workflow_id, revision", Bytes::None),
    ("workflows", "id", Bytes::None),
    ("schedule_runs", "id", Bytes::None),
    ("schedules", "id", Bytes::None),
    ("upload_parts", "upload_id, number", Bytes::Named),
    ("uploads", "id", Bytes::None),
    ("dataset_versions", "dataset_id, version", Bytes::Named),
    ("datasets", "id", Bytes::None),
    ("artifacts", "id", Bytes::Named),
    ("checkpoints", "job_id", Bytes::None),
    ("job_results", "job_id", Bytes::None),
    ("job_events", "job_id, cursor", Bytes::None),
    ("job_bodies", "job_id", Bytes::None),
    ("jobs", "id", Bytes::None),
    ("account_events", "organization_id, cursor", Bytes::None),
    ("usage_days", "organization_id, day, operation, user_id", Bytes::None),
    ("model_asks", "id", Bytes::None),
    ("idempotency_keys", "organization_id, route, idempotency_key", Bytes::None),
    ("kept_requests", "organization_id, route, idempotency_key", Bytes::None),
    ("quota_events", "organization_id, day, kind, limit_name", Bytes::None),
    ("limit_overrides", "organization_id, limit_name", Bytes::None),
    ("ad_sessions", "id", Bytes::None),
    ("fraud_events", "id", Bytes::None),
    ("invitations", "id", Bytes::None),
    ("oauth_codes", "code_sha256", Bytes::None),
    ("oauth_clients", "id", Bytes::None),
    ("plan_choices", "organization_id", Bytes::None),
    ("plan_fixes", "organization_id", Bytes::None),
    ("billing_details", "organization_id", Bytes::None),
    ("referrals", "id", Bytes::None),
    ("referral_codes", "organization_id", Bytes::None),
    ("refresh_tokens", "token_sha256", Bytes::None),
    ("api_keys", "id", Bytes::None),
    ("sessions", "id", Bytes::None),
];

/// By what a row tells whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// A column with the person's number.
    User(&'static str),
    /// A column with their address.
    Address(&'static str),
    /// A column with their address behind the word `email`.
    LockedAddress(&'static str),
}

/// A table whose rows go with a person, in every organization.
const WITH_PERSON: &[(&str, Mark)] = &[
    ("sessions", Mark::User("user_id")),
    ("refresh_tokens", Mark::User("user_id")),
    ("api_keys", Mark::User("user_id")),
    ("oauth_codes", Mark::User("user_id")),
    ("one_time_links", Mark::User("user_id")),
    ("one_time_links", Mark::Address("email")),
    ("linked_identities", Mark::User("user_id")),
    ("passkeys", Mark::User("user_id")),
    ("ceremonies", Mark::User("user_id")),
    ("recovery_codes", Mark::User("user_id")),
    ("second_factors", Mark::User("user_id")),
    ("restrictions", Mark::User("user_id")),
    ("ad_sessions", Mark::User("user_id")),
    ("fraud_events", Mark::User("user_id")),
    ("invitations", Mark::Address("email")),
    ("mails", Mark::User("user_id")),
    ("mails", Mark::Address("recipient")),
    ("sign_in_failures", Mark::LockedAddress("subject")),
    ("object_grants", Mark::User("user_id")),
    ("memberships", Mark::User("user_id")),
];

/// Erases rows of an organization, at most so many of a table, and stops at the first table that
/// may have more: rows below it may be referred to by those that are left.
///
/// # Errors
/// What the database says.
pub(super) async fn erase_rows(sql: &Sql, rows: &ErasedRows) -> Result<u64, StoreError> {
    let mut erased = 0;
    usage::hold_back(sql).await?;
    for (table, key, bytes) in WITH_ORGANIZATION {
        let some =
            format!("SELECT {key} FROM {table} WHERE organization_id = $1 ORDER BY {key} LIMIT $2");
        let values: Vec<Value> =
            vec![rows.organization_id.as_uuid().into(), i64::from(rows.limit).into()];
        if *bytes == Bytes::Named {
            let doom = format!(
                "INSERT INTO doomed_blobs (blob_key, organization_id, delete_after) \
                 SELECT blob_key, organization_id, $3 FROM {table} WHERE ({key}) IN ({some}) \
                 ON CONFLICT (blob_key) DO NOTHING"
            );
            let mut values = values.clone();
            values.push(rows.delete_after.as_micros().into());
            sql.run("blob", doom, values).await?;
        }
        let text = format!("DELETE FROM {table} WHERE ({key}) IN ({some})");
        let removed = sql.run("row", text, values).await?;
        erased += removed;
        if removed >= u64::from(rows.limit) {
            break;
        }
    }
    Ok(erased)
}

/// Erases a person's ways in, their address on invoices, and what providers of payments told of it.
///
/// # Errors
/// What the database says.
pub(super) async fn erase_ways_in(sql: &Sql, traces: &Traces) -> Result<(), StoreError> {
    for (table, mark) in WITH_PERSON {
        let (column, value): (_, Value) = match mark {
            Mark::User(column) => (column, traces.user_id.as_uuid().into()),
            Mark::Address(column) => (column, traces.email.as_str().into()),
            Mark::LockedAddress(column) => (column, format!("email {}", traces.email).into()),
        };
        let text = format!("DELETE FROM {table} WHERE {column} = $1");
        sql.run("row", text, vec![value]).await?;
    }
    let text = "UPDATE invoices SET buyer_user_id = NULL, buyer_email = NULL \
                WHERE buyer_user_id = $1";
    sql.run("invoice", text, vec![traces.user_id.as_uuid().into()]).await?;
    // What was understood is in the books; what was not will not be any more.
    let text = "UPDATE payment_events SET body = '{}', note = 'erased', outcome = CASE outcome \
                WHEN 'unclear' THEN 'ignored' ELSE outcome END \
                WHERE REPLACE(LOWER(body), $1, '') <> LOWER(body)";
    sql.run("payment event", text, vec![traces.email.as_str().into()]).await.map(drop)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use sea_orm::{ConnectionTrait, Database, Statement};

    use gantry_ports::store::ExportPart;

    use super::super::export_parts::source_of;
    use super::*;
    use crate::config::StoreConfig;
    use crate::dialect::Dialect;
    use crate::store::GantryStore;

    /// Tables that stay, and why.
    const KEPT: &[(&str, &str)] = &[
        ("users", "its row is overwritten, because others name its number"),
        ("departures", "says when somebody asked and was erased, by number alone"),
        ("organization_closings", "says when an organization was closed, by numbers alone"),
        ("audit_entries", "what tells of persons is erased inside, outside of the seals"),
        ("accounts", "money: the balance that the ledger sums to"),
        ("lots", "money: what the ledger moves"),
        ("postings", "money: never changed and never removed"),
        ("meter_usage", "counts by meter and month, without a person"),
        ("allowances", "counts that return by themselves within minutes"),
        ("checkouts", "money: what was bought, by number alone"),
        ("subscriptions", "money: what was paid for period by period, by number alone"),
        ("subscription_changes", "money: the same, step by step"),
        ("payments", "money: what tax law wants to see for years, by number alone"),
        ("invoices", "money: what tax law wants to see for years; the person who bought is erased"),
        ("invoice_buyers", "money: the buyer's address, which tax law asks for on an invoice"),
        ("payment_events", "bodies that name the address are emptied"),
        ("fraud_blocks", "digests and networks that fraud came from; who listed them, by number"),
        ("flags", "what is on for whom, and who turned it, by number alone"),
        ("doomed_blobs", "goes with its bytes within days"),
    ];

    /// Tables whose rows stay with an organization that others belong to and name the person no
    /// more, and how.
    const UNNAMED: &[(&str, &str)] =
        &[("usage_days", "what the person used is added to what nobody did")];

    /// Tables that are not handed to the person who asks what is kept about them, and why.
    const NOT_EXPORTED: &[(&str, &str)] = &[
        ("flow_nodes", "how far a run of a workflow is, which its jobs tell"),
        ("upload_parts", "bytes on their way, which are a dataset within a day or gone"),
        ("checkpoints", "what an engine needs to go on, made from inputs that are exported"),
        ("account_events", "states of jobs, which the jobs and their events tell"),
        ("idempotency_keys", "hashes of requests, kept for a day"),
        ("kept_requests", "hashes of requests and what was answered, kept for a day"),
        ("quota_events", "how often a limit refused, day by day, and never whom"),
        ("limit_overrides", "what administrators agreed to; the account tells the limits"),
        ("plan_fixes", "that an administrator chose the plan, which the account tells"),
        ("plan_choices", "the plan that somebody meant to buy, until they did or said no"),
        ("ceremonies", "hashes of a sign-in that goes on, kept for minutes"),
        ("recovery_codes", "hashes alone"),
        ("oauth_codes", "hashes that a program exchanges within a minute, for tokens that are"),
        ("allowances", "counts that return by themselves within minutes"),
        ("restrictions", "what administrators noted among themselves; the audit log says when"),
        ("payment_events", "what a provider told, which payments and subscriptions say"),
        ("fraud_blocks", "devices and networks that fraud came from; it names who listed them"),
        (
            "flags",
            "what operators turn; who asks sees the answers, and the audit log who turned it",
        ),
        ("object_restrictions", "which things not everybody sees; the audit log says who said so"),
        ("organization_closings", "when an organization closes, which its members were mailed"),
        ("doomed_blobs", "names of bytes that are about to be deleted"),
    ];

    /// Columns that tell whose a row is, or who made it.
    const NAMING: &[&str] = &[
        "organization_id",
        "user_id",
        "created_by",
        "submitted_by",
        "invited_by",
        "updated_by",
        "email",
        "recipient",
        "subject",
        "ip",
        "user_agent",
    ];

    async fn read_schema() -> Result<BTreeMap<String, BTreeSet<String>>, Box<dyn std::error::Error>>
    {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("gantry.db");
        GantryStore::open(StoreConfig::sqlite(&path)).await?.close().await;
        let database = Database::connect(format!("sqlite://{}", path.display())).await?;
        let select = Statement::from_string(
            Dialect::Sqlite.backend(),
            "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c \
             WHERE t.type = 'table'",
        );
        let mut schema = BTreeMap::<String, BTreeSet<String>>::new();
        for row in database.query_all_raw(select).await? {
            let (table, column) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            schema.entry(table).or_default().insert(column);
        }
        database.close().await?;
        Ok(schema)
    }

    #[tokio::test]
    async fn no_table_that_names_somebody_is_forgotten() -> Result<(), Box<dyn std::error::Error>> {
        let schema = read_schema().await?;
        assert!(schema.len() > 30, "the schema was not read: {schema:?}");
        let with_organization: BTreeSet<&str> =
            WITH_ORGANIZATION.iter().map(|(table, ..)| *table).collect();
        let with_person: BTreeSet<&str> = WITH_PERSON.iter().map(|(table, _)| *table).collect();
        let kept: BTreeSet<&str> = KEPT.iter().map(|(table, _)| *table).collect();
        let unnamed: BTreeSet<&str> = UNNAMED.iter().map(|(table, _)| *table).collect();
        let mut forgotten = Vec::new();
        for (table, columns) in &schema {
            let has = |column: &&str| columns.contains(*column);
            let name = table.as_str();
            let is_of_organization = has(&"organization_id") && !with_person.contains(name);
            let is_of_person = has(&"user_id") && !unnamed.contains(name);
            let names_somebody = NAMING.iter().any(has);
            let is_treated = kept.contains(name)
                || (!is_of_organization || with_organization.contains(name))
                    && (!is_of_person || with_person.contains(name))
                    && (with_organization.contains(name) || with_person.contains(name));
            if names_somebody && !is_treated {
                forgotten.push(name);
            }
        }
        assert!(
            forgotten.is_empty(),
            "{forgotten:?} name somebody: add them to WITH_ORGANIZATION or WITH_PERSON, or say in \
             KEPT why they stay"
        );
        for table in with_organization.iter().chain(&with_person).chain(&kept).chain(&unnamed) {
            assert!(schema.contains_key(*table), "there is no table {table}");
        }
        for (table, how) in UNNAMED {
            assert!(!how.is_empty() && with_organization.contains(table), "{table} stays for ever");
            assert!(!with_person.contains(table), "{table} is erased and names nobody");
        }
        for (table, why) in KEPT {
            assert!(!why.is_empty(), "{table} is kept without a reason");
            let is_erased = with_organization.contains(table) || with_person.contains(table);
            assert!(!is_erased, "{table} is kept and erased");
        }
        Ok(())
    }

    /// The first word, and those behind `JOIN`.
    fn tables_of(from: &'static str) -> Vec<&'static str> {
        let words: Vec<&str> = from.split_whitespace().collect();
        let joined = words.windows(2).filter(|pair| pair[0] == "JOIN").map(|pair| pair[1]);
        words.iter().copied().take(1).chain(joined).collect()
    }

    #[test]
    fn what_is_kept_of_somebody_is_handed_to_them() {
        let erased = WITH_ORGANIZATION.iter().map(|(table, ..)| *table);
        let known: BTreeSet<&str> = erased
            .chain(WITH_PERSON.iter().map(|(table, _)| *table))
            .chain(KEPT.iter().map(|(table, _)| *table))
            .collect();
        let exported: BTreeSet<&str> =
            ExportPart::ALL.iter().flat_map(|part| tables_of(source_of(*part).from)).collect();
        let not: BTreeSet<&str> = NOT_EXPORTED.iter().map(|(table, _)| *table).collect();
        let forgotten: Vec<&&str> =
            known.iter().filter(|name| !exported.contains(*name) && !not.contains(*name)).collect();
        assert!(
            forgotten.is_empty(),
            "{forgotten:?} name somebody: add them to a part of the export, or say in NOT_EXPORTED \
             why they stay here"
        );
        for (table, why) in NOT_EXPORTED {
            assert!(!why.is_empty() && known.contains(table), "{table} names nobody");
            assert!(!exported.contains(table), "{table} is exported and is not");
        }
    }
}
