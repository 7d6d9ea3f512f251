//! One table of an edition's file, read key by key.
//!
//! Invariants: what is wrong is noted with its line, and reading goes on, so that one check tells
//! every mistake; a key that nobody asked for is a mistake.

use std::cell::RefCell;
use std::collections::BTreeSet;

use toml_edit::{Item, TableLike, Value};

use super::mistakes::Mistake;
use super::words::remedy_for;

/// The text and the mistakes that were found in it.
pub(super) struct Notes<'t> {
    text: &'t str,
    found: RefCell<Vec<Mistake>>,
}

impl<'t> Notes<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, found: RefCell::new(Vec::new()) }
    }

    pub(super) fn line_of(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or(self.text);
        before.matches('\n').count() + 1
    }

    pub(super) fn add(&self, line: usize, key: &str, problem: &str, remedy: &str) {
        self.found.borrow_mut().push(Mistake {
            line,
            key: key.to_owned(),
            problem: problem.to_owned(),
            remedy: remedy.to_owned(),
        });
    }

    /// All mistakes, by line.
    pub(super) fn finish(self) -> Vec<Mistake> {
        let mut found = self.found.into_inner();
        found.sort();
        found
    }
}

/// A table being read.
pub(super) struct Reader<'a> {
    notes: &'a Notes<'a>,
    table: &'a dyn TableLike,
    path: String,
    line: usize,
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(notes: &'a Notes<'a>, table: &'a dyn TableLike, path: &str) -> Self {
        let first = table.iter().find_map(|(_, item)| item.span());
        let line = first.map_or(1, |span| notes.line_of(span.start));
        Self { notes, table, path: path.to_owned(), line, asked: RefCell::default() }
    }

    /// The full name of a key.
    pub(super) fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Notes a mistake at a key.
    pub(super) fn refuse(&self, key: &str, problem: &str, remedy: &str) {
        let span = self.table.get(key).and_then(Item::span);
        let line = span.map_or(self.line, |span| self.notes.line_of(span.start));
        self.notes.add(line, &self.name(key), problem, remedy);
    }

    fn find(&self, key: &str) -> Option<&'a Item> {
        self.asked.borrow_mut().insert(key.to_owned());
        self.table.get(key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    fn value<T>(&self, key: &str, expected: &str, take: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let item = self.find(key)?;
        let taken = item.as_value().and_then(take);
        if taken.is_none() {
            self.refuse(key, "has a wrong value", &format!("write {expected}"));
        }
        taken
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.value(key, "a text in quotes", |value| value.as_str().map(str::to_owned))
    }

    /// A text that must be there.
    pub(super) fn require_text(&self, key: &str) -> String {
        if !self.has(key) {
            self.refuse(key, "is missing", &format!("add `{key} = \"…\"`"));
        }
        let text = self.text(key).unwrap_or_default();
        if self.has(key) && text.trim().is_empty() {
            self.refuse(key, "is empty", "write a text in quotes");
        }
        text
    }

    /// A whole number that is not negative.
    pub(super) fn number(&self, key: &str) -> Option<u64> {
        self.value(key, "a whole number from 0", |value| {
            value.as_integer().and_then(|number| u64::try_from(number).ok())
        })
    }

    pub(super) fn small_number(&self, key: &str) -> Option<u32> {
        let number = self.number(key)?;
        let small = u32::try_from(number).ok();
        if small.is_none() {
            self.refuse(key, "is too large", &format!("write at most {}", u32::MAX));
        }
        small
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.value(key, "true or false", Value::as_bool)
    }

    /// A word of a closed set.
    pub(super) fn word<T: Copy>(&self, key: &str, known: &[(&str, T)]) -> Option<T> {
        let word = self.text(key)?;
        let found = known.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            self.refuse(key, &format!("cannot be `{word}`"), &remedy_for(&word, &names));
        }
        found
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &str) -> Option<Vec<String>> {
        self.value(key, "a list of texts, such as [\"one\", \"two\"]", |value| {
            let items = value.as_array()?;
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        })
    }

    /// A table inside of this one.
    pub(super) fn table(&self, key: &str) -> Option<Reader<'a>> {
        let item = self.find(key)?;
        match item.as_table_like() {
            Some(table) => Some(Reader::new(self.notes, table, &self.name(key))),
            None => {
                self.refuse(key, "has a wrong value", &format!("write a table [{key}]"));
                None
            }
        }
    }

    /// The tables of a list `[[key]]`.
    pub(super) fn tables(&self, key: &str) -> Vec<Reader<'a>> {
        let Some(item) = self.find(key) else { return Vec::new() };
        let Some(list) = item.as_array_of_tables() else {
            self.refuse(key, "has a wrong value", &format!("write one [[{key}]] for each"));
            return Vec::new();
        };
        let name = |table: &dyn TableLike, place: usize| {
            let slug = table.get("slug").and_then(Item::as_str);
            slug.map_or_else(
                || format!("{}[{place}]", self.name(key)),
                |slug| format!("{}.{slug}", self.name(key)),
            )
        };
        list.iter()
            .enumerate()
            .map(|(place, table)| Reader::new(self.notes, table, &name(table, place)))
            .collect()
    }

    /// Every key of this table.
    pub(super) fn keys(&self) -> Vec<String> {
        let keys: Vec<String> = self.table.iter().map(|(key, _)| key.to_owned()).collect();
        self.asked.borrow_mut().extend(keys.iter().cloned());
        keys
    }

    /// Refuses the keys that nobody asked for.
    pub(super) fn finish(&self) {
        let asked = self.asked.borrow();
        let known: Vec<&str> = asked.iter().map(String::as_str).collect();
        for (key, _) in self.table.iter().filter(|(key, _)| !asked.contains(*key)) {
            self.refuse(key, "is unknown", &remedy_for(key, &known));
        }
    }
}
