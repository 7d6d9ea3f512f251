//! `synth.generate`: learns a table, draws rows, and says how good they are, in one go.

use std::collections::BTreeMap;
use std::sync::Arc;

use gantry_deep::Epochs;
use gantry_engine_api::{
    ArtifactRole, BlockingContext, EngineError, Estimate, InputKind, InputMeta, InputSlot,
    JobContext, Operation, ParamError, Step,
};
use gantry_fidelity::{EvaluateOptions, Pair, Targets};
use gantry_kit::Frame;
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::learn::{ColumnUse, LearnOptions, Wishes, derive_plan, derive_uses, learn, list_notes};
use super::meter_id;
use super::price::{TableSize, charge, derive_credits, learned_cells, network_bytes};
use crate::encode::encode_frame;
use crate::error::SynthError;
use crate::evaluation::{
    EvaluationLevel, Figures, MEASURED_ROWS, derive_figures, derive_metadata, measure_quality,
    publish_evaluation, withhold,
};
use crate::hardware::{Hardware, derive_need};
use crate::model_file::SynthModel;
use crate::output::{OutputFormat, publish_table};
use crate::private::PrivacyBudget;
use crate::produce::{Plan, Producer};
use crate::select::{DRAWN_PER_KEPT, MOST_SELECTED, choose_rows, select_rows};
use crate::table::{BuiltInDataset, Table, read_table};
use crate::tier::{FittedTier, Tier};

/// Parameters of `synth.generate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GenerateParams {
    /// Rows to make; as many as the table has where it is left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000_000_u64))]
    pub rows: Option<u64>,
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
    /// What must hold in every row, such as `sex=Female,age>60`.
    #[serde(default)]
    pub given: String,
    /// What must hold in every row: `start <= end`, `total = a + b`, `fixed(city, country)`,
    /// `range(age, 0, 120)`, `unique(code)`, `one_hot(a, b, c)`.
    #[serde(default)]
    pub constraints: Vec<String>,
    /// A column whose labels shall all be equally frequent.
    #[serde(default)]
    #[schemars(extend("x-gantry" = {"column_of": "data"}))]
    pub balance: Option<String>,
    /// The fewest rows that a leaf of a tree draws from, 20 or more: larger ones hide people
    /// better, and smaller ones keep finer detail.
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
    /// Draw more rows than are wanted, and keep those that together match the table's counts best:
    /// worth it for small tables. In the tier `private` the counts are noised, and part of `epsilon`
    /// goes to them. At most 200,000 rows; not together with `given` or `balance`.
    #[serde(default)]
    pub selection: bool,
    /// The file that rows are left as: `csv`, or `parquet`, which keeps the types of columns.
    #[serde(default)]
    pub format: OutputFormat,
    /// How much is measured: nothing, shapes and trends, or everything. For everything a tenth of
    /// the rows is not learned from.
    #[serde(default)]
    pub evaluation: EvaluationLevel,
}

pub(crate) fn default_leaf() -> u32 {
    LearnOptions::default().leaf
}

pub(crate) fn default_trees() -> u32 {
    LearnOptions::default().trees
}

pub(crate) fn default_epsilon() -> f64 {
    LearnOptions::default().budget.epsilon
}

pub(crate) fn default_delta() -> f64 {
    LearnOptions::default().budget.delta
}

/// The result of `synth.generate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GenerateReport {
    /// Rows that were learned from.
    pub learned_rows: u64,
    /// Rows that were made.
    pub rows: u64,
    /// How the table was learned.
    pub tier: Tier,
    /// What is promised about single people.
    pub guarantee: String,
    /// What each column is, and whether it was learned or made anew.
    pub columns: Vec<ColumnUse>,
    /// What should be known about how the table was learned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How good the rows are; `evaluation.json` and `report.html` have more where all was measured.
    pub figures: Figures,
}

/// `synth.generate`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Generate;

impl Operation for Generate {
    const ID: &'static str = "synth.generate";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Make synthetic data";
    const SUMMARY: &'static str = "Learns a table and draws new rows that keep its statistics and \
                                   nobody's data.";
    type Params = GenerateParams;
    type Report = GenerateReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![
            InputSlot::optional("data", "Table to learn", InputKind::Table),
            InputSlot::optional("metadata", "What the columns are (JSON)", InputKind::File),
        ]
    }

    fn estimate(
        &self,
        params: &GenerateParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        let data = inputs.iter().find(|input| input.slot == "data");
        if data.is_none() && params.dataset.is_none() {
            let message = "neither `data` nor `dataset` is given; give one of them";
            return Err(ParamError::new("", message));
        }
        let size = TableSize::of(data);
        let rows = params.rows.unwrap_or(size.rows);
        let drawn = rows.saturating_mul(size.columns);
        let epochs = size.count_epochs(params.tier, derive_epochs(params));
        Ok(Estimate {
            meters: BTreeMap::from([(meter_id("rows")?, rows), (meter_id("epochs")?, epochs)]),
            max_credits: Credits::new(derive_credits(
                learned_cells(size.cells(), params.tier),
                drawn,
            )),
            memory_bytes: size.memory_bytes().saturating_add(network_bytes(params.tier)),
            threads: 2,
            device: derive_need(&[params.tier]),
        })
    }

    async fn run(
        &self,
        params: GenerateParams,
        context: JobContext,
    ) -> Result<Step<GenerateReport>, EngineError> {
        let report = context.compute(move |job| Ok(generate(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn generate(job: &BlockingContext, params: &GenerateParams) -> Result<GenerateReport, SynthError> {
    job.stage("Read", 1, 4);
    let mut table = read_table(job, params.dataset)?;
    let held = match params.evaluation {
        EvaluationLevel::None | EvaluationLevel::Quality => None,
        EvaluationLevel::Full => {
            let (kept, held) = withhold(&table.frame, job.seed());
            table.frame = kept;
            Some(held)
        }
    };
    require_selectable(params)?;
    job.stage("Learn", 2, 4);
    let wishes = Wishes {
        given: &params.given,
        constraints: &params.constraints,
        balance: params.balance.as_deref(),
        target: params.target.as_deref(),
    };
    let budget = PrivacyBudget { epsilon: params.epsilon, delta: params.delta };
    let (leaf, trees, selection) = (params.leaf, params.trees, params.selection);
    let (epochs, step) = (derive_epochs(params), (2, 4));
    let hardware = Arc::new(Hardware::of(job));
    let options = LearnOptions { leaf, trees, budget, selection, epochs, hardware, step };
    let model = learn(job, &table, (params.tier, &options), &wishes)?;
    // The generator has learned the constraints itself.
    let mut plan = derive_plan(&Wishes { constraints: &[], ..wishes }, &model, job.seed())?;
    plan.ask.hardware = Arc::clone(&options.hardware);
    job.stage("Draw", 3, 4);
    let rows = params.rows.unwrap_or(model.header.rows);
    let selected = if params.selection {
        Some(publish_selected(job, (&table, params.format), (&model, &plan), rows)?)
    } else {
        publish_rows(job, (&model, &plan), (rows, params.format))?;
        None
    };
    publish_metadata(job, &model)?;
    job.stage("Measure", 4, 4);
    let made = match (selected, params.evaluation) {
        (_, EvaluationLevel::None) => None,
        (Some(made), EvaluationLevel::Quality | EvaluationLevel::Full) => Some(made),
        (None, EvaluationLevel::Quality | EvaluationLevel::Full) => {
            let producer = Producer { model: &model, plan: &plan };
            Some(producer.draw_frame(0..rows.min(MEASURED_ROWS))?)
        }
    };
    let figures = measure(job, (&table, held.as_ref()), made.as_ref(), params)?;
    let cells = |rows: u64| rows.saturating_mul(width(&model));
    charge(job, learned_cells(cells(model.header.rows), params.tier), cells(rows))?;
    job.progress(1.0);
    Ok(GenerateReport {
        learned_rows: model.header.rows,
        rows,
        tier: params.tier,
        guarantee: model.fitted.derive_guarantee(),
        columns: derive_uses(&model.header.encoding),
        notes: list_notes(&model, &options),
        figures,
    })
}

const fn derive_epochs(params: &GenerateParams) -> Epochs {
    Epochs {
        autoencoder: params.epochs_vae,
        graph: params.epochs_gnn,
        diffusion: params.epochs_diffusion,
    }
}

/// Measures the rows that were made, as far as is asked.
fn measure(
    job: &BlockingContext,
    (table, held): (&Table, Option<&Frame>),
    made: Option<&Frame>,
    params: &GenerateParams,
) -> Result<Figures, SynthError> {
    let Some(made) = made else { return Ok(Figures::default()) };
    let metadata = derive_metadata(&table.frame, &table.metadata);
    let Some(held) = held else { return measure_quality((&table.frame, made), &metadata) };
    let pair = Pair::new(&table.frame, made, &metadata).with_holdout(held);
    let targets = match &params.target {
        Some(target) => Targets::Named(vec![target.clone()]),
        None => Targets::Every,
    };
    let options = EvaluateOptions { seed: job.seed(), targets, ..EvaluateOptions::default() };
    let title = format!("Synthetic table, tier {}", params.tier.as_str());
    let evaluation = publish_evaluation(job, &pair, (&options, &title))?;
    Ok(derive_figures(&evaluation))
}

/// Columns of the table.
pub(super) fn width(model: &SynthModel) -> u64 {
    model.header.encoding.columns.len() as u64
}

/// Name of the made table without its ending.
const SYNTHETIC: &str = "synthetic";

/// Draws rows into `synthetic.csv` or `synthetic.parquet`; progress runs from 0.6 to 0.9.
pub(super) fn publish_rows(
    job: &BlockingContext,
    (model, plan): (&SynthModel, &Plan),
    (rows, format): (u64, OutputFormat),
) -> Result<(), SynthError> {
    let producer = Producer { model, plan };
    let mut writer = job.create_artifact(format.derive_name(SYNTHETIC), ArtifactRole::Table)?;
    let writer = match format {
        OutputFormat::Csv => {
            producer.write_csv(rows, &mut writer, (job, 0.6..0.9))?;
            writer
        }
        OutputFormat::Parquet => producer.write_parquet(rows, writer, (job, 0.6..0.9))?,
    };
    job.publish(writer.finish()?)?;
    Ok(())
}

/// Refuses a selection that would not match what is asked for.
fn require_selectable(params: &GenerateParams) -> Result<(), SynthError> {
    let refuse =
        |reason: &str| Err(SynthError::Option { what: "selection", reason: reason.to_owned() });
    if !params.selection {
        return Ok(());
    }
    if !params.given.is_empty() || params.balance.is_some() {
        return refuse("matches the whole table, and goes neither with `given` nor with `balance`");
    }
    // Noised counts are those of columns as they are learned, before rules rebuild them.
    if params.tier == Tier::Private && !params.constraints.is_empty() {
        return refuse("does not go with `constraints` in the tier `private`");
    }
    Ok(())
}

/// Draws more rows than are wanted and leaves those that match the table best.
fn publish_selected(
    job: &BlockingContext,
    (table, format): (&Table, OutputFormat),
    (model, plan): (&SynthModel, &Plan),
    rows: u64,
) -> Result<Frame, SynthError> {
    if rows > MOST_SELECTED {
        let reason = format!("is for at most {MOST_SELECTED} rows");
        return Err(SynthError::Option { what: "selection", reason });
    }
    let producer = Producer { model, plan };
    let drawn = producer.draw_block(0..rows * DRAWN_PER_KEPT)?;
    job.progress(0.75);
    job.check_cancelled()?;
    let kept = (rows as usize, job.seed());
    let chosen = match &model.fitted {
        FittedTier::Instant(_) | FittedTier::Mixture(_) | FittedTier::Deep(_) => {
            let (original, ..) = encode_frame(&table.frame, &table.metadata)?;
            select_rows(&original, &drawn, kept)
        }
        FittedTier::Private(tree) => {
            let count = drawn.columns.first().map_or(0, Vec::len);
            choose_rows(tree.derive_goals(&drawn, kept.0), count, kept)
        }
    };
    let made = producer.decode(&drawn.take(&chosen), 0..rows)?;
    publish_table(job, (SYNTHETIC, format), (&made, &model.header.encoding.derive_schema()))?;
    job.progress(0.9);
    Ok(made)
}

/// Leaves what was found out of the columns as the file that overrules it.
pub(super) fn publish_metadata(
    job: &BlockingContext,
    model: &SynthModel,
) -> Result<(), SynthError> {
    let bytes = serde_json::to_vec_pretty(&model.header.metadata)
        .map_err(|error| SynthError::inconsistent(format!("The metadata is not JSON: {error}.")))?;
    job.publish_bytes("metadata.json", ArtifactRole::File, &bytes)?;
    Ok(())
}
