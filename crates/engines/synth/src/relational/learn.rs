//! Learns tables, each given its parent.

use gantry_kit::{Column, ColumnKind, Frame};
use gantry_learn::Rng;

use super::copula::{Copula, MOST_ROWS};
use super::counts::Counts;
use super::drawer::Drawer;
use super::kept::Kept;
use super::{NamedTable, TablesPlan, TablesTier};
use crate::encode::{EncodedColumn, EncodedKind, EncodedTable, Encoding, encode_frame};
use crate::error::SynthError;
use crate::tier::{FitOptions, Watch};

/// A learned table.
pub(crate) struct LearnedTable {
    pub(crate) rows: usize,
    pub(crate) encoding: Encoding,
    pub(crate) drawer: Drawer,
    /// Columns of the parent that come before the table's own.
    pub(crate) context: usize,
    /// Whether the row before is known.
    pub(crate) has_previous: bool,
    /// Own modelled columns.
    pub(crate) own: usize,
    /// The links whose numbers of children stand behind the own columns.
    pub(crate) children: Vec<usize>,
    /// The real numbers of children, in the order of `children`.
    pub(crate) counts: Vec<Counts>,
    /// Shares of rows without a parent, by link to a parent.
    pub(crate) orphans: Vec<f64>,
    /// What a table without parents is drawn by besides its trees.
    pub(crate) root: Option<Root>,
}

/// A table without parents.
pub(crate) struct Root {
    /// The table, which the selection stage matches.
    pub(crate) table: EncodedTable,
    /// Draws its rows in place of the trees where the table is small.
    pub(crate) copula: Option<Copula>,
}

/// Learns all tables in the order of the plan.
pub(crate) fn learn_tables(
    tables: &[NamedTable],
    plan: &TablesPlan,
    (tier, options): (TablesTier, &FitOptions),
    watch: &Watch<'_>,
) -> Result<Vec<LearnedTable>, SynthError> {
    let mut kept = Kept::find_in(watch.notes);
    let mut learned: Vec<Option<LearnedTable>> = (0..tables.len()).map(|_| None).collect();
    // What each table is for its children: its own columns and numbers of children.
    let mut known: Vec<EncodedTable> = vec![EncodedTable::default(); tables.len()];
    for (done, table) in plan.order.iter().enumerate() {
        let share = |of_table: f64| (done as f64 + of_table) / plan.order.len() as f64;
        watch.step(share(0.0))?;
        let laid = LaidOut::derive(&tables[*table], *table, plan, &known)?;
        let mut rng = Rng::stream(options.seed, *table as u64);
        let counts = laid.learn_counts(options.min_count, &mut rng);
        let options = FitOptions { first: laid.list_given(), ..options.clone() };
        let progress = |of_table: f64| (watch.progress)(share(of_table));
        let part = Watch { progress: &progress, ..*watch };
        let place = (*table, tables[*table].name.as_str());
        let drawer = Drawer::learn(&laid.whole, (tier, &options), (&mut kept, place), &part)?;
        learned[*table] = Some(LearnedTable {
            rows: laid.own.rows,
            root: laid.find_root(options.min_count),
            encoding: laid.encoding,
            drawer,
            context: laid.context,
            has_previous: laid.has_previous,
            own: laid.own_columns,
            children: laid.children,
            counts,
            orphans: laid.orphans,
        });
        known[*table] = laid.own;
    }
    learned
        .into_iter()
        .map(|table| table.ok_or_else(|| SynthError::inconsistent("A table was not learned.")))
        .collect()
}

/// A table as it is learned.
struct LaidOut {
    encoding: Encoding,
    /// Its own columns, and behind them its numbers of children.
    own: EncodedTable,
    own_columns: usize,
    children: Vec<usize>,
    orphans: Vec<f64>,
    /// The columns of its parent, the row before, and then `own`.
    whole: EncodedTable,
    /// How many are the parent's.
    context: usize,
    has_previous: bool,
    has_parent: bool,
}

impl LaidOut {
    /// `known` are the tables that come before in the plan.
    fn derive(
        table: &NamedTable,
        number: usize,
        plan: &TablesPlan,
        known: &[EncodedTable],
    ) -> Result<Self, SynthError> {
        let (encoded, encoding, _) = encode_frame(&table.frame, &table.metadata)?;
        let own_columns = encoded.columns.len();
        let children = plan.find_children(number);
        let mut own = encoded;
        for link in &children {
            push_counts(&mut own, plan, *link);
        }
        let parents = plan.find_parents(number);
        let follows = parents.first().map(|link| &plan.links[*link]);
        let (whole, context, has_previous) = match follows {
            None => (own.clone(), 0, false),
            Some(link) => {
                let order = order_siblings(&table.frame, &link.rows);
                add_context((&known[link.parent], &own), (&link.rows, &order), own_columns)
            }
        };
        let has_parent = follows.is_some();
        let orphans = list_orphans(&table.frame, plan, &parents);
        Ok(Self {
            encoding,
            own,
            own_columns,
            children,
            orphans,
            whole,
            context,
            has_previous,
            has_parent,
        })
    }

    /// Columns that are known before the table's own are drawn.
    fn list_given(&self) -> Vec<usize> {
        (0..self.whole.columns.len() - self.own.columns.len()).collect()
    }

    fn learn_counts(&self, min_count: usize, rng: &mut Rng) -> Vec<Counts> {
        let columns = self.own.columns.iter().skip(self.own_columns);
        columns.map(|column| Counts::learn(&column.values, min_count, rng)).collect()
    }

    fn find_root(&self, min_count: usize) -> Option<Root> {
        (!self.has_parent).then(|| Root {
            copula: (self.own.rows <= MOST_ROWS).then(|| Copula::fit(&self.own, min_count)),
            table: self.own.clone(),
        })
    }
}

/// Shares of rows whose key is missing, by link; a key that leads nowhere is no missing key.
fn list_orphans(frame: &Frame, plan: &TablesPlan, parents: &[usize]) -> Vec<f64> {
    let share = |link: &usize| {
        let missing = frame.columns()[plan.links[*link].column].missing().count();
        missing as f64 / frame.rows().max(1) as f64
    };
    parents.iter().map(share).collect()
}

/// Adds the number of rows that name each row.
fn push_counts(table: &mut EncodedTable, plan: &TablesPlan, link: usize) {
    let mut counts = vec![0.0; table.rows];
    for row in plan.links[link].rows.iter().flatten() {
        counts[*row as usize] += 1.0;
    }
    let name = format!("children {link}");
    table.columns.push(EncodedColumn { name, kind: EncodedKind::Number, values: counts });
    table.decimals.push(0);
}

/// The rows of each parent in the order of time, as far as the table tells it.
fn order_siblings(frame: &Frame, parents: &[Option<u32>]) -> Vec<u32> {
    let tells_time = |column: &&Column| match column.kind() {
        ColumnKind::Date => true,
        ColumnKind::Integer | ColumnKind::Number => {
            let name = column.name().to_lowercase();
            ["year", "date", "time", "month", "day"].iter().any(|word| name.contains(word))
        }
        ColumnKind::Category | ColumnKind::Boolean | ColumnKind::Text | ColumnKind::Id => false,
    };
    let time = frame.columns().iter().find(tells_time);
    let moment = |row: u32| -> f64 {
        let Some(column) = time else { return 0.0 };
        let row = row as usize;
        let number = column.find_numbers().and_then(|values| values.get(row).copied());
        let date = || column.find_dates().and_then(|values| values.get(row).map(|v| *v as f64));
        number.or_else(date).unwrap_or(0.0)
    };
    let mut order: Vec<u32> = (0..frame.rows() as u32).collect();
    order.sort_by(|a, b| {
        let parent =
            |row: u32| parents.get(row as usize).copied().flatten().map_or(u32::MAX, |p| p);
        parent(*a).cmp(&parent(*b)).then(moment(*a).total_cmp(&moment(*b))).then(a.cmp(b))
    });
    order
}

/// Places among siblings above this are one.
pub(super) const MOST_PLACES: f64 = 30.0;

/// Puts before a table's columns those of its parent, the place among siblings, and the row before.
fn add_context(
    (parent, own): (&EncodedTable, &EncodedTable),
    (rows, order): (&[Option<u32>], &[u32]),
    own_columns: usize,
) -> (EncodedTable, usize, bool) {
    let count = own.rows;
    let kin = own.kin.clone();
    let mut whole = EncodedTable { rows: count, kin, ..EncodedTable::default() };
    for (column, decimals) in parent.columns.iter().zip(&parent.decimals) {
        let cell = |row: &Option<u32>| row.map_or(f64::NAN, |row| column.values[row as usize]);
        let values = rows.iter().map(cell).collect();
        let name = format!("parent {}", column.name);
        whole.columns.push(EncodedColumn { name, kind: column.kind, values });
        whole.decimals.push(*decimals);
    }
    let context = whole.columns.len();
    let mut places = vec![0.0_f64; count];
    let mut before: Vec<Option<u32>> = vec![None; count];
    for pair in order.windows(2) {
        let (first, second) = (pair[0] as usize, pair[1] as usize);
        if rows[first].is_some() && rows[first] == rows[second] {
            places[second] = (places[first] + 1.0).min(MOST_PLACES);
            before[second] = Some(pair[0]);
        }
    }
    let has_previous = before.iter().flatten().count() * 4 >= count;
    if has_previous {
        let name = "place".to_owned();
        whole.columns.push(EncodedColumn { name, kind: EncodedKind::Number, values: places });
        whole.decimals.push(0);
        for place in 0..own_columns {
            let column = &own.columns[place];
            let cell = |row: &Option<u32>| row.map_or(f64::NAN, |row| column.values[row as usize]);
            let values = before.iter().map(cell).collect();
            let name = format!("before {}", column.name);
            whole.columns.push(EncodedColumn { name, kind: column.kind, values });
            whole.decimals.push(own.decimals[place]);
        }
    }
    whole.columns.extend(own.columns.iter().cloned());
    whole.decimals.extend_from_slice(&own.decimals);
    (whole, context, has_previous)
}
