//! Statements that write sets of rows.
//!
//! Invariants: sets are written in the order in which the batch was made. On PostgreSQL all
//! tables of a batch are one round trip: one statement that takes one array per column. On a
//! SQLite file, where a round trip costs nothing, each table has a small statement that is run
//! row by row, and one for a group of new rows, which finds its place in the table once. No text
//! depends on the number of rows, so that all stay prepared.

use gantry_ports::StoreError;

use super::cells::RowSet;
use super::postgres;
use super::row_set::{Column, Kind};
use crate::batch_sql::BatchSql;
use crate::file::FileConnection;

/// New rows that one statement takes on a SQLite file.
const GROUP: usize = 16;

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
    pub(crate) table: &'a str,
    pub(crate) columns: &'a [Column],
    pub(crate) action: Action,
}

/// Writes row sets into tables, set by set in the order in which it was made.
#[derive(Debug)]
pub(crate) struct WriteBatch {
    what: &'static str,
    kinds: Vec<Vec<Kind>>,
    /// Per table a statement for one row.
    one_row: Vec<String>,
    /// Per table a statement for a group of rows, where all of them are new.
    group: Vec<Option<String>>,
    /// One statement for all rows of all tables.
    all_at_once: String,
}

impl WriteBatch {
    /// The statements; `what` names in errors what is written, in the product's words.
    pub(crate) fn new(what: &'static str, tables: &[TableWrite<'_>]) -> Self {
        let kinds = |write: &TableWrite<'_>| write.columns.iter().map(|(_, kind)| *kind).collect();
        Self {
            what,
            kinds: tables.iter().map(kinds).collect(),
            one_row: tables.iter().map(TableWrite::of_one_row).collect(),
            group: tables.iter().map(TableWrite::of_group).collect(),
            all_at_once: all_at_once(tables),
        }
    }

    /// Writes one row set per table.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn write(
        &self,
        sql: BatchSql<'_>,
        sets: Vec<RowSet>,
    ) -> Result<(), StoreError> {
        if sets.iter().all(|rows| rows.len() == 0) {
            return Ok(());
        }
        match sql {
            BatchSql::Pool(sql) => {
                let sets = sets.into_iter().zip(&self.kinds);
                let values = sets.flat_map(|(rows, kinds)| rows.into_arrays(kinds)).collect();
                sql.run(self.what, self.all_at_once.as_str(), values).await.map(drop)
            }
            BatchSql::File(file) => {
                for (place, rows) in sets.iter().enumerate().filter(|(_, rows)| rows.len() > 0) {
                    self.write_to_file(file, place, rows)?;
                }
                Ok(())
            }
        }
    }

    /// Writes the rows of the table at `place`: whole groups, and what is left row by row.
    fn write_to_file(
        &self,
        file: &FileConnection,
        place: usize,
        rows: &RowSet,
    ) -> Result<(), StoreError> {
        let columns = self.kinds.get(place).map_or(1, Vec::len);
        let mut first = 0;
        if let Some(group) = self.group.get(place).and_then(Option::as_ref) {
            let whole = rows.len() - rows.len() % GROUP;
            file.run_rows(self.what, group, rows.pieces(0..whole * columns, GROUP * columns))?;
            first = whole;
        }
        let Some(one) = self.one_row.get(place) else { return Ok(()) };
        let rest = first * columns..rows.len() * columns;
        file.run_rows(self.what, one, rows.pieces(rest, columns))
    }
}

/// One statement with the others as common table expressions.
fn all_at_once(tables: &[TableWrite<'_>]) -> String {
    let mut first = 1;
    let statements = tables.iter().map(|write| {
        let rows = postgres::rows_of_arrays(first, write.columns);
        first += write.columns.len();
        write.of_rows(&format!("{rows} r"))
    });
    postgres::all_at_once(&statements.collect::<Vec<_>>())
}

impl TableWrite<'_> {
    /// What is done with one row, whose columns are `?1`, `?2` and so on.
    fn of_one_row(&self) -> String {
        let Self { table, columns, action } = self;
        let names = names(columns);
        let values = (1..=columns.len()).map(|place| format!("?{place}"));
        let values = values.collect::<Vec<_>>().join(", ");
        match action {
            Action::Insert => format!("INSERT INTO {table} ({names}) VALUES ({values})"),
            Action::Update => {
                let (key, changes) = columns.split_at(1.min(columns.len()));
                let set = (2..).zip(changes).map(|(place, (name, _))| format!("{name} = ?{place}"));
                let set = set.collect::<Vec<_>>().join(", ");
                format!("UPDATE {table} SET {set} WHERE {} = ?1", self::names(key))
            }
            Action::Upsert(keys) => {
                let conflict = resolve_conflict(columns, *keys);
                format!("INSERT INTO {table} ({names}) VALUES ({values}) {conflict}")
            }
        }
    }

    /// A statement for [`GROUP`] rows, if all are new. One that fails leaves what it has written to
    /// the end of its transaction, which is given up then: so SQLite keeps no journal for it.
    fn of_group(&self) -> Option<String> {
        let Self { table, columns, action } = self;
        match action {
            Action::Insert => {
                let rows = (0..GROUP).map(|row| {
                    let first = row * columns.len() + 1;
                    let places = (first..first + columns.len()).map(|place| format!("?{place}"));
                    format!("({})", places.collect::<Vec<_>>().join(", "))
                });
                let rows = rows.collect::<Vec<_>>().join(", ");
                Some(format!("INSERT OR FAIL INTO {table} ({}) VALUES {rows}", names(columns)))
            }
            Action::Update | Action::Upsert(_) => None,
        }
    }

    /// What is done with the rows `r` of `source`.
    fn of_rows(&self, source: &str) -> String {
        let Self { table, columns, action } = self;
        let names = names(columns);
        match action {
            Action::Insert => format!("INSERT INTO {table} ({names}) SELECT {names} FROM {source}"),
            Action::Update => {
                let (key, changes) = columns.split_at(1.min(columns.len()));
                let (key, set) = (self::names(key), assign(changes, "r"));
                format!("UPDATE {table} SET {set} FROM {source} WHERE {table}.{key} = r.{key}")
            }
            Action::Upsert(keys) => {
                let conflict = resolve_conflict(columns, *keys);
                format!(
                    "INSERT INTO {table} ({names}) SELECT {names} FROM {source} WHERE TRUE \
                     {conflict}"
                )
            }
        }
    }
}

fn resolve_conflict(columns: &[Column], keys: usize) -> String {
    let (key, changes) = columns.split_at(keys.min(columns.len()));
    format!("ON CONFLICT ({}) DO UPDATE SET {}", names(key), assign(changes, "excluded"))
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

    const COLUMNS: &[Column] = &[("id", Kind::Id), ("state", Kind::Text), ("cost", Kind::Int)];

    #[test]
    fn a_statement_for_one_row_takes_it_by_place() {
        let write = |action| TableWrite { table: "jobs", columns: COLUMNS, action }.of_one_row();
        assert_eq!(write(Action::Insert), "INSERT INTO jobs (id, state, cost) VALUES (?1, ?2, ?3)");
        assert_eq!(write(Action::Update), "UPDATE jobs SET state = ?2, cost = ?3 WHERE id = ?1");
        assert!(write(Action::Upsert(2)).ends_with(
            "VALUES (?1, ?2, ?3) ON CONFLICT (id, state) DO UPDATE SET cost = excluded.cost"
        ));
    }

    #[test]
    fn a_group_is_of_new_rows_alone() {
        let write = |action| TableWrite { table: "jobs", columns: COLUMNS, action }.of_group();
        let group = write(Action::Insert).unwrap();
        let begin =
            "INSERT OR FAIL INTO jobs (id, state, cost) VALUES (?1, ?2, ?3), (?4, ?5, ?6), ";
        assert!(group.starts_with(begin) && group.ends_with(", (?46, ?47, ?48)"), "{group}");
        assert_eq!([Action::Update, Action::Upsert(1)].map(write), [None, None]);
    }

    #[test]
    fn a_statement_for_many_rows_takes_them_by_name() {
        let write = |action| TableWrite { table: "jobs", columns: COLUMNS, action }.of_rows("w r");
        assert_eq!(
            write(Action::Update),
            "UPDATE jobs SET state = r.state, cost = r.cost FROM w r WHERE jobs.id = r.id"
        );
        assert!(write(Action::Upsert(1)).ends_with(
            "FROM w r WHERE TRUE ON CONFLICT (id) DO UPDATE SET state = excluded.state, \
             cost = excluded.cost"
        ));
    }
}
