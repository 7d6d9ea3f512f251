//! A workbook with its uncertain inputs and what is asked of it, compiled.

use std::path::Path;

use gantry_engine_api::InputFile;
use gantry_sampling::{Design, Distribution, Plan, Settings};
use gantry_workbook::{CellRef, Limits, Value, Workbook, open};

use crate::compile::{Chance, Compiled, Found, OutputAt, Request, compile};
use crate::error::MonteCarloError;
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

/// A compiled workbook with its inputs and outputs.
pub struct Study {
    /// The workbook.
    pub book: Workbook,
    /// Uncertain inputs, those of formulas last.
    pub inputs: Vec<Input>,
    /// What is asked for.
    pub outputs: Vec<Output>,
    /// The program.
    pub compiled: Compiled,
    /// The serial number of now.
    pub now: Option<f64>,
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
        let mut inputs = Vec::new();
        for entry in entries(&question.inputs) {
            inputs.push(get_input(&book, &entry)?);
        }
        let cells: Vec<CellRef> = inputs.iter().filter_map(|i| i.cell).collect();
        if let Some(twice) = (1..cells.len()).find(|i| cells[..*i].contains(&cells[*i])) {
            return Err(MonteCarloError::param(
                format!("The input {} is given twice.", inputs[twice].name),
                "Give each cell one distribution.",
            ));
        }
        let mut outputs = Vec::new();
        for entry in entries(&question.outputs) {
            outputs.push(get_output(&book, &entry)?);
        }
        if outputs.is_empty() {
            return Err(MonteCarloError::param(
                "No output is asked for.",
                "Name at least one, such as `--output 'Summary!B20'`; `montecarlo.inspect` lists \
                 likely ones.",
            ));
        }
        let asked: Vec<OutputAt> = outputs.iter().map(|o| o.at.clone()).collect();
        let compiled = compile(
            &book,
            &Request {
                inputs: &cells,
                outputs: &asked,
                now: question.now,
                is_chance: &crate::add_ins::is_distribution,
            },
        )?;
        for found in &compiled.found {
            inputs.push(read_found(&book, found)?);
        }
        if inputs.is_empty() {
            return Err(MonteCarloError::param(
                "No input is uncertain.",
                "Name at least one, such as `--input 'Inputs!B3=triangular(80,100,150)'`, or use \
                 a function such as RiskNormal or RAND in the workbook.",
            ));
        }
        Ok(Self { book, inputs, outputs, compiled, now: question.now })
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
        let all: Vec<Distribution> = self.inputs.iter().map(|i| i.distribution.clone()).collect();
        let settings = Settings::new(seed, iterations).with_design(design);
        Plan::new(&all, &settings)
            .map_err(|source| MonteCarloError::Sampling { name: "draws".into(), source })
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
