//! The tiers: ways to learn a table and to draw new rows. A further tier is one variant and one
//! module.
//!
//! Invariant: every tier reads an encoded table and draws encoded rows; what a row holds depends on
//! the model, the seed and the row's number alone.

use std::ops::Range;
use std::sync::Arc;

use gantry_deep::Epochs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::condition::Allowed;
use crate::deep::Deep;
use crate::encode::{Block, EncodedTable, Encoding};
use crate::error::SynthError;
use crate::hardware::Hardware;
use crate::mixture::Mixture;
use crate::private::{PrivacyBudget, PrivateTree};
use crate::tree::TreeGenerator;

/// How a table is learned.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// A decision tree for each column: seconds, and the best fidelity on most tables.
    #[default]
    Instant,
    /// A mixture of groups: exact conditions, and more distance from single rows.
    Mixture,
    /// Noised counts alone: differentially private, at a price in detail.
    Private,
    /// An autoencoder, a network on the graph of neighbouring rows, and diffusion: minutes.
    Deep,
}

impl Tier {
    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instant => "instant",
            Self::Mixture => "mixture",
            Self::Private => "private",
            Self::Deep => "deep",
        }
    }
}

/// How a tier is fitted.
#[derive(Debug, Clone)]
pub(crate) struct FitOptions {
    /// The fewest rows of a leaf.
    pub(crate) leaf: usize,
    /// Trees for each column.
    pub(crate) trees: usize,
    /// Columns to draw before all others.
    pub(crate) first: Vec<usize>,
    /// Rows that must share a value before it is given as it is.
    pub(crate) min_count: usize,
    /// What a private tier may give away.
    pub(crate) budget: PrivacyBudget,
    /// Whether the selection stage follows, for which a private tier counts further pairs.
    pub(crate) selection: bool,
    /// How long the networks of a deep tier learn.
    pub(crate) epochs: Epochs,
    /// What they are computed on.
    pub(crate) hardware: Arc<Hardware>,
    pub(crate) seed: u64,
}

/// What a long fit tells besides, and what it keeps for the next attempt.
pub(crate) trait Notes: Sync {
    /// Says what is being done.
    fn stage(&self, _text: &str) {}

    /// Says what was found.
    fn say(&self, _text: String) {}

    /// Keeps a state, which is asked for only where it can be kept.
    fn keep(&self, _state: &dyn Fn() -> Result<Vec<u8>, SynthError>) -> Result<(), SynthError> {
        Ok(())
    }

    /// What an earlier attempt kept.
    fn find_kept(&self) -> Option<Vec<u8>> {
        None
    }
}

/// Nobody listens.
impl Notes for () {}

/// How a fit asks whether to go on, and says how far it is.
#[derive(Clone, Copy)]
pub(crate) struct Watch<'a> {
    pub(crate) cancelled: &'a (dyn Fn() -> bool + Sync),
    /// Called with a share between 0 and 1.
    pub(crate) progress: &'a (dyn Fn(f64) + Sync),
    pub(crate) notes: &'a dyn Notes,
}

impl<'a> Watch<'a> {
    /// Says nothing.
    #[cfg(test)]
    pub(crate) fn quiet(cancelled: &'a (dyn Fn() -> bool + Sync)) -> Self {
        Self { cancelled, progress: &|_| {}, notes: &() }
    }

    /// Ends the fit where the job was cancelled.
    pub(crate) fn check(&self) -> Result<(), SynthError> {
        if (self.cancelled)() { Err(SynthError::Cancelled) } else { Ok(()) }
    }

    /// Says how far the fit is.
    pub(crate) fn step(&self, share: f64) -> Result<(), SynthError> {
        self.check()?;
        (self.progress)(share);
        Ok(())
    }
}

/// The levels of one column in shares of one's own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Balance {
    /// The modelled column.
    pub(crate) column: usize,
    /// By code; they need not sum to one.
    pub(crate) shares: Vec<f64>,
}

/// What rows are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) seed: u64,
    /// By modelled column; missing entries allow everything.
    pub(crate) allowed: Vec<Option<Allowed>>,
    pub(crate) balance: Option<Balance>,
    /// What networks are computed on.
    pub(crate) hardware: Arc<Hardware>,
}

/// What every tier does.
pub(crate) trait Generator: Sized {
    /// Learns a table.
    fn fit(
        table: &EncodedTable,
        options: &FitOptions,
        watch: &Watch<'_>,
    ) -> Result<Self, SynthError>;

    /// Draws these rows.
    fn sample(&self, rows: Range<u64>, ask: &Ask) -> Block;

    /// Number of modelled columns.
    fn width(&self) -> usize;
}

impl Generator for TreeGenerator {
    fn fit(
        table: &EncodedTable,
        options: &FitOptions,
        watch: &Watch<'_>,
    ) -> Result<Self, SynthError> {
        Self::fit(table, options, watch)
    }

    fn sample(&self, rows: Range<u64>, ask: &Ask) -> Block {
        Self::sample(self, rows, ask)
    }

    fn width(&self) -> usize {
        self.width()
    }
}

/// A fitted tier of any kind, as it lies in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum FittedTier {
    Instant(TreeGenerator),
    Mixture(Mixture),
    Private(PrivateTree),
    Deep(Deep),
}

impl FittedTier {
    /// Learns a table.
    pub(crate) fn fit(
        tier: Tier,
        table: &EncodedTable,
        options: &FitOptions,
        watch: &Watch<'_>,
    ) -> Result<Self, SynthError> {
        Ok(match tier {
            Tier::Instant => Self::Instant(Generator::fit(table, options, watch)?),
            Tier::Mixture => Self::Mixture(Generator::fit(table, options, watch)?),
            Tier::Private => Self::Private(Generator::fit(table, options, watch)?),
            Tier::Deep => Self::Deep(crate::deep::fit(table, options, watch)?),
        })
    }

    /// Draws these rows.
    pub(crate) fn sample(&self, rows: Range<u64>, ask: &Ask) -> Result<Block, SynthError> {
        Ok(match self {
            Self::Instant(trees) => Generator::sample(trees, rows, ask),
            Self::Mixture(mixture) => mixture.sample(rows, ask),
            Self::Private(tree) => tree.sample(rows, ask),
            Self::Deep(deep) => deep.sample(rows, ask)?,
        })
    }

    /// Number of modelled columns.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Instant(trees) => Generator::width(trees),
            Self::Mixture(mixture) => Generator::width(mixture),
            Self::Private(tree) => Generator::width(tree),
            Self::Deep(deep) => deep.width(),
        }
    }

    /// Learns further rows. What was learned before counts as so many rows in a mixture, and in full
    /// in trees.
    pub(crate) fn tune(
        &mut self,
        table: &EncodedTable,
        (known_rows, min_count): (f64, usize),
        watch: &Watch<'_>,
    ) -> Result<(), SynthError> {
        match self {
            Self::Instant(trees) => trees.tune(table, min_count, watch),
            Self::Mixture(mixture) => mixture.tune(table, (known_rows, min_count), watch),
            Self::Private(_) => Err(SynthError::Tier {
                tier: Tier::Private.as_str(),
                reason: "has spent its privacy budget; fit all rows together".into(),
            }),
            Self::Deep(_) => Err(SynthError::Tier {
                tier: Tier::Deep.as_str(),
                reason: "learns a table as a whole; fit all rows together".into(),
            }),
        }
    }

    /// The mixture, which alone tells likelihoods and what is missing.
    pub(crate) fn require_mixture(&self) -> Result<&Mixture, SynthError> {
        let tier = match self {
            Self::Mixture(mixture) => return Ok(mixture),
            Self::Instant(_) => Tier::Instant,
            Self::Private(_) => Tier::Private,
            Self::Deep(_) => Tier::Deep,
        };
        let reason = "tells neither likelihoods nor missing cells; fit with `--tier mixture`";
        Err(SynthError::Tier { tier: tier.as_str(), reason: reason.into() })
    }

    /// What can be promised about single people.
    pub(crate) fn derive_guarantee(&self) -> String {
        match self {
            Self::Instant(_) | Self::Mixture(_) | Self::Deep(_) => "no formal guarantee".to_owned(),
            Self::Private(tree) => {
                let PrivacyBudget { epsilon, delta } = tree.budget;
                format!(
                    "({epsilon}, {delta})-differential privacy towards adding or removing one row, \
                     with column names, roles, digits and the number of rows taken as public, as \
                     long as the seed stays secret"
                )
            }
        }
    }

    /// What a report says of the fit besides.
    pub(crate) fn list_notes(&self) -> Vec<String> {
        match self {
            Self::Instant(_) | Self::Mixture(_) | Self::Private(_) => Vec::new(),
            Self::Deep(deep) => deep.training.list_notes(),
        }
    }

    /// Removes from an encoding what the fit does not give away.
    pub(crate) fn redact(&self, encoding: &mut Encoding) {
        match self {
            Self::Instant(_) | Self::Mixture(_) | Self::Deep(_) => {}
            Self::Private(tree) => encoding.redact(&|column, code| tree.is_released(column, code)),
        }
    }
}
