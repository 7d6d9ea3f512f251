//! `synth.generate_tables`: several tables whose rows name rows of each other.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::ControlFlow;
use std::sync::Arc;

use gantry_deep::Epochs;
use gantry_engine_api::{
    ArtifactRole, BlockingContext, EngineError, Estimate, InputKind, InputMeta, InputSlot,
    JobContext, LogLevel, Operation, ParamError, Step,
};
use gantry_fidelity::{EvaluateOptions, NamedPair, Pair, TableMetadata, html_tables, relational};
use gantry_kit::{Frame, Progress, ReadOptions, read_frame_watched};
use gantry_learn::Control;
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::generate::default_leaf;
use super::learn::LearnOptions;
use super::meter_id;
use super::notes::JobNotes;
use super::price::{TableSize, charge, derive_credits, learned_cells, network_bytes};
use crate::error::SynthError;
use crate::evaluation::derive_metadata;
use crate::hardware::{Hardware, derive_need};
use crate::output::{OutputFormat, publish_table};
use crate::relational::{
    Drawer, FEWEST_DEEP, Learned, LearnedTable, NamedTable, Relation, TablesMetadata, TablesPlan,
    TablesTier, draw_tables, learn_tables, mark_keys, plan_tables,
};
use crate::tier::{Ask, FitOptions, Watch};

/// Tables that can be given.
const MOST_TABLES: usize = 12;

/// Parameters of `synth.generate_tables`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TablesParams {
    /// Rows of the tables without parents, as a multiple of those that were learned from.
    #[serde(default = "default_scale")]
    pub scale: f64,
    /// How the tables are learned; small ones are learned by trees in every tier.
    #[serde(default)]
    pub tier: TablesTier,
    /// The fewest rows that a leaf of a tree draws from, 20 or more.
    #[serde(default = "default_leaf")]
    #[schemars(range(min = 20))]
    pub leaf: u32,
    /// For the tier `deep`: epochs of the autoencoder; left out, as many as rows ask for.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    pub epochs_vae: Option<u32>,
    /// For the tier `deep`: epochs of the network on the graph of rows that are near each other or
    /// name the same row; 0 leaves the graph out.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000))]
    pub epochs_gnn: Option<u32>,
    /// For the tier `deep`: epochs of the diffusion; left out, it ends when a learner tells made rows
    /// from withheld ones no worse than before.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    pub epochs_diffusion: Option<u32>,
    /// The files that tables are left as: `csv`, or `parquet`, which keeps the types of columns.
    #[serde(default)]
    pub format: OutputFormat,
}

const fn default_scale() -> f64 {
    1.0
}

/// One table that was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MadeTable {
    /// Its name, which is that of its file.
    pub name: String,
    /// Rows that were learned from.
    pub learned_rows: u64,
    /// Rows that were made.
    pub rows: u64,
}

/// The result of `synth.generate_tables`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TablesReport {
    /// The tables.
    pub tables: Vec<MadeTable>,
    /// Which columns name rows of other tables.
    pub relations: Vec<Relation>,
    /// Share of keys that lead somewhere; 1 if all do.
    pub integrity: f64,
    /// How like the columns are to the real ones.
    pub shape: Option<f64>,
    /// How like the relations of columns within tables are to the real ones.
    pub trend: Option<f64>,
    /// How like the numbers of children are to the real ones.
    pub cardinality: Option<f64>,
    /// How like the relations of columns across tables are to the real ones.
    pub across: Option<f64>,
    /// The mean of the four.
    pub quality: Option<f64>,
    /// How the tables were learned.
    #[serde(default)]
    pub tier: TablesTier,
    /// What should be known about how the tables were learned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// `synth.generate_tables`.
#[derive(Debug, Clone, Copy, Default)]
pub struct GenerateTables;

fn slot_name(place: usize) -> String {
    format!("table_{}", place + 1)
}

impl Operation for GenerateTables {
    const ID: &'static str = "synth.generate_tables";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Make several synthetic tables";
    const SUMMARY: &'static str = "Learns tables whose rows name each other, and draws new ones in \
                                   which every key leads somewhere.";
    type Params = TablesParams;
    type Report = TablesReport;

    fn inputs(&self) -> Vec<InputSlot> {
        let table = |place: usize| {
            let title = format!("Table {}, called like its file", place + 1);
            match place {
                0 | 1 => InputSlot::required(slot_name(place), title, InputKind::Table),
                _ => InputSlot::optional(slot_name(place), title, InputKind::Table),
            }
        };
        let mut slots: Vec<InputSlot> = (0..MOST_TABLES).map(table).collect();
        let title = "What tables, columns and keys are (JSON)";
        slots.push(InputSlot::optional("metadata", title, InputKind::File));
        slots
    }

    fn estimate(
        &self,
        params: &TablesParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        if !(params.scale > 0.0 && params.scale <= 1_000.0) {
            return Err(ParamError::new("/scale", "is out of range; choose 0.001 to 1000"));
        }
        let sizes: Vec<TableSize> = inputs
            .iter()
            .filter(|input| input.slot != "metadata")
            .map(|input| TableSize::of(Some(input)))
            .collect();
        let cells = sizes.iter().fold(0_u64, |sum, size| sum.saturating_add(size.cells()));
        let rows = sizes.iter().fold(0_u64, |sum, size| sum.saturating_add(size.rows));
        let drawn = (cells as f64 * params.scale).ceil() as u64;
        let tier = params.tier.of_table();
        let count = |sum: u64, size: &TableSize| {
            sum.saturating_add(size.count_epochs(tier, derive_epochs(params)))
        };
        let epochs = sizes.iter().fold(0, count);
        // What is read and what is drawn are limited alike, and the larger of the two counts.
        let counted = rows.max((rows as f64 * params.scale).ceil() as u64);
        let memory = sizes.iter().fold(0_u64, |sum, size| sum.saturating_add(size.memory_bytes()));
        Ok(Estimate {
            meters: BTreeMap::from([(meter_id("rows")?, counted), (meter_id("epochs")?, epochs)]),
            max_credits: Credits::new(derive_credits(
                learned_cells(cells, tier),
                drawn.saturating_mul(2),
            )),
            memory_bytes: memory
                .saturating_add((drawn.saturating_mul(100)).min(64 << 30))
                .saturating_add(network_bytes(tier)),
            threads: 2,
            device: derive_need(&[tier]),
        })
    }

    async fn run(
        &self,
        params: TablesParams,
        context: JobContext,
    ) -> Result<Step<TablesReport>, EngineError> {
        let report = context.compute(move |job| Ok(generate(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn generate(job: &BlockingContext, params: &TablesParams) -> Result<TablesReport, SynthError> {
    job.stage("Read", 1, 4);
    let (mut tables, declared) = read_tables(job)?;
    let plan = plan_tables(&tables, &declared)?;
    mark_keys(&mut tables, &plan);
    for warning in &plan.warnings {
        job.log(LogLevel::Warning, warning.clone());
    }
    if plan.links.is_empty() {
        let reason = "no column of any table names rows of another; declare it in the metadata";
        return Err(SynthError::Relation { reason: reason.into() });
    }
    job.stage("Learn", 2, 4);
    let hardware = Arc::new(Hardware::of(job));
    let epochs = derive_epochs(params);
    let options = LearnOptions { leaf: params.leaf, epochs, hardware, ..LearnOptions::default() };
    options.require_valid()?;
    let options = FitOptions {
        leaf: options.leaf as usize,
        trees: 1,
        first: Vec::new(),
        min_count: crate::metadata::MIN_COUNT,
        budget: options.budget,
        selection: false,
        epochs: options.epochs,
        hardware: Arc::clone(&options.hardware),
        seed: job.seed(),
    };
    let cancelled = || job.is_cancelled();
    let progress = |share: f64| job.progress(0.1 + 0.5 * share);
    let notes = JobNotes { job, step: (2, 4) };
    let watch = Watch { cancelled: &cancelled, progress: &progress, notes: &notes };
    let learned = learn_tables(&tables, &plan, (params.tier, &options), &watch)?;
    job.stage("Draw", 3, 4);
    let progress = |share: f64| job.progress(0.6 + 0.2 * share);
    let watch = Watch { progress: &progress, ..watch };
    let ask = Ask { seed: job.seed(), hardware: Arc::clone(&options.hardware), ..Ask::default() };
    let by = Learned { plan: &plan, tables: &learned };
    let made = draw_tables(&by, (params.scale, &ask), &watch)?;
    job.stage("Measure", 4, 4);
    publish(job, (&learned, params.format), (&tables, &made))?;
    let mut report = judge(job, (&tables, &made), &plan)?;
    report.tier = params.tier;
    report.notes = list_notes((&tables, &learned), (params.tier, &options.hardware));
    let cells = |frame: &Frame| frame.rows() as u64 * frame.columns().len() as u64;
    let read: u64 = tables.iter().map(|table| cells(&table.frame)).sum();
    charge(job, learned_cells(read, params.tier.of_table()), made.iter().map(cells).sum())?;
    job.progress(1.0);
    Ok(report)
}

const fn derive_epochs(params: &TablesParams) -> Epochs {
    Epochs {
        autoencoder: params.epochs_vae,
        graph: params.epochs_gnn,
        diffusion: params.epochs_diffusion,
    }
}

/// What a report says of how tables were learned.
fn list_notes(
    (tables, learned): (&[NamedTable], &[LearnedTable]),
    (tier, hardware): (TablesTier, &Hardware),
) -> Vec<String> {
    let mut notes = hardware.list_notes(tier.of_table());
    for (table, learned) in tables.iter().zip(learned) {
        match (&learned.drawer, tier) {
            (Drawer::Trees(_), TablesTier::Instant) => {}
            (Drawer::Trees(_), TablesTier::Deep) => notes.push(format!(
                "`{}` was learned as in the tier `instant`: networks ask for {FEWEST_DEEP} rows and \
                 a column to learn.",
                table.name
            )),
            (Drawer::Deep(deep), TablesTier::Instant | TablesTier::Deep) => notes.extend(
                deep.training.list_notes().iter().map(|note| format!("`{}`: {note}", table.name)),
            ),
        }
    }
    notes
}

fn read_tables(job: &BlockingContext) -> Result<(Vec<NamedTable>, Vec<Relation>), SynthError> {
    let about = match job.has_input("metadata") {
        false => TablesMetadata::default(),
        true => {
            let mut bytes = Vec::new();
            job.input("metadata")?.open()?.read_to_end(&mut bytes)?;
            TablesMetadata::parse(&bytes)?
        }
    };
    let mut tables: Vec<NamedTable> = Vec::new();
    for place in (0..MOST_TABLES).filter(|place| job.has_input(&slot_name(*place))) {
        let input = job.input(&slot_name(place))?;
        let name =
            input.meta.name.rsplit_once('.').map_or(input.meta.name.as_str(), |(stem, _)| stem);
        let metadata = about.tables.get(name).cloned().unwrap_or_default();
        let options = ReadOptions { kinds: metadata.derive_kinds(), ..ReadOptions::default() };
        let mut watch = |_: Progress| {
            if job.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let (frame, _) = read_frame_watched(&mut input.open()?, &options, &mut watch)?;
        if tables.iter().any(|table| table.name == name) {
            return Err(SynthError::Relation { reason: format!("two tables are called `{name}`") });
        }
        let metadata = metadata.complete(&frame)?;
        tables.push(NamedTable { name: name.to_owned(), frame, metadata });
    }
    if let Some(unknown) = about.tables.keys().find(|name| !tables.iter().any(|t| t.name == **name))
    {
        let reason = format!("the metadata speaks of the table `{unknown}`, which is not given");
        return Err(SynthError::Relation { reason });
    }
    Ok((tables, about.relations))
}

fn publish(
    job: &BlockingContext,
    (learned, format): (&[LearnedTable], OutputFormat),
    (tables, made): (&[NamedTable], &[Frame]),
) -> Result<(), SynthError> {
    for ((table, frame), learned) in tables.iter().zip(made).zip(learned) {
        publish_table(job, (&table.name, format), (frame, &learned.encoding.derive_schema()))?;
        job.check_cancelled()?;
    }
    Ok(())
}

fn judge(
    job: &BlockingContext,
    (tables, made): (&[NamedTable], &[Frame]),
    plan: &TablesPlan,
) -> Result<TablesReport, SynthError> {
    let about: Vec<TableMetadata> =
        tables.iter().map(|table| derive_metadata(&table.frame, &table.metadata)).collect();
    let pairs: Vec<NamedPair<'_>> = tables
        .iter()
        .zip(made)
        .zip(&about)
        .map(|((table, made), about)| NamedPair {
            name: &table.name,
            pair: Pair::new(&table.frame, made, about),
        })
        .collect();
    let relations: Vec<gantry_fidelity::Relation> = plan
        .relations
        .iter()
        .map(|relation| gantry_fidelity::Relation {
            parent: relation.parent.clone(),
            primary_key: relation.key.clone(),
            child: relation.child.clone(),
            foreign_key: relation.column.clone(),
        })
        .collect();
    let cancelled = || job.is_cancelled();
    let control = Control::unlimited().with_cancel(&cancelled);
    let options = EvaluateOptions { seed: job.seed(), ..EvaluateOptions::default() };
    let found = relational(&pairs, &relations, (&options, &control))?;
    let json = serde_json::to_vec(&found)
        .map_err(|error| SynthError::inconsistent(format!("No JSON can be made: {error}.")))?;
    job.publish_bytes("evaluation.json", ArtifactRole::File, &json)?;
    let page = html_tables(&found, "Synthetic tables");
    job.publish_bytes("report.html", ArtifactRole::Report, page.as_bytes())?;
    let made_table = |(table, made): (&NamedTable, &Frame)| MadeTable {
        name: table.name.clone(),
        learned_rows: table.frame.rows() as u64,
        rows: made.rows() as u64,
    };
    Ok(TablesReport {
        tables: tables.iter().zip(made).map(made_table).collect(),
        relations: plan.relations.clone(),
        integrity: found.integrity,
        shape: found.shape,
        trend: found.trend,
        cardinality: found.cardinality,
        across: found.across,
        quality: found.score,
        tier: TablesTier::default(),
        notes: Vec::new(),
    })
}
