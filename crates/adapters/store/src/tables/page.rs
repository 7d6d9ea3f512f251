//! Keyset pages.
//!
//! Invariant: one row more than wanted is read; whether it is there decides about `next`.

use gantry_ports::store::{Order, Page, PageRequest};
use sea_orm::Value;
use uuid::Uuid;

/// The most rows of one page, whatever the caller asks for.
const MOST_ROWS: u32 = 200;

/// The end of a SELECT over an identifier column.
pub(crate) struct PageSql {
    /// ` AND key < $n ORDER BY key DESC LIMIT $n+1`, or the like.
    pub(crate) tail: String,
    /// The parameters of the tail.
    pub(crate) values: Vec<Value>,
    limit: usize,
}

impl PageSql {
    /// The tail for a page over `column`; its parameters are numbered from `first`.
    pub(crate) fn new<K: Copy>(
        page: &PageRequest<K>,
        column: &str,
        first: usize,
        as_uuid: impl Fn(K) -> Uuid,
    ) -> Self {
        let (compare, direction) = match page.order {
            Order::NewestFirst => ("<", "DESC"),
            Order::OldestFirst => (">", "ASC"),
        };
        let limit = page.limit.clamp(1, MOST_ROWS);
        let wanted = i64::from(limit) + 1;
        let mut tail = String::new();
        let mut values = Vec::new();
        if let Some(after) = page.after {
            tail.push_str(&format!(" AND {column} {compare} ${first}"));
            values.push(as_uuid(after).into());
        }
        let place = first + values.len();
        tail.push_str(&format!(" ORDER BY {column} {direction} LIMIT ${place}"));
        values.push(wanted.into());
        Self { tail, values, limit: limit as usize }
    }

    /// The tail for a page in an order of its own, ascending by `terms`, the last of which is the
    /// identifier. The row to continue after is looked for in `rows`, a table with a condition, so
    /// that it may have left the list meanwhile. Parameters are numbered from `first`.
    pub(crate) fn by_terms(
        (after, limit): (Option<Uuid>, u32),
        terms: &str,
        rows: &str,
        first: usize,
    ) -> Self {
        let limit = limit.clamp(1, MOST_ROWS);
        let mut tail = String::new();
        let mut values = Vec::new();
        if let Some(after) = after {
            tail = format!(" AND ({terms}) > (SELECT {terms} FROM {rows} AND id = ${first})");
            values.push(after.into());
        }
        let place = first + values.len();
        tail.push_str(&format!(" ORDER BY {terms} LIMIT ${place}"));
        values.push((i64::from(limit) + 1).into());
        Self { tail, values, limit: limit as usize }
    }

    /// Cuts the row too many off.
    pub(crate) fn finish<T, K>(&self, mut items: Vec<T>, key: impl Fn(&T) -> K) -> Page<T, K> {
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let next = if more { items.last().map(key) } else { None };
        Page { items, next }
    }
}

/// A LIKE pattern for "contains", with the wildcards of the text itself escaped by `\`.
pub(crate) fn contains_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_where_no_row_is_left() {
        let request = PageRequest { after: None, limit: 2, order: Order::NewestFirst };
        let sql = PageSql::new(&request, "id", 2, |id: Uuid| id);
        assert_eq!(sql.tail, " ORDER BY id DESC LIMIT $2");
        let full = sql.finish(vec![9, 8, 7], |row| *row);
        assert_eq!((full.items, full.next), (vec![9, 8], Some(8)));
        let last = sql.finish(vec![7], |row| *row);
        assert_eq!((last.items, last.next), (vec![7], None));
    }

    #[test]
    fn a_page_continues_after_the_place_of_a_row() {
        let rows = "lots WHERE organization_id = $1";
        let sql = PageSql::by_terms((Some(Uuid::nil()), 2), "age, id", rows, 2);
        assert_eq!(
            sql.tail,
            " AND (age, id) > (SELECT age, id FROM lots WHERE organization_id = $1 AND id = $2) \
             ORDER BY age, id LIMIT $3"
        );
        assert_eq!(sql.values, vec![Value::from(Uuid::nil()), Value::from(3_i64)]);
        assert_eq!(sql.finish(vec![9, 8, 7], |row| *row).next, Some(8));
    }

    #[test]
    fn wildcards_of_the_text_are_plain() {
        assert_eq!(contains_pattern("50%_A\\"), "%50\\%\\_a\\\\%");
    }
}
