//! `synth.tune`: a fitted generator learns further rows.

use std::collections::BTreeMap;

use gantry_engine_api::{
    ArtifactRole, BlockingContext, DeviceNeed, EngineError, Estimate, InputKind, InputMeta,
    InputSlot, JobContext, Operation, ParamError, Step,
};
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fitted::{encode_further, read_further, read_model};
use super::generate::{publish_metadata, width};
use super::meter_id;
use super::price::{TableSize, charge, derive_credits};
use crate::error::SynthError;
use crate::tier::{Tier, Watch};

/// Parameters of `synth.tune`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TuneParams {
    /// What a row that was learned before counts beside a new one, from 0 to 1: less lets the
    /// generator follow a change sooner. The tier `instant` knows 1 alone.
    #[serde(default = "default_memory")]
    #[schemars(range(min = 0, max = 1))]
    pub memory: f64,
}

const fn default_memory() -> f64 {
    1.0
}

/// The result of `synth.tune`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TuneReport {
    /// Rows that were learned now.
    pub learned_rows: u64,
    /// Rows that the generator knows altogether.
    pub rows: u64,
    /// How the tables were learned.
    pub tier: Tier,
    /// What is promised about single people.
    pub guarantee: String,
    /// Size of the generator in bytes.
    pub model_bytes: u64,
}

/// `synth.tune`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tune;

impl Operation for Tune {
    const ID: &'static str = "synth.tune";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Let a generator learn further rows";
    const SUMMARY: &'static str = "Goes on from a fitted generator with new rows of the same columns, \
                                   whose labels and roles stay.";
    type Params = TuneParams;
    type Report = TuneReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![
            InputSlot::required("data", "New rows", InputKind::Table),
            InputSlot::required("model", "Generator of `synth.fit`", InputKind::Model),
        ]
    }

    fn estimate(&self, params: &TuneParams, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        if !(0.0..=1.0).contains(&params.memory) {
            return Err(ParamError::new("/memory", "is out of range; choose 0 to 1"));
        }
        let size = TableSize::of(inputs.iter().find(|input| input.slot == "data"));
        Ok(Estimate {
            meters: BTreeMap::from([(meter_id("rows")?, size.rows), (meter_id("epochs")?, 0)]),
            max_credits: Credits::new(derive_credits(size.cells(), 0)),
            memory_bytes: size.memory_bytes(),
            threads: 2,
            device: DeviceNeed::Cpu,
        })
    }

    async fn run(
        &self,
        params: TuneParams,
        context: JobContext,
    ) -> Result<Step<TuneReport>, EngineError> {
        let report = context.compute(move |job| Ok(tune(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn tune(job: &BlockingContext, params: &TuneParams) -> Result<TuneReport, SynthError> {
    job.stage("Read", 1, 2);
    let mut model = read_model(job)?;
    if model.header.tier == Tier::Instant && params.memory < 1.0 {
        let reason = "is below 1, which the tier `instant` does not know".into();
        return Err(SynthError::Option { what: "memory", reason });
    }
    let table = read_further(job, &model)?;
    let encoded = encode_further(&model, &table)?;
    job.stage("Learn", 2, 2);
    let cancelled = || job.is_cancelled();
    let progress = |share: f64| job.progress(0.1 + 0.8 * share);
    let watch = Watch { cancelled: &cancelled, progress: &progress, notes: &() };
    let known = model.header.rows as f64 * params.memory;
    model.fitted.tune(&encoded, (known, model.header.metadata.min_count), &watch)?;
    let learned_rows = encoded.rows as u64;
    model.header.rows = model.header.rows.saturating_add(learned_rows);
    let bytes = model.write()?;
    job.publish_bytes("generator.gantry", ArtifactRole::Model, &bytes)?;
    publish_metadata(job, &model)?;
    charge(job, learned_rows.saturating_mul(width(&model)), 0)?;
    job.progress(1.0);
    Ok(TuneReport {
        learned_rows,
        rows: model.header.rows,
        tier: model.header.tier,
        guarantee: model.fitted.derive_guarantee(),
        model_bytes: bytes.len() as u64,
    })
}
