//! `automl.export`: a model in a format that other programs run.

use std::collections::BTreeMap;

use gantry_engine_api::{
    ArtifactRole, BlockingContext, DeviceNeed, EngineError, Estimate, InputKind, InputMeta,
    InputSlot, JobContext, LogLevel, Operation, ParamError, Step,
};
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::AutomlError;
use crate::model_file::TrainedModel;
use crate::onnx::{ML_OPSET, OPSET, OnnxFile, OnnxValue, derive_onnx};
use crate::task::Task;

/// An export costs this much.
const CREDITS: i64 = 1;
/// Memory beside the model.
const BASE_MEMORY: u64 = 64 << 20;
/// The model, its lists of nodes and the file, as multiples of the model's file.
const MEMORY_PER_BYTE: u64 = 40;

/// The format of an exported model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// ONNX, with the preprocessing inside.
    #[default]
    Onnx,
}

/// Parameters of `automl.export`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportParams {
    /// The format of the file.
    #[serde(default)]
    pub format: ExportFormat,
}

/// An input or output of the exported file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExportedValue {
    /// Its name; inputs are named after their columns.
    pub name: String,
    /// What it holds, such as `tensor(double)`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Columns beside the rows; none for a plain list of rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// What stands for a missing value; none for outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// The result of `automl.export`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExportReport {
    /// The format.
    pub format: ExportFormat,
    /// The artifact.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// What the model predicts.
    pub task: Task,
    /// The column that it predicts.
    pub target: String,
    /// The classes, in the order of the probabilities; empty for numbers.
    pub classes: Vec<String>,
    /// Versions of the sets of operators that a runtime needs.
    pub opsets: BTreeMap<String, i64>,
    /// What the file takes.
    pub inputs: Vec<ExportedValue>,
    /// What it gives.
    pub outputs: Vec<ExportedValue>,
}

/// `automl.export`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Export;

impl Operation for Export {
    const ID: &'static str = "automl.export";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Export a model";
    const SUMMARY: &'static str =
        "Writes a trained model, preprocessing included, as an ONNX file that other programs run.";
    type Params = ExportParams;
    type Report = ExportReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![InputSlot::required("model", "Model of a training", InputKind::Model)]
    }

    fn estimate(&self, _: &ExportParams, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        let model = inputs
            .iter()
            .find(|input| input.slot == "model")
            .ok_or_else(|| ParamError::new("", "the input `model` is missing; give a model"))?;
        Ok(Estimate {
            meters: BTreeMap::new(),
            max_credits: Credits::new(CREDITS),
            memory_bytes: BASE_MEMORY.saturating_add(model.bytes.saturating_mul(MEMORY_PER_BYTE)),
            threads: 1,
            device: DeviceNeed::Cpu,
        })
    }

    async fn run(
        &self,
        params: ExportParams,
        context: JobContext,
    ) -> Result<Step<ExportReport>, EngineError> {
        let report = context.compute(move |job| Ok(export(job, params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn export(job: &BlockingContext, params: ExportParams) -> Result<ExportReport, AutomlError> {
    job.stage("Read", 1, 2);
    let model = TrainedModel::read_from(job.input("model")?.open()?)?;
    job.check_cancelled()?;
    job.stage("Write", 2, 2);
    let TrainedModel { header, ensemble } = model;
    let ExportFormat::Onnx = params.format;
    let file = derive_onnx(&header, &ensemble)?;
    job.check_cancelled()?;
    job.publish_bytes("model.onnx", ArtifactRole::File, &file.bytes)?;
    job.charge(Credits::new(CREDITS))?;
    job.log(LogLevel::Info, format!("model.onnx has {} bytes.", file.bytes.len()));
    job.progress(1.0);
    let OnnxFile { bytes, inputs, outputs } = file;
    Ok(ExportReport {
        format: params.format,
        file: "model.onnx".to_owned(),
        bytes: bytes.len() as u64,
        task: header.task,
        target: header.target.name,
        classes: header.classes,
        opsets: [("ai.onnx", OPSET), ("ai.onnx.ml", ML_OPSET)]
            .map(|(name, version)| (name.to_owned(), version))
            .into(),
        inputs: inputs.iter().map(|value| describe(value, true)).collect(),
        outputs: outputs.iter().map(|value| describe(value, false)).collect(),
    })
}

fn describe(value: &OnnxValue, is_input: bool) -> ExportedValue {
    ExportedValue {
        name: value.name.clone(),
        kind: value.element.as_str().to_owned(),
        width: value.width.and_then(|width| u32::try_from(width).ok()),
        missing: is_input.then(|| value.element.derive_missing().to_owned()),
    }
}
