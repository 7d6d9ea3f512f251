//! What differs between SQLite and PostgreSQL.
//!
//! Invariant: no other module asks which database it talks to, but for opening it.

mod cells;
mod postgres;
mod row_set;
mod sqlite;
mod write;

use sea_orm::DbBackend;

pub(crate) use cells::{Cells, RowSet};
pub(crate) use row_set::{Column, JsonRows, Kind};
pub(crate) use write::{Action, TableWrite, WriteBatch};

/// The columns of the row set in `jobs.hold`.
pub(crate) const HOLD: &[Column] = &[
    ("lot_id", Kind::Id),
    ("meter", Kind::Text),
    ("period_start", Kind::Int),
    ("amount", Kind::Int),
];
/// Whose hold it is, and the table that says so.
const HOLDER: Holder = Holder { columns: "j.id AS job_id, j.organization_id", table: "jobs j" };

/// Columns and table that a row set is joined with.
#[derive(Debug, Clone, Copy)]
struct Holder {
    columns: &'static str,
    table: &'static str,
}

/// A database's way of saying things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// SQLite 3.51 or later (bundled).
    Sqlite,
    /// PostgreSQL 13 or later.
    Postgres,
}

impl Dialect {
    /// SeaORM's name for it.
    pub(crate) const fn backend(self) -> DbBackend {
        match self {
            Self::Sqlite => DbBackend::Sqlite,
            Self::Postgres => DbBackend::Postgres,
        }
    }

    /// The function that says where in a text, counted from 1, another one begins.
    pub(crate) const fn find_text(self) -> &'static str {
        match self {
            Self::Sqlite => "instr",
            Self::Postgres => "strpos",
        }
    }

    /// Fills the words of a schema template: `{id}`, `{int}`, `{bool}`, `{real}`,
    /// `{keyed}` after the closing parenthesis of a table that is stored in the order of its key,
    /// and the whole statement `{holds_view}`.
    pub(crate) fn schema(self, template: &str) -> String {
        let words = match self {
            Self::Sqlite => sqlite::SCHEMA_WORDS,
            Self::Postgres => postgres::SCHEMA_WORDS,
        };
        let text = template.replace("{holds_view}", &self.create_holds_view());
        words.iter().fold(text, |text, (word, meaning)| text.replace(word, meaning))
    }

    /// A view that shows what jobs hold, as rows: the column `jobs.hold` keeps them as a row set,
    /// so that holding costs no row of its own.
    fn create_holds_view(self) -> String {
        let rows = match self {
            Self::Sqlite => sqlite::rows_with("j.hold", HOLD, HOLDER),
            Self::Postgres => postgres::rows_with("j.hold", HOLD, HOLDER),
        };
        format!("CREATE VIEW holds AS {rows} WHERE j.hold IS NOT NULL")
    }

    /// Statements that make a table refuse every change but an insertion.
    pub(crate) fn append_only(self, table: &str) -> Vec<String> {
        match self {
            Self::Sqlite => sqlite::append_only(table),
            Self::Postgres => postgres::append_only(table),
        }
    }

    /// Statements that remove a table that was append only, with what made it so.
    pub(crate) fn drop_append_only(self, table: &str) -> Vec<String> {
        let mut statements = vec![format!("DROP TABLE {table}")];
        match self {
            // Triggers go with their table.
            Self::Sqlite => {}
            Self::Postgres => statements.push(format!("DROP FUNCTION {table}_refuse()")),
        }
        statements
    }

    /// Statements after which a table that was append only refuses removals, and changes of
    /// `columns` alone: in the others what tells of a person can be erased.
    pub(crate) fn append_only_in(self, table: &str, columns: &[&str]) -> Vec<String> {
        match self {
            Self::Sqlite => sqlite::append_only_in(table, columns),
            Self::Postgres => postgres::append_only_in(table, columns),
        }
    }

    /// Appended to a SELECT whose rows will be written; SQLite's writer is alone anyway.
    pub(crate) const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// Appended to a SELECT of rows that others refer to: whoever would change or lock a row too
    /// waits, and whoever only adds a row that refers to it does not. SQLite's writer is alone
    /// anyway.
    pub(crate) const fn for_change(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR NO KEY UPDATE",
        }
    }

    /// Appended to a SELECT whose rows of `table` must not go before the end; others may change
    /// them meanwhile. SQLite's writer is alone anyway.
    pub(crate) fn for_staying(self, table: &str) -> String {
        match self {
            Self::Sqlite => String::new(),
            Self::Postgres => format!(" FOR KEY SHARE OF {table}"),
        }
    }

    /// Waits for every other transaction that holds the lock named `$1`, and holds it until the
    /// end; SQLite's writer is alone anyway.
    pub(crate) const fn name_lock(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"),
        }
    }

    /// Of each row `w` of `rows`, the first `$2` queued jobs `q` that fulfil `condition`:
    /// identifier, account, gate and the row's rank. Jobs that another server is taking are
    /// passed over.
    pub(crate) fn first_rows_of_each(self, rows: &str, condition: &str) -> String {
        match self {
            Self::Sqlite => sqlite::first_rows_of_each(rows, condition),
            Self::Postgres => postgres::first_rows_of_each(rows, condition),
        }
    }

    /// A sub-select that turns parameter `$position` (made by [`JsonRows`]) into rows.
    pub(crate) fn rows(self, position: u32, columns: &[Column]) -> String {
        match self {
            Self::Sqlite => sqlite::rows(&format!("${position}"), columns),
            Self::Postgres => postgres::rows(&format!("${position}"), columns),
        }
    }

    /// An item of FROM, behind the tables that `object` names: the members `key` and `value` of the
    /// JSON object that it keeps as text, or of the object that is its `member`, as `m`.
    pub(crate) fn members(self, object: &str, member: Option<&str>) -> String {
        match self {
            Self::Sqlite => sqlite::members(object, member),
            Self::Postgres => postgres::members(object, member),
        }
    }

    /// Waits for every other migration of the same database to end.
    pub(crate) const fn migration_lock(self) -> Option<&'static str> {
        match self {
            // `BEGIN IMMEDIATE` is that lock.
            Self::Sqlite => None,
            Self::Postgres => Some("SELECT pg_advisory_xact_lock(4702111234474983745)"),
        }
    }
}

/// The condition of a trigger that one of `columns` changes.
fn differs(columns: &[&str]) -> String {
    let differ = |column: &&str| format!("OLD.{column} IS DISTINCT FROM NEW.{column}");
    columns.iter().map(differ).collect::<Vec<_>>().join(" OR ")
}
