//! `montecarlo.inspect`: what is in a workbook, which cells are likely inputs and outputs, and how
//! much of it a simulation can compute in columns.

use std::collections::HashMap;

use gantry_engine_api::{
    ArtifactRole, BlockingContext, EngineError, Estimate, InputMeta, InputSlot, JobContext,
    Operation, ParamError, Step,
};
use gantry_types::Credits;
use gantry_workbook::graph::precedents;
use gantry_workbook::{CellRef, Content, SheetId, Value, Workbook};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::outcome::{ImportReport, ScalarReport};
use super::price::estimate_reading;
use super::{WORKBOOK, workbook_slot};
use crate::compile::{OutputAt, Request, compile};
use crate::error::MonteCarloError;
use crate::study::read_workbook;

/// Likely inputs and outputs that are listed.
const LISTED: usize = 40;
/// Arrows of the graph of sheets and cells that are listed.
const ARROWS: usize = 2_000;
/// The largest area whose cells count one by one as read.
const AREA: usize = 10_000;

/// Parameters of `montecarlo.inspect`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InspectParams {}

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SheetReport {
    /// Its name.
    pub name: String,
    /// Whether the user sees it.
    pub hidden: bool,
    /// Cells with content.
    pub cells: u64,
    /// Of these, formulas.
    pub formulas: u64,
    /// The sheets that its formulas read.
    pub reads: Vec<String>,
}

/// A cell that is likely an input or an output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CellReport {
    /// Its address.
    pub cell: String,
    /// The text beside or above it.
    pub label: Option<String>,
    /// Its value in the file.
    pub value: Option<f64>,
    /// Formulas that read it, for an input; cells that it reads, for an output.
    pub links: u64,
}

/// One cell's formula reads another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Arrow {
    /// What is read: a cell or an area.
    pub from: String,
    /// The cell whose formula reads it.
    pub to: String,
}

/// The result of `montecarlo.inspect`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InspectReport {
    /// The sheets.
    pub sheets: Vec<SheetReport>,
    /// Numbers that formulas read, the most read first.
    pub likely_inputs: Vec<CellReport>,
    /// Formulas that no other formula reads, those that read most first.
    pub likely_outputs: Vec<CellReport>,
    /// How it would be compiled with all likely inputs and outputs.
    pub import: Option<ImportReport>,
    /// Distributions that the workbook's formulas name.
    pub distributions: Vec<String>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// `montecarlo.inspect`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inspect;

impl Operation for Inspect {
    const ID: &'static str = "montecarlo.inspect";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Inspect a workbook";
    const SUMMARY: &'static str = "Maps a workbook: sheets, likely inputs and outputs, what reads \
                                   what, and how much of it is computed in columns.";
    type Params = InspectParams;
    type Report = InspectReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![workbook_slot()]
    }

    fn estimate(&self, _: &InspectParams, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        estimate_reading(inputs)
    }

    async fn run(
        &self,
        _: InspectParams,
        context: JobContext,
    ) -> Result<Step<InspectReport>, EngineError> {
        let report = context.compute(|job| Ok(inspect(job)?)).await?;
        Ok(Step::Done(report))
    }
}

fn inspect(job: &BlockingContext) -> Result<InspectReport, MonteCarloError> {
    let book = read_workbook(&job.input(WORKBOOK)?)?;
    job.check_cancelled()?;
    let links = Links::of(&book);
    let inputs = links.inputs(&book);
    let outputs = links.outputs(&book);
    job.check_cancelled()?;
    let mut warnings: Vec<String> = book.warnings.iter().map(|w| w.text.clone()).collect();
    let (import, distributions) = match try_compile(&book, &inputs, &outputs) {
        Ok((import, found)) => (Some(import), found),
        Err(error) => {
            warnings.push(error.to_string());
            (None, Vec::new())
        }
    };
    let report = InspectReport {
        sheets: links.sheets(&book),
        likely_inputs: inputs.iter().map(|(c, n)| describe(&book, *c, *n)).collect(),
        likely_outputs: outputs.iter().map(|(c, n)| describe(&book, *c, *n)).collect(),
        import,
        distributions,
        warnings,
    };
    let graph = serde_json::to_vec(&links.arrows)
        .map_err(|e| MonteCarloError::Written { what: "graph.json", cause: e.to_string() })?;
    job.publish_bytes("graph.json", ArtifactRole::File, &graph)?;
    job.charge(Credits::new(job.limits().max_credits.get().min(1)))?;
    job.progress(1.0);
    Ok(report)
}

/// Which cells read which.
struct Links {
    readers: HashMap<CellRef, u64>,
    reads: HashMap<CellRef, u64>,
    between: HashMap<SheetId, Vec<SheetId>>,
    arrows: Vec<Arrow>,
}

impl Links {
    fn of(book: &Workbook) -> Self {
        let mut links = Self {
            readers: HashMap::new(),
            reads: HashMap::new(),
            between: HashMap::new(),
            arrows: Vec::new(),
        };
        for (s, sheet) in book.sheets().iter().enumerate() {
            for formula in sheet.formulas() {
                let at = book.place(SheetId(s as u32), &sheet.cells()[formula.cell as usize]);
                for area in precedents(book, book.template(formula.formula), at) {
                    links.add(book, at, &area);
                }
            }
        }
        links
    }

    fn add(&mut self, book: &Workbook, at: CellRef, area: &gantry_workbook::Area) {
        let Some(sheet) = book.sheets().get(area.sheet.index()) else { return };
        let others = self.between.entry(at.sheet).or_default();
        if area.sheet != at.sheet && !others.contains(&area.sheet) {
            others.push(area.sheet);
        }
        if self.arrows.len() < ARROWS {
            let first = book.spell(area.first());
            let from = if area.is_cell() {
                first
            } else {
                format!("{first}:{}", CellRef::new(area.sheet, area.bottom, area.right))
            };
            self.arrows.push(Arrow { from, to: book.spell(at) });
        }
        let mut count = 0;
        for row in area.top..sheet.row_count().min(area.bottom.saturating_add(1)) {
            for index in sheet.area_run(row, area) {
                let cell = CellRef::new(area.sheet, row, sheet.cells()[index].col);
                if cell != at {
                    *self.readers.entry(cell).or_default() += 1;
                    count += 1;
                }
            }
            if count as usize > AREA {
                break;
            }
        }
        *self.reads.entry(at).or_default() += count;
    }

    fn inputs(&self, book: &Workbook) -> Vec<(CellRef, u64)> {
        let is_number = |cell: &CellRef| {
            let found = book.sheet(cell.sheet).find_cell(cell.row, cell.col);
            found.is_some_and(|c| {
                c.content == Content::Constant && matches!(c.value, Value::Number(_))
            })
        };
        let all = self.readers.iter().filter(|(cell, _)| is_number(cell));
        most(all.map(|(cell, n)| (*cell, *n)).collect())
    }

    fn outputs(&self, book: &Workbook) -> Vec<(CellRef, u64)> {
        let is_number = |cell: &CellRef| {
            let found = book.sheet(cell.sheet).find_cell(cell.row, cell.col);
            found.is_some_and(|c| matches!(c.value, Value::Number(_)))
        };
        let last = |cell: &CellRef| !self.readers.contains_key(cell) && is_number(cell);
        most(self.reads.iter().filter(|(c, n)| **n > 0 && last(c)).map(|(c, n)| (*c, *n)).collect())
    }

    fn sheets(&self, book: &Workbook) -> Vec<SheetReport> {
        let describe = |(i, sheet): (usize, &gantry_workbook::Sheet)| SheetReport {
            name: sheet.name.clone(),
            hidden: sheet.hidden,
            cells: sheet.cells().len() as u64,
            formulas: sheet.formulas().len() as u64,
            reads: self
                .between
                .get(&SheetId(i as u32))
                .map(|ids| ids.iter().map(|id| book.sheet(*id).name.clone()).collect())
                .unwrap_or_default(),
        };
        book.sheets().iter().take(book.own_sheet_count()).enumerate().map(describe).collect()
    }
}

/// The cells with the highest counts, in a fixed order.
fn most(mut cells: Vec<(CellRef, u64)>) -> Vec<(CellRef, u64)> {
    cells.sort_unstable_by_key(|(cell, n)| (std::cmp::Reverse(*n), *cell));
    cells.truncate(LISTED);
    cells
}

fn describe(book: &Workbook, cell: CellRef, links: u64) -> CellReport {
    let value = book.sheet(cell.sheet).find_cell(cell.row, cell.col).map(|c| &c.value);
    CellReport {
        cell: book.spell(cell),
        label: find_label(book, cell),
        value: if let Some(Value::Number(x)) = value { Some(*x) } else { None },
        links,
    }
}

/// The nearest text to the left of a cell, else above it.
fn find_label(book: &Workbook, cell: CellRef) -> Option<String> {
    let sheet = book.sheet(cell.sheet);
    let text = |row: u32, col: u32| match &sheet.find_cell(row, col)?.value {
        Value::Text(t) if !t.trim().is_empty() => Some(t.trim().to_owned()),
        _ => None,
    };
    let left = (0..cell.col).rev().take(6).find_map(|col| text(cell.row, col));
    left.or_else(|| (0..cell.row).rev().take(6).find_map(|row| text(row, cell.col)))
}

fn try_compile(
    book: &Workbook,
    inputs: &[(CellRef, u64)],
    outputs: &[(CellRef, u64)],
) -> Result<(ImportReport, Vec<String>), MonteCarloError> {
    let cells: Vec<CellRef> = inputs.iter().map(|(cell, _)| *cell).collect();
    let asked: Vec<OutputAt> = outputs.iter().map(|(cell, _)| OutputAt::Cell(*cell)).collect();
    let compiled = compile(
        book,
        &Request {
            inputs: &cells,
            outputs: &asked,
            now: None,
            is_chance: &crate::add_ins::is_distribution,
        },
    )?;
    let scalar = compiled
        .scalar
        .iter()
        .take(LISTED)
        .map(|s| ScalarReport { cell: book.spell(s.cell), reason: s.reason.to_string() });
    let import = ImportReport {
        formulas: compiled.formulas as u64,
        vectorised: (compiled.formulas - compiled.scalar.len()) as u64,
        scalar: scalar.collect(),
        instructions: compiled.program.instruction_count() as u64,
    };
    Ok((import, compiled.found.iter().map(|f| book.spell(f.cell)).collect()))
}
