//! Computes a whole workbook, and compares each formula with the value that Excel saved.

use std::collections::{BTreeMap, HashSet};

use crate::book::{FormulaId, Workbook};
use crate::cell::{CellRef, SheetId};
use crate::eval::Model;
use crate::formula::Expr;
use crate::functions;
use crate::graph::{FormulaAt, derive_order};
use crate::value::{ErrorKind, Value};

/// Stack of the thread that computes: formulas nest, and cells may be computed out of turn.
pub const STACK: usize = 1 << 30;

/// Why a formula keeps the value that Excel saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Skip {
    /// It asks for the time or for chance.
    Volatile,
    /// It reads another workbook, of which the file remembers nothing.
    External,
    /// It refers to cells that were deleted (`#REF!`).
    Broken,
    /// Excel saved no value.
    NoValue,
}

impl Skip {
    /// A word for reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Volatile => "volatile",
            Self::External => "external",
            Self::Broken => "broken",
            Self::NoValue => "no_value",
        }
    }
}

/// Settings of a recalculation.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The serial number of now, for workbooks whose volatile cells are computed.
    pub now: Option<f64>,
    /// Values for cells before anything is computed.
    pub inputs: Vec<(CellRef, Value)>,
}

/// The values of all cells after a recalculation.
#[derive(Debug, Clone)]
pub struct Recalculated {
    values: Vec<Vec<Value>>,
    /// Whether some cells depend on themselves.
    pub circular: bool,
    /// Rounds of circular references.
    pub rounds: u32,
}

impl Recalculated {
    /// The value of a cell; empty where the file has none.
    #[must_use]
    pub fn value(&self, book: &Workbook, cell: CellRef) -> &Value {
        const EMPTY: &Value = &Value::Empty;
        let sheet = book.sheets().get(cell.sheet.index());
        let index = sheet.and_then(|s| s.find_index(cell.row, cell.col));
        index.map_or(EMPTY, |i| &self.values[cell.sheet.index()][i])
    }

    /// The values of a sheet, in the order of its cells.
    #[must_use]
    pub fn sheet(&self, sheet: SheetId) -> &[Value] {
        &self.values[sheet.index()]
    }
}

/// Computes all formulas of a workbook.
///
/// Volatile formulas (without [`Options::now`]), and formulas that read cells of other workbooks of
/// which the file remembers nothing, keep the value that Excel saved, so that what depends on them
/// can still be compared.
///
/// # Errors
/// When the machine gives no thread to compute in.
pub fn recalculate(book: &Workbook, options: &Options) -> std::io::Result<Recalculated> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("recalculate".into()).stack_size(STACK);
        let handle = thread.spawn_scoped(scope, || compute(book, options))?;
        handle.join().map_err(|_| std::io::Error::other("a formula could not be computed"))
    })
}

fn compute(book: &Workbook, options: &Options) -> Recalculated {
    let (model, rounds) = Plan::new(book, options).compute(book, options);
    let circular = model.circular;
    Recalculated { values: model.into_values(), circular, rounds }
}

/// What a recalculation computes, and in which order; the same for every set of inputs.
pub(crate) struct Plan {
    /// The formulas that are computed, each behind those that it reads.
    pub(crate) computed: Vec<FormulaAt>,
    /// The formulas that keep the value that Excel saved.
    kept: HashSet<FormulaAt>,
}

impl Plan {
    pub(crate) fn new(book: &Workbook, options: &Options) -> Self {
        let fixed = fixed_templates(book, options.now.is_some());
        let (kept, computed): (Vec<FormulaAt>, _) =
            derive_order(book).into_iter().partition(|at| {
                let formula = &book.sheet(at.sheet).formulas()[at.index as usize];
                fixed[formula.formula.0 as usize].is_some()
            });
        Self { computed, kept: kept.into_iter().collect() }
    }

    /// Whether a formula is computed.
    pub(crate) fn computes(&self, at: FormulaAt) -> bool {
        !self.kept.contains(&at)
    }

    /// All values, and the rounds of circular references.
    pub(crate) fn compute<'b>(&self, book: &'b Workbook, options: &Options) -> (Model<'b>, u32) {
        let mut model = Model::new(book, options.now.unwrap_or(0.0));
        for at in &self.kept {
            let sheet = book.sheet(at.sheet);
            let cell = sheet.formulas()[at.index as usize].cell as usize;
            model.set(at.sheet, cell, sheet.cells()[cell].value.clone());
        }
        for (cell, value) in &options.inputs {
            let sheet = book.sheets().get(cell.sheet.index());
            if let Some(index) = sheet.and_then(|s| s.find_index(cell.row, cell.col)) {
                model.set(cell.sheet, index, value.clone());
            }
        }
        for at in &self.computed {
            model.compute_pending(at.sheet, at.index as usize);
        }
        let circles = model.circular && book.iteration.enabled;
        let rounds = if circles { iterate(&mut model, &self.computed) } else { 0 };
        (model, rounds)
    }
}

/// Excel's iteration: all cells in turn, until none changes by more than the file says.
fn iterate(model: &mut Model<'_>, computed: &[FormulaAt]) -> u32 {
    let settings = model.book.iteration;
    for round in 1..=settings.count {
        let mut change = 0.0f64;
        for at in computed {
            let cell = model.book.sheet(at.sheet).formulas()[at.index as usize].cell as usize;
            let before = model.value(at.sheet, cell).clone();
            model.compute(at.sheet, at.index as usize);
            change = change.max(difference(&before, model.value(at.sheet, cell)));
        }
        if change <= settings.delta {
            return round;
        }
    }
    settings.count
}

fn difference(a: &Value, b: &Value) -> f64 {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => (a - b).abs(),
        (a, b) if a == b => 0.0,
        _ => f64::INFINITY,
    }
}

/// For every template, why its cells are not computed.
fn fixed_templates(book: &Workbook, computes_volatile: bool) -> Vec<Option<Skip>> {
    (0..book.template_count())
        .map(|i| {
            let skip = find_skip(book, book.template(FormulaId(i as u32)), 0)?;
            (!(skip == Skip::Volatile && computes_volatile)).then_some(skip)
        })
        .collect()
}

fn find_skip(book: &Workbook, expr: &Expr, depth: u32) -> Option<Skip> {
    let mut skip = None;
    expr.visit(&mut |e| {
        let found = match e {
            Expr::External(_) => Some(Skip::External),
            Expr::Call(id, _) if functions::is_volatile(*id) => Some(Skip::Volatile),
            Expr::Name(name) | Expr::Invoke(name, _) if depth < 8 => {
                let name = book.find_name(SheetId(0), name);
                name.and_then(|n| find_skip(book, &n.expr, depth + 1))
            }
            _ => None,
        };
        skip = skip.or(found);
    });
    skip
}

/// A formula whose value is not the one that Excel saved.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The cell.
    pub cell: CellRef,
    /// What Excel saved.
    pub saved: Value,
    /// What was computed.
    pub computed: Value,
}

/// How a recalculation compares with what Excel saved.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// Formulas that were compared.
    pub cells: Vec<CellRef>,
    /// Of these, how many agree.
    pub equal: usize,
    /// The others.
    pub differences: Vec<Difference>,
    /// Formulas that were not compared, by reason.
    pub skipped: BTreeMap<Skip, usize>,
}

/// The relative difference up to which numbers count as equal.
pub const TOLERANCE: f64 = 1e-9;

/// Compares every formula's value with the one that Excel saved.
#[must_use]
pub fn compare(book: &Workbook, result: &Recalculated) -> Comparison {
    let mut comparison = Comparison::default();
    let fixed = fixed_templates(book, false);
    for (s, sheet) in book.sheets().iter().enumerate() {
        let id = SheetId(s as u32);
        for formula in sheet.formulas() {
            let cell = &sheet.cells()[formula.cell as usize];
            let template = book.template(formula.formula);
            let broken = template.any(|e| *e == Expr::Error(ErrorKind::Ref));
            let skip = fixed[formula.formula.0 as usize]
                .or_else(|| broken.then_some(Skip::Broken))
                .or_else(|| (cell.value.is_empty() && !formula.dynamic).then_some(Skip::NoValue));
            let computed = &result.values[s][formula.cell as usize];
            if let Some(skip) =
                skip.filter(|s| *s != Skip::NoValue || !agree(&cell.value, computed))
            {
                *comparison.skipped.entry(skip).or_default() += 1;
                continue;
            }
            comparison.cells.push(book.place(id, cell));
            if agree(&cell.value, computed) {
                comparison.equal += 1;
            } else {
                let cell = book.place(id, cell);
                let saved = sheet.cells()[formula.cell as usize].value.clone();
                comparison.differences.push(Difference { cell, saved, computed: computed.clone() });
            }
        }
    }
    comparison
}

/// Whether two values count as equal: numbers within [`TOLERANCE`], all else exactly.
#[must_use]
pub fn agree(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => {
            x == y || (x - y).abs() <= TOLERANCE * x.abs().max(y.abs())
        }
        (Value::Empty, Value::Text(t)) | (Value::Text(t), Value::Empty) => t.is_empty(),
        (a, b) => a == b,
    }
}
