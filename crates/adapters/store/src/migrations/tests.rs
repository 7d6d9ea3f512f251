//! A database of the version before, with data in it, is upgraded and copied first.

use std::collections::BTreeSet;
use std::path::Path;

use gantry_ports::Store;
use gantry_ports::store::{LedgerAccount, LedgerFilter, Order, PageRequest};
use gantry_rules::plan::Feature;
use gantry_testkit::postgres;
use gantry_types::{JobId, OrganizationId, Timestamp, UserId};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use uuid::Uuid;

use super::{CREATE_VERSIONS, VERSIONS, upgrade};
use crate::config::{StoreConfig, UpgradeBackup};
use crate::dialect::Dialect;
use crate::error::OpenError;
use crate::store::GantryStore;

const TERMS: &str = r#"{"concurrent_jobs": 1, "parallel_children": 1, "queued_jobs": 1,
    "class": "normal", "gpu": "no", "job_seconds": 1, "job_memory_bytes": 1, "file_bytes": 1,
    "artifact_bytes": 1, "granted_credits": 0, "requests_per_minute": 1, "request_burst": 1}"#;

/// What a plan that listed two features has: those, and what nobody could list.
const FEW: [Feature; 5] =
    [Feature::Api, Feature::Workflows, Feature::Collaboration, Feature::Chatbot, Feature::Branding];

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// [`TERMS`] that list features, as they are written.
fn terms_with(features: &[&str]) -> Result<String, serde_json::Error> {
    let mut terms: serde_json::Value = serde_json::from_str(TERMS)?;
    terms["features"] = features.into();
    Ok(terms.to_string())
}

/// Rows as version 1 wrote them: an organization with an account and an ended job.
async fn write_first_version(
    database: &DatabaseConnection,
    dialect: Dialect,
    id: Uuid,
) -> TestResult {
    database.execute_unprepared(&dialect.schema(CREATE_VERSIONS)).await?;
    upgrade(database, dialect, &VERSIONS[..1]).await?;
    let statements: [(&str, Vec<sea_orm::Value>); 7] = [
        (
            "INSERT INTO plans (id, slug, version, title, concurrent_jobs, terms) \
             VALUES ($1, 'old', 1, 'Old', 1, $2)",
            vec![id.into(), TERMS.into()],
        ),
        (
            "INSERT INTO plans (id, slug, version, title, concurrent_jobs, terms) \
             VALUES ($1, 'few', 1, 'Few', 1, $2), ($3, 'none', 1, 'None', 1, $4)",
            vec![
                UserId::generate().as_uuid().into(),
                terms_with(&["api", "workflows"])?.into(),
                UserId::generate().as_uuid().into(),
                terms_with(&[])?.into(),
            ],
        ),
        ("INSERT INTO organizations (id, name, created_at) VALUES ($1, 'Old', 1)", vec![id.into()]),
        (
            "INSERT INTO accounts (organization_id, plan_id, available, held, running_roots, \
             queued_roots, cursor, served_at) VALUES ($1, $1, 0, 0, 0, 0, 7, 0)",
            vec![id.into()],
        ),
        (
            "INSERT INTO jobs (id, organization_id, root_id, ordinal, operation, \
             operation_version, seed, accounting, state, device, class, gate, attempt, retries, \
             host_deaths, cancel_requested, max_credits, cost, spent_by_children, \
             pending_children, active_children, progress, cursor, created_at, finished_at) \
             VALUES ($1, $1, $1, 0, 'old.run', 1, 3, 'metered', 'succeeded', 'cpu', 'normal', 0, \
             1, 0, 0, $2, 0, 0, 0, 0, 0, 1.0, 2, 1, 2)",
            vec![id.into(), false.into()],
        ),
        (
            "INSERT INTO job_bodies (job_id, organization_id, params, inputs, needs) \
             VALUES ($1, $1, '{\"a\": 1}', '{}', '{}')",
            vec![id.into()],
        ),
        (
            "INSERT INTO job_results (job_id, organization_id, report) \
             VALUES ($1, $1, '{\"answer\": 42}')",
            vec![id.into()],
        ),
    ];
    for (sql, values) in statements {
        let statement = Statement::from_sql_and_values(dialect.backend(), sql, values);
        database.execute_raw(statement).await?;
    }
    for (account, amount) in [("issued", -5), ("available", 5)] {
        let sql = "INSERT INTO ledger_entries (id, organization_id, posting_id, account, amount, \
                   lot_id, reason, at) VALUES ($1, $2, $2, $3, $4, $2, 'grant', 1)";
        // A posting is named after its first line.
        let line = if amount < 0 { id } else { UserId::generate().as_uuid() };
        let values: [sea_orm::Value; 4] = [line.into(), id.into(), account.into(), amount.into()];
        let statement = Statement::from_sql_and_values(dialect.backend(), sql, values);
        database.execute_raw(statement).await?;
    }
    Ok(())
}

async fn check_upgraded(store: &GantryStore, id: Uuid) -> TestResult {
    let (organization, job) = (OrganizationId::from_uuid(id), JobId::from_uuid(id));
    let read = store.read().await?;
    let job = read.jobs().find_job(organization, job).await?.ok_or("the job is gone")?;
    assert_eq!(job.report, Some(serde_json::json!({ "answer": 42 })));
    assert_eq!((job.origin, job.swept_at), (None, None));
    assert_eq!(read.schedules().get_zone(organization).await?.as_str(), "UTC");
    assert_eq!(read.chores().get_swept_cursor(organization).await?, 0);
    assert_eq!(read.jobs().get_account_cursor(organization).await?, 7);
    let account = read.accounts().get_account(organization, Timestamp::from_micros(9)).await?;
    assert_eq!(account.quota_anchor, Timestamp::from_micros(1), "when it was registered");
    assert!(account.overrides.is_empty());
    for (slug, listed) in [("old", Feature::ALL), ("few", &FEW[..]), ("none", &FEW[2..])] {
        let plan = read.accounts().find_plan_by_slug(slug).await?.ok_or("the plan is gone")?;
        let listed: BTreeSet<Feature> = listed.iter().copied().collect();
        assert_eq!(plan.terms.features, listed, "{slug}");
    }
    let page = PageRequest { after: None, limit: 10, order: Order::OldestFirst };
    let lines =
        read.accounts().list_ledger(organization, &LedgerFilter::default(), &page).await?.items;
    let told: Vec<(LedgerAccount, i64)> =
        lines.iter().map(|line| (line.account, line.amount.get())).collect();
    assert_eq!(told, [(LedgerAccount::Issued, -5), (LedgerAccount::Available, 5)]);
    assert_eq!(lines[0].id.as_uuid(), id);
    Ok(())
}

fn backups(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains(".v1.backup")).collect()
}

#[tokio::test]
async fn a_file_of_version_1_is_copied_and_upgraded() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("gantry.db");
    let id = UserId::generate().as_uuid();
    let database = Database::connect(format!("sqlite://{}?mode=rwc", path.display())).await?;
    write_first_version(&database, Dialect::Sqlite, id).await?;
    database.close().await?;
    let store = GantryStore::open(StoreConfig::sqlite(&path)).await?;
    check_upgraded(&store, id).await?;
    store.close().await;
    assert_eq!(backups(folder.path()), ["gantry.db.v1.backup"]);
    // The copy is a whole database, which can be upgraded in its turn.
    let copy = folder.path().join("gantry.db.v1.backup");
    let store = GantryStore::open(StoreConfig::sqlite(&copy)).await?;
    check_upgraded(&store, id).await?;
    store.close().await;
    Ok(())
}

#[tokio::test]
async fn a_postgres_database_of_version_1_is_dumped_and_upgraded() -> TestResult {
    let server = tokio::task::spawn_blocking(postgres::share).await??;
    let folder = tempfile::tempdir()?;
    let url = server.create_database()?;
    let id = UserId::generate().as_uuid();
    let database = Database::connect(&url).await?;
    write_first_version(&database, Dialect::Postgres, id).await?;
    let mut config = StoreConfig::postgres(&url);
    // A folder that does not exist: no copy, so no upgrade.
    config.upgrade_backup = UpgradeBackup::Into(folder.path().join("missing"));
    let refused = GantryStore::open(config.clone()).await.err().ok_or("it was upgraded")?;
    assert!(matches!(refused, OpenError::NoBackup { found: 1, .. }), "{refused}");
    assert!(refused.to_string().contains("--no-backup"), "{refused}");
    config.upgrade_backup = UpgradeBackup::Into(folder.path().to_owned());
    check_upgraded(&GantryStore::open(config.clone()).await?, id).await?;
    let found = backups(folder.path());
    assert_eq!(found, ["gantry-postgres.v1.backup"]);
    let dump = std::fs::read(folder.path().join(&found[0]))?;
    assert!(dump.starts_with(b"PGDMP"), "the custom format begins with its name");
    // What is upgraded needs no copy.
    check_upgraded(&GantryStore::open(config).await?, id).await?;
    assert_eq!(backups(folder.path()).len(), 1);
    Ok(())
}
