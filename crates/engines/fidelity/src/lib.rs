//! How like a synthetic table is to the real one, and whether people can be found in it.
//!
//! [`evaluate`] measures everything and returns plain data for the web app; [`html`] makes one
//! page of it that needs nothing else. Every metric can also be called on its own, and
//! [`quality()`] is cheap enough for a generator's tests.
//!
//! What must stay true:
//! - Deterministic metrics equal those of `sdmetrics` 0.32; the golden numbers in `tests/` hold it.
//! - Same tables, same options, same numbers, on any number of threads: samples come from the
//!   seed, sums run in a fixed order.
//! - Everything that costs the square of the rows runs on a fixed sample, and the report says so.
//! - What is said about privacy is measured against rows that the generator never saw.
//!
//! ```
//! use gantry_fidelity::{EvaluateOptions, Pair, TableMetadata, evaluate, html, quality};
//! use gantry_kit::{Column, Frame};
//! use gantry_learn::Control;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let table = |shift: u32| {
//!     let numbers = (0..60).map(|i| f64::from((i * 7 + shift) % 60)).collect();
//!     let labels = (0..60).map(|i| Some(if (i * 7 + shift) % 60 < 30 { "low" } else { "high" }));
//!     Frame::new(vec![Column::number("x", numbers), Column::labels("side", labels)])
//! };
//! let (real, synthetic) = (table(0)?, table(1)?);
//! let metadata = TableMetadata::derive(&real);
//! let pair = Pair::new(&real, &synthetic, &metadata);
//! assert_eq!(quality(&pair)?.shape, Some(1.0));
//!
//! let evaluation = evaluate(&pair, &EvaluateOptions::default(), &Control::unlimited())?;
//! assert!(evaluation.privacy.membership.is_none()); // There is no hold-out, and a note says so.
//! assert!(html(&evaluation, "Synthetic table").starts_with("<!doctype html>"));
//! # Ok(())
//! # }
//! ```

mod closeness;
mod copies;
mod detection;
mod diagnostic;
mod disclosure;
mod error;
mod evaluate;
mod features;
mod keys;
mod membership;
mod metadata;
mod options;
mod page;
mod pair;
mod precision;
mod quality;
mod relations;
mod rules;
mod sample;
mod shape;
mod space;
mod table;
mod trend;
mod usefulness;
mod view;

pub use closeness::{Closeness, closeness};
pub use copies::{Copies, copies};
pub use detection::{Detection, Telltale, c2st};
pub use diagnostic::{
    ColumnCoverage, ColumnValidity, Diagnostic, ValidityMetric, boundary_adherence, diagnostic,
    key_uniqueness, range_coverage, table_structure,
};
pub use disclosure::{Disclosure, disclosure};
pub use error::FidelityError;
pub use evaluate::{Evaluation, Part, Privacy, RowCounts, evaluate, evaluate_watched};
pub use membership::{Attack, AttackKind, Membership, VulnerableRecord, membership};
pub use metadata::{ColumnKind, ColumnMetadata, TableMetadata};
pub use options::{EvaluateOptions, Targets};
pub use page::{html, html_tables, report};
pub use pair::Pair;
pub use precision::{Precision, precision};
pub use quality::{Quality, quality};
pub use relations::{NamedPair, Relation, RelationReport, Relational, TableReport, relational};
pub use rules::{Breaks, Condition, Rule, RuleReport, check_predicate, check_rules};
pub use shape::{ColumnShape, ShapeMetric, ks_complement};
pub use trend::{PairTrend, TrendMetric};
pub use usefulness::{Judgement, Usefulness, usefulness};
pub use view::{Associations, Distribution, LabelShares, Projection, Ranges, ShownValues, Views};
