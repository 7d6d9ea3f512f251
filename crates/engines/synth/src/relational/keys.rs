//! Finds out which columns name rows of other tables, and checks that they do.

use std::collections::{HashMap, HashSet};

use gantry_kit::{Column, ColumnKind};

use super::{Link, NamedTable, Relation, TablesPlan};
use crate::error::{SynthError, derive_list};
use crate::metadata::{ColumnMetadata, Role, is_key_name};

/// Puts tables into an order with parents first.
pub(crate) fn plan_tables(
    tables: &[NamedTable],
    declared: &[Relation],
) -> Result<TablesPlan, SynthError> {
    let relations = match declared.is_empty() {
        true => infer_relations(tables),
        false => declared.to_vec(),
    };
    let mut warnings = Vec::new();
    let mut links = Vec::new();
    for relation in &relations {
        links.push(bind(tables, relation, &mut warnings)?);
    }
    let mut order: Vec<usize> = Vec::new();
    while order.len() < tables.len() {
        let is_ready = |table: &usize| {
            !order.contains(table)
                && links.iter().all(|link| link.child != *table || order.contains(&link.parent))
        };
        let ready: Vec<usize> = (0..tables.len()).filter(is_ready).collect();
        if ready.is_empty() {
            let left: Vec<&str> = (0..tables.len())
                .filter(|table| !order.contains(table))
                .map(|table| tables[table].name.as_str())
                .collect();
            let names = derive_list(&left, 12);
            return Err(SynthError::Relation {
                reason: format!("the tables {names} name each other in a circle"),
            });
        }
        order.extend(ready);
    }
    Ok(TablesPlan { order, links, relations, warnings })
}

/// Says of all keys that they are keys, so that none is learned as a number or label.
pub(crate) fn mark_keys(tables: &mut [NamedTable], plan: &TablesPlan) {
    let mut mark = |table: usize, column: usize, role: Role| {
        let NamedTable { frame, metadata, .. } = &mut tables[table];
        if let Some(name) = frame.names().nth(column) {
            metadata.columns.insert(name.to_owned(), ColumnMetadata { role, order: Vec::new() });
        }
    };
    for link in &plan.links {
        mark(link.child, link.column, Role::ForeignKey);
    }
    for link in &plan.links {
        mark(link.parent, link.key, Role::Id);
    }
}

/// A key's cells as texts, so that 7 and `7` are the same key.
fn read_keys(column: &Column) -> Vec<Option<String>> {
    let cell = |row: usize| column.find_cell(row).map(|cell| derive_key(&cell));
    (0..column.len()).map(cell).collect()
}

fn derive_key(cell: &str) -> String {
    cell.strip_suffix(".0").unwrap_or(cell).to_owned()
}

fn find_table(tables: &[NamedTable], name: &str) -> Result<usize, SynthError> {
    tables.iter().position(|table| table.name == name).ok_or_else(|| {
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        let reason = format!("there is no table `{name}` among {}", derive_list(&names, 12));
        SynthError::Relation { reason }
    })
}

fn find_place(table: &NamedTable, column: &str) -> Result<usize, SynthError> {
    let found = table.frame.names().position(|name| name == column);
    found.ok_or_else(|| SynthError::Relation {
        reason: format!("the table `{}` has no column `{column}`", table.name),
    })
}

/// Finds the parent's row of each of the child's rows.
fn bind(
    tables: &[NamedTable],
    relation: &Relation,
    warnings: &mut Vec<String>,
) -> Result<Link, SynthError> {
    let (parent, child) =
        (find_table(tables, &relation.parent)?, find_table(tables, &relation.child)?);
    if parent == child {
        let name = &relation.parent;
        let reason = format!("the table `{name}` names its own rows, which is not possible yet");
        return Err(SynthError::Relation { reason });
    }
    let key = find_place(&tables[parent], &relation.key)?;
    let column = find_place(&tables[child], &relation.column)?;
    let mut known: HashMap<String, u32> = HashMap::new();
    for (row, cell) in read_keys(&tables[parent].frame.columns()[key]).into_iter().enumerate() {
        let cell = cell.ok_or_else(|| SynthError::Relation {
            reason: format!("row {} of `{}` has no key", row + 1, relation.parent),
        })?;
        if known.insert(cell.clone(), row as u32).is_some() {
            return Err(SynthError::Relation {
                reason: format!("the key `{cell}` stands twice in `{}`", relation.parent),
            });
        }
    }
    let cells = read_keys(&tables[child].frame.columns()[column]);
    let mut broken = 0_usize;
    let rows: Vec<Option<u32>> = cells
        .iter()
        .map(|cell| {
            let row = known.get(cell.as_ref()?).copied();
            broken += usize::from(row.is_none());
            row
        })
        .collect();
    if broken > 0 && broken == cells.iter().flatten().count() {
        return Err(SynthError::Relation {
            reason: format!(
                "no cell of `{}` in `{}` is a key of `{}`",
                relation.column, relation.child, relation.parent
            ),
        });
    }
    if broken > 0 {
        warnings.push(format!(
            "{broken} cells of `{}` in `{}` are no keys of `{}` and count as missing; every key that \
             is drawn is one.",
            relation.column, relation.child, relation.parent
        ));
    }
    Ok(Link { parent, key, child, column, rows })
}

/// The column whose cells are all there and all different.
fn find_primary(table: &NamedTable) -> Option<usize> {
    let is_key = |column: &Column| {
        let is_kind = match column.kind() {
            ColumnKind::Integer | ColumnKind::Text | ColumnKind::Id | ColumnKind::Category => true,
            ColumnKind::Number | ColumnKind::Boolean | ColumnKind::Date => false,
        };
        is_kind && !column.missing().any() && column.count_distinct() == column.len()
    };
    let columns = table.frame.columns();
    let named = columns.iter().position(|column| is_key_name(column.name()) && is_key(column));
    named.or_else(|| columns.first().filter(|column| is_key(column)).map(|_| 0))
}

/// Columns that are called like a key of another table and hold nothing but its keys.
fn infer_relations(tables: &[NamedTable]) -> Vec<Relation> {
    let primary: Vec<Option<usize>> = tables.iter().map(find_primary).collect();
    let mut relations = Vec::new();
    for (child, table) in tables.iter().enumerate() {
        for (place, column) in table.frame.columns().iter().enumerate() {
            if primary[child] == Some(place) {
                continue;
            }
            let parent = (0..tables.len()).filter(|parent| *parent != child).find(|parent| {
                primary[*parent].is_some_and(|key| {
                    let of_parent = &tables[*parent];
                    let key = &of_parent.frame.columns()[key];
                    is_called(column.name(), &of_parent.name, key.name()) && holds_keys(column, key)
                })
            });
            if let Some((parent, key)) = parent.and_then(|at| Some((at, primary[at]?))) {
                relations.push(Relation {
                    parent: tables[parent].name.clone(),
                    key: tables[parent].frame.columns()[key].name().to_owned(),
                    child: table.name.clone(),
                    column: column.name().to_owned(),
                });
            }
        }
    }
    relations
}

/// Whether a column is called like a key: `account_id` is, for the key `account_id` of any table and
/// for the key `id` of `account` or `accounts`.
fn is_called(column: &str, table: &str, key: &str) -> bool {
    let (column, table, key) = (column.to_lowercase(), table.to_lowercase(), key.to_lowercase());
    let single = table.strip_suffix('s').unwrap_or(&table);
    let joined = |name: &str| column == format!("{name}_{key}") || column == format!("{name}{key}");
    (column == key && key != "id") || joined(&table) || joined(single)
}

/// Whether all cells but one in a hundred are keys.
fn holds_keys(column: &Column, key: &Column) -> bool {
    let keys: HashSet<String> = read_keys(key).into_iter().flatten().collect();
    let cells: Vec<String> = read_keys(column).into_iter().flatten().collect();
    let known = cells.iter().filter(|cell| keys.contains(*cell)).count();
    !cells.is_empty() && known * 100 >= cells.len() * 99
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys_are_understood() {
        assert!(is_called("account_id", "loan", "account_id"));
        assert!(is_called("players_id", "players", "id"));
        assert!(is_called("player_id", "players", "id"));
        assert!(!is_called("id", "players", "id"));
        assert!(!is_called("team", "players", "id"));
    }
}
