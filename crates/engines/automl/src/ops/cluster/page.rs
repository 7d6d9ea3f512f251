//! The clusters as charts and as a page for people.

use gantry_kit::chart::{Axis, Bar, BarChart, LineChart, Series, write_short};
use gantry_kit::report::{KeyFigure, Report, Table, TableColumn};
use gantry_learn::Control;

use super::group::Grouped;
use super::{ClusterReport, ClusterSummary};
use crate::error::AutomlError;
use crate::explain::Plot;
use crate::groups::{Points, derive_map};

pub(super) fn derive_plots(
    points: &Points,
    grouped: &Grouped,
    (seed, control): (u64, &Control<'_>),
) -> Result<Vec<Plot>, AutomlError> {
    let group_of = |row: usize| match grouped.labels.get(row).copied().flatten() {
        Some(label) => format!("cluster {}", label + 1),
        None => "no cluster".to_owned(),
    };
    let mut plots: Vec<Plot> = derive_map(points, (seed, control), group_of)?.into_iter().collect();
    plots.push(derive_sizes(grouped));
    plots.extend(derive_curves(grouped));
    Ok(plots)
}

fn derive_sizes(grouped: &Grouped) -> Plot {
    let mut sizes = vec![0.0; grouped.count as usize];
    let mut noise = 0.0;
    for label in &grouped.labels {
        match label.and_then(|label| sizes.get_mut(label as usize)) {
            Some(size) => *size += 1.0,
            None => noise += 1.0,
        }
    }
    let mut bars: Vec<Bar> =
        sizes.iter().zip(1..).map(|(size, n)| Bar::new(format!("cluster {n}"), *size)).collect();
    if noise > 0.0 {
        bars.push(Bar::new("no cluster", noise));
    }
    let chart = BarChart {
        title: "Sizes of the clusters".to_owned(),
        description: format!("Rows of each of {} clusters.", grouped.count),
        value_label: "Rows".to_owned(),
        bars,
    };
    Plot::new("sizes", chart)
}

/// What each number of clusters brings; none where there was nothing to choose.
fn derive_curves(grouped: &Grouped) -> Vec<Plot> {
    if grouped.tried.is_empty() {
        return Vec::new();
    }
    let line = |id: &str, title: &str, description: String, points: Vec<(f64, f64)>| {
        let chart = LineChart {
            title: title.to_owned(),
            description,
            x: Axis::new("Clusters"),
            y: Axis::new(title),
            series: vec![Series::new(title, points)],
        };
        Plot::new(id, chart)
    };
    let tried = || grouped.tried.iter();
    let known = tried().filter_map(|t| Some((f64::from(t.clusters), t.silhouette?))).collect();
    let inertia = tried().map(|t| (f64::from(t.clusters), t.inertia)).collect();
    let silhouette = "How much nearer rows are to their own cluster than to the next one, for each \
                      number of clusters; higher is better.";
    let elbow = "Squared distances of the rows to their centres, for each number of clusters. \
                 Where the curve bends, more clusters help little.";
    vec![
        line("silhouette", "Silhouette", silhouette.to_owned(), known),
        line("elbow", "Distance to the centres", elbow.to_owned(), inertia),
    ]
}

pub(super) fn derive_page(report: &ClusterReport, plots: &[Plot]) -> Report {
    let mut page = Report::new("Groups of rows");
    page.set_subtitle(format!("{} rows · {}", report.rows, report.reason));
    let silhouette = report.silhouette.map_or_else(|| "–".to_owned(), write_short);
    page.key_figures(vec![
        KeyFigure::new("Clusters", report.clusters.len().to_string()),
        KeyFigure::new("Silhouette", silhouette).with_note("from −1 to 1, higher is better"),
        KeyFigure::new("Rows in no cluster", report.noise_rows.to_string()),
    ]);
    for warning in &report.warnings {
        page.warning(warning.clone());
    }
    page.section("Clusters");
    page.table(derive_clusters(&report.clusters));
    page.section("Charts");
    for plot in plots {
        page.chart(plot.chart.clone());
    }
    page
}

fn derive_clusters(clusters: &[ClusterSummary]) -> Table {
    let row = |summary: &ClusterSummary| {
        let marks: Vec<String> = summary
            .marks
            .iter()
            .map(|mark| format!("{} {:+.2}", mark.feature, mark.distance))
            .collect();
        vec![summary.cluster.to_string(), summary.rows.to_string(), marks.join(", ")]
    };
    Table {
        caption:
            "What sets each cluster apart: means, in standard deviations from that of all rows"
                .to_owned(),
        columns: vec![
            TableColumn::numbers("Cluster"),
            TableColumn::numbers("Rows"),
            TableColumn::words("Marks"),
        ],
        rows: clusters.iter().map(row).collect(),
    }
}
