//! A workbook with its uncertain inputs and what is asked of it, compiled.

use std::path::Path;

use gantry_engine_api::InputFile;
use gantry_sampling::{Correlation, Design, Distribution, Plan, Settings};
use gantry_workbook::{CellRef, Limits, Value, Workbook, open};

use crate::compile::{Chance, Compiled, Found, OutputAt, Request, compile};
use crate::correlate::{read_copula, read_correlations};
use crate::draws::{Holding, Source};
use crate::error::MonteCarloError;
use crate::run::Runner;
use crate::spelling::{Input, Output, entries, get_input, get_output};

/// What a simulation is made of, as it is written.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// `CELL=DISTRIBUTION`
    pub inputs: Vec<String>,
    /// `CELL` or `NAME=FORMULA`
    pub outputs: Vec<String>,
    /// The serial number of now.
    pub now: Option<f64>,
}

/// A cell that is not drawn and may be given any value.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// As it is written.
    pub name: String,
    /// The cell.
    pub cell: CellRef,
    /// Its value in the file.
    pub base: f64,
}

/// Where a value can be put for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// An uncertain input, which is certain then.
    Drawn(usize),
    /// A held cell.
    Held(usize),
}

/// A compiled workbook with its inputs and outputs.
pub struct Study {
    /// The workbook.
    pub book: Workbook,
    /// Uncertain inputs, those of formulas last.
    pub inputs: Vec<Input>,
    /// Cells that can be given other values.
    pub held: Vec<Held>,
    /// What is asked for.
    pub outputs: Vec<Output>,
    /// The program; its inputs are the given ones, the held cells, and those of formulas.
    pub compiled: Compiled,
    /// The serial number of now.
    pub now: Option<f64>,
    /// How inputs hang together.
    pub correlations: Vec<Correlation>,
    given: usize,
}

/// Reads the workbook of an input slot.
///
/// # Errors
/// What is wrong with the file.
pub fn read_workbook(file: &InputFile) -> Result<Workbook, MonteCarloError> {
    read_path(file.path())
}

/// Reads a workbook.
///
/// # Errors
/// What is wrong with the file.
pub fn read_path(path: &Path) -> Result<Workbook, MonteCarloError> {
    Ok(open(path, &Limits::default())?)
}

impl Study {
    /// Compiles a question to a workbook.
    ///
    /// # Errors
    /// What is wrong with inputs, outputs or the workbook.
    pub fn new(book: Workbook, question: &Question) -> Result<Self, MonteCarloError> {
        let study = Self::holding(book, question, &[])?;
        if study.inputs.is_empty() {
            return Err(MonteCarloError::param(
                "No input is uncertain.",
                "Name at least one, such as `--input 'Inputs!B3=triangular(80,100,150)'`, or use \
                 a function such as RiskNormal or RAND in the workbook.",
            ));
        }
        Ok(study)
    }

    /// Compiles a question to a workbook, of which some cells will be given other values.
    ///
    /// # Errors
    /// What is wrong with inputs, held cells, outputs or the workbook.
    pub fn holding(
        book: Workbook,
        question: &Question,
        cells: &[CellRef],
    ) -> Result<Self, MonteCarloError> {
        let mut inputs = Vec::new();
        for entry in entries(&question.inputs) {
            inputs.push(get_input(&book, &entry)?);
        }
        let given: Vec<CellRef> = inputs.iter().filter_map(|i| i.cell).collect();
        if let Some(twice) = (1..given.len()).find(|i| given[..*i].contains(&given[*i])) {
            return Err(MonteCarloError::param(
                format!("The input {} is given twice.", inputs[twice].name),
                "Give each cell one distribution.",
            ));
        }
        let held = read_held(&book, &given, cells)?;
        let outputs = read_outputs(&book, &question.outputs)?;
        let asked: Vec<OutputAt> = outputs.iter().map(|o| o.at.clone()).collect();
        let placed: Vec<CellRef> =
            given.iter().copied().chain(held.iter().map(|h| h.cell)).collect();
        let compiled = compile(
            &book,
            &Request {
                inputs: &placed,
                outputs: &asked,
                now: question.now,
                is_chance: &crate::add_ins::is_distribution,
            },
        )?;
        for found in &compiled.found {
            inputs.push(read_found(&book, found)?);
        }
        let (given, now) = (given.len(), question.now);
        Ok(Self { book, inputs, held, outputs, compiled, now, correlations: Vec::new(), given })
    }

    /// Lets inputs hang together: pairs as `CELL~CELL=CORRELATION`, and the copula's name.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn correlate(&mut self, list: &[String], copula: &str) -> Result<(), MonteCarloError> {
        let copula = read_copula(copula)?;
        self.correlations = read_correlations((&self.book, &self.inputs), &entries(list), copula)?;
        Ok(())
    }

    /// The draws of all inputs.
    ///
    /// # Errors
    /// What the design refuses.
    pub fn plan(
        &self,
        seed: u64,
        iterations: u64,
        design: Design,
    ) -> Result<Plan, MonteCarloError> {
        self.plan_of(&self.distributions(), (seed, iterations, design))
    }

    /// The draws of all inputs from other distributions.
    ///
    /// # Errors
    /// What the design refuses.
    pub fn plan_of(
        &self,
        distributions: &[Distribution],
        (seed, iterations, design): (u64, u64, Design),
    ) -> Result<Plan, MonteCarloError> {
        let settings = Settings::new(seed, iterations)
            .with_design(design)
            .with_correlations(self.correlations.clone());
        Plan::new(distributions, &settings)
            .map_err(|source| MonteCarloError::Sampling { name: "draws".into(), source })
    }

    /// What the inputs are drawn from.
    #[must_use]
    pub fn distributions(&self) -> Vec<Distribution> {
        self.inputs.iter().map(|i| i.distribution.clone()).collect()
    }

    /// A plan's draws with some places set to values; held cells without one keep the file's.
    #[must_use]
    pub fn set<'a>(&self, plan: &'a Plan, values: &[(Place, f64)]) -> Holding<'a> {
        let mut held: Vec<f64> = self.held.iter().map(|h| h.base).collect();
        let mut fixed = Vec::new();
        for (place, value) in values {
            match place {
                Place::Drawn(input) => fixed.push((*input, *value)),
                Place::Held(at) => held[*at] = *value,
            }
        }
        Holding { plan, given: self.given, held, fixed }
    }

    /// The program with its draws.
    #[must_use]
    pub fn runner<'a>(&'a self, draws: &'a dyn Source, threads: u16) -> Runner<'a> {
        Runner {
            book: &self.book,
            program: &self.compiled.program,
            plan: draws,
            now: self.now,
            threads: usize::from(threads),
            gpu: None,
        }
    }

    /// Where a value for a cell can be put.
    #[must_use]
    pub fn find_place(&self, cell: CellRef) -> Option<Place> {
        let drawn = self.inputs.iter().position(|i| i.cell == Some(cell)).map(Place::Drawn);
        drawn.or_else(|| self.held.iter().position(|h| h.cell == cell).map(Place::Held))
    }

    /// The number that an output has in the file as it stands.
    #[must_use]
    pub fn base(&self, output: usize) -> Option<f64> {
        match self.compiled.base.get(output) {
            Some(Value::Number(x)) => Some(*x),
            Some(Value::Bool(b)) => Some(f64::from(u8::from(*b))),
            _ => None,
        }
    }
}

/// Cells that are to be given values: those that are uncertain themselves need no other place.
fn read_held(
    book: &Workbook,
    given: &[CellRef],
    cells: &[CellRef],
) -> Result<Vec<Held>, MonteCarloError> {
    let mut held: Vec<Held> = Vec::new();
    for cell in cells {
        if given.contains(cell) || held.iter().any(|h| h.cell == *cell) {
            continue;
        }
        let name = book.spell(*cell);
        let found = book.sheet(cell.sheet).find_cell(cell.row, cell.col);
        let base = match found.map(|c| &c.value) {
            Some(Value::Number(x)) => *x,
            Some(Value::Bool(b)) => f64::from(u8::from(*b)),
            _ => {
                return Err(MonteCarloError::param(
                    format!("{name} holds no number."),
                    "Change a cell that holds a number, or write one into it in the workbook.",
                ));
            }
        };
        held.push(Held { name, cell: *cell, base });
    }
    Ok(held)
}

fn read_outputs(book: &Workbook, list: &[String]) -> Result<Vec<Output>, MonteCarloError> {
    let mut outputs: Vec<Output> = Vec::new();
    for entry in entries(list) {
        let output = get_output(book, &entry)?;
        if outputs.contains(&output) {
            continue;
        }
        if outputs.iter().any(|o| o.name == output.name) {
            return Err(MonteCarloError::param(
                format!("The output {} is given twice.", output.name),
                "Name each output once.",
            ));
        }
        outputs.push(output);
    }
    if outputs.is_empty() {
        return Err(MonteCarloError::param(
            "No output is asked for.",
            "Name at least one, such as `--output 'Summary!B20'`; `montecarlo.inspect` lists \
             likely ones.",
        ));
    }
    Ok(outputs)
}

/// An input that a formula asks for.
fn read_found(book: &Workbook, found: &Found) -> Result<Input, MonteCarloError> {
    let place = book.spell(found.cell);
    let (name, distribution) = match &found.chance {
        Chance::Uniform => ("RAND".to_owned(), read_even()),
        Chance::Function(name, arguments) => {
            (name.to_string(), crate::add_ins::read(name, arguments))
        }
        Chance::Values(_) => (String::new(), Err("it has no name".to_owned())),
    };
    let wrong = |why: String| {
        MonteCarloError::param(
            format!("The formula of {place} holds a distribution that cannot be read: {why}."),
            "Give the cell a distribution with `--input` instead.",
        )
    };
    let distribution = distribution.map_err(wrong)?;
    Ok(Input { name: format!("{place} ({name})"), cell: None, distribution })
}

/// What `RAND()` draws.
fn read_even() -> Result<Distribution, String> {
    Distribution::parse("uniform(0, 1)").map_err(|error| error.to_string())
}
