//! The registry of models: what jobs left with the role `model`, and the cards that people write.
//!
//! Invariants: a name's versions are numbered 1, 2, 3… in the order in which they were named; a
//! model that an unfinished job reads is not deleted.

use std::time::Duration;

use gantry_access::{Actor, Permission, require};
use gantry_ports::store::{
    Artifact, JobEventKind, JobRecord, ModelCard, ModelFilter, ModelRecord, ObjectRef, Order, Page,
    PageRequest, StoreExt,
};
use gantry_types::{ArtifactId, JobId};
use serde_json::{Value, json};

use crate::Catalog;
use crate::error::CatalogError;

const LONGEST_NAME: usize = 100;
const LONGEST_NOTE: usize = 4_000;
const MOST_TAGS: usize = 20;
const LONGEST_TAG: usize = 40;
/// How long the bytes stay, so that a backup that was begun before finds them.
const BLOB_DELAY: Duration = Duration::from_hours(48);
/// The most models that one comparison shows.
const MOST_COMPARED: u32 = 200;
/// The most measurements of one answer.
const MOST_EVENTS: u32 = 1_000;

/// What is written on a model's card; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardChange {
    /// The name that its versions share; a new name gives the next free version.
    pub name: Option<String>,
    /// Short words to find it by.
    pub tags: Option<Vec<String>>,
    /// Why it was chosen; an empty text removes it.
    pub note: Option<String>,
}

/// What the job that made a model said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelMetrics {
    /// The job's report; `null` when it is kept no longer.
    pub report: Value,
    /// Measurements: name, step, value.
    pub measured: Vec<Value>,
}

/// A model beside others.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedModel {
    /// The model.
    pub model: ModelRecord,
    /// The report of the job that made it.
    pub report: Value,
}

impl Catalog {
    /// The models of the actor's organization.
    ///
    /// # Errors
    /// [`CatalogError::Access`], [`CatalogError::Store`].
    pub async fn list_models(
        &self,
        actor: &Actor,
        filter: &ModelFilter,
        page: &PageRequest<ArtifactId>,
    ) -> Result<Page<ModelRecord, ArtifactId>, CatalogError> {
        require(actor, Permission::ReadJobs)?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        Ok(snapshot.models().list_models(actor.organization_id, filter, page).await?)
    }

    /// One model.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    pub async fn get_model(
        &self,
        actor: &Actor,
        id: ArtifactId,
    ) -> Result<ModelRecord, CatalogError> {
        require(actor, Permission::ReadJobs)?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        let found = snapshot.models().find_model(actor.organization_id, id).await?;
        found.ok_or(CatalogError::NotFound { what: "model" })
    }

    /// Writes a model's card: a name with the next version, tags, a note.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::Invalid`].
    pub async fn change_model(
        &self,
        actor: &Actor,
        id: ArtifactId,
        change: CardChange,
    ) -> Result<ModelRecord, CatalogError> {
        require(actor, Permission::RunJobs)?;
        let change = require_card(change)?;
        self.get_model(actor, id).await?;
        self.require_change(actor, ObjectRef::Model(id)).await?;
        let (owner, now, whose) = (actor.organization_id, self.clock.now(), actor.clone());
        self.store
            .write::<(), CatalogError, _>(move |tx| {
                let (change, actor) = (change.clone(), whose.clone());
                Box::pin(async move {
                    tx.access().lock_organization(owner).await?;
                    let models = tx.models();
                    let found = models.find_model(owner, id).await?;
                    let model = found.ok_or(CatalogError::NotFound { what: "model" })?;
                    let told = model.card.as_ref().map(describe_card);
                    let before = model.card.unwrap_or_else(|| ModelCard {
                        name: String::new(),
                        version: 0,
                        tags: Vec::new(),
                        note: None,
                        changed_at: now,
                    });
                    // A model without a name has the one of its operation.
                    let unnamed = || model.operation.replace('.', "-");
                    let name = match change.name {
                        Some(name) => name,
                        None if before.version == 0 => unnamed(),
                        None => before.name.clone(),
                    };
                    let version = if name == before.name {
                        before.version
                    } else {
                        models.get_last_model_version(owner, &name).await? + 1
                    };
                    let note = match change.note {
                        Some(note) => Some(note).filter(|note| !note.is_empty()),
                        None => before.note,
                    };
                    let tags = change.tags.unwrap_or(before.tags);
                    let card = ModelCard { name, version, tags, note, changed_at: now };
                    models.put_model_card(owner, id, &card).await?;
                    let details = json!({ "before": told, "after": describe_card(&card) });
                    let subject = format!("model {id}");
                    let entry = actor.audit_entry("model.change", &subject, details, now);
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await?;
        self.get_model(actor, id).await
    }

    /// Removes a model and its card; its bytes go two days later.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::Invalid`] while an unfinished job reads it.
    pub async fn delete_model(&self, actor: &Actor, id: ArtifactId) -> Result<(), CatalogError> {
        require(actor, Permission::RunJobs)?;
        let model = self.get_model(actor, id).await?;
        self.require_change(actor, ObjectRef::Model(id)).await?;
        let (owner, now) = (actor.organization_id, self.clock.now());
        let subject = format!("model {id}");
        let before = model.card.as_ref().map(describe_card);
        let details = json!({ "before": before, "after": null });
        let entry = actor.audit_entry("model.delete", &subject, details, now);
        self.store
            .write::<(), CatalogError, _>(move |tx| {
                let entry = entry.clone();
                Box::pin(async move {
                    if tx.models().is_model_in_use(owner, id).await? {
                        return Err(CatalogError::Invalid {
                            field: "id",
                            message: "a job that has not ended reads this model; wait for it or \
                                      cancel it"
                                .to_owned(),
                        });
                    }
                    tx.models().delete_model(owner, id, now.plus(BLOB_DELAY)).await?;
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await
    }

    /// The report and the measurements of the job that made a model.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    pub async fn get_model_metrics(
        &self,
        actor: &Actor,
        id: ArtifactId,
    ) -> Result<ModelMetrics, CatalogError> {
        let model = self.get_model(actor, id).await?;
        let (owner, job_id) = (actor.organization_id, model.artifact.job_id);
        let snapshot = self.store.read_as(actor.sight()).await?;
        let job = snapshot.jobs().find_job(owner, job_id).await?;
        let events = snapshot.jobs().list_job_events(owner, job_id, 0, MOST_EVENTS).await?;
        let measured = events.into_iter().filter(|event| event.kind == JobEventKind::Metric);
        Ok(ModelMetrics {
            report: job.and_then(|job| job.report).unwrap_or(Value::Null),
            measured: measured.map(|event| event.body).collect(),
        })
    }

    /// The charts and pages of the job that made a model.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    pub async fn list_model_plots(
        &self,
        actor: &Actor,
        id: ArtifactId,
    ) -> Result<Vec<Artifact>, CatalogError> {
        let model = self.get_model(actor, id).await?;
        let snapshot = self.store.read_as(actor.sight()).await?;
        let owner = actor.organization_id;
        let files = snapshot.catalog().list_artifacts(owner, model.artifact.job_id).await?;
        Ok(files.into_iter().filter(|file| matches!(&*file.role, "chart" | "report")).collect())
    }

    /// The models of a job and of the jobs below it, each with its job's report.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`].
    pub async fn compare_models(
        &self,
        actor: &Actor,
        job_id: JobId,
    ) -> Result<(JobRecord, Vec<ComparedModel>), CatalogError> {
        require(actor, Permission::ReadJobs)?;
        let owner = actor.organization_id;
        let snapshot = self.store.read_as(actor.sight()).await?;
        let job = snapshot.jobs().find_job(owner, job_id).await?;
        let job = job.ok_or(CatalogError::NotFound { what: "job" })?;
        let filter = ModelFilter { job: Some(job_id), ..ModelFilter::default() };
        let page = PageRequest { after: None, limit: MOST_COMPARED, order: Order::OldestFirst };
        let found = snapshot.models().list_models(owner, &filter, &page).await?;
        let mut compared = Vec::with_capacity(found.items.len());
        for model in found.items {
            let made_by = snapshot.jobs().find_job(owner, model.artifact.job_id).await?;
            let report = made_by.and_then(|job| job.report).unwrap_or(Value::Null);
            compared.push(ComparedModel { model, report });
        }
        Ok((job, compared))
    }
}

/// A card for the audit log; the note stands where it can be erased.
fn describe_card(card: &ModelCard) -> Value {
    json!({ "name": card.name, "version": card.version, "tags": card.tags, "why": card.note })
}

fn require_card(mut change: CardChange) -> Result<CardChange, CatalogError> {
    let refuse = |field, message| Err(CatalogError::Invalid { field, message });
    if let Some(name) = &mut change.name {
        *name = name.trim().to_owned();
        let fits = (1..=LONGEST_NAME).contains(&name.chars().count());
        if !fits || name.chars().any(char::is_control) {
            let rule = format!("`name` needs 1 to {LONGEST_NAME} characters, none for control");
            return refuse("name", rule);
        }
    }
    if let Some(tags) = &mut change.tags {
        for tag in tags.iter_mut() {
            *tag = tag.trim().to_lowercase();
        }
        tags.sort();
        tags.dedup();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_tag =
            |tag: &String| (1..=LONGEST_TAG).contains(&tag.len()) && tag.chars().all(allowed);
        if tags.len() > MOST_TAGS || !tags.iter().all(is_tag) {
            let rule = format!(
                "`tags` may be {MOST_TAGS} words of 1 to {LONGEST_TAG} letters, digits, `-`, `_`, `.`"
            );
            return refuse("tags", rule);
        }
    }
    let too_long = |note: &String| note.chars().count() > LONGEST_NOTE || note.contains('\0');
    if change.note.as_ref().is_some_and(too_long) {
        return refuse("note", format!("`note` may have at most {LONGEST_NOTE} characters"));
    }
    Ok(change)
}
