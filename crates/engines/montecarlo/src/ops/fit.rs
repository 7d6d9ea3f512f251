//! `montecarlo.fit`: which distributions describe a column of data, the best first, as they are
//! written for an input.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use gantry_engine_api::{
    BlockingContext, DeviceNeed, EngineError, Estimate, InputKind, InputMeta, InputSlot,
    JobContext, Operation, ParamError, Step,
};
use gantry_kit::{Frame, ReadOptions, read_frame_watched};
use gantry_sampling::fit::{FitReport as Fits, RankBy as Criterion, fit};
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::MonteCarloError;
use crate::publish::leaflet::{Leaflet, leave};

mod page;

/// The slot of the data.
const DATA: &str = "data";
const BASE_MEMORY: u64 = 64 << 20;
/// Memory of a table per byte of its file.
const MEMORY_PER_BYTE: u64 = 12;

/// What fits are ranked by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RankBy {
    /// Akaike's criterion.
    #[default]
    Aic,
    /// The Bayesian criterion, which asks more of each parameter.
    Bic,
    /// Kolmogorov and Smirnov's distance.
    Ks,
    /// Anderson and Darling's distance, which weighs the tails.
    Ad,
}

impl RankBy {
    const fn criterion(self) -> Criterion {
        match self {
            Self::Aic => Criterion::Aic,
            Self::Bic => Criterion::Bic,
            Self::Ks => Criterion::Ks,
            Self::Ad => Criterion::Ad,
        }
    }
}

/// Parameters of `montecarlo.fit`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FitParams {
    /// The column with the data; without it, the only column of numbers.
    #[serde(default)]
    pub column: Option<String>,
    /// What fits are ranked by.
    #[serde(default)]
    pub rank_by: RankBy,
    /// The cell that is to be drawn from the best fit, such as `Inputs!B3`.
    #[serde(default)]
    pub cell: Option<String>,
}

/// A distribution that was fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FittedReport {
    /// Its place.
    pub rank: u32,
    /// The distribution as it is written for an input.
    pub distribution: String,
    /// Parameters that were fitted.
    pub parameters: u32,
    /// Logarithm of the likelihood.
    pub log_likelihood: f64,
    /// Akaike's criterion; lower is better, as in all that follow.
    pub aic: f64,
    /// The Bayesian criterion.
    pub bic: f64,
    /// Kolmogorov and Smirnov's distance.
    pub ks: f64,
    /// Anderson and Darling's distance; none for whole-numbered families.
    pub ad: Option<f64>,
}

/// A family that does not describe the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedReport {
    /// The family.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// The result of `montecarlo.fit`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FitReport {
    /// The column.
    pub column: String,
    /// Numbers in it.
    pub observations: u64,
    /// Rows without a number, which were left out.
    pub missing: u64,
    /// The best fit, to be given to `--input`.
    pub input: String,
    /// All fits, the best first.
    pub ranked: Vec<FittedReport>,
    /// Families that do not describe the data.
    pub refused: Vec<RefusedReport>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// `montecarlo.fit`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fit;

impl Operation for Fit {
    const ID: &'static str = "montecarlo.fit";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Fit distributions";
    const SUMMARY: &'static str =
        "Finds the distributions that describe a column of data best, to be used as inputs.";
    type Params = FitParams;
    type Report = FitReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![InputSlot::required(DATA, "Data", InputKind::Table)]
    }

    fn estimate(&self, params: &FitParams, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        let data = inputs.iter().find(|input| input.slot == DATA).ok_or_else(|| {
            ParamError::new(
                "",
                "the input `data` is missing; give a table with a column of numbers",
            )
        })?;
        if let Some(column) = &params.column
            && !data.columns.is_empty()
            && !data.columns.contains(column)
        {
            let names = data.columns.join(", ");
            let text = format!("the table has no column `{column}`; it has {names}");
            return Err(ParamError::new("/column", text));
        }
        Ok(Estimate {
            meters: BTreeMap::new(),
            max_credits: Credits::new(1),
            memory_bytes: BASE_MEMORY.saturating_add(data.bytes.saturating_mul(MEMORY_PER_BYTE)),
            threads: 1,
            device: DeviceNeed::Cpu,
        })
    }

    async fn run(
        &self,
        params: FitParams,
        context: JobContext,
    ) -> Result<Step<FitReport>, EngineError> {
        let report = context.compute(move |job| Ok(run(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn run(job: &BlockingContext, params: &FitParams) -> Result<FitReport, MonteCarloError> {
    job.stage("Read", 1, 2);
    let mut file = job.input(DATA)?.open()?;
    let (frame, _) = read_frame_watched(&mut file, &ReadOptions::default(), &mut |_| {
        if job.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .map_err(|error| {
        job.check_cancelled().err().unwrap_or_else(|| EngineError::input(format!("{error}.")))
    })?;
    let (name, all) = get_numbers(&frame, params.column.as_deref())?;
    let data: Vec<f64> = all.iter().copied().filter(|x| x.is_finite()).collect();
    job.stage("Fit", 2, 2);
    let fits = fit(&data, params.rank_by.criterion()).map_err(|cause| {
        MonteCarloError::param(
            format!("The column `{name}` cannot be fitted: {cause}."),
            "Give at least 8 numbers that are not all equal.",
        )
    })?;
    job.check_cancelled()?;
    let missing = (all.len() - data.len()) as u64;
    let report = describe((name, missing), params, &fits)?;
    let leaflet = Leaflet {
        title: format!("Distributions of {name}"),
        subtitle: format!("{} observations", report.observations),
        warnings: report.warnings.clone(),
        sections: vec![page::section(&report, &data, &fits)],
    };
    leave(job, &leaflet, &report)?;
    job.charge(Credits::new(job.limits().max_credits.get().min(1)))?;
    job.progress(1.0);
    Ok(report)
}

fn get_numbers<'a>(
    frame: &'a Frame,
    wanted: Option<&str>,
) -> Result<(&'a str, &'a [f64]), MonteCarloError> {
    let numbers = || frame.columns().iter().filter_map(|c| Some((c.name(), c.find_numbers()?)));
    let names = || numbers().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
    let found = match wanted {
        Some(wanted) => numbers().find(|(name, _)| *name == wanted),
        None if numbers().count() == 1 => numbers().next(),
        None => None,
    };
    found.ok_or_else(|| {
        let text = match wanted {
            Some(wanted) => format!("The table has no column of numbers `{wanted}`."),
            None => "The column is not named.".to_owned(),
        };
        MonteCarloError::param(text, format!("Columns of numbers are: {}.", names()))
    })
}

fn describe(
    (name, missing): (&str, u64),
    params: &FitParams,
    fits: &Fits,
) -> Result<FitReport, MonteCarloError> {
    let best = fits.ranked.first().ok_or_else(|| {
        MonteCarloError::param(
            format!("No distribution describes `{name}`."),
            "Draw from the data themselves with `resample(…)` or `empirical(…)`.",
        )
    })?;
    let cell = params.cell.as_deref().unwrap_or("CELL");
    let mut warnings = Vec::new();
    if missing > 0 {
        warnings.push(format!("{missing} rows without a number were left out."));
    }
    let ranked = fits.ranked.iter().enumerate().map(|(i, f)| FittedReport {
        rank: i as u32 + 1,
        distribution: f.distribution.to_string(),
        parameters: f.parameters as u32,
        log_likelihood: f.log_likelihood,
        aic: f.aic,
        bic: f.bic,
        ks: f.ks,
        ad: f.ad.filter(|x| x.is_finite()),
    });
    let refused = fits.refused.iter().map(|(name, reason)| RefusedReport {
        name: (*name).to_owned(),
        reason: (*reason).to_owned(),
    });
    Ok(FitReport {
        column: name.to_owned(),
        observations: fits.observations as u64,
        missing,
        input: format!("{cell}={}", best.distribution),
        ranked: ranked.collect(),
        refused: refused.collect(),
        warnings,
    })
}
