//! Statements that write sets of rows.
//!
//! Invariants: on PostgreSQL, where a round trip is what costs, all tables of a batch are written
//! by one statement that takes one array per column; on SQLite, where reading values out of
//! JSON is what costs, each table has a statement of its own that takes the values themselves.
//! Its text knows few numbers of rows, so that it stays prepared: rows without a key fill it up,
//! and change nothing.

use gantry_ports::StoreError;
use sea_orm::Value;

use super::cells::RowSet;
use super::row_set::{Column, Kind};
use super::{Dialect, postgres};
use crate::sql::Sql;

/// The numbers of rows that a statement of SQLite may have.
const SIZES: &[usize] = &[1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];
/// The most values of one statement.
const MOST_VALUES: usize = 2_400;

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

/// A table, the columns of its row set, and what the rows do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableWrite<'a> {
    /// What a row is in the product's words.
    pub(crate) what: &'static str,
    pub(crate) table: &'a str,
    pub(crate) columns: &'a [Column],
    pub(crate) action: Action,
}

/// Writes row sets into tables, set by set in the order in which it was made.
#[derive(Debug)]
pub(crate) struct WriteBatch {
    way: Way,
    kinds: Vec<Vec<Kind>>,
    whats: Vec<&'static str>,
}

#[derive(Debug)]
enum Way {
    /// Per table the text before and after the rows.
    OneByOne(Vec<[String; 2]>),
    AtOnce(String),
}

impl WriteBatch {
    /// Statements in a database's dialect.
    pub(crate) fn new(dialect: Dialect, tables: &[TableWrite<'_>]) -> Self {
        let way = match dialect {
            Dialect::Sqlite => Way::OneByOne(tables.iter().map(TableWrite::around_rows).collect()),
            Dialect::Postgres => Way::AtOnce(all_at_once(tables)),
        };
        let kinds = |write: &TableWrite<'_>| write.columns.iter().map(|(_, kind)| *kind).collect();
        Self {
            way,
            kinds: tables.iter().map(kinds).collect(),
            whats: tables.iter().map(|write| write.what).collect(),
        }
    }

    /// Writes one row set per table.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn write(&self, sql: &Sql, sets: Vec<RowSet>) -> Result<(), StoreError> {
        match &self.way {
            Way::AtOnce(text) => {
                if sets.iter().any(|rows| rows.len() > 0) {
                    let sets = sets.into_iter().zip(&self.kinds);
                    let values = sets.flat_map(|(rows, kinds)| rows.into_arrays(kinds)).collect();
                    let what = self.whats.first().copied().unwrap_or_default();
                    sql.run(what, text.as_str(), values).await?;
                }
            }
            Way::OneByOne(texts) => {
                let places = texts.iter().zip(self.kinds.iter().zip(&self.whats));
                for (rows, (around, (kinds, what))) in sets.into_iter().zip(places) {
                    write_table(sql, what, (around, kinds.len()), rows).await?;
                }
            }
        }
        Ok(())
    }
}

async fn write_table(
    sql: &Sql,
    what: &'static str,
    ([before, after], columns): (&[String; 2], usize),
    rows: RowSet,
) -> Result<(), StoreError> {
    let mut left = rows.len();
    let mut values = rows.into_values();
    while left > 0 {
        let size = derive_size(left, columns);
        let here = size.min(left);
        let mut bound: Vec<Value> = Vec::with_capacity(size * columns);
        bound.extend(values.by_ref().take(here * columns));
        bound.resize(size * columns, Value::BigInt(None));
        let row = format!("({})", vec!["?"; columns].join(","));
        let text = format!("{before}{}{after}", vec![row.as_str(); size].join(","));
        sql.run(what, text, bound).await?;
        left -= here;
    }
    Ok(())
}

/// The number of rows that the next statement for `left` rows has.
fn derive_size(left: usize, columns: usize) -> usize {
    let fits = |size: &&usize| **size == 1 || **size * columns <= MOST_VALUES;
    let sizes = || SIZES.iter().filter(fits);
    sizes().find(|size| **size >= left).or_else(|| sizes().last()).copied().unwrap_or(1)
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

    #[test]
    fn statements_have_few_sizes_and_bounded_values() {
        assert_eq!(derive_size(1, 36), 1);
        assert_eq!(derive_size(43, 36), 48);
        assert_eq!(derive_size(1_000, 36), 64);
        assert_eq!(derive_size(170, 9), 192);
        assert_eq!(derive_size(1_000, 9), 256);
        assert_eq!(derive_size(5, 10_000), 1);
    }

    #[test]
    fn a_statement_takes_its_rows_by_name() {
        let columns = [("id", Kind::Id), ("state", Kind::Text)];
        let write =
            TableWrite { what: "job", table: "jobs", columns: &columns, action: Action::Update };
        let [before, after] = write.around_rows();
        assert_eq!(before, "WITH r(id, state) AS (VALUES ");
        assert_eq!(after, ") UPDATE jobs SET state = r.state FROM r WHERE jobs.id = r.id");
        let write = TableWrite { action: Action::Upsert(1), ..write };
        assert!(write.around_rows()[1].ends_with(
            "WHERE r.id IS NOT NULL ON CONFLICT (id) DO UPDATE SET state = excluded.state"
        ));
    }
}
