//! What Stripe's objects must have and may have, by the table in `fields.txt`.
//!
//! Invariant: what the table does not say breaks it: a kind or a field that it does not have, a
//! field that is missing, a value of another type, an event about an object of another kind.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

type Kinds = BTreeMap<&'static str, Vec<Row>>;

static TABLE: LazyLock<Kinds> = LazyLock::new(|| read(include_str!("fields.txt")));

/// A field of a kind of objects.
struct Row {
    field: &'static str,
    may_be_left_out: bool,
    may_be_null: bool,
    types: Vec<&'static str>,
}

fn read(text: &'static str) -> Kinds {
    let mut kinds = Kinds::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        if let [kind, field, types] = words[..] {
            kinds.entry(kind).or_default().push(Row::read(field, types));
        }
    }
    kinds
}

impl Row {
    fn read(field: &'static str, types: &'static str) -> Self {
        let may_be = |text: &'static str| match text.strip_suffix('?') {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let ((field, may_be_left_out), (types, may_be_null)) = (may_be(field), may_be(types));
        Self { field, may_be_left_out, may_be_null, types: list_types(types) }
    }

    fn allows(&self, found: &Value) -> bool {
        if found.is_null() {
            return self.may_be_null;
        }
        self.types.iter().any(|wanted| is_of(wanted, found))
    }

    /// The kind of what stands there, where the table has it.
    fn find_kind(&self) -> Option<&'static str> {
        self.types.iter().copied().find(|kind| TABLE.contains_key(*kind))
    }
}

/// `one|other`; the types of what is in an array are the array's.
fn list_types(types: &str) -> Vec<&str> {
    if types.starts_with('[') { vec![types] } else { types.split('|').collect() }
}

fn is_of(wanted: &str, found: &Value) -> bool {
    if let Some(inner) = wanted.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let types = list_types(inner);
        return found.as_array().is_some_and(|items| {
            items.iter().all(|item| types.iter().any(|one| is_of(one, item)))
        });
    }
    if let Some(kind) = wanted.strip_prefix("list:") {
        let items = found["data"].as_array();
        return found["object"] == "list"
            && items.is_some_and(|items| items.iter().all(|item| is_of(kind, item)));
    }
    if let Some(words) = wanted.strip_prefix('=') {
        return found.as_str().is_some_and(|text| words.split(',').any(|word| word == text));
    }
    if let Some(prefix) = wanted.strip_prefix("id:") {
        let rest = found.as_str().and_then(|text| text.strip_prefix(prefix));
        return rest.is_some_and(|rest| rest.starts_with('_'));
    }
    match wanted {
        "text" => found.is_string(),
        "integer" => found.is_i64(),
        "number" => found.is_number(),
        "boolean" => found.is_boolean(),
        "object" => found.is_object(),
        "texts" => found.as_object().is_some_and(|texts| texts.values().all(Value::is_string)),
        kind => found.is_object() && found["object"].as_str().is_none_or(|own| own == kind),
    }
}

/// What of an answer or an event the table does not allow.
pub(super) fn list_breaches(told: &Value) -> Vec<String> {
    let mut breaches = Vec::new();
    match told.get("error") {
        Some(error) => check("error", error, &mut breaches),
        None => check(told["object"].as_str().unwrap_or("nothing"), told, &mut breaches),
    }
    breaches
}

fn check(kind: &str, object: &Value, breaches: &mut Vec<String>) {
    let (Some(rows), Some(fields)) = (TABLE.get(kind), object.as_object()) else {
        breaches.push(format!("{kind} is not in the table"));
        return;
    };
    for name in fields.keys().filter(|name| rows.iter().all(|row| row.field != name.as_str())) {
        breaches.push(format!("{kind} has no {name}"));
    }
    for row in rows {
        let field = row.field;
        match fields.get(field) {
            None if row.may_be_left_out => {}
            None => breaches.push(format!("{kind}.{field} is missing")),
            Some(found) if row.allows(found) => look(row.find_kind(), found, breaches),
            Some(found) => {
                breaches.push(format!("{kind}.{field} is {found}, not {}", row.types.join("|")));
            }
        }
    }
    if kind == "event" {
        check_subject(object, breaches);
    }
}

/// Looks into what stands in a field: an object that says of what kind it is, or one of `kind`.
fn look(kind: Option<&str>, found: &Value, breaches: &mut Vec<String>) {
    match found {
        Value::Array(items) => items.iter().for_each(|item| look(None, item, breaches)),
        Value::Object(_) => {
            if let Some(kind) = found["object"].as_str().or(kind) {
                check(kind, found, breaches);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// An event is about an object of the kind that its own kind says.
fn check_subject(event: &Value, breaches: &mut Vec<String>) {
    let kind = event["type"].as_str().unwrap_or_default();
    let row = TABLE.get(format!("event:{kind}").as_str()).and_then(|rows| rows.first());
    let (wanted, found) = (row.and_then(Row::find_kind), &event["data"]["object"]["object"]);
    if wanted.is_none() || found.as_str() != wanted {
        breaches.push(format!("the event {kind} is about {found}, not {wanted:?}"));
    }
}

/// The object with `null` where something may be null and was not written.
pub(super) fn fill(mut object: Value) -> Value {
    if let Some(kind) = object["object"].as_str().map(str::to_owned) {
        fill_as(&kind, &mut object);
    }
    object
}

fn fill_as(kind: &str, object: &mut Value) {
    let (Some(rows), Some(fields)) = (TABLE.get(kind), object.as_object_mut()) else { return };
    for row in rows {
        if let Some(inner) = fields.get_mut(row.field) {
            if let Some(kind) = row.find_kind() {
                fill_as(kind, inner);
            }
        } else if row.may_be_null && !row.may_be_left_out {
            fields.insert(row.field.to_owned(), Value::Null);
        }
    }
}

/// Whether the table has what stands at `path` in an object of a kind, such as `items.data.price`.
pub(super) fn describes(kind: &str, path: &str) -> bool {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let row = TABLE.get(kind).and_then(|rows| rows.iter().find(|row| row.field == name));
    let (Some(row), Some(rest)) = (row, rest) else { return row.is_some() };
    row.types.iter().any(|known| match (known.strip_prefix("list:"), rest.strip_prefix("data.")) {
        (Some(kind), Some(rest)) => describes(kind, rest),
        (Some(_), None) => describes("list", rest),
        (None, _) => describes(known, rest),
    })
}

/// The words that a field may have, where the table has them.
pub(super) fn list_words(kind: &str, field: &str) -> Vec<&'static str> {
    let row = TABLE.get(kind).and_then(|rows| rows.iter().find(|row| row.field == field));
    let types = row.into_iter().flat_map(|row| row.types.iter().copied());
    types.filter_map(|one| one.strip_prefix('=')).flat_map(|words| words.split(',')).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refund() -> Value {
        fill(json!({ "object": "refund", "id": "re_1", "amount": 5, "charge": "ch_1",
            "created": 1, "currency": "usd", "payment_intent": "pi_1", "status": "succeeded" }))
    }

    fn event(kind: &str, object: &Value) -> Value {
        fill(json!({ "object": "event", "id": "evt_1", "created": 1, "livemode": false,
            "pending_webhooks": 0, "type": kind, "data": { "object": object } }))
    }

    #[test]
    fn every_line_of_the_table_is_read_and_every_type_is_known() {
        let text = include_str!("fields.txt");
        let lines = text.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(TABLE.values().map(Vec::len).sum::<usize>(), lines);
        let plain = ["text", "integer", "number", "boolean", "object", "texts"];
        for row in TABLE.values().flatten() {
            for known in row.types.iter().flat_map(|one| {
                let one = one.trim_start_matches("list:").trim_matches(['[', ']']);
                one.split('|').collect::<Vec<_>>()
            }) {
                let is_known = plain.contains(&known)
                    || TABLE.contains_key(known)
                    || known.starts_with('=')
                    || known.starts_with("id:");
                assert!(is_known, "{} is {known}", row.field);
            }
        }
    }

    #[test]
    fn what_is_missing_unknown_or_of_another_type_is_found() {
        assert_eq!(list_breaches(&refund()), Vec::<String>::new());
        let break_one = |name: &str, value: Value| {
            let mut broken = refund();
            broken[name] = value;
            list_breaches(&broken)
        };
        for (name, value, told) in [
            ("amount", json!("5"), "refund.amount is \"5\", not integer"),
            ("amount", Value::Null, "refund.amount is null, not integer"),
            ("id", json!("ch_1"), "refund.id is \"ch_1\", not id:re"),
            ("reason", json!("dislike"), "refund.reason is \"dislike\""),
            ("metadata", json!({ "plan": 5 }), "refund.metadata is {\"plan\":5}, not texts"),
            ("invoice", json!("in_1"), "refund has no invoice"),
        ] {
            let breaches = break_one(name, value);
            assert!(breaches.len() == 1 && breaches[0].starts_with(told), "{breaches:?}");
        }
        let mut short = refund();
        short.as_object_mut().unwrap().remove("currency");
        assert_eq!(list_breaches(&short), ["refund.currency is missing"]);
        assert_eq!(list_breaches(&json!({ "object": "unheard" })), ["unheard is not in the table"]);
    }

    #[test]
    fn what_is_within_an_object_is_looked_at() {
        assert_eq!(list_breaches(&event("refund.created", &refund())), Vec::<String>::new());
        let mut broken = refund();
        broken["amount"] = json!(true);
        assert_eq!(list_breaches(&event("refund.created", &broken)).len(), 1);
        assert_eq!(list_breaches(&event("invoice.paid", &refund())).len(), 1);
        assert_eq!(list_breaches(&event("refund.lost", &refund())).len(), 1);
        let page = json!({ "object": "list", "data": [broken], "has_more": false, "url": "/" });
        assert_eq!(list_breaches(&page).len(), 1);
        let error = json!({ "error": { "type": "card_error", "cause": "unknown" } });
        assert_eq!(list_breaches(&error), ["error has no cause"]);
    }

    #[test]
    fn paths_are_found_in_their_present_places_alone() {
        for (kind, path) in [
            ("invoice", "parent.subscription_details.subscription"),
            ("invoice", "payments.data.payment.payment_intent"),
            ("subscription", "items.data.current_period_end"),
            ("charge", "outcome.risk_score"),
        ] {
            assert!(describes(kind, path), "{kind}.{path}");
        }
        for (kind, path) in [
            ("invoice", "subscription"),
            ("invoice", "charge"),
            ("charge", "invoice"),
            ("subscription", "current_period_end"),
            ("subscription", "items.data.period"),
            ("customer", "id"),
        ] {
            assert!(!describes(kind, path), "{kind}.{path}");
        }
    }
}
