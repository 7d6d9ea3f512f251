//! A person asks for everything that is kept about them.
//!
//! Invariants: they prove that it is them; one export at a time is made, and few a day; only they
//! may take the file, in whichever organization they work.

use std::collections::BTreeMap;
use std::time::Duration;

use gantry_access::{Actor, Confirmed, Permission, Via, append_alone, require};
use gantry_engine_api::Operation;
use gantry_ports::Hint;
use gantry_ports::store::{Artifact, JobFilter, JobRecord, Order, PageRequest, ReadTx};
use gantry_rules::submission::{Accounting, IdempotencyKey, Needs, OnRefusal, Submission};
use gantry_types::{Credits, Device, JobId, OrganizationId, Timestamp, UserId};
use serde_json::json;

use crate::Catalog;
use crate::artifacts::{ArtifactContent, ByteRange, open_blob};
use crate::error::CatalogError;
use crate::export_operation::{ExportAccount, MEMORY_BYTES};

const DAY: Duration = Duration::from_hours(24);
/// Exports of a person within a day.
const MOST_A_DAY: u32 = 3;
/// Under which name the keys of exports stand.
const ROUTE: &str = "account.export";

/// An export, and what it left.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountExport {
    /// The job that makes it.
    pub job: JobRecord,
    /// The file, once it is there and until it is removed.
    pub file: Option<Artifact>,
}

/// Where the exports of a person are made, and those of them that are remembered, newest first.
struct Exports {
    home: OrganizationId,
    jobs: Vec<JobRecord>,
}

impl Exports {
    async fn read(snapshot: &dyn ReadTx, user_id: UserId) -> Result<Self, CatalogError> {
        // The personal one comes first.
        let places = snapshot.access().list_memberships(user_id).await?;
        let home = places.first().ok_or(CatalogError::NotFound { what: "organization" })?;
        let filter = JobFilter {
            operation: Some(ExportAccount::ID.to_owned()),
            include_platform: true,
            ..JobFilter::default()
        };
        let page = PageRequest { after: None, limit: 100, order: Order::NewestFirst };
        let found = snapshot.jobs().list_jobs(home.organization_id, &filter, &page).await?;
        let mut jobs = found.items;
        jobs.retain(|job| job.submitted_by == Some(user_id));
        Ok(Self { home: home.organization_id, jobs })
    }

    /// Refuses the next one for a while.
    fn require_next(&self, now: Timestamp) -> Result<(), CatalogError> {
        let since = now.minus(DAY);
        let mut recent = self.jobs.iter().filter(|job| since < job.created_at);
        let Some(job) = recent.nth(MOST_A_DAY as usize - 1) else {
            return Ok(());
        };
        let until = job.created_at.plus(DAY);
        Err(CatalogError::TooManyExports {
            limit: MOST_A_DAY,
            until,
            retry_after: until.since(now),
        })
    }
}

impl Catalog {
    /// Begins an export for somebody who proved that it is them; while one is made, that one
    /// answers.
    ///
    /// # Errors
    /// [`CatalogError::TooManyExports`], [`CatalogError::Submission`], [`CatalogError::Store`].
    pub async fn ask_for_export(
        &self,
        actor: &Actor,
        person: &Confirmed,
    ) -> Result<AccountExport, CatalogError> {
        let user_id = person.user_id();
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let asked = Exports::read(snapshot.as_ref(), user_id).await?;
        drop(snapshot);
        if let Some(job) = asked.jobs.first().filter(|job| !job.state.is_final()) {
            return Ok(AccountExport { job: job.clone(), file: None });
        }
        asked.require_next(now)?;
        let submission = derive_submission(&asked, user_id, now);
        let submitted = self.store.submit(submission).await?;
        if !submitted.repeated {
            let subject = format!("user {user_id}");
            let details = json!({ "job_id": submitted.job_id });
            let entry = actor.audit_entry("account.export", &subject, details, now);
            append_alone(self.store.as_ref(), entry).await?;
            self.bus.publish(Hint::JobsReady);
            self.bus.publish(Hint::Account { organization_id: asked.home });
        }
        let found = self.find_newest_export(user_id).await?;
        found.ok_or(CatalogError::NotFound { what: "export" })
    }

    /// The person's newest export.
    ///
    /// # Errors
    /// [`CatalogError::Access`] for a key, [`CatalogError::Store`].
    pub async fn find_export(&self, actor: &Actor) -> Result<Option<AccountExport>, CatalogError> {
        let user_id = require_oneself(actor)?;
        self.find_newest_export(user_id).await
    }

    /// The bytes of the person's newest export.
    ///
    /// # Errors
    /// [`CatalogError::Access`] for a key, [`CatalogError::NotFound`],
    /// [`CatalogError::RangeOutside`], [`CatalogError::Store`].
    pub async fn open_export(
        &self,
        actor: &Actor,
        range: Option<ByteRange>,
    ) -> Result<(Artifact, ArtifactContent), CatalogError> {
        let export = self.find_export(actor).await?;
        let file = export.and_then(|export| export.file);
        let file = file.ok_or(CatalogError::NotFound { what: "export" })?;
        let content = open_blob(self.blobs.as_ref(), &file.blob_key, file.bytes, range).await?;
        Ok((file, content))
    }

    async fn find_newest_export(
        &self,
        user_id: UserId,
    ) -> Result<Option<AccountExport>, CatalogError> {
        let snapshot = self.store.read().await?;
        let exports = Exports::read(snapshot.as_ref(), user_id).await?;
        let Some(job) = exports.jobs.into_iter().next() else { return Ok(None) };
        let file = snapshot.exports().find_export(user_id, job.id).await?;
        Ok(Some(AccountExport { job, file }))
    }
}

/// The person at their browser: what a key can do must not be everything.
fn require_oneself(actor: &Actor) -> Result<UserId, CatalogError> {
    let permission = Permission::ManageSessions;
    require(actor, permission)?;
    match (&actor.via, actor.user_id) {
        (Via::Session { .. }, Some(user_id)) => Ok(user_id),
        (Via::Session { .. } | Via::ApiKey { .. } | Via::Token | Via::System, _) => {
            Err(gantry_access::AccessError::Forbidden { permission }.into())
        }
    }
}

/// Two requests at once follow the same earlier export, so that they have the same key and make
/// one job.
fn derive_submission(asked: &Exports, user_id: UserId, now: Timestamp) -> Submission {
    let last = asked.jobs.first().map(|job| job.id.to_string());
    let key = IdempotencyKey {
        route: ROUTE.to_owned(),
        key: format!("{user_id} after {}", last.as_deref().unwrap_or("none")),
        body_sha256: String::new(),
    };
    Submission {
        job_id: JobId::generate(),
        organization_id: asked.home,
        submitted_by: Some(user_id),
        operation: ExportAccount::ID.to_owned(),
        operation_version: ExportAccount::VERSION,
        params: json!({}),
        inputs: json!({}),
        seed: 0,
        label: None,
        needs: Needs {
            meters: BTreeMap::new(),
            max_credits: Credits::ZERO,
            memory_bytes: MEMORY_BYTES,
            threads: 1,
            device: Device::Cpu,
        },
        submitted_at: now,
        accounting: Accounting::Platform,
        start_at: None,
        on_refusal: OnRefusal::Refuse,
        idempotency: Some(key),
        origin: None,
    }
}
