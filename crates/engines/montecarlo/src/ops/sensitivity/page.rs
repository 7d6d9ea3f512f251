//! What is shown of an output's sensitivity: a tornado of each measure, and tables.

use gantry_kit::chart::{Axis, Bar, BarChart, Chart, LineChart, Series};

use super::{SensitivityOfOutput, SobolReport};
use crate::influence::Influence;
use crate::publish::leaflet::{Grid, Section};

/// Inputs whose conditional means are drawn.
const LINES: usize = 6;

/// The section of an output.
pub(super) fn section((at, output): (usize, &SensitivityOfOutput)) -> Section {
    let name = |kind: &str| format!("{kind}-{}", at + 1);
    let mut charts = vec![
        (name("rank-correlation"), tornado(output, "Rank correlation", |i| i.rank_correlation)),
        (name("regression"), tornado(output, "Standardised regression", |i| i.regression)),
        (name("variance"), tornado(output, "Contribution to variance", |i| i.contribution)),
        (name("conditional-mean"), conditional(output)),
    ];
    let mut tables = vec![influences(output)];
    if !output.sobol.is_empty() {
        charts.push((
            name("sobol-total"),
            sobol(output, "Total Sobol' index (ST)", |s| (s.total, s.total_error)),
        ));
        charts.push((
            name("sobol-first"),
            sobol(output, "First Sobol' index (S1)", |s| (s.first, s.first_error)),
        ));
        tables.push(indices(output));
    }
    Section { heading: output.name.clone(), charts, tables }
}

fn tornado(output: &SensitivityOfOutput, label: &str, value: impl Fn(&Influence) -> f64) -> Chart {
    let mut bars: Vec<Bar> =
        output.influences.iter().map(|i| Bar::new(i.input.clone(), value(i))).collect();
    bars.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
    BarChart {
        title: format!("{}: {}", output.name, label.to_lowercase()),
        description: format!("{label} of each input, strongest first."),
        value_label: label.to_owned(),
        bars,
    }
    .into()
}

fn sobol(
    output: &SensitivityOfOutput,
    label: &str,
    value: impl Fn(&SobolReport) -> (f64, f64),
) -> Chart {
    let bar = |s: &SobolReport| {
        let (value, error) = value(s);
        Bar { error: Some(error), ..Bar::new(s.input.clone(), value) }
    };
    BarChart {
        title: format!("{}: {label}", output.name),
        description: "Shares of the variance, with their standard errors.".into(),
        value_label: label.to_owned(),
        bars: output.sobol.iter().map(bar).collect(),
    }
    .into()
}

fn conditional(output: &SensitivityOfOutput) -> Chart {
    let line = |c: &super::ConditionalReport| {
        let count = c.outputs.len().max(1) as f64;
        let at = |i: usize| 100.0 * (i as f64 + 0.5) / count;
        let points = c.outputs.iter().enumerate().map(|(i, y)| (at(i), *y)).collect();
        Series::new(c.input.clone(), points)
    };
    LineChart {
        title: format!("{}: mean by input", output.name),
        description: "The output's mean where an input lies in each tenth of its draws.".into(),
        x: Axis::new("Percentile of the input"),
        y: Axis::new(format!("Mean of {}", output.name)),
        series: output.conditional.iter().take(LINES).map(line).collect(),
    }
    .into()
}

fn influences(output: &SensitivityOfOutput) -> Grid {
    let heads = [
        "Input",
        "Rank correlation",
        "Regression",
        "Share of variance",
        "Lowest mean",
        "Highest mean",
    ];
    let mut grid = Grid::new(format!("{}: influences", output.name), 1, &heads);
    for i in &output.influences {
        let numbers = [i.rank_correlation, i.regression, i.contribution, i.mean_low, i.mean_high];
        let name = [i.input.as_str().into()].into_iter();
        grid.rows.push(name.chain(numbers.into_iter().map(Into::into)).collect());
    }
    grid
}

fn indices(output: &SensitivityOfOutput) -> Grid {
    let heads = ["Input", "S1", "Standard error", "ST", "Standard error"];
    let mut grid = Grid::new(format!("{}: Sobol' indices", output.name), 1, &heads);
    for s in &output.sobol {
        let numbers = [s.first, s.first_error, s.total, s.total_error];
        let name = [s.input.as_str().into()].into_iter();
        grid.rows.push(name.chain(numbers.into_iter().map(Into::into)).collect());
    }
    grid
}
