//! Several tables that refer to each other: whether every reference leads somewhere, whether
//! parents have as many children, and whether columns of parents and children hang together as in
//! the real tables.

mod join;

use std::collections::HashMap;

use gantry_kit::{Column, Frame};
use gantry_learn::Control;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::boundary_adherence;
use crate::error::derive_name_list;
use crate::keys::find_key;
use crate::quality::{Quality, mean, quality_of, related_scores};
use crate::shape::ks_complement;
use crate::table::Table;
use crate::trend::PairTrend;
use crate::view::ranges_of;
use crate::{Diagnostic, EvaluateOptions, FidelityError, Pair, Ranges, diagnostic};

/// A real and a synthetic table under a name.
#[derive(Clone, Copy, Debug)]
pub struct NamedPair<'a> {
    /// Name of the table.
    pub name: &'a str,
    /// Its real and synthetic rows.
    pub pair: Pair<'a>,
}

/// A column of one table whose cells are keys of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// The table that is referred to.
    pub parent: String,
    /// Its column of keys.
    pub primary_key: String,
    /// The table that refers.
    pub child: String,
    /// Its column of references.
    pub foreign_key: String,
}

/// One relation in both data sets; scores from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RelationReport {
    /// The relation.
    pub relation: Relation,
    /// Share of the synthetic references that lead to a synthetic parent. Missing references count
    /// as broken unless real ones are missing too.
    pub referential_integrity: f64,
    /// How like the numbers of children are to the real ones.
    pub cardinality_shape: Option<f64>,
    /// Share of the synthetic parents with as many children as some real range allows.
    pub cardinality_boundary: Option<f64>,
    /// Share of the parents by their number of children.
    pub children: Ranges,
    /// Mean over the pairs of a column of the parent and a column of the child.
    pub trend: Option<f64>,
    /// Those pairs.
    pub pairs: Vec<PairTrend>,
}

/// Quality and validity of one of the tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TableReport {
    /// Name of the table.
    pub name: String,
    /// Its quality; none for a table without a column to compare.
    pub quality: Option<Quality>,
    /// Its validity.
    pub diagnostic: Option<Diagnostic>,
}

/// Several tables; scores from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Relational {
    /// Mean over the columns of all tables.
    pub shape: Option<f64>,
    /// Mean over the pairs of columns of all tables that hang together in the real ones.
    pub trend: Option<f64>,
    /// Mean over the relations of the likeness of the numbers of children.
    pub cardinality: Option<f64>,
    /// Mean over the pairs of columns across tables that hang together in the real ones.
    pub across: Option<f64>,
    /// Mean of the four.
    pub score: Option<f64>,
    /// Smallest share of references that lead somewhere; 1 if all do.
    pub integrity: f64,
    /// Every table.
    pub tables: Vec<TableReport>,
    /// Every relation.
    pub relations: Vec<RelationReport>,
}

/// Compares several tables and what holds between them.
///
/// # Errors
/// As [`crate::evaluate`] for each table, and [`FidelityError::UnknownColumn`] for a relation that
/// names a table or column that is not there.
pub fn relational(
    tables: &[NamedPair<'_>],
    relations: &[Relation],
    (options, control): (&EvaluateOptions, &Control<'_>),
) -> Result<Relational, FidelityError> {
    options.require_valid()?;
    let mut reports = Vec::with_capacity(tables.len());
    for NamedPair { name, pair } in tables {
        let report = match Table::new(pair) {
            Ok(table) => TableReport {
                name: (*name).to_owned(),
                quality: Some(quality_of(&table, options, control)?),
                diagnostic: Some(diagnostic(pair)?),
            },
            // A table of keys alone has nothing to compare but its relations.
            Err(FidelityError::NothingInCommon { .. }) => {
                TableReport { name: (*name).to_owned(), quality: None, diagnostic: None }
            }
            Err(error) => return Err(error),
        };
        reports.push(report);
    }
    let related: Vec<RelationReport> =
        relations.iter().map(|relation| relate(tables, relation)).collect::<Result<_, _>>()?;
    control.check()?;
    let qualities = || reports.iter().filter_map(|report| report.quality.as_ref());
    let shape = mean(qualities().flat_map(|q| q.columns.iter().filter_map(|c| c.score)));
    let trend = mean(qualities().flat_map(|quality| related_scores(&quality.pairs)));
    let cardinality = mean(related.iter().filter_map(|report| report.cardinality_shape));
    let across = mean(related.iter().flat_map(|report| related_scores(&report.pairs)));
    Ok(Relational {
        shape,
        trend,
        cardinality,
        across,
        score: mean([shape, trend, cardinality, across].into_iter().flatten()),
        integrity: related.iter().map(|r| r.referential_integrity).fold(1.0, f64::min),
        tables: reports,
        relations: related,
    })
}

fn relate(tables: &[NamedPair<'_>], relation: &Relation) -> Result<RelationReport, FidelityError> {
    let find = |name: &str| {
        tables.iter().find(|table| table.name == name).ok_or_else(|| FidelityError::UnknownTable {
            name: name.to_owned(),
            available: derive_name_list(tables.iter().map(|table| table.name)),
        })
    };
    let (parent, child) = (find(&relation.parent)?, find(&relation.child)?);
    let real = Link::new(relation, parent.pair.real, child.pair.real)?;
    let synthetic = Link::new(relation, parent.pair.synthetic, child.pair.synthetic)?;
    let counts = (real.children_of_parents(), synthetic.children_of_parents());
    let pairs = join::trends((&parent.pair, &child.pair), relation, (&real, &synthetic))?;
    Ok(RelationReport {
        relation: relation.clone(),
        referential_integrity: synthetic.integrity(real.has_missing()),
        cardinality_shape: ks_complement(&counts.0, &counts.1),
        cardinality_boundary: boundary_adherence(&counts.0, &counts.1),
        children: ranges_of(&counts.0, &counts.1),
        trend: mean(pairs.iter().filter_map(|pair| pair.score)),
        pairs,
    })
}

/// For each row of the child, where its reference leads.
struct Link {
    parents: usize,
    targets: Vec<Target>,
}

/// Where a reference leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Row(usize),
    Nowhere,
    Missing,
}

impl Link {
    fn new(relation: &Relation, parent: &Frame, child: &Frame) -> Result<Self, FidelityError> {
        let keys = get(parent, &relation.parent, &relation.primary_key)?;
        let references = get(child, &relation.child, &relation.foreign_key)?;
        let mut rows: HashMap<String, usize> = HashMap::new();
        for row in 0..parent.rows() {
            if let Some(key) = find_key(keys, row) {
                rows.entry(key).or_insert(row);
            }
        }
        let target = |row: usize| match find_key(references, row) {
            None => Target::Missing,
            Some(key) => rows.get(&key).map_or(Target::Nowhere, |row| Target::Row(*row)),
        };
        Ok(Self { parents: parent.rows(), targets: (0..child.rows()).map(target).collect() })
    }

    fn has_missing(&self) -> bool {
        self.targets.contains(&Target::Missing)
    }

    fn integrity(&self, may_miss: bool) -> f64 {
        let leads = |target: &&Target| match target {
            Target::Row(_) => true,
            Target::Nowhere => false,
            Target::Missing => may_miss,
        };
        self.targets.iter().filter(leads).count() as f64 / self.targets.len().max(1) as f64
    }

    fn children_of_parents(&self) -> Vec<f64> {
        let mut counts = vec![0.0; self.parents];
        for target in &self.targets {
            if let Target::Row(row) = target
                && let Some(count) = counts.get_mut(*row)
            {
                *count += 1.0;
            }
        }
        counts
    }
}

fn get<'a>(frame: &'a Frame, table: &str, name: &str) -> Result<&'a Column, FidelityError> {
    frame.find_column(name).ok_or_else(|| FidelityError::UnknownColumn {
        name: name.to_owned(),
        table: table.to_owned(),
        available: derive_name_list(frame.names()),
    })
}
