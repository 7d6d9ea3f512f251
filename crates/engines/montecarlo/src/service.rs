//! `montecarlo.simulation`: a simulation kept warm, which answers an edit of its workbook with new
//! statistics within milliseconds.
//!
//! The artifact holds the workbook and the question, so that it answers without anything else. Every
//! set of edited cells is compiled once and kept; then a call costs its draws alone. The same edit
//! gives the same answer, by the seed of the simulation.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::{Arc, Mutex, PoisonError};

use gantry_engine_api::{
    ArtifactRole, BlockingContext, CallContext, EngineError, InputFile, Loaded, Service,
    ServiceSpec,
};
use gantry_sampling::Plan;
use gantry_types::MeterId;
use gantry_workbook::{CellRef, Limits, Workbook, load};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::MonteCarloError;
use crate::ops::WORKBOOK;
use crate::ops::outcome::Outcome;
use crate::ops::simulate::Task;
use crate::simulation::Sampling;
use crate::spelling::get_cell;
use crate::statistics::summarize;
use crate::study::{Place, Question, Study};

/// The name of the artifact.
pub(crate) const ARTIFACT: &str = "simulation.gantry";
/// What the file begins with; the number is its version.
const MAGIC: &[u8] = b"gantry simulation 1\n";
/// Larger workbooks are not kept beside a simulation.
const MAX_WORKBOOK: u64 = 16 << 20;
/// Iterations of a call, unless it asks for others.
const USUAL: u64 = 1_000;
/// Iterations of a call at most; jobs have no such limit.
const MAX_ITERATIONS: u64 = 100_000;
/// Sets of edited cells that are kept compiled.
const KEPT: usize = 8;

/// What is asked, in the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Header {
    input: Vec<String>,
    output: Vec<String>,
    correlate: Vec<String>,
    copula: String,
    sampling: Sampling,
    now: Option<f64>,
    seed: u64,
}

/// Leaves a simulation so that it can be kept warm, unless its workbook is too large for that.
///
/// # Errors
/// What cannot be read or written.
pub(crate) fn leave(job: &BlockingContext, task: &Task) -> Result<(), MonteCarloError> {
    let file = job.input(WORKBOOK)?;
    if file.meta.bytes > MAX_WORKBOOK {
        return Ok(());
    }
    let simulation = &task.simulation;
    let header = Header {
        input: simulation.input.clone(),
        output: simulation.output.clone(),
        correlate: simulation.correlate.clone(),
        copula: simulation.copula.clone(),
        sampling: simulation.sampling,
        now: simulation.now,
        seed: job.seed(),
    };
    let mut bytes = MAGIC.to_vec();
    serde_json::to_writer(&mut bytes, &header)
        .map_err(|e| MonteCarloError::Written { what: ARTIFACT, cause: e.to_string() })?;
    bytes.push(b'\n');
    file.open()?.read_to_end(&mut bytes).map_err(EngineError::from)?;
    job.publish_bytes(ARTIFACT, ArtifactRole::File, &bytes)?;
    Ok(())
}

/// The service of simulations.
#[derive(Debug, Clone, Copy, Default)]
pub struct SimulationService;

impl Service for SimulationService {
    fn spec(&self) -> ServiceSpec {
        ServiceSpec {
            id: "montecarlo.simulation".to_owned(),
            version: 1,
            title: "A simulation after an edit".to_owned(),
            input_schema: json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "set": {
                        "type": "object",
                        "description": "Values by cell, such as {\"Inputs!B3\": 120}; an uncertain \
                                        cell is certain then.",
                        "additionalProperties": { "type": "number" }
                    },
                    "iterations": {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": MAX_ITERATIONS,
                        "default": USUAL
                    }
                }
            }),
            output_schema: json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "required": ["iterations", "outcomes", "outputs"],
                "properties": {
                    "iterations": { "type": "integer" },
                    "outcomes": { "type": "array", "items": { "type": "object" } },
                    "outputs": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["name", "summary"],
                            "properties": {
                                "name": { "type": "string" },
                                "summary": { "type": ["object", "null"] }
                            }
                        }
                    }
                }
            }),
        }
    }

    fn meters(&self, input: &Value) -> BTreeMap<MeterId, u64> {
        let units = input.get("iterations").and_then(Value::as_u64).unwrap_or(USUAL);
        let meter = "iterations".parse::<MeterId>().ok();
        meter.map(|meter| (meter, units)).into_iter().collect()
    }

    fn load(&self, artifact: InputFile) -> Result<Box<dyn Loaded>, EngineError> {
        let mut bytes = Vec::new();
        artifact.open()?.read_to_end(&mut bytes)?;
        let wrong = || {
            EngineError::input("The artifact is no simulation of this version.").with_next_step(
                "Run `montecarlo.simulate`, and take the `simulation.gantry` that it leaves.",
            )
        };
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(wrong)?;
        let end = rest.iter().position(|b| *b == b'\n').ok_or_else(wrong)?;
        let header: Header = serde_json::from_slice(&rest[..end]).map_err(|_| wrong())?;
        let loaded =
            LoadedSimulation { header, workbook: rest[end + 1..].to_vec(), kept: Mutex::default() };
        // What is wrong with the workbook shows now, and the first call finds the base compiled.
        let warm = loaded.compile(loaded.read()?, &[], USUAL)?;
        loaded.keep(Arc::new(warm));
        Ok(Box::new(loaded))
    }
}

/// A simulation whose edited cells were compiled as such.
struct Warm {
    cells: Vec<CellRef>,
    study: Study,
    plan: Plan,
    iterations: u64,
}

struct LoadedSimulation {
    header: Header,
    workbook: Vec<u8>,
    kept: Mutex<Vec<Arc<Warm>>>,
}

/// Values and where they are put.
type Placed = Vec<(Place, f64)>;

/// A call.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    #[serde(default)]
    set: BTreeMap<String, f64>,
    #[serde(default = "usual")]
    iterations: u64,
}

const fn usual() -> u64 {
    USUAL
}

impl Loaded for LoadedSimulation {
    fn call(&self, input: Value, context: &CallContext) -> Result<Value, EngineError> {
        context.check()?;
        let edit: Edit = serde_json::from_value(input).map_err(|cause| {
            EngineError::params(format!("The call is wrong: {cause}."))
                .with_next_step("Send {\"set\": {\"Inputs!B3\": 120}, \"iterations\": 1000}.")
        })?;
        if edit.iterations == 0 || edit.iterations > MAX_ITERATIONS {
            let message = format!("The call asks for {} iterations.", edit.iterations);
            return Err(EngineError::params(message).with_next_step(format!(
                "Ask for 1 to {MAX_ITERATIONS}, or submit `montecarlo.simulate`."
            )));
        }
        let (warm, values) = self.find_or_compile(&edit)?;
        context.check()?;
        let draws = warm.study.set(&warm.plan, &values);
        let is_late = || context.check().is_err();
        let columns = warm.study.runner(&draws, 1).collect(edit.iterations, &is_late)?;
        let outputs = warm.study.outputs.iter().zip(&columns);
        let summaries: Vec<_> = outputs.map(|(o, c)| (o.name.as_str(), summarize(c))).collect();
        let outcomes: Vec<Outcome> = summaries
            .iter()
            .filter_map(|(name, summary)| Outcome::of_summary(name, summary.as_ref()?))
            .collect();
        let outputs: Vec<Value> = summaries
            .iter()
            .map(|(name, summary)| json!({ "name": name, "summary": summary }))
            .collect();
        Ok(json!({ "iterations": edit.iterations, "outcomes": outcomes, "outputs": outputs }))
    }
}

impl LoadedSimulation {
    fn read(&self) -> Result<Workbook, MonteCarloError> {
        Ok(load(Cursor::new(&self.workbook), &Limits::default())?)
    }

    /// The simulation with these cells compiled as edited, and where their values are put.
    fn find_or_compile(&self, edit: &Edit) -> Result<(Arc<Warm>, Placed), MonteCarloError> {
        let kept: Vec<Arc<Warm>> = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let fits = |warm: &Arc<Warm>| {
            let places = places(&warm.study, &edit.set).ok().flatten()?;
            (warm.iterations == edit.iterations).then(|| (Arc::clone(warm), places))
        };
        if let Some(found) = kept.iter().rev().find_map(fits) {
            return Ok(found);
        }
        let book = self.read()?;
        let cells = edit.set.keys().map(|text| get_cell(&book, text)).collect::<Result<_, _>>()?;
        let cells: Vec<CellRef> = cells;
        let warm = Arc::new(self.compile(book, &cells, edit.iterations)?);
        self.keep(Arc::clone(&warm));
        let places = places(&warm.study, &edit.set)?.unwrap_or_default();
        Ok((warm, places))
    }

    fn compile(
        &self,
        book: Workbook,
        cells: &[CellRef],
        iterations: u64,
    ) -> Result<Warm, MonteCarloError> {
        let header = &self.header;
        let question = Question {
            inputs: header.input.clone(),
            outputs: header.output.clone(),
            now: header.now,
        };
        let mut study = Study::holding(book, &question, cells)?;
        study.correlate(&header.correlate, &header.copula)?;
        let plan = study.plan(header.seed, iterations, header.sampling.design())?;
        Ok(Warm { cells: cells.to_vec(), study, plan, iterations })
    }

    fn keep(&self, warm: Arc<Warm>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|other| other.cells != warm.cells || other.iterations != warm.iterations);
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(warm);
    }
}

/// Where the values of an edit are put; nothing when a cell is not compiled as edited.
fn places(study: &Study, set: &BTreeMap<String, f64>) -> Result<Option<Placed>, MonteCarloError> {
    let mut places = Vec::with_capacity(set.len());
    for (text, value) in set {
        match study.find_place(get_cell(&study.book, text)?) {
            Some(place) => places.push((place, *value)),
            None => return Ok(None),
        }
    }
    Ok(Some(places))
}
