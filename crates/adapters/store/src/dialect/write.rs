//! Statements that write sets of rows.
//!
//! Invariants: all tables of a batch are written in one round trip. On PostgreSQL one statement
//! takes one array per column. On SQLite, where reading values out of JSON or arrays is what
//! costs, several statements in one text take the values themselves; the text knows few numbers
//! of rows, so that it stays prepared: rows without a key fill it up, and change nothing.

use gantry_ports::StoreError;
use sea_orm::Value;

use super::cells::RowSet;
use super::row_set::{Column, Kind};
use super::{Dialect, postgres};
use crate::sql::Sql;

/// The numbers of jobs, or of accounts, that a text of SQLite is made for.
const LEVELS: &[usize] = &[1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

/// What a set of rows does to its table.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    /// All rows are new.
    Insert,
    /// All rows are there; the first column is the key.
    Update,
    /// So many columns are the key; rows may be there.
    Upsert(usize),
}

/// How many rows of a table a batch usually writes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scale {
    /// So many per job.
    Jobs(usize),
    /// So many per account.
    Accounts(usize),
}

/// A table, the columns of its row set, and what the rows do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableWrite<'a> {
    pub(crate) table: &'a str,
    pub(crate) columns: &'a [Column],
    pub(crate) action: Action,
    pub(crate) scale: Scale,
}

/// Writes row sets into tables, set by set in the order in which it was made.
#[derive(Debug)]
pub(crate) struct WriteBatch {
    way: Way,
    kinds: Vec<Vec<Kind>>,
    scales: Vec<Scale>,
    what: &'static str,
}

#[derive(Debug)]
enum Way {
    /// Per table the text before and after the rows.
    Values(Vec<[String; 2]>),
    Arrays(String),
}

impl WriteBatch {
    /// Statements in a database's dialect; `what` names in errors what is written, in the
    /// product's words.
    pub(crate) fn new(dialect: Dialect, what: &'static str, tables: &[TableWrite<'_>]) -> Self {
        let way = match dialect {
            Dialect::Sqlite => Way::Values(tables.iter().map(TableWrite::around_rows).collect()),
            Dialect::Postgres => Way::Arrays(all_at_once(tables)),
        };
        let kinds = |write: &TableWrite<'_>| write.columns.iter().map(|(_, kind)| *kind).collect();
        Self {
            way,
            kinds: tables.iter().map(kinds).collect(),
            scales: tables.iter().map(|write| write.scale).collect(),
            what,
        }
    }

    /// Writes one row set per table.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn write(&self, sql: &Sql, sets: Vec<RowSet>) -> Result<(), StoreError> {
        if sets.iter().all(|rows| rows.len() == 0) {
            return Ok(());
        }
        match &self.way {
            Way::Arrays(text) => {
                let sets = sets.into_iter().zip(&self.kinds);
                let values = sets.flat_map(|(rows, kinds)| rows.into_arrays(kinds)).collect();
                sql.run(self.what, text.as_str(), values).await.map(drop)
            }
            Way::Values(texts) => {
                let sizes = self.derive_sizes(&sets);
                let columns = self.kinds.iter().map(Vec::len);
                let shapes = texts
                    .iter()
                    .zip(columns)
                    .zip(sizes)
                    .map(|((around, columns), size)| Shape { around, columns, size });
                write_values(sql, self.what, shapes.zip(sets)).await
            }
        }
    }

    /// How many rows the statement of each table has: none, or what its scale has at the level
    /// that all tables of that scale share.
    fn derive_sizes(&self, sets: &[RowSet]) -> Vec<usize> {
        let (mut jobs, mut accounts) = (0, 0);
        for (rows, scale) in sets.iter().zip(&self.scales) {
            match scale {
                Scale::Jobs(each) => jobs = jobs.max(rows.len().div_ceil(*each)),
                Scale::Accounts(each) => accounts = accounts.max(rows.len().div_ceil(*each)),
            }
        }
        let (jobs, accounts) = (derive_level(jobs), derive_level(accounts));
        let size = |(rows, scale): (&RowSet, &Scale)| match scale {
            _ if rows.len() == 0 => 0,
            Scale::Jobs(each) => jobs * each,
            Scale::Accounts(each) => accounts * each,
        };
        sets.iter().zip(&self.scales).map(size).collect()
    }
}

/// The level for so many jobs or accounts; more of them take several texts.
fn derive_level(number: usize) -> usize {
    let most = LEVELS.last().copied().unwrap_or(1);
    LEVELS.iter().copied().find(|level| *level >= number).unwrap_or(most)
}

/// A statement for so many rows of a table.
struct Shape<'a> {
    around: &'a [String; 2],
    columns: usize,
    size: usize,
}

/// Writes table after table; what fits into one statement each goes into one text.
async fn write_values(
    sql: &Sql,
    what: &'static str,
    sets: impl Iterator<Item = (Shape<'_>, RowSet)>,
) -> Result<(), StoreError> {
    let (mut text, mut bound) = (String::new(), Vec::new());
    for (shape, rows) in sets {
        let mut left = rows.len();
        let mut values = rows.into_values();
        while left > 0 {
            let here = shape.size.min(left);
            shape.write_text(&mut text);
            let end = bound.len() + shape.size * shape.columns;
            bound.extend(values.by_ref().take(here * shape.columns));
            bound.resize(end, Value::BigInt(None));
            left -= here;
            if left > 0 {
                // More than a text is made for: no other one would be like this one.
                sql.run(what, std::mem::take(&mut text), std::mem::take(&mut bound)).await?;
            }
        }
    }
    sql.run(what, text, bound).await.map(drop)
}

impl Shape<'_> {
    fn write_text(&self, text: &mut String) {
        let [before, after] = self.around;
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(before);
        let row = format!("({})", vec!["?"; self.columns].join(","));
        for place in 0..self.size {
            if place > 0 {
                text.push(',');
            }
            text.push_str(&row);
        }
        text.push_str(after);
    }
}

/// One statement with the others as common table expressions.
fn all_at_once(tables: &[TableWrite<'_>]) -> String {
    let mut first = 1;
    let statements = tables.iter().map(|write| {
        let rows = postgres::rows_of_arrays(first, write.columns);
        first += write.columns.len();
        write.statement(&format!("{rows} r"), "TRUE")
    });
    postgres::all_at_once(&statements.collect::<Vec<_>>())
}

impl TableWrite<'_> {
    /// The text before and after the rows' values.
    fn around_rows(&self) -> [String; 2] {
        let names = names(self.columns);
        let key = self.columns.first().map_or("", |(name, _)| name);
        let statement = self.statement("r", &format!("r.{key} IS NOT NULL"));
        [format!("WITH r({names}) AS (VALUES "), format!(") {statement}")]
    }

    /// What is done with the rows `r` of `source` that fulfil `condition`.
    fn statement(&self, source: &str, condition: &str) -> String {
        let Self { table, columns, .. } = self;
        let names = names(columns);
        let insert =
            format!("INSERT INTO {table} ({names}) SELECT {names} FROM {source} WHERE {condition}");
        match self.action {
            Action::Insert => insert,
            Action::Update => {
                let key = columns.first().map_or("", |(name, _)| name);
                let set = assign(columns.get(1..).unwrap_or_default(), "r");
                format!("UPDATE {table} SET {set} FROM {source} WHERE {table}.{key} = r.{key}")
            }
            Action::Upsert(keys) => {
                let (key, changes) = columns.split_at(keys.min(columns.len()));
                let set = assign(changes, "excluded");
                format!("{insert} ON CONFLICT ({}) DO UPDATE SET {set}", self::names(key))
            }
        }
    }
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn assign(columns: &[Column], from: &str) -> String {
    let set = columns.iter().map(|(name, _)| format!("{name} = {from}.{name}"));
    set.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(number: usize) -> RowSet {
        let mut rows = RowSet::new();
        for place in 0..number {
            rows.row().int(i64::try_from(place).unwrap_or_default()).int(0);
        }
        rows
    }

    #[test]
    fn tables_of_one_scale_share_a_level() {
        let columns = [("id", Kind::Int), ("number", Kind::Int)];
        let write =
            |scale| TableWrite { table: "jobs", columns: &columns, action: Action::Insert, scale };
        let tables = [Scale::Jobs(1), Scale::Jobs(4), Scale::Jobs(2), Scale::Accounts(1)];
        let batch = WriteBatch::new(Dialect::Sqlite, "job", &tables.map(write));
        let sizes = |numbers: [usize; 4]| batch.derive_sizes(&numbers.map(rows));
        assert_eq!(sizes([43, 170, 0, 1]), [48, 192, 0, 1]);
        assert_eq!(sizes([1, 9, 1, 0]), [3, 12, 6, 0]);
        assert_eq!(sizes([1_000, 1, 1, 70]), [64, 256, 128, 64]);
    }

    #[test]
    fn a_statement_takes_its_rows_by_name() {
        let columns = [("id", Kind::Id), ("state", Kind::Text)];
        let (action, scale) = (Action::Update, Scale::Jobs(1));
        let write = TableWrite { table: "jobs", columns: &columns, action, scale };
        let [before, after] = write.around_rows();
        assert_eq!(before, "WITH r(id, state) AS (VALUES ");
        assert_eq!(after, ") UPDATE jobs SET state = r.state FROM r WHERE jobs.id = r.id");
        let write = TableWrite { action: Action::Upsert(1), ..write };
        assert!(write.around_rows()[1].ends_with(
            "WHERE r.id IS NOT NULL ON CONFLICT (id) DO UPDATE SET state = excluded.state"
        ));
    }
}
