//! `automl.train`: from a table to the best model.

use std::collections::BTreeMap;

use gantry_engine_api::{
    DeviceNeed, EngineError, Estimate, InputKind, InputMeta, InputSlot, JobContext, Operation,
    ParamError, Step,
};
use gantry_types::{Credits, MeterId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::price::{TableSize, derive_training_credits};
use crate::metric::MetricChoice;
use crate::model::{Algorithm, count_at_most};
use crate::task::TaskChoice;
use crate::train::{TrainReport, train};

/// Fewest and most folds.
const FOLDS: std::ops::RangeInclusive<u32> = 2..=20;
/// Most seconds that a search may be given.
const MAX_SECONDS: u32 = 7 * 24 * 3_600;

/// Parameters of `automl.train`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainParams {
    /// The column to predict.
    #[schemars(extend("x-gantry" = {"column_of": "data"}))]
    pub target: String,
    /// What to predict: two classes, several classes or a number. `auto` decides by the values.
    #[serde(default)]
    pub task: TaskChoice,
    /// The score that chooses the best model. `auto` takes ROC AUC for two classes, accuracy for
    /// several and RMSE for numbers.
    #[serde(default)]
    pub metric: MetricChoice,
    /// The learners to try; none means all that fit the task.
    #[serde(default)]
    pub algorithms: Vec<Algorithm>,
    /// Parts of the rows for cross-validation: each model is fitted on all parts but one and
    /// scored on that one.
    #[serde(default = "default_folds")]
    #[schemars(range(min = 2, max = 20))]
    pub folds: u32,
    /// Seconds after which no further model is begun. With a limit, two runs may differ.
    #[serde(default)]
    #[schemars(range(min = 1, max = 604_800))]
    pub time_seconds: Option<u32>,
    /// Columns that models must not see.
    #[serde(default)]
    #[schemars(extend("x-gantry" = {"column_of": "data"}))]
    pub ignore_columns: Vec<String>,
    /// Of two classes, the one that counts as positive for F1 and the curves; by default the
    /// second one by the alphabet.
    #[serde(default)]
    pub positive_class: Option<String>,
}

fn default_folds() -> u32 {
    5
}

impl TrainParams {
    /// Default parameters for a target.
    #[must_use]
    pub fn new(target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            task: TaskChoice::Auto,
            metric: MetricChoice::Auto,
            algorithms: Vec::new(),
            folds: default_folds(),
            time_seconds: None,
            ignore_columns: Vec::new(),
            positive_class: None,
        }
    }

    fn require_valid(&self) -> Result<(), ParamError> {
        if self.target.is_empty() {
            return Err(ParamError::new("/target", "is empty; name the column to predict"));
        }
        if !FOLDS.contains(&self.folds) {
            let message = format!("is {}; choose from 2 to 20 folds", self.folds);
            return Err(ParamError::new("/folds", message));
        }
        if self.time_seconds.is_some_and(|s| s == 0 || s > MAX_SECONDS) {
            let message = format!("must be from 1 to {MAX_SECONDS} seconds, or left out");
            return Err(ParamError::new("/time_seconds", message));
        }
        Ok(())
    }

    pub(crate) fn count_models_at_most(&self) -> usize {
        usize::try_from(count_at_most(&self.algorithms)).unwrap_or(usize::MAX)
    }

    /// A text that is the same for runs that must give the same result.
    pub(crate) fn derive_fingerprint(&self, data_sha256: &str, seed: u64) -> String {
        let params = serde_json::to_string(self).unwrap_or_default();
        let text = format!("{}\n{params}\n{data_sha256}\n{seed}", Train::VERSION);
        hex::encode(Sha256::digest(text.as_bytes()))
    }
}

/// `automl.train`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Train;

impl Operation for Train {
    const ID: &'static str = "automl.train";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Train models";
    const SUMMARY: &'static str = "Tries several learners on a table, compares them on held-out \
                                   rows and keeps the best one as a file.";
    type Params = TrainParams;
    type Report = TrainReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![InputSlot::required("data", "Table with the target column", InputKind::Table)]
    }

    fn estimate(&self, params: &TrainParams, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        params.require_valid()?;
        let data = inputs
            .iter()
            .find(|input| input.slot == "data")
            .ok_or_else(|| ParamError::new("", "the input `data` is missing; give a table"))?;
        if !data.columns.is_empty() && !data.columns.contains(&params.target) {
            let names = crate::error::derive_list(&data.columns, 12);
            let message =
                format!("`{}` is no column of the table; choose of {names}", params.target);
            return Err(ParamError::new("/target", message));
        }
        let size = TableSize::of(data);
        let models = count_at_most(&params.algorithms);
        let meter = |name: &str, units: u64| Ok((meter_id(name)?, units));
        Ok(Estimate {
            meters: [meter("rows", size.rows), meter("models", models)]
                .into_iter()
                .collect::<Result<BTreeMap<_, _>, ParamError>>()?,
            max_credits: Credits::new(derive_training_credits(size.cells, models)),
            memory_bytes: size.memory_bytes(),
            threads: 2,
            device: DeviceNeed::Cpu,
        })
    }

    async fn run(
        &self,
        params: TrainParams,
        context: JobContext,
    ) -> Result<Step<TrainReport>, EngineError> {
        params.require_valid()?;
        let report = context.compute(move |job| Ok(train(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

pub(crate) fn meter_id(name: &str) -> Result<MeterId, ParamError> {
    name.parse().map_err(|_| ParamError::new("", format!("`{name}` is no name of a meter")))
}
