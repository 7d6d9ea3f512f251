//! What a simulation leaves: charts, one HTML page, a workbook with charts of its own, draws.

use gantry_engine_api::{ArtifactRole, BlockingContext};
use gantry_kit::chart::write_short;
use gantry_kit::chart::{Axis, Bar, BarChart, Chart, HistogramChart, LineChart, Series, Theme};
use gantry_kit::report::{KeyFigure, Report, Table, TableColumn};
use serde::Serialize;
use serde_json::json;

use crate::error::MonteCarloError;
use crate::ops::outcome::{OutputReport, SimulateReport};
use crate::statistics::{Summary, summarize};
use crate::study::Study;
use crate::tally::Collector;

pub mod draws;
pub mod leaflet;
mod plots;
mod sheet;

/// Outputs that have charts; the JSON has all.
const CHARTED: usize = 12;
/// Draws that partial results are computed from.
const PARTIAL_DRAWS: usize = 20_000;

/// Shows the result so far, of draws that are kept.
pub fn partial(job: &BlockingContext, study: &Study, columns: &[Vec<f64>]) {
    let summaries = columns.iter().map(|c| summarize(&c[..c.len().min(PARTIAL_DRAWS)]));
    let iterations = columns.first().map_or(0, Vec::len) as u64;
    show(job, study, (iterations, summaries.collect()));
}

/// Shows the result so far, of draws that are counted.
pub fn partial_counted(job: &BlockingContext, study: &Study, collector: &Collector) {
    let outputs = 0..study.outputs.len();
    let summaries = outputs.map(|i| collector.find_counted(i).map(|known| Summary::of(&known)));
    show(job, study, (collector.iterations(), summaries.collect()));
}

fn show(job: &BlockingContext, study: &Study, (iterations, all): (u64, Vec<Option<Summary>>)) {
    let outputs = study.outputs.iter().zip(all);
    let outputs: Vec<_> = outputs
        .map(|(output, summary)| json!({ "name": output.name, "summary": summary }))
        .collect();
    job.publish_partial("simulation", json!({ "iterations": iterations, "outputs": outputs }));
}

/// Leaves all files of a simulation but its draws.
///
/// # Errors
/// What cannot be written.
pub fn publish(job: &BlockingContext, report: &SimulateReport) -> Result<(), MonteCarloError> {
    let theme = Theme::default();
    let mut charts = Vec::new();
    for (i, output) in report.outputs.iter().take(CHARTED).enumerate() {
        for (kind, chart) in charts_of(output) {
            leave_chart(job, &format!("{kind}-{}", i + 1), &chart)?;
            charts.push((i, chart));
        }
    }
    let page = page(report, &charts).to_html(&theme);
    job.publish_bytes("report.html", ArtifactRole::Report, page.as_bytes())?;
    leave_json(job, "report.json", report)?;
    let sheets = sheet::write(report)
        .map_err(|e| MonteCarloError::Written { what: "report.xlsx", cause: e.to_string() })?;
    job.publish_bytes("report.xlsx", ArtifactRole::File, &sheets)?;
    Ok(())
}

/// Leaves a chart as SVG.
///
/// # Errors
/// What cannot be written.
pub fn leave_chart(
    job: &BlockingContext,
    name: &str,
    chart: &Chart,
) -> Result<(), MonteCarloError> {
    let svg = chart.to_svg(&Theme::default());
    job.publish_bytes(&format!("{name}.svg"), ArtifactRole::Chart, svg.as_bytes())?;
    Ok(())
}

/// Leaves a value as JSON.
///
/// # Errors
/// What cannot be written.
pub fn leave_json<T: Serialize>(
    job: &BlockingContext,
    name: &'static str,
    value: &T,
) -> Result<(), MonteCarloError> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|e| MonteCarloError::Written { what: name, cause: e.to_string() })?;
    job.publish_bytes(name, ArtifactRole::File, &text)?;
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
        if !output.influences.is_empty() {
            page.table(influences(output));
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

/// All measures of how inputs move an output.
fn influences(output: &OutputReport) -> Table {
    let explained = output.r_squared.map_or_else(String::new, |r| {
        format!("; a linear model explains {:.1} % of the variance", r * 100.0)
    });
    Table {
        caption: format!("What moves it{explained}"),
        columns: vec![
            TableColumn::words("Input"),
            TableColumn::numbers("Rank correlation"),
            TableColumn::numbers("Regression"),
            TableColumn::numbers("Share of variance"),
            TableColumn::numbers("Mean where it is worst"),
            TableColumn::numbers("Mean where it is best"),
        ],
        rows: output
            .influences
            .iter()
            .map(|i| {
                vec![
                    i.input.clone(),
                    format!("{:.3}", i.rank_correlation),
                    format!("{:.3}", i.regression),
                    format!("{:.1} %", i.contribution * 100.0),
                    write_short(i.mean_low),
                    write_short(i.mean_high),
                ]
            })
            .collect(),
    }
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
