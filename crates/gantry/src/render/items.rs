//! Lists and facts of answers: what stands where is said by pointers into them (RFC 6901).

use serde_json::Value;

use super::Table;
use super::report::render_scalar;
use crate::console::heading;

/// A title, and where in an item its value stands.
pub type Column<'a> = (&'a str, &'a str);

/// `items` as a table, or `empty` where there are none.
pub fn render_items(items: &Value, columns: &[Column<'_>], empty: &str) -> String {
    let titles: Vec<&str> = columns.iter().map(|(title, _)| *title).collect();
    let mut table = Table::new(&titles);
    for item in items.as_array().into_iter().flatten() {
        table.push(columns.iter().map(|(_, pointer)| render_cell(item.pointer(pointer))));
    }
    if table.is_empty() { empty.to_owned() } else { table.render() }
}

/// `items` as a table below a heading; nothing where there are none.
pub fn render_section(title: &str, items: &Value, columns: &[Column<'_>]) -> String {
    let table = render_items(items, columns, "");
    if table.is_empty() { table } else { format!("\n\n{}\n{table}", heading(title)) }
}

/// What is known of one thing, a line each; what is not known is left out.
pub fn render_facts(thing: &Value, facts: &[Column<'_>]) -> String {
    let known: Vec<(&str, String)> = facts
        .iter()
        .filter_map(|(title, pointer)| {
            let value = thing.pointer(pointer).filter(|value| !value.is_null());
            value.map(|value| (*title, render_cell(Some(value))))
        })
        .collect();
    let width = known.iter().map(|(title, _)| title.chars().count()).max().unwrap_or(0);
    let lines = known.iter().map(|(title, text)| format!("{title:width$}  {text}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// A value in one line; `–` where there is none.
pub fn render_cell(value: Option<&Value>) -> String {
    match value {
        Some(Value::Array(items)) => items.iter().map(render_scalar).collect::<Vec<_>>().join(", "),
        Some(value) => render_scalar(value),
        None => render_scalar(&Value::Null),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pointers_say_what_stands_where() {
        let items = json!([
            { "name": "free", "price": { "month": null }, "features": [] },
            { "name": "pro", "price": { "month": "49.00 USD" }, "features": ["api", "workflows"] },
        ]);
        let columns = [("plan", "/name"), ("month", "/price/month"), ("includes", "/features")];
        assert_eq!(
            render_items(&items, &columns, "none"),
            "plan      month  includes\n\
             free          –\n\
             pro   49.00 USD  api, workflows"
        );
        assert_eq!(render_items(&json!([]), &columns, "There are none."), "There are none.");
        assert_eq!(render_section("plans", &json!(null), &columns), "");
        let section = render_section("plans", &items, &[("plan", "/name")]);
        assert_eq!(section, format!("\n\n{}\nplan\nfree\npro", heading("plans")));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let thing = json!({ "plan": { "title": "Pro" }, "ends": null, "low": false });
        let facts = [("plan", "/plan/title"), ("ends", "/ends"), ("credits low", "/low")];
        assert_eq!(render_facts(&thing, &facts), "plan         Pro\ncredits low  no");
    }
}
