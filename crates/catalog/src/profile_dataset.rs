//! The profile of a dataset version, made by a job of the platform.
//!
//! Invariants: the job is not metered; a profile is made from the bytes alone, so that making
//! it again gives the same.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::sync::Arc;

use gantry_engine_api::{
    EngineError, Estimate, InputKind, InputMeta, InputSlot, JobContext, Operation, ParamError, Step,
};
use gantry_kit::{Profile, ReadOptions, TableError, profile};
use gantry_ports::store::{DatasetVersion, StoreExt};
use gantry_ports::{Hint, Store};
use gantry_rules::submission::{Accounting, Needs, OnRefusal, Submission};
use gantry_types::{Credits, DatasetId, Device, JobId, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Catalog;
use crate::error::CatalogError;

/// Resident memory of a profile job, in bytes.
const MEMORY_BYTES: u64 = 256 << 20;

/// Which version is to be profiled.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileParams {
    /// The tenant's identifier.
    pub organization_id: String,
    /// The dataset's identifier.
    pub dataset_id: String,
    /// The version, from 1.
    pub version: u32,
}

/// What the job says of its result; the profile itself is kept with the version.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ProfileReport {
    /// Rows without the header.
    pub rows: u64,
    /// Columns.
    pub columns: usize,
}

/// The operation of the platform that makes profiles.
pub struct ProfileDataset {
    store: Arc<dyn Store>,
}

impl ProfileDataset {
    /// Keeps profiles in `store`.
    #[must_use]
    pub const fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    async fn keep(&self, params: &ProfileParams, profile: &Profile) -> Result<(), EngineError> {
        let broken = |what: &str| EngineError::bug(format!("The {what} is not an identifier."));
        let organization_id: OrganizationId =
            params.organization_id.parse().map_err(|_| broken("organization"))?;
        let dataset_id: DatasetId = params.dataset_id.parse().map_err(|_| broken("dataset"))?;
        let version = params.version;
        let value = serde_json::to_value(profile)
            .map_err(|error| EngineError::bug(format!("The profile is not JSON: {error}.")))?;
        self.store
            .write(move |tx| {
                let value = value.clone();
                Box::pin(async move {
                    tx.catalog().set_profile(organization_id, dataset_id, version, &value).await
                })
            })
            .await
            .map_err(|error: gantry_ports::StoreError| {
                EngineError::transient(format!("The profile cannot be stored: {error}."))
            })
    }
}

impl Operation for ProfileDataset {
    const ID: &'static str = "datasets.profile";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Profile a dataset";
    const SUMMARY: &'static str = "Counts what is in each column of an uploaded table.";
    type Params = ProfileParams;
    type Report = ProfileReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![InputSlot::required("data", "Dataset", InputKind::Table)]
    }

    fn estimate(&self, _: &ProfileParams, _: &[InputMeta]) -> Result<Estimate, ParamError> {
        Ok(Estimate { memory_bytes: MEMORY_BYTES, ..Estimate::free() })
    }

    async fn run(
        &self,
        params: ProfileParams,
        context: JobContext,
    ) -> Result<Step<ProfileReport>, EngineError> {
        context.stage("Profile", 1, 1);
        let input = context.input("data").await?;
        let profile = context
            .compute(move |blocking| {
                let mut watch = |progress: gantry_kit::Progress| {
                    blocking
                        .progress(progress.bytes_read as f64 / progress.bytes_total.max(1) as f64);
                    if blocking.is_cancelled() {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                };
                let reader = BufReader::new(input.open()?);
                profile(reader, &ReadOptions::default(), &mut watch).map_err(derive_engine_error)
            })
            .await?;
        self.keep(&params, &profile).await?;
        Ok(Step::Done(ProfileReport { rows: profile.rows, columns: profile.columns.len() }))
    }
}

fn derive_engine_error(error: TableError) -> EngineError {
    match error {
        TableError::Stopped => EngineError::cancelled(),
        other => EngineError::input(other.to_string()),
    }
}

impl Catalog {
    /// Has a version profiled. The job's identifier was chosen with the version, so that a
    /// crash in between is mended by asking again.
    pub(crate) async fn submit_profile(
        &self,
        version: &DatasetVersion,
        organization_id: OrganizationId,
    ) -> Result<(), CatalogError> {
        let Some(job_id) = version.profile_job else {
            return Ok(());
        };
        let submission = derive_submission(version, organization_id, job_id, self.clock.now());
        self.store.submit(submission).await?;
        self.bus.publish(Hint::JobsReady);
        self.bus.publish(Hint::Account { organization_id });
        Ok(())
    }
}

fn derive_submission(
    version: &DatasetVersion,
    organization_id: OrganizationId,
    job_id: JobId,
    now: gantry_types::Timestamp,
) -> Submission {
    let dataset_id = version.dataset_id;
    let input = json!({ "kind": "dataset", "id": dataset_id, "version": version.version });
    let params: Value = json!({
        "organization_id": organization_id.to_string(),
        "dataset_id": dataset_id.to_string(),
        "version": version.version,
    });
    Submission {
        job_id,
        organization_id,
        submitted_by: None,
        operation: ProfileDataset::ID.to_owned(),
        operation_version: ProfileDataset::VERSION,
        params,
        inputs: json!({ "data": input }),
        seed: 0,
        label: Some(version.file_name.clone()),
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
        idempotency: None,
        origin: None,
    }
}
