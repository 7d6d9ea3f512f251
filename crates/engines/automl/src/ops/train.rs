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

use super::price::{TableSize, derive_training_credits, find_budget_credits};
use super::time::TimeLimit;
use crate::metric::MetricChoice;
use crate::model::{Algorithm, CalibrationChoice, count_at_most};
use crate::preprocess::PreprocessOptions;
use crate::task::TaskChoice;
use crate::train::{Allocator, Budget, GiveBack, SplitChoice, TrainReport, Trained, train};

/// Fewest and most folds.
const FOLDS: std::ops::RangeInclusive<u32> = 2..=20;
/// Fewest and most candidates side by side.
const PARALLEL_JOBS: std::ops::RangeInclusive<u32> = 2..=32;
/// Fewest units of a search.
const LEAST_UNITS: u64 = 1_000;
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
    /// The quantile that the metric `pinball` looks at, from 0.001 to 0.999; without one, the
    /// median. Boosting then predicts it rather than the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 0.999))]
    pub quantile: Option<f64>,
    /// One learner to train, with its usual settings.
    #[serde(default)]
    pub algorithm: Option<Algorithm>,
    /// The learners to try; none means all that fit the task. Without a budget each is trained
    /// once, with its usual settings, and the best one is kept.
    #[serde(default)]
    pub algorithms: Vec<Algorithm>,
    /// The time of a search, such as `60s` or `5m`: many settings are tried and the best models
    /// share the prediction. Two runs may differ.
    #[serde(default, alias = "time_seconds")]
    pub time: Option<TimeLimit>,
    /// The work of a search, instead of a time, in units of about one row × column × pass. Two
    /// runs give the same model, on any machine.
    #[serde(default)]
    #[schemars(range(min = 1_000))]
    pub budget_units: Option<u64>,
    /// Parts of the rows for cross-validation: each model is fitted on all parts but one and
    /// scored on that one.
    #[serde(default = "default_folds")]
    #[schemars(range(min = 2, max = 20))]
    pub folds: u32,
    /// How rows are cut into folds.
    #[serde(default)]
    pub split: SplitChoice,
    /// The column by which rows are cut: the group of a row, which models do not see, or its time.
    #[serde(default)]
    #[schemars(extend("x-gantry" = {"column_of": "data"}))]
    pub split_column: Option<String>,
    /// Columns that models must not see.
    #[serde(default)]
    #[schemars(extend("x-gantry" = {"column_of": "data"}))]
    pub ignore_columns: Vec<String>,
    /// Of two classes, the one that counts as positive for F1 and the curves; by default the
    /// second one by the alphabet.
    #[serde(default)]
    pub positive_class: Option<String>,
    /// How the probabilities of a search's model are calibrated, on held-out rows.
    #[serde(default)]
    pub calibration: CalibrationChoice,
    /// Weigh the classes of a search's model so that a metric of chosen classes (accuracy, F1 and
    /// the like) is best on held-out rows.
    #[serde(default = "default_true")]
    pub tune_threshold: bool,
    /// Let a linear model of a search's best models make the prediction, where held-out rows are
    /// then predicted better than by their weighted mean.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stacking: bool,
    /// Try so many candidates of a search side by side, as jobs of their own, on as many workers as
    /// there are: the same model as in one job. Not for a search that is given a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 32))]
    pub parallel_jobs: Option<u32>,
    /// How columns are prepared, learned from training rows alone; what is left open suits each
    /// learner.
    #[serde(default)]
    pub preprocessing: PreprocessOptions,
    /// Leave the model as `model.onnx` too, for other programs.
    #[serde(default)]
    pub onnx: bool,
    /// Leave every chart as a PNG picture too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub png: bool,
}

const fn default_true() -> bool {
    true
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
            quantile: None,
            algorithm: None,
            algorithms: Vec::new(),
            time: None,
            budget_units: None,
            folds: default_folds(),
            split: SplitChoice::Auto,
            split_column: None,
            ignore_columns: Vec::new(),
            positive_class: None,
            calibration: CalibrationChoice::Auto,
            tune_threshold: true,
            stacking: false,
            parallel_jobs: None,
            preprocessing: PreprocessOptions::default(),
            onnx: false,
            png: false,
        }
    }

    pub(crate) fn require_valid(&self) -> Result<(), ParamError> {
        if self.target.is_empty() {
            return Err(ParamError::new("/target", "is empty; name the column to predict"));
        }
        if !FOLDS.contains(&self.folds) {
            let message = format!("is {}; choose from 2 to 20 folds", self.folds);
            return Err(ParamError::new("/folds", message));
        }
        if self.time.is_some_and(|time| time.seconds() == 0 || time.seconds() > MAX_SECONDS) {
            let message = format!("must be from 1 to {MAX_SECONDS} seconds, or left out");
            return Err(ParamError::new("/time", message));
        }
        if self.budget_units.is_some_and(|units| units < LEAST_UNITS) {
            let message = format!("must be {LEAST_UNITS} or more, or left out");
            return Err(ParamError::new("/budget_units", message));
        }
        if self.time.is_some() && self.budget_units.is_some() {
            let message = "cannot be given together with a time; choose one of both";
            return Err(ParamError::new("/budget_units", message));
        }
        self.require_shareable()?;
        let needs_column = matches!(self.split, SplitChoice::Group | SplitChoice::Time);
        if needs_column && self.split_column.is_none() {
            let message = "is missing; name the column of the group or the time";
            return Err(ParamError::new("/split_column", message));
        }
        if self.algorithm.is_some() && !self.algorithms.is_empty() {
            let message = "cannot be given together with a list of algorithms; choose one of both";
            return Err(ParamError::new("/algorithm", message));
        }
        Ok(())
    }

    fn require_shareable(&self) -> Result<(), ParamError> {
        let Some(jobs) = self.parallel_jobs else { return Ok(()) };
        let message = if !PARALLEL_JOBS.contains(&jobs) {
            "must be from 2 to 32, or left out"
        } else if self.time.is_some() {
            "cannot be given together with a time; give `budget_units` instead"
        } else if self.is_comparison() {
            "is for searches; leave the algorithms out, or give `budget_units`"
        } else {
            return Ok(());
        };
        Err(ParamError::new("/parallel_jobs", message))
    }

    /// Columns that models must not see: a group tells nothing of groups to come.
    pub(crate) fn list_ignored(&self) -> Vec<String> {
        let group = self.split_column.iter().filter(|_| self.split == SplitChoice::Group);
        let group = group.filter(|name| !self.ignore_columns.contains(name));
        self.ignore_columns.iter().chain(group).cloned().collect()
    }

    /// The learners that were named.
    pub(crate) fn list_algorithms(&self) -> Vec<Algorithm> {
        self.algorithm.map_or_else(|| self.algorithms.clone(), |only| vec![only])
    }

    pub(crate) fn budget(&self) -> Budget {
        match (self.time, self.budget_units) {
            (Some(time), _) => Budget::Time(time.duration()),
            (None, Some(units)) => Budget::Units(units),
            (None, None) => Budget::Open,
        }
    }

    /// Whether named learners are compared rather than settings searched.
    pub(crate) fn is_comparison(&self) -> bool {
        self.budget() == Budget::Open && !self.list_algorithms().is_empty()
    }

    /// Stages between preparation and the last two.
    pub(crate) fn count_stages(&self) -> usize {
        if self.is_comparison() { self.count_models_at_most() } else { 1 }
    }

    pub(crate) fn count_models_at_most(&self) -> usize {
        usize::try_from(count_at_most(&self.list_algorithms())).unwrap_or(usize::MAX)
    }

    /// A text that is the same for runs that must give the same result.
    pub(crate) fn derive_fingerprint(&self, data_sha256: &str, seed: u64) -> String {
        // Who tries the candidates changes nothing.
        let alone = Self { parallel_jobs: None, ..self.clone() };
        let params = serde_json::to_string(&alone).unwrap_or_default();
        let text = format!("{}\n{params}\n{data_sha256}\n{seed}", Train::VERSION);
        hex::encode(Sha256::digest(text.as_bytes()))
    }
}

/// `automl.train`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Train {
    give_back: GiveBack,
}

impl Train {
    pub(crate) fn giving_back(allocator: Allocator) -> Self {
        Self { give_back: GiveBack::by(allocator) }
    }
}

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
        let data = find_table(inputs)?;
        if !data.columns.is_empty() && !data.columns.contains(&params.target) {
            let names = crate::error::derive_list(&data.columns, 12);
            let message =
                format!("`{}` is no column of the table; choose of {names}", params.target);
            return Err(ParamError::new("/target", message));
        }
        let size = TableSize::of(data);
        let models = count_at_most(&params.list_algorithms());
        let credits = find_budget_credits(params.budget())
            .unwrap_or_else(|| derive_training_credits(size.cells, models));
        let meter = |name: &str, units: u64| Ok((meter_id(name)?, units));
        Ok(Estimate {
            meters: [meter("rows", size.rows), meter("models", models)]
                .into_iter()
                .collect::<Result<BTreeMap<_, _>, ParamError>>()?,
            max_credits: Credits::new(credits),
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
        let give_back = self.give_back;
        match context.compute(move |job| Ok(train(job, &params, give_back)?)).await? {
            Trained::Done(report) => Ok(Step::Done(*report)),
            Trained::Waits { children, checkpoint } => Ok(Step::Fork { children, checkpoint }),
        }
    }
}

/// The table to learn from.
pub(crate) fn find_table(inputs: &[InputMeta]) -> Result<&InputMeta, ParamError> {
    let found = inputs.iter().find(|input| input.slot == "data");
    found.ok_or_else(|| ParamError::new("", "the input `data` is missing; give a table"))
}

pub(crate) fn meter_id(name: &str) -> Result<MeterId, ParamError> {
    name.parse().map_err(|_| ParamError::new("", format!("`{name}` is no name of a meter")))
}
