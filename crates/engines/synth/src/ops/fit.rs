//! `synth.fit`: learns a table and leaves the generator as one file.

use std::collections::BTreeMap;
use std::sync::Arc;

use gantry_deep::Epochs;
use gantry_engine_api::{
    ArtifactRole, BlockingContext, EngineError, Estimate, InputKind, InputMeta, InputSlot,
    JobContext, Operation, ParamError, Step,
};
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::generate::{
    default_delta, default_epsilon, default_leaf, default_trees, publish_metadata, width,
};
use super::learn::{ColumnUse, LearnOptions, Wishes, derive_uses, learn, list_notes};
use super::meter_id;
use super::price::{TableSize, charge, derive_credits, learned_cells, network_bytes};
use crate::error::SynthError;
use crate::hardware::{Hardware, derive_need};
use crate::private::PrivacyBudget;
use crate::table::{BuiltInDataset, read_table};
use crate::tier::Tier;

/// Parameters of `synth.fit`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FitParams {
    /// A table that comes with the program, instead of a file.
    #[serde(default)]
    pub dataset: Option<BuiltInDataset>,
    /// How the table is learned.
    #[serde(default)]
    pub tier: Tier,
    /// The column that matters most; the others are drawn after it.
    #[serde(default)]
    #[schemars(extend("x-gantry" = {"column_of": "data"}))]
    pub target: Option<String>,
    /// What must hold in every row: `start <= end`, `total = a + b`, `fixed(city, country)`,
    /// `range(age, 0, 120)`, `unique(code)`, `one_hot(a, b, c)`.
    #[serde(default)]
    pub constraints: Vec<String>,
    /// The fewest rows that a leaf of a tree draws from, 20 or more.
    #[serde(default = "default_leaf")]
    #[schemars(range(min = 20))]
    pub leaf: u32,
    /// Trees for each column; each row follows one of them.
    #[serde(default = "default_trees")]
    #[schemars(range(min = 1, max = 16))]
    pub trees: u32,
    /// For the tier `deep`: epochs of the autoencoder; left out, as many as rows ask for.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    pub epochs_vae: Option<u32>,
    /// For the tier `deep`: epochs of the network on the graph of rows; 0 leaves the graph out.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub epochs_gnn: Option<u32>,
    /// For the tier `deep`: epochs of the diffusion; left out, it ends when a learner tells made rows
    /// from withheld ones no worse than before.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    pub epochs_diffusion: Option<u32>,
    /// For the tier `private`: how much more likely one row may make any result, as a logarithm.
    #[serde(default = "default_epsilon")]
    pub epsilon: f64,
    /// For the tier `private`: the chance that `epsilon` does not hold.
    #[serde(default = "default_delta")]
    pub delta: f64,
}

/// The result of `synth.fit`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FitReport {
    /// Rows that were learned from.
    pub learned_rows: u64,
    /// How the table was learned.
    pub tier: Tier,
    /// What is promised about single people.
    pub guarantee: String,
    /// Size of the generator in bytes.
    pub model_bytes: u64,
    /// What should be known about how the table was learned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What each column is, and whether it was learned or is made anew.
    pub columns: Vec<ColumnUse>,
}

/// `synth.fit`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fit;

impl Operation for Fit {
    const ID: &'static str = "synth.fit";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Learn a table";
    const SUMMARY: &'static str =
        "Learns a table and leaves a generator, from which rows can be drawn at any time.";
    type Params = FitParams;
    type Report = FitReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![
            InputSlot::optional("data", "Table to learn", InputKind::Table),
            InputSlot::optional("metadata", "What the columns are (JSON)", InputKind::File),
        ]
    }

    fn estimate(&self, params: &FitParams, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        let data = inputs.iter().find(|input| input.slot == "data");
        if data.is_none() && params.dataset.is_none() {
            let message = "neither `data` nor `dataset` is given; give one of them";
            return Err(ParamError::new("", message));
        }
        let size = TableSize::of(data);
        let epochs = size.count_epochs(params.tier, derive_epochs(params));
        Ok(Estimate {
            meters: BTreeMap::from([(meter_id("rows")?, size.rows), (meter_id("epochs")?, epochs)]),
            max_credits: Credits::new(derive_credits(learned_cells(size.cells(), params.tier), 0)),
            memory_bytes: size.memory_bytes().saturating_add(network_bytes(params.tier)),
            threads: 2,
            device: derive_need(&[params.tier]),
        })
    }

    async fn run(
        &self,
        params: FitParams,
        context: JobContext,
    ) -> Result<Step<FitReport>, EngineError> {
        let report = context.compute(move |job| Ok(fit(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn fit(job: &BlockingContext, params: &FitParams) -> Result<FitReport, SynthError> {
    job.stage("Read", 1, 2);
    let table = read_table(job, params.dataset)?;
    job.stage("Learn", 2, 2);
    let wishes = Wishes {
        target: params.target.as_deref(),
        constraints: &params.constraints,
        ..Wishes::default()
    };
    let budget = PrivacyBudget { epsilon: params.epsilon, delta: params.delta };
    let (leaf, trees) = (params.leaf, params.trees);
    let (epochs, step) = (derive_epochs(params), (2, 2));
    let hardware = Arc::new(Hardware::of(job));
    let selection = false;
    let options = LearnOptions { leaf, trees, budget, selection, epochs, hardware, step };
    let model = learn(job, &table, (params.tier, &options), &wishes)?;
    let bytes = model.write()?;
    job.publish_bytes("generator.gantry", ArtifactRole::Model, &bytes)?;
    publish_metadata(job, &model)?;
    let cells = model.header.rows.saturating_mul(width(&model));
    charge(job, learned_cells(cells, params.tier), 0)?;
    job.progress(1.0);
    Ok(FitReport {
        learned_rows: model.header.rows,
        tier: params.tier,
        guarantee: model.fitted.derive_guarantee(),
        model_bytes: bytes.len() as u64,
        notes: list_notes(&model, &options),
        columns: derive_uses(&model.header.encoding),
    })
}

const fn derive_epochs(params: &FitParams) -> Epochs {
    Epochs {
        autoencoder: params.epochs_vae,
        graph: params.epochs_gnn,
        diffusion: params.epochs_diffusion,
    }
}
