//! What is shown of fits: the data beside the best densities, distribution functions and quantiles.

use gantry_kit::chart::{Axis, Chart, LineChart, ScatterChart, ScatterSeries, Series, Stroke};
use gantry_sampling::fit::FitReport as Fits;
use gantry_sampling::statistics::Column;

use super::FitReport;
use crate::publish::leaflet::{Grid, Section};

/// Fits that are drawn.
const DRAWN: usize = 3;
/// Points of a curve.
const POINTS: usize = 200;
/// Points of a comparison of quantiles.
const QUANTILES: usize = 99;

/// The section of all fits.
pub(super) fn section(report: &FitReport, data: &[f64], fits: &Fits) -> Section {
    let mut charts = Vec::new();
    if let Ok(column) = Column::new(data.to_vec()) {
        charts.push(("density".to_owned(), density(report, &column, fits)));
        charts.push(("cdf".to_owned(), cdf(report, &column, fits)));
        charts.push(("quantiles".to_owned(), quantiles(report, &column, fits)));
    }
    Section { heading: "Fits".into(), charts, tables: vec![table(report)] }
}

fn table(report: &FitReport) -> Grid {
    let heads = [
        "Distribution",
        "Parameters",
        "Log likelihood",
        "AIC",
        "BIC",
        "Kolmogorov–Smirnov",
        "Anderson–Darling",
    ];
    let mut grid = Grid::new("Fits, the best first", 1, &heads);
    for f in &report.ranked {
        let numbers = [f64::from(f.parameters), f.log_likelihood, f.aic, f.bic, f.ks];
        let name = [f.distribution.as_str().into()].into_iter();
        let numbers = numbers.into_iter().map(Into::into);
        grid.rows.push(name.chain(numbers).chain([f.ad.into()]).collect());
    }
    grid
}

/// Places over the range of the data.
fn places(column: &Column) -> impl Iterator<Item = f64> + use<> {
    let (low, high) = (column.moments().min(), column.moments().max());
    (0..=POINTS).map(move |i| low + (high - low) * i as f64 / POINTS as f64)
}

fn density(report: &FitReport, column: &Column, fits: &Fits) -> Chart {
    let histogram = column.histogram(None);
    let edges = histogram.edges();
    let count = column.moments().count() as f64;
    let mut steps = Vec::new();
    for (i, draws) in histogram.counts().iter().enumerate() {
        let height = *draws as f64 / count / (edges[i + 1] - edges[i]);
        steps.extend([(edges[i], height), (edges[i + 1], height)]);
    }
    let curves = fits.ranked.iter().take(DRAWN).map(|f| {
        let points = places(column).map(|x| (x, f.distribution.density(x)));
        Series::new(f.distribution.to_string(), points.filter(|p| p.1.is_finite()).collect())
    });
    LineChart {
        title: format!("{}: data and densities", report.column),
        description: "A histogram of the data in steps, and the best fits.".into(),
        x: Axis::new(report.column.clone()),
        y: Axis::new("Density"),
        series: [Series::reference("data", steps)].into_iter().chain(curves).collect(),
    }
    .into()
}

fn cdf(report: &FitReport, column: &Column, fits: &Fits) -> Chart {
    let data = Series::reference("data", column.cdf_points(POINTS));
    let curves = fits.ranked.iter().take(DRAWN).map(|f| {
        let points = places(column).map(|x| (x, f.distribution.cdf(x)));
        Series::new(f.distribution.to_string(), points.collect())
    });
    LineChart {
        title: format!("{}: share of values below", report.column),
        description: "The data, and the best fits.".into(),
        x: Axis::new(report.column.clone()),
        y: Axis::unit("Share below"),
        series: [data].into_iter().chain(curves).collect(),
    }
    .into()
}

fn quantiles(report: &FitReport, column: &Column, fits: &Fits) -> Chart {
    let series = fits.ranked.iter().take(DRAWN).map(|f| {
        let at = |i: usize| (i as f64 + 0.5) / QUANTILES as f64;
        let points = (0..QUANTILES)
            .map(|i| (f.distribution.quantile(at(i)), column.quantile(at(i))))
            .filter(|p| p.0.is_finite());
        ScatterSeries { name: f.distribution.to_string(), points: points.collect() }
    });
    ScatterChart {
        title: format!("{}: quantiles", report.column),
        description: "Quantiles of the data against those of the best fits.".into(),
        x_label: "Quantile of the fit".into(),
        y_label: "Quantile of the data".into(),
        series: series.collect(),
        diagonal: Some(Stroke::Reference),
    }
    .into()
}
