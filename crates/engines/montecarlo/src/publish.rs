//! What a simulation leaves: charts, one HTML page, a workbook with charts of its own, draws.

use gantry_engine_api::{ArtifactRole, BlockingContext};
use gantry_kit::chart::write_short;
use gantry_kit::chart::{Axis, Bar, BarChart, Chart, HistogramChart, LineChart, Series, Theme};
use gantry_kit::report::{KeyFigure, Report, Table, TableColumn};
use serde_json::json;

use crate::error::MonteCarloError;
use crate::ops::outcome::{OutputReport, SimulateReport};
use crate::ops::simulate::draws_of_inputs;
use crate::simulation::Simulation;
use crate::statistics::{Summary, summarize};
use crate::study::Study;

mod draws;
mod sheet;

/// Outputs that have charts; the JSON has all.
const CHARTED: usize = 12;
/// Draws that partial results are computed from.
const PARTIAL_DRAWS: usize = 20_000;

/// Shows the result so far.
pub fn partial(job: &BlockingContext, study: &Study, columns: &[Vec<f64>]) {
    let outputs = study.outputs.iter().zip(columns).map(|(output, column)| {
        let part = &column[..column.len().min(PARTIAL_DRAWS)];
        json!({ "name": output.name, "summary": summarize(part) })
    });
    let iterations = columns.first().map_or(0, Vec::len);
    let outputs: Vec<_> = outputs.collect();
    job.publish_partial("simulation", json!({ "iterations": iterations, "outputs": outputs }));
}

/// Leaves all files of a simulation.
///
/// # Errors
/// What cannot be written.
pub fn publish(
    job: &BlockingContext,
    study: &Study,
    (simulation, report): (&Simulation, &SimulateReport),
    columns: &[Vec<f64>],
) -> Result<(), MonteCarloError> {
    let theme = Theme::default();
    let mut charts = Vec::new();
    for (i, output) in report.outputs.iter().take(CHARTED).enumerate() {
        for (kind, chart) in charts_of(output) {
            let name = format!("{kind}-{}.svg", i + 1);
            let svg = chart.to_svg(&theme);
            job.publish_bytes(&name, ArtifactRole::Chart, svg.as_bytes())?;
            charts.push((i, chart));
        }
    }
    let page = page(report, &charts).to_html(&theme);
    job.publish_bytes("report.html", ArtifactRole::Report, page.as_bytes())?;
    let text = serde_json::to_vec_pretty(report)
        .map_err(|e| MonteCarloError::Written { what: "report.json", cause: e.to_string() })?;
    job.publish_bytes("report.json", ArtifactRole::File, &text)?;
    let sheets = sheet::write(report)
        .map_err(|e| MonteCarloError::Written { what: "report.xlsx", cause: e.to_string() })?;
    job.publish_bytes("report.xlsx", ArtifactRole::File, &sheets)?;
    let count = simulation.draws.min(report.iterations);
    if count > 0 {
        let inputs = draws_of_inputs(report.seed, study, simulation, count)?;
        let names: Vec<String> = study
            .inputs
            .iter()
            .map(|i| i.name.clone())
            .chain(study.outputs.iter().map(|o| o.name.clone()))
            .collect();
        let outputs = columns.iter().map(|c| &c[..count as usize]);
        let all: Vec<&[f64]> = inputs.iter().map(Vec::as_slice).chain(outputs).collect();
        draws::csv(job, &names, &all)?;
        draws::parquet(job, &names, &all)?;
    }
    Ok(())
}

/// The charts of an output, each with the word that its file is called by.
fn charts_of(output: &OutputReport) -> Vec<(&'static str, Chart)> {
    let mut charts = Vec::new();
    if let Some(summary) = &output.summary {
        charts.push(("histogram", histogram(&output.name, summary)));
        charts.push(("cdf", cdf(&output.name, summary)));
    }
    if !output.influences.is_empty() {
        charts.push(("tornado", tornado(output)));
    }
    charts
}

fn histogram(name: &str, summary: &Summary) -> Chart {
    HistogramChart {
        title: format!("{name}: how often which values occur"),
        description: format!(
            "{} draws between {} and {}, mean {}.",
            summary.count,
            write_short(summary.min),
            write_short(summary.max),
            write_short(summary.mean)
        ),
        x_label: name.to_owned(),
        y_label: "Draws".into(),
        edges: summary.histogram.edges.clone(),
        counts: summary.histogram.counts.iter().map(|c| *c as f64).collect(),
    }
    .into()
}

fn cdf(name: &str, summary: &Summary) -> Chart {
    let points = summary.cdf.iter().enumerate().map(|(i, x)| (*x, i as f64 / 100.0)).collect();
    LineChart {
        title: format!("{name}: chance of a value below"),
        description: format!("Half of the draws are below {}.", write_short(summary.cdf[50])),
        x: Axis::new(name),
        y: Axis::unit("Share of draws"),
        series: vec![Series::new(name, points)],
    }
    .into()
}

fn tornado(output: &OutputReport) -> Chart {
    BarChart {
        title: format!("{}: what moves it", output.name),
        description: "Rank correlations of the inputs with the output, strongest first.".into(),
        value_label: "Rank correlation".into(),
        bars: output
            .influences
            .iter()
            .map(|i| Bar::new(i.input.clone(), i.rank_correlation))
            .collect(),
    }
    .into()
}

/// Everything on one page.
fn page(report: &SimulateReport, charts: &[(usize, Chart)]) -> Report {
    let mut page = Report::new("Simulation");
    let import = &report.import;
    page.set_subtitle(format!(
        "{} iterations, {} uncertain inputs, {} of {} formulas in columns",
        report.iterations,
        report.inputs.len(),
        import.vectorised,
        import.formulas
    ));
    for warning in &report.warnings {
        page.warning(warning.clone());
    }
    for (i, output) in report.outputs.iter().enumerate() {
        page.section(output.name.clone());
        let Some(summary) = &output.summary else {
            page.warning("No draw gave a number.");
            continue;
        };
        page.key_figures(figures(output, summary));
        for (_, chart) in charts.iter().filter(|(place, _)| *place == i) {
            page.chart(chart.clone());
        }
        page.table(Table {
            caption: "Percentiles".into(),
            columns: vec![TableColumn::numbers("Percent"), TableColumn::numbers("Value")],
            rows: summary
                .percentiles
                .iter()
                .map(|p| vec![p.percent.to_string(), write_short(p.value)])
                .collect(),
        });
    }
    page.section("Inputs");
    page.table(Table {
        caption: "What was drawn".into(),
        columns: vec![
            TableColumn::words("Input"),
            TableColumn::words("Distribution"),
            TableColumn::numbers("Mean"),
            TableColumn::numbers("Standard deviation"),
        ],
        rows: report
            .inputs
            .iter()
            .map(|i| {
                let number = |x: Option<f64>| x.map_or_else(|| "none".into(), write_short);
                vec![i.name.clone(), i.distribution.clone(), number(i.mean), number(i.sd)]
            })
            .collect(),
    });
    if !import.scalar.is_empty() {
        page.section("Formulas computed draw by draw");
        page.list(import.scalar.iter().map(|s| format!("{}: {}", s.cell, s.reason)));
    }
    page
}

fn figures(output: &OutputReport, summary: &Summary) -> Vec<KeyFigure> {
    let interval = &summary.mean_interval;
    let mut figures = vec![
        KeyFigure::new("Mean", write_short(summary.mean)).with_note(format!(
            "{} to {} with 95 % confidence",
            write_short(interval.low),
            write_short(interval.high)
        )),
        KeyFigure::new("Standard deviation", write_short(summary.sd)),
        KeyFigure::new("Median", write_short(summary.cdf[50])),
        KeyFigure::new("Lowest 5 % on average", write_short(summary.cvar_low)),
    ];
    if let Some(base) = output.base {
        figures.push(KeyFigure::new("In the file", write_short(base)));
    }
    for chance in &output.below {
        let label = format!("Chance below {}", write_short(chance.limit));
        figures.push(KeyFigure::new(label, format!("{:.2} %", chance.probability * 100.0)));
    }
    figures
}
