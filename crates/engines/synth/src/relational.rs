//! Several tables whose rows name rows of each other.
//!
//! Tables are learned parents first. A parent learns, as further columns, how many rows each child
//! table has for it; a child's rows are learned and drawn given their parent's row, their place among
//! its rows, and the row before them. Tables without a parent are chosen from more rows than are
//! wanted, by the selection stage, and small ones are not learned by trees. A table with several parents follows the one that tells its
//! rows apart best, and is dealt to the others by the numbers of children that these have drawn.
//!
//! Invariant: every key that is drawn is the key of a row that is drawn.

mod copula;
mod counts;
mod draw;
mod drawer;
mod families;
mod kept;
mod keys;
mod learn;

use gantry_kit::Frame;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use draw::{Learned, draw_tables};
pub(crate) use drawer::{Drawer, FEWEST_DEEP};
pub(crate) use keys::{mark_keys, plan_tables};
pub(crate) use learn::{LearnedTable, learn_tables};

use crate::error::SynthError;
use crate::metadata::Metadata;
use crate::tier::Tier;

/// A column whose cells name rows of another table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// The table that is named.
    pub parent: String,
    /// Its column of keys.
    pub key: String,
    /// The table that names.
    pub child: String,
    /// Its column that holds keys of the parent.
    pub column: String,
}

/// How tables are learned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TablesTier {
    /// A decision tree for each column, given the parent's row and the row before: seconds.
    #[default]
    Instant,
    /// Networks on the graph of near rows and of rows that name the same row, given the same: minutes
    /// for each table.
    Deep,
}

impl TablesTier {
    /// The tier of a single table.
    #[must_use]
    pub const fn of_table(self) -> Tier {
        match self {
            Self::Instant => Tier::Instant,
            Self::Deep => Tier::Deep,
        }
    }
}

/// What is known of several tables.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TablesMetadata {
    /// By name of the table, which is that of its file.
    #[serde(default)]
    pub tables: std::collections::BTreeMap<String, Metadata>,
    /// Which columns name rows of other tables; found out where none is given.
    #[serde(default)]
    pub relations: Vec<Relation>,
}

impl TablesMetadata {
    /// Reads the JSON file.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, SynthError> {
        serde_json::from_slice(bytes)
            .map_err(|error| SynthError::Metadata { reason: error.to_string() })
    }
}

/// A table as it was read.
pub(crate) struct NamedTable {
    pub(crate) name: String,
    pub(crate) frame: Frame,
    pub(crate) metadata: Metadata,
}

/// A relation in terms of places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) parent: usize,
    pub(crate) key: usize,
    pub(crate) child: usize,
    pub(crate) column: usize,
    /// The parent's row of each of the child's rows; `None` where the cell is missing.
    pub(crate) rows: Vec<Option<u32>>,
}

/// Tables in the order in which they are learned, and what binds them.
pub(crate) struct TablesPlan {
    pub(crate) order: Vec<usize>,
    pub(crate) links: Vec<Link>,
    pub(crate) relations: Vec<Relation>,
    pub(crate) warnings: Vec<String>,
}

impl TablesPlan {
    /// The links to parents of a table; the first is the one that its rows follow.
    pub(crate) fn find_parents(&self, table: usize) -> Vec<usize> {
        let mut found: Vec<usize> =
            (0..self.links.len()).filter(|link| self.links[*link].child == table).collect();
        let distinct = |link: &usize| {
            let rows = self.links[*link].rows.iter().flatten();
            std::cmp::Reverse(rows.collect::<std::collections::HashSet<_>>().len())
        };
        found.sort_by_key(distinct);
        found
    }

    /// The links to children of a table.
    pub(crate) fn find_children(&self, table: usize) -> Vec<usize> {
        (0..self.links.len()).filter(|link| self.links[*link].parent == table).collect()
    }
}
