//! Reads .xlsx and .xlsm files: a stream of XML events per part, never a document in memory.
//! Macros are not even opened. What is too large, too deep or no workbook is an error that says
//! what to do; no input panics.

use std::collections::HashMap;
use std::io::{BufRead, Read, Seek};
use std::sync::Arc;

use crate::book::{FormulaId, Table, Warning, Workbook};
use crate::cell::{CellRef, SheetId};
use crate::formula::{Expr, Names, parse};
use crate::value::{ErrorKind, Text};

mod limits;
mod links;
mod names;
mod package;
mod sheet;
mod strings;
mod tables;
mod xml;

pub use limits::{Limits, LoadError};
use package::Package;
use xml::Xml;

/// Reads a workbook.
///
/// # Errors
/// See [`LoadError`]: each says its cause and the next step.
pub fn load(reader: impl Read + Seek, limits: &Limits) -> Result<Workbook, LoadError> {
    Loader::new(Package::open(reader, limits)?, limits).load()
}

/// Reads a workbook from a file.
///
/// # Errors
/// As [`load`].
pub fn open(path: &std::path::Path, limits: &Limits) -> Result<Workbook, LoadError> {
    load(std::fs::File::open(path)?, limits)
}

struct Loader<'a, R> {
    package: Package<R>,
    limits: &'a Limits,
    book: Workbook,
    strings: Vec<Text>,
    parser: FormulaParser,
    parts: Vec<String>,
    cells: u64,
}

impl<'a, R: Read + Seek> Loader<'a, R> {
    fn new(package: Package<R>, limits: &'a Limits) -> Self {
        Self {
            package,
            limits,
            book: Workbook::default(),
            strings: Vec::new(),
            parser: FormulaParser::default(),
            parts: Vec::new(),
            cells: 0,
        }
    }

    fn load(mut self) -> Result<Workbook, LoadError> {
        let main = self.package.main_part()?;
        let relations = self.package.relations(&main)?;
        let outline = self.part(&main, names::read_outline)?;
        self.book.date1904 = outline.date1904;
        self.book.iteration = outline.iteration;
        for (i, (name, relation, hidden)) in outline.sheets.iter().enumerate() {
            let part = relations.iter().find(|r| r.id == *relation);
            self.parts.push(part.map_or_else(String::new, |r| r.target.clone()));
            self.book.sheet_ids.insert(name.to_lowercase(), SheetId(i as u32));
            let name = name.clone();
            self.book.sheets.push(crate::book::Sheet {
                name,
                hidden: *hidden,
                ..Default::default()
            });
        }
        if let Some(r) = relations.iter().find(|r| r.kind == "sharedStrings") {
            self.strings = self.part(&r.target, strings::read_strings)?;
        }
        if let Some(r) = relations.iter().find(|r| r.kind == "styles") {
            self.book.formats = self.part(&r.target, strings::read_formats)?;
        }
        for (i, link) in outline.links.iter().enumerate() {
            if let Some(part) = relations.iter().find(|r| r.id == *link) {
                self.load_link(i + 1, &part.target)?;
            }
        }
        self.warn_of_links(outline.links.len());
        self.load_tables()?;
        self.load_names(&outline.names);
        for i in 0..self.parts.len() {
            self.load_sheet(SheetId(i as u32))?;
        }
        self.book.templates = self.parser.templates;
        Ok(self.book)
    }

    /// Opens a part, reads it whole with `read`.
    fn part<T>(
        &mut self,
        part: &str,
        read: impl FnOnce(&mut Xml<&mut dyn BufRead>, &Limits) -> Result<T, LoadError>,
    ) -> Result<T, LoadError> {
        let mut stream = self.package.stream(part)?;
        let stream: &mut dyn BufRead = &mut stream;
        read(&mut Xml::new(stream, part, self.limits), self.limits)
    }

    /// Adds what the file remembers of the other workbook that formulas call `[number]`.
    fn load_link(&mut self, number: usize, part: &str) -> Result<(), LoadError> {
        for mut sheet in self.part(part, links::read_link)? {
            sheet.name = format!("[{number}]{}", sheet.name);
            sheet.seal();
            self.cells += sheet.cells.len() as u64;
            if self.cells > self.limits.cells {
                return Err(LoadError::TooLarge { what: "cells", limit: self.limits.cells });
            }
            let id = SheetId(self.book.sheets.len() as u32);
            self.book.sheet_ids.insert(sheet.name.to_lowercase(), id);
            self.book.sheets.push(sheet);
        }
        Ok(())
    }

    fn warn_of_links(&mut self, links: usize) {
        if links > 0 {
            let text = format!(
                "the workbook refers to {links} other workbook(s); they are not read, and their \
                 cells have the values that Excel saw last. To have them uncertain too, copy the \
                 data in and save again"
            );
            self.book.warnings.push(Warning { text });
        }
    }

    fn load_tables(&mut self) -> Result<(), LoadError> {
        for i in 0..self.parts.len() {
            if self.parts[i].is_empty() {
                continue;
            }
            let part = self.parts[i].clone();
            for relation in self.package.relations(&part)? {
                if relation.kind == "table" {
                    let id = SheetId(i as u32);
                    let table = self.part(&relation.target, |x, _| tables::read_table(x, id))?;
                    self.book.tables.extend(table);
                }
            }
        }
        Ok(())
    }

    fn load_names(&mut self, raw: &[names::RawName]) {
        for name in raw {
            let at = CellRef::new(name.scope.unwrap_or(SheetId(0)), 0, 0);
            let expr = parse(&name.text, at, &Lookup { book: &self.book })
                .unwrap_or(Expr::Error(ErrorKind::Name));
            let entry = self.book.names.entry(name.name.to_lowercase()).or_default();
            entry.push(crate::book::DefinedName {
                name: name.name.clone(),
                scope: name.scope,
                expr: Arc::new(expr),
            });
        }
    }

    fn load_sheet(&mut self, id: SheetId) -> Result<(), LoadError> {
        let part = std::mem::take(&mut self.parts[id.index()]);
        if part.is_empty() {
            return Ok(());
        }
        let mut stream = self.package.stream(&part)?;
        let stream: &mut dyn BufRead = &mut stream;
        let mut xml = Xml::new(stream, &part, self.limits);
        let mut sheet = std::mem::take(&mut self.book.sheets[id.index()]);
        let mut reader = sheet::SheetReader {
            id,
            sheet: &mut sheet,
            strings: &self.strings,
            lookup: Lookup { book: &self.book },
            parser: &mut self.parser,
            shared: HashMap::new(),
            budget: self.limits.cells.saturating_sub(self.cells),
            limits: self.limits,
        };
        reader.read(&mut xml)?;
        sheet.seal();
        self.cells += sheet.cells.len() as u64;
        self.book.sheets[id.index()] = sheet;
        Ok(())
    }
}

/// Parses formulas and keeps one template of equal ones.
#[derive(Default)]
struct FormulaParser {
    templates: Vec<Arc<Expr>>,
    known: HashMap<Arc<Expr>, FormulaId>,
}

impl FormulaParser {
    /// The template of a formula's text; one that cannot be read is `#NAME?`.
    fn template(&mut self, text: &str, at: CellRef, names: &Lookup<'_>) -> FormulaId {
        let expr = parse(text, at, names).unwrap_or(Expr::Error(ErrorKind::Name));
        if let Some(id) = self.known.get(&expr) {
            return *id;
        }
        let id = FormulaId(self.templates.len() as u32);
        let expr = Arc::new(expr);
        self.templates.push(Arc::clone(&expr));
        self.known.insert(expr, id);
        id
    }
}

/// Sheets and tables of a workbook that is being loaded.
pub(crate) struct Lookup<'a> {
    pub(crate) book: &'a Workbook,
}

impl Names for Lookup<'_> {
    fn find_sheet(&self, name: &str) -> Option<SheetId> {
        self.book.find_sheet(name)
    }

    fn find_table(&self, name: &str, at: CellRef) -> Option<&Table> {
        let mut tables = self.book.tables.iter();
        if name.is_empty() {
            tables.find(|t| t.area.contains(at))
        } else {
            tables.find(|t| t.name.eq_ignore_ascii_case(name))
        }
    }
}
