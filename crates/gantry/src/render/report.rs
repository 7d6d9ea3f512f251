//! Any report as text: single values first, then objects, then lists of objects as tables.

use serde_json::{Map, Value};

use super::table::Table;
use super::words::{format_fraction, format_number};
use crate::console::heading;

/// Rows of one table; what is left out is counted.
const MOST_ROWS: usize = 15;
/// Columns that lead a table, in this order, where it has them.
const LEADING: [&str; 9] =
    ["rank", "title", "name", "column", "label", "state", "status", "score", "importance"];
/// Sections that come first, in this order, where a report has them; the others follow by name.
const LEADING_SECTIONS: [&str; 5] = ["best", "summary", "leaderboard", "metrics", "importance"];
/// Objects inside objects are shown so deep.
const DEEPEST: usize = 4;

/// The report for people.
pub fn render_report(report: &Value) -> String {
    match report {
        Value::Object(members) => render_object(members, 0).join("\n"),
        other => render_scalar(other),
    }
}

fn render_object(members: &Map<String, Value>, depth: usize) -> Vec<String> {
    let indent = "  ".repeat(depth);
    let (mut lines, mut sections) = (Vec::new(), Vec::new());
    let scalars: Vec<(&String, String)> = members
        .iter()
        .filter_map(|(name, value)| find_line(value).map(|line| (name, line)))
        .collect();
    let width = scalars.iter().map(|(name, _)| title_of(name).chars().count()).max().unwrap_or(0);
    for (name, line) in scalars {
        lines.push(format!("{indent}{:width$}  {line}", title_of(name)));
    }
    let mut others: Vec<(&String, &Value)> = members
        .iter()
        .filter(|(_, value)| find_line(value).is_none() && !is_empty(value))
        .collect();
    others.sort_by_key(|(name, _)| place_in(&LEADING_SECTIONS, name));
    for (name, value) in others {
        let title = heading(&title_of(name));
        if let Some(rows) = find_rows(value) {
            sections
                .push(format!("\n{indent}{title}\n{}", indented(&render_rows(&rows), depth + 1)));
        } else if let Value::Array(items) = value {
            let items: Vec<String> = items
                .iter()
                .take(MOST_ROWS)
                .map(|item| format!("{indent}  - {}", render_scalar(item)))
                .collect();
            sections.push(format!("\n{indent}{title}\n{}", items.join("\n")));
        } else if let Value::Object(inner) = value {
            let inner = if depth + 1 < DEEPEST {
                render_object(inner, depth + 1).join("\n")
            } else {
                format!("{indent}  {value}")
            };
            sections.push(format!("\n{indent}{title}\n{inner}"));
        }
    }
    lines.extend(sections);
    lines
}

/// What a value says in one line, if it can.
fn find_line(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Object(_) => None,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(render_scalar(value)),
        Value::Array(items) => {
            let plain = |item: &Value| item.is_number() || item.is_string() || item.is_boolean();
            let line = items.iter().map(render_scalar).collect::<Vec<_>>().join(", ");
            (!items.is_empty() && items.iter().all(plain) && line.chars().count() <= 76)
                .then_some(line)
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The rows of a list of objects, also of one that stands in `rows` of an object.
fn find_rows(value: &Value) -> Option<Vec<&Map<String, Value>>> {
    let items = match value {
        Value::Array(items) => items,
        Value::Object(members) => members.get("rows")?.as_array()?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    };
    let rows: Option<Vec<_>> = items.iter().map(Value::as_object).collect();
    rows.filter(|rows| !rows.is_empty())
}

fn render_rows(rows: &[&Map<String, Value>]) -> String {
    let mut columns: Vec<&str> = Vec::new();
    for row in rows {
        for (name, value) in *row {
            let shown = value.is_number() || value.is_string() || value.is_boolean();
            if shown && !columns.contains(&name.as_str()) {
                columns.push(name);
            }
        }
    }
    columns.sort_by_key(|name| place_in(&LEADING, name));
    let titles: Vec<String> = columns.iter().map(|name| title_of(name)).collect();
    let mut table = Table::new(&titles.iter().map(String::as_str).collect::<Vec<_>>());
    let aligned: Vec<bool> = columns.iter().map(|name| has_fractions(rows, name)).collect();
    for row in rows.iter().take(MOST_ROWS) {
        let cells = columns.iter().zip(&aligned).map(|(name, aligned)| match row.get(*name) {
            Some(Value::Number(number)) if *aligned => format_fraction(number),
            Some(value) => render_scalar(value),
            None => String::new(),
        });
        table.push(cells);
    }
    let mut text = table.render();
    if rows.len() > MOST_ROWS {
        text.push_str(&format!("\n… and {} more; --json has them all", rows.len() - MOST_ROWS));
    }
    text
}

/// Whether a column has numbers that need digits behind the point, which then all have them.
fn has_fractions(rows: &[&Map<String, Value>], name: &str) -> bool {
    rows.iter().any(|row| row.get(name).is_some_and(Value::is_f64))
}

fn place_in(leading: &[&str], name: &str) -> usize {
    leading.iter().position(|known| *known == name).unwrap_or(leading.len())
}

/// A value in one line; `–` for none.
pub(super) fn render_scalar(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => format_number(number),
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn title_of(name: &str) -> String {
    name.replace('_', " ")
}

fn indented(text: &str, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    text.lines().map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_leaderboard_becomes_a_table_and_the_rest_a_tree() {
        let text = render_report(&json!({
            "target": "risk",
            "rows": 1_000,
            "classes": ["good", "bad"],
            "best": { "model": "forest", "score": 0.8 },
            "leaderboard": { "metric": "roc_auc", "rows": [
                { "score": 0.8, "title": "Forest", "rank": 1, "params": {} },
                { "score": 0.75, "title": "Logistic", "rank": 2, "message": "slow" },
            ]},
            "warnings": [],
        }));
        assert!(text.contains("classes  good, bad\n"), "{text}");
        assert!(text.contains("best\n  model  forest\n  score  0.8"), "{text}");
        assert!(
            text.contains(
                "leaderboard\n  rank  title      score  message\n     1  Forest    0.8000"
            ),
            "{text}"
        );
        assert!(!text.contains("warnings") && !text.contains("params"), "{text}");
    }

    #[test]
    fn long_lists_are_counted() {
        let rows: Vec<Value> = (0..20).map(|row| json!({ "name": row })).collect();
        let text = render_report(&json!({ "columns": rows }));
        assert!(text.ends_with("… and 5 more; --json has them all"), "{text}");
    }
}
