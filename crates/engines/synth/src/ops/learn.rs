//! What `synth.fit` and `synth.generate` have in common: options, reading and learning.

use std::sync::Arc;

use gantry_deep::Epochs;
use gantry_engine_api::{BlockingContext, LogLevel};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::notes::JobNotes;
use crate::condition::{Allowed, find_given_columns, find_modelled, parse_given};
use crate::constraint::{Constraints, Rule, parse_constraints};
use crate::encode::{EncodedTable, Encoding, Treatment, encode_frame};
use crate::error::SynthError;
use crate::hardware::Hardware;
use crate::metadata::Metadata;
use crate::model_file::{Header, SynthModel};
use crate::private::PrivacyBudget;
use crate::produce::Plan;
use crate::table::Table;
use crate::tier::{Ask, Balance, FitOptions, FittedTier, Tier, Watch};

/// The fewest rows of a leaf that may be asked for: below, leaves tell single people apart.
pub(crate) const FEWEST_LEAF: u32 = 20;
/// The most epochs of one stage.
const MOST_EPOCHS: u32 = 1_000;

/// How a table is learned.
#[derive(Debug, Clone)]
pub(crate) struct LearnOptions {
    /// The fewest rows that a leaf of a tree draws from (20 or more): larger ones hide people
    /// better, and smaller ones keep finer detail.
    pub(crate) leaf: u32,
    /// Trees for each column (1 to 16); each row follows one of them.
    pub(crate) trees: u32,
    /// What the private tier may give away.
    pub(crate) budget: PrivacyBudget,
    /// Whether rows are selected afterwards.
    pub(crate) selection: bool,
    /// How long the networks of the tier `deep` learn.
    pub(crate) epochs: Epochs,
    /// What they are computed on.
    pub(crate) hardware: Arc<Hardware>,
    /// The number of the stage in which is learned, and of all stages.
    pub(crate) step: (u32, u32),
}

impl Default for LearnOptions {
    fn default() -> Self {
        let budget = PrivacyBudget { epsilon: 1.0, delta: 1e-6 };
        let epochs = Epochs::default();
        let hardware = Arc::default();
        Self { leaf: 30, trees: 1, budget, selection: false, epochs, hardware, step: (2, 4) }
    }
}

impl LearnOptions {
    pub(crate) fn require_valid(&self) -> Result<(), SynthError> {
        if self.leaf < FEWEST_LEAF {
            let reason = format!("is {}, and {FEWEST_LEAF} is the least", self.leaf);
            return Err(SynthError::Option { what: "leaf", reason });
        }
        if !(1..=16).contains(&self.trees) {
            let reason = format!("is {}, and 1 to 16 trees are possible", self.trees);
            return Err(SynthError::Option { what: "trees", reason });
        }
        let Epochs { autoencoder, graph, diffusion } = self.epochs;
        let asked = [
            ("epochs_vae", autoencoder, 1),
            ("epochs_gnn", graph, 0),
            ("epochs_diffusion", diffusion, 1),
        ];
        for (what, epochs, least) in asked {
            if let Some(epochs) = epochs.filter(|epochs| !(least..=MOST_EPOCHS).contains(epochs)) {
                let reason = format!("is {epochs}, and {least} to {MOST_EPOCHS} are possible");
                return Err(SynthError::Option { what, reason });
            }
        }
        Ok(())
    }
}

/// What is asked of rows, as people write it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wishes<'a> {
    pub(crate) given: &'a str,
    pub(crate) constraints: &'a [String],
    pub(crate) balance: Option<&'a str>,
    pub(crate) target: Option<&'a str>,
}

/// One column as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnUse {
    /// The column's name.
    pub name: String,
    /// What it is.
    pub role: crate::Role,
    /// Whether it was learned; the others were made anew.
    pub modelled: bool,
}

/// Learns a table; progress runs from 0.1 to 0.6.
pub(crate) fn learn(
    job: &BlockingContext,
    table: &Table,
    (tier, options): (Tier, &LearnOptions),
    wishes: &Wishes<'_>,
) -> Result<SynthModel, SynthError> {
    options.require_valid()?;
    let notes = JobNotes { job, step: options.step };
    let (mut encoded, encoding, warnings) = encode_frame(&table.frame, &table.metadata)?;
    for warning in table.warnings.iter().chain(&warnings) {
        job.log(LogLevel::Warning, warning.clone());
    }
    require_columns(&encoded, &encoding)?;
    let first = derive_first(wishes, &encoding)?;
    let constraints = rule(job, &mut encoded, &encoding, (wishes, table.metadata.min_count))?;
    let options = FitOptions {
        leaf: options.leaf as usize,
        trees: options.trees as usize,
        first,
        min_count: table.metadata.min_count,
        budget: options.budget,
        selection: options.selection,
        epochs: options.epochs,
        hardware: Arc::clone(&options.hardware),
        seed: job.seed(),
    };
    let cancelled = || job.is_cancelled();
    let progress = |share: f64| job.progress(0.1 + 0.5 * share);
    let watch = Watch { cancelled: &cancelled, progress: &progress, notes: &notes };
    let fitted = FittedTier::fit(tier, &encoded, &options, &watch)?;
    let mut encoding = encoding;
    fitted.redact(&mut encoding);
    let metadata: Metadata = table.metadata.clone();
    let header = Header { tier, rows: encoded.rows as u64, encoding, metadata, constraints };
    Ok(SynthModel { header, fitted })
}

/// What a report says of how a table was learned.
pub(crate) fn list_notes(model: &SynthModel, options: &LearnOptions) -> Vec<String> {
    let mut notes = options.hardware.list_notes(model.header.tier);
    notes.extend(model.fitted.list_notes());
    notes
}

/// Reads the constraints, says how well the table keeps them, and puts them into it.
fn rule(
    job: &BlockingContext,
    table: &mut EncodedTable,
    encoding: &Encoding,
    (wishes, min_count): (&Wishes<'_>, usize),
) -> Result<Constraints, SynthError> {
    let mut constraints = parse_constraints(wishes.constraints, encoding)?;
    let broken = constraints.count_broken(table, encoding);
    for (constraint, count) in constraints.list.iter().zip(broken).filter(|(_, count)| *count > 0) {
        let text = &constraint.text;
        let message =
            format!("{count} rows of the table break `{text}`; no row that is made will.");
        job.log(LogLevel::Warning, message);
    }
    constraints.transform(table, min_count)?;
    Ok(constraints)
}

fn require_columns(table: &EncodedTable, encoding: &Encoding) -> Result<(), SynthError> {
    if !table.columns.is_empty() {
        return Ok(());
    }
    let reason = |column: &crate::encode::ColumnPlan| {
        format!("`{}` is of the role `{}`", column.name, column.role.as_str())
    };
    let reasons: Vec<String> = encoding.columns.iter().take(5).map(reason).collect();
    Err(SynthError::NothingToLearn { reasons: reasons.join("; ") })
}

/// The columns to draw first: what is asked for, what is balanced, then the target.
fn derive_first(wishes: &Wishes<'_>, encoding: &Encoding) -> Result<Vec<usize>, SynthError> {
    let mut first = Vec::new();
    if let Some(balanced) = wishes.balance {
        first.push(find_modelled(balanced, encoding)?);
    }
    first.extend(find_given_columns(wishes.given, encoding)?);
    if let Some(target) = wishes.target {
        first.push(find_modelled(target, encoding)?);
    }
    let mut seen = std::collections::HashSet::new();
    first.retain(|column| seen.insert(*column));
    Ok(first)
}

/// Wishes in the terms of a fitted generator; constraints are those that it did not learn with.
pub(crate) fn derive_plan(
    wishes: &Wishes<'_>,
    model: &SynthModel,
    seed: u64,
) -> Result<Plan, SynthError> {
    let encoding = &model.header.encoding;
    let added = parse_constraints(wishes.constraints, encoding)?;
    if let Some(fixed) = added.list.iter().find(|added| matches!(added.rule, Rule::Fixed { .. })) {
        return Err(SynthError::Constraint {
            constraint: fixed.text.clone(),
            reason: "must be known when the table is learned; give it to `synth.fit`".into(),
        });
    }
    let mut ask = derive_ask(wishes, encoding, seed)?;
    // A range is a condition like any other, unless the column is rebuilt.
    let mut rebuilt = model.header.constraints.list_rebuilt();
    rebuilt.extend(added.list_rebuilt());
    for added in &added.list {
        if let Rule::Range { column, low, high } = added.rule
            && !rebuilt.contains(&column)
        {
            let range = Allowed::Numbers { low, high };
            let merged =
                ask.allowed[column].take().map_or(range.clone(), |old| old.intersect(range));
            ask.allowed[column] = Some(merged);
        }
    }
    let later = model.header.constraints.translate(&mut ask.allowed);
    Ok(Plan { ask, later, added })
}

fn derive_ask(wishes: &Wishes<'_>, encoding: &Encoding, seed: u64) -> Result<Ask, SynthError> {
    let allowed = parse_given(wishes.given, encoding)?;
    let balance = match wishes.balance {
        None => None,
        Some(name) => {
            let column = find_modelled(name, encoding)?;
            if allowed.get(column).is_some_and(Option::is_some) {
                let reason = format!("names `{name}`, of which `given` asks for some values only");
                return Err(SynthError::Option { what: "balance", reason });
            }
            match encoding.treatment(column) {
                Treatment::Levels { labels, .. } if !labels.is_empty() => {
                    Some(Balance { column, shares: vec![1.0; labels.len()] })
                }
                Treatment::Levels { .. }
                | Treatment::Ordinal { .. }
                | Treatment::Number { .. }
                | Treatment::Date { .. }
                | Treatment::Regenerated { .. } => {
                    let reason = format!("names `{name}`, which has no labels to balance");
                    return Err(SynthError::Option { what: "balance", reason });
                }
            }
        }
    };
    Ok(Ask { seed, allowed, balance, ..Ask::default() })
}

/// The columns as a report shows them.
pub(crate) fn derive_uses(encoding: &Encoding) -> Vec<ColumnUse> {
    let columns = encoding.columns.iter().enumerate();
    columns
        .map(|(index, column)| ColumnUse {
            name: column.name.clone(),
            role: column.role,
            modelled: encoding.modelled.contains(&index),
        })
        .collect()
}
