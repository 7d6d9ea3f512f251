//! `synth.auto`: tries the tiers on a table, judges each against rows that none has seen, and leaves
//! the best one's rows and generator.

mod page;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gantry_engine_api::{
    ArtifactRole, BlockingContext, EngineError, Estimate, InputKind, InputMeta, InputSlot,
    JobContext, LogLevel, Operation, ParamError, Step,
};
use gantry_fidelity::{EvaluateOptions, FidelityError, Pair, c2st, membership};
use gantry_kit::Frame;
use gantry_learn::Control;
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::generate::{default_delta, default_epsilon, publish_metadata, publish_rows, width};
use super::learn::{LearnOptions, Wishes, derive_plan, learn, list_notes};
use super::meter_id;
use super::price::{TableSize, charge, derive_credits, learned_cells, network_bytes};
use crate::error::SynthError;
use crate::evaluation::{Figures, MEASURED_ROWS, derive_metadata, measure_quality, withhold};
use crate::hardware::{Hardware, derive_need};
use crate::model_file::SynthModel;
use crate::output::OutputFormat;
use crate::private::PrivacyBudget;
use crate::produce::Producer;
use crate::table::{BuiltInDataset, Table, read_table};
use crate::tier::Tier;

/// An attacker's success that chance and likeness alone may bring.
const HARMLESS_AUC: f64 = 0.53;
/// What each hundredth of success beyond that costs, in hundredths of the score.
const PRIVACY_WEIGHT: f64 = 4.0;
/// Readings of the table that trying a tier costs.
const READINGS: u64 = 4;

/// Parameters of `synth.auto`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutoParams {
    /// Rows to make; as many as the table has where it is left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000_000_u64))]
    pub rows: Option<u64>,
    /// A table that comes with the program, instead of a file.
    #[serde(default)]
    pub dataset: Option<BuiltInDataset>,
    /// The column that matters most; the others are drawn after it.
    #[serde(default)]
    #[schemars(extend("x-gantry" = {"column_of": "data"}))]
    pub target: Option<String>,
    /// The file that rows are left as: `csv`, or `parquet`, which keeps the types of columns.
    #[serde(default)]
    pub format: OutputFormat,
    /// The tiers to try, in this order.
    #[serde(default = "default_tiers")]
    pub tiers: Vec<Tier>,
    /// Seconds after which no further tier is begun; the first one always is.
    #[serde(default = "default_seconds")]
    #[schemars(range(min = 1))]
    pub seconds: u32,
    /// What must hold in every row: `start <= end`, `total = a + b`, `fixed(city, country)`,
    /// `range(age, 0, 120)`, `unique(code)`, `one_hot(a, b, c)`.
    #[serde(default)]
    pub constraints: Vec<String>,
    /// For the tier `private`: how much more likely one row may make any result, as a logarithm.
    #[serde(default = "default_epsilon")]
    pub epsilon: f64,
    /// For the tier `private`: the chance that `epsilon` does not hold.
    #[serde(default = "default_delta")]
    pub delta: f64,
}

fn default_tiers() -> Vec<Tier> {
    vec![Tier::Instant, Tier::Mixture, Tier::Private]
}

const fn default_seconds() -> u32 {
    300
}

/// What one tier came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TriedTier {
    /// The tier.
    pub tier: Tier,
    /// What it promises about single people.
    pub guarantee: String,
    /// Seconds of learning and drawing.
    pub seconds: f64,
    /// How good it is.
    pub figures: Figures,
    /// The mean of quality and C2ST, less what an attacker's success costs.
    pub score: f64,
}

/// The result of `synth.auto`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AutoReport {
    /// The tier whose rows were left.
    pub best: Tier,
    /// Rows that were made.
    pub rows: u64,
    /// Every tier that was tried, the best one first.
    pub tiers: Vec<TriedTier>,
    /// Tiers that there was no time for.
    pub skipped: Vec<Tier>,
}

/// `synth.auto`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Auto;

impl Operation for Auto {
    const ID: &'static str = "synth.auto";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Find the best tier";
    const SUMMARY: &'static str = "Learns a table in several ways within a time, and leaves the rows \
                                   of the one that is best in likeness and privacy.";
    type Params = AutoParams;
    type Report = AutoReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![
            InputSlot::optional("data", "Table to learn", InputKind::Table),
            InputSlot::optional("metadata", "What the columns are (JSON)", InputKind::File),
        ]
    }

    fn estimate(&self, params: &AutoParams, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        let data = inputs.iter().find(|input| input.slot == "data");
        if data.is_none() && params.dataset.is_none() {
            let message = "neither `data` nor `dataset` is given; give one of them";
            return Err(ParamError::new("", message));
        }
        if params.tiers.is_empty() {
            return Err(ParamError::new("/tiers", "no tier is named; name one at least"));
        }
        let size = TableSize::of(data);
        let rows = params.rows.unwrap_or(size.rows);
        let cost = |tier: &Tier| learned_cells(size.cells(), *tier).saturating_mul(READINGS);
        let tried = params.tiers.iter().map(cost).fold(0, u64::saturating_add);
        let networks = params.tiers.iter().map(|tier| network_bytes(*tier)).max().unwrap_or(0);
        let drawn = rows.saturating_mul(size.columns);
        let count = |tier: &Tier| size.count_epochs(*tier, LearnOptions::default().epochs);
        let epochs = params.tiers.iter().map(count).fold(0, u64::saturating_add);
        Ok(Estimate {
            meters: BTreeMap::from([(meter_id("rows")?, rows), (meter_id("epochs")?, epochs)]),
            max_credits: Credits::new(derive_credits(tried, drawn)),
            memory_bytes: size.memory_bytes().saturating_add(networks),
            threads: 2,
            device: derive_need(&params.tiers),
        })
    }

    async fn run(
        &self,
        params: AutoParams,
        context: JobContext,
    ) -> Result<Step<AutoReport>, EngineError> {
        let report = context.compute(move |job| Ok(search(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn search(job: &BlockingContext, params: &AutoParams) -> Result<AutoReport, SynthError> {
    let stages = params.tiers.len() as u32 + 2;
    job.stage("Read", 1, stages);
    let mut table = read_table(job, params.dataset)?;
    let all_rows = table.frame.rows() as u64;
    let (kept, held) = withhold(&table.frame, job.seed());
    table.frame = kept;
    let begun = Instant::now();
    let limit = Duration::from_secs(u64::from(params.seconds));
    // One for all tiers and the drawing: what failed once is not looked for again.
    let hardware = Arc::new(Hardware::of(job));
    let mut tried: Vec<(TriedTier, SynthModel)> = Vec::new();
    let mut skipped = Vec::new();
    for (place, tier) in params.tiers.iter().enumerate() {
        if !tried.is_empty() && begun.elapsed() > limit {
            skipped.push(*tier);
            continue;
        }
        job.stage(format!("Try {}", tier.as_str()), place as u32 + 2, stages);
        tried.push(try_tier(job, (&table, &held), (*tier, &hardware), params)?);
    }
    tried.sort_by(|a, b| b.0.score.total_cmp(&a.0.score));
    job.stage("Draw", stages, stages);
    let rows = params.rows.unwrap_or(all_rows);
    let (tiers, models): (Vec<TriedTier>, Vec<SynthModel>) = tried.into_iter().unzip();
    let (Some(best), Some(model)) = (tiers.first(), models.first()) else {
        let reason = "names no tier".to_owned();
        return Err(SynthError::Option { what: "tiers", reason });
    };
    let best = best.tier;
    let mut plan = derive_plan(&Wishes::default(), model, job.seed())?;
    plan.ask.hardware = hardware;
    publish_rows(job, (model, &plan), (rows, params.format))?;
    job.publish_bytes("generator.gantry", ArtifactRole::Model, &model.write()?)?;
    publish_metadata(job, model)?;
    let cells = all_rows.saturating_mul(width(model));
    let cost = |tried: &TriedTier| learned_cells(cells, tried.tier).saturating_mul(READINGS);
    let tried_cells = tiers.iter().map(cost).fold(0, u64::saturating_add);
    charge(job, tried_cells, rows.saturating_mul(width(model)))?;
    let report = AutoReport { best, rows, tiers, skipped };
    page::publish_page(job, &report)?;
    job.progress(1.0);
    Ok(report)
}

fn try_tier(
    job: &BlockingContext,
    (table, held): (&Table, &Frame),
    (tier, hardware): (Tier, &Arc<Hardware>),
    params: &AutoParams,
) -> Result<(TriedTier, SynthModel), SynthError> {
    let begun = Instant::now();
    let wishes = Wishes {
        target: params.target.as_deref(),
        constraints: &params.constraints,
        ..Wishes::default()
    };
    let budget = PrivacyBudget { epsilon: params.epsilon, delta: params.delta };
    let hardware = Arc::clone(hardware);
    let options = LearnOptions { budget, hardware, ..LearnOptions::default() };
    let model = learn(job, table, (tier, &options), &wishes)?;
    let mut plan = derive_plan(&Wishes::default(), &model, job.seed())?;
    plan.ask.hardware = Arc::clone(&options.hardware);
    let rows = model.header.rows.min(MEASURED_ROWS);
    let made = Producer { model: &model, plan: &plan }.draw_frame(0..rows)?;
    let seconds = begun.elapsed().as_secs_f64();
    let figures = judge(job, (&table.frame, &made, held), table)?;
    let score = derive_score(&figures);
    for note in list_notes(&model, &options) {
        job.log(LogLevel::Info, note);
    }
    job.log(LogLevel::Info, format!("The tier `{}` scores {score:.3}.", tier.as_str()));
    let guarantee = model.fitted.derive_guarantee();
    Ok((TriedTier { tier, guarantee, seconds, figures, score }, model))
}

/// Likeness, and an attacker's success against the withheld rows.
fn judge(
    job: &BlockingContext,
    (real, made, held): (&Frame, &Frame, &Frame),
    table: &Table,
) -> Result<Figures, SynthError> {
    let metadata = derive_metadata(real, &table.metadata);
    let mut figures = measure_quality((real, made), &metadata)?;
    let cancelled = || job.is_cancelled();
    let control = Control::unlimited().with_cancel(&cancelled);
    let options = EvaluateOptions { seed: job.seed(), ..EvaluateOptions::default() };
    let pair = Pair::new(real, made, &metadata).with_holdout(held);
    if let Some(found) = measured(c2st(&pair, &options, &control))? {
        figures.c2st = Some(found.score);
    }
    if let Some(found) = measured(membership(&pair, &options, &control))? {
        figures.membership_auc = Some(found.auc);
        figures.membership_tpr_at_1_fpr = Some(found.tpr_at_1_percent);
    }
    Ok(figures)
}

/// What the table is too small for is left out.
fn measured<T>(found: Result<T, FidelityError>) -> Result<Option<T>, SynthError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(FidelityError::NotMeasurable { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn derive_score(figures: &Figures) -> f64 {
    let quality = figures.quality.unwrap_or(0.0);
    let likeness = figures.c2st.map_or(quality, |c2st| (quality + c2st) / 2.0);
    let harm = (figures.membership_auc.unwrap_or(0.5) - HARMLESS_AUC).max(0.0);
    likeness - PRIVACY_WEIGHT * harm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_wins_unless_people_can_be_found() {
        let of = |quality: f64, c2st: f64, auc: f64| {
            derive_score(&Figures {
                quality: Some(quality),
                c2st: Some(c2st),
                membership_auc: Some(auc),
                ..Figures::default()
            })
        };
        assert!(of(0.99, 0.95, 0.52) > of(0.97, 0.75, 0.50));
        assert!(of(0.99, 1.0, 0.75) < of(0.97, 0.75, 0.50));
    }
}
