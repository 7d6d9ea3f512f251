//! Tells personal data by the names of columns and the look of cells.
//!
//! Invariant: the look of cells decides where it is unmistakable; a name decides only over cells
//! that could be what it says.

use gantry_kit::{Column, ColumnKind};

use super::Role;

/// Cells that are looked at.
const LOOKED_AT: usize = 200;
/// Fewer different values than this describe groups, not people.
const FEWEST: usize = 12;

/// Whether a cell looks like something.
type Test = fn(&str) -> bool;

/// The personal role of a column, if it has one.
pub(super) fn detect_personal(column: &Column) -> Option<Role> {
    let stride = (column.len() / LOOKED_AT).max(1);
    let cells: Vec<String> = (0..column.len())
        .step_by(stride)
        .filter_map(|row| column.find_cell(row))
        .map(|cell| cell.into_owned())
        .collect();
    if cells.is_empty() {
        return None;
    }
    let most = |test: Test| cells.iter().filter(|cell| test(cell)).count() * 10 >= cells.len() * 9;
    let words = split_name(column.name());
    let named = |wanted: &[&str]| wanted.iter().any(|word| words.iter().any(|w| w == word));
    let is_words = match column.kind() {
        ColumnKind::Category | ColumnKind::Text | ColumnKind::Id => true,
        ColumnKind::Number | ColumnKind::Integer | ColumnKind::Boolean | ColumnKind::Date => false,
    };
    if is_words {
        let looks: [(Role, Test); 5] = [
            (Role::Email, is_email),
            (Role::Uuid, is_uuid),
            (Role::Ip, is_ip),
            (Role::Url, is_url),
            (Role::Iban, is_iban),
        ];
        if let Some((role, _)) = looks.iter().find(|(_, test)| most(*test)) {
            return Some(*role);
        }
    }
    if named(&["phone", "telephone", "tel", "mobile", "cell", "fax"]) && most(is_phone) {
        return Some(Role::Phone);
    }
    if named(&["card", "pan", "creditcard"]) && most(is_card) {
        return Some(Role::CardNumber);
    }
    if !is_words || column.count_distinct() < FEWEST.min(cells.len().max(2)) {
        return None;
    }
    if most(is_international_phone) {
        return Some(Role::Phone);
    }
    if named(&["address", "street", "addr"]) && most(is_address) {
        return Some(Role::Address);
    }
    detect_named(&named, most(is_name))
}

/// Roles of names, told by the column's name.
fn detect_named(named: &impl Fn(&[&str]) -> bool, looks: bool) -> Option<Role> {
    let about = |words: &[&str]| named(words);
    if !looks {
        return None;
    }
    if about(&["firstname", "forename", "givenname"])
        || (about(&["first", "given"]) && about(&["name"]))
    {
        return Some(Role::FirstName);
    }
    if about(&["lastname", "surname", "familyname"])
        || (about(&["last", "family"]) && about(&["name"]))
    {
        return Some(Role::LastName);
    }
    if about(&["company", "employer"]) {
        return Some(Role::Company);
    }
    let whose = ["full", "customer", "client", "patient", "person", "contact", "user", "employee"];
    (about(&["fullname"]) || (about(&["name"]) && about(&whose))).then_some(Role::Name)
}

/// The words of a column's name: `nameFirst`, `first_name` and `First Name` are the same two.
fn split_name(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for letter in name.chars() {
        let begins = letter.is_uppercase() && before_lower;
        if (!letter.is_alphanumeric() || begins) && words.last().is_some_and(|w| !w.is_empty()) {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before_lower = letter.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn is_email(cell: &str) -> bool {
    let Some((user, host)) = cell.split_once('@') else { return false };
    let plain = |text: &str| !text.is_empty() && !text.contains([' ', '@']);
    plain(user) && plain(host) && host.contains('.') && !host.ends_with('.')
}

fn is_uuid(cell: &str) -> bool {
    let lengths: Vec<usize> = cell.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && cell.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

fn is_ip(cell: &str) -> bool {
    let parts: Vec<&str> = cell.split('.').collect();
    parts.len() == 4 && parts.iter().all(|part| part.parse::<u8>().is_ok())
}

fn is_url(cell: &str) -> bool {
    cell.starts_with("http://") || cell.starts_with("https://") || cell.starts_with("www.")
}

fn is_iban(cell: &str) -> bool {
    let plain: String = cell.chars().filter(|c| *c != ' ').collect();
    let bytes = plain.as_bytes();
    (15..=34).contains(&bytes.len())
        && bytes.iter().take(2).all(u8::is_ascii_uppercase)
        && bytes.iter().skip(2).take(2).all(u8::is_ascii_digit)
        && bytes.iter().all(u8::is_ascii_alphanumeric)
}

fn count_digits(cell: &str) -> usize {
    cell.chars().filter(char::is_ascii_digit).count()
}

fn is_phone(cell: &str) -> bool {
    let signs = |c: char| c.is_ascii_digit() || " +()-./x".contains(c);
    (6..=16).contains(&count_digits(cell)) && cell.chars().all(signs)
}

fn is_international_phone(cell: &str) -> bool {
    (cell.starts_with('+') || cell.starts_with('(')) && is_phone(cell)
}

fn is_card(cell: &str) -> bool {
    (13..=19).contains(&count_digits(cell))
        && cell.chars().all(|c| c.is_ascii_digit() || c == ' ' || c == '-')
}

fn is_address(cell: &str) -> bool {
    cell.chars().any(char::is_alphabetic) && cell.len() >= 5
}

fn is_name(cell: &str) -> bool {
    cell.chars().filter(|c| c.is_alphabetic()).count() * 2 > cell.chars().count()
        && count_digits(cell) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(name: &str, cell: impl Fn(usize) -> String) -> Option<Role> {
        let cells: Vec<String> = (0..40).map(cell).collect();
        detect_personal(&Column::text(name, cells.iter().map(|cell| Some(cell.as_str()))))
    }

    #[test]
    fn people_are_recognized_by_name_or_look() {
        assert_eq!(detect("x", |i| format!("p{i}@mail.example")), Some(Role::Email));
        assert_eq!(detect("x", |i| format!("+47 22 33 44 {i:02}")), Some(Role::Phone));
        assert_eq!(detect("x", |i| format!("10.0.0.{i}")), Some(Role::Ip));
        let letters = |i: usize| format!("N{}", "ab".repeat(i + 1));
        assert_eq!(detect("nameFirst", letters), Some(Role::FirstName));
        assert_eq!(detect("last_name", letters), Some(Role::LastName));
        assert_eq!(detect("Customer Name", letters), Some(Role::Name));
        assert_eq!(detect("product name", letters), None);
        assert_eq!(detect("home address", |i| format!("Main Road {i}")), Some(Role::Address));
        assert_eq!(detect("telephone", |i| format!("5551{i:04}")), Some(Role::Phone));
        assert_eq!(detect("colour", |i| format!("red{}", i % 3)), None);
    }
}
