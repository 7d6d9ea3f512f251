//! Finds out what a column is.

use gantry_kit::{Column, ColumnKind};

use super::Role;
use super::personal::detect_personal;
use crate::regenerate::Pattern;

/// Texts this short on average, of which values repeat, are labels.
const LABEL_CHARS: usize = 64;
/// Texts of more words than this, on average and less one, are prose.
const PROSE_BLANKS: usize = 3;
/// Rows from which "every value is different" says something.
const ENOUGH_ROWS: usize = 20;

/// What a column most likely is.
pub(super) fn detect_role(column: &Column) -> Role {
    if let Some(role) = detect_personal(column) {
        return role;
    }
    match column.kind() {
        ColumnKind::Number => Role::Number,
        ColumnKind::Integer if names_rows(column) => Role::Id,
        ColumnKind::Integer => Role::Integer,
        ColumnKind::Boolean => Role::Boolean,
        ColumnKind::Date => Role::Date,
        ColumnKind::Category => detect_labels(column),
        ColumnKind::Id => Role::Id,
        ColumnKind::Text => detect_text(column),
    }
}

/// Whether whole numbers are keys: all different, and called or counted like keys.
fn names_rows(column: &Column) -> bool {
    let Some(values) = column.find_numbers() else { return false };
    let rows = values.len();
    if rows < 2 || column.missing().any() || column.count_distinct() < rows {
        return false;
    }
    let ascending = values.windows(2).all(|pair| matches!(pair, [a, b] if b - a == 1.0));
    (ascending && rows >= ENOUGH_ROWS) || is_key_name(column.name())
}

/// Whether a name is that of a key.
pub(crate) fn is_key_name(name: &str) -> bool {
    let lower = name.to_lowercase();
    ["id", "key", "uuid", "guid", "pk"].iter().any(|key| {
        lower == *key
            || lower.strip_suffix(key).is_some_and(|rest| rest.ends_with(['_', ' ', '-', '.']))
            || lower.strip_prefix(key).is_some_and(|rest| rest.starts_with(['_', ' ', '-', '.']))
    }) || (name.ends_with("Id") || name.ends_with("ID")) && name.len() > 2
        || lower == "pidnum"
}

fn detect_labels(column: &Column) -> Role {
    let present = column.len() - column.missing().count();
    let distinct = column.count_distinct();
    if is_key_name(column.name()) && distinct > 50 && distinct * 10 > present {
        return Role::ForeignKey;
    }
    if present >= ENOUGH_ROWS && distinct * 10 > present * 9 {
        return detect_free(column);
    }
    Role::Category
}

fn detect_text(column: &Column) -> Role {
    let present = column.len() - column.missing().count();
    let chars: usize = column.find_texts().map_or(0, |texts| texts.iter().map(str::len).sum());
    let distinct = column.count_distinct();
    if is_key_name(column.name()) && distinct * 2 <= present {
        return Role::ForeignKey;
    }
    if present > 0 && chars <= present * LABEL_CHARS && distinct * 2 <= present {
        return Role::Category;
    }
    detect_free(column)
}

/// Texts that hardly repeat: a pattern where they share one.
fn detect_free(column: &Column) -> Role {
    let cells = || (0..column.len()).filter_map(|row| column.find_cell(row));
    let blanks: usize = cells().map(|cell| cell.matches(' ').count()).sum();
    let is_prose = blanks > PROSE_BLANKS * cells().count();
    if !is_prose && Pattern::learn(cells()).is_some() { Role::Pattern } else { Role::Text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_from_numbers_and_patterns_from_texts() {
        let count = |name: &str| Column::integer(name, (1..=40).map(f64::from).collect());
        assert_eq!(detect_role(&count("n")), Role::Id);
        let odd = Column::integer("customer_id", (1..=40).map(|v| f64::from(v * 7 % 41)).collect());
        assert_eq!(detect_role(&odd), Role::Id);
        let ages = Column::integer("age", (1..=40).map(|v| f64::from(v % 9)).collect());
        assert_eq!(detect_role(&ages), Role::Integer);
        let plates: Vec<String> = (0..60).map(|v| format!("AB-{:04}", v * 37)).collect();
        let plates = Column::text("plate", plates.iter().map(|text| Some(text.as_str())));
        assert_eq!(detect_role(&plates), Role::Pattern);
        let notes: Vec<String> = (0..60)
            .map(|v| {
                format!(
                    "seen {} times, then {} went home at {v}",
                    "x".repeat(v),
                    "ab ".repeat(v % 9)
                )
            })
            .collect();
        let notes = Column::text("note", notes.iter().map(|text| Some(text.as_str())));
        assert_eq!(detect_role(&notes), Role::Text);
        assert!(is_key_name("players_id") && is_key_name("ID") && is_key_name("orderId"));
        assert!(!is_key_name("paid") && !is_key_name("android") && !is_key_name("monkey"));
    }
}
