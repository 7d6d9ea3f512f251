//! The page of several tables: how like each is, and what holds between them.

use gantry_kit::chart::{Axis, LineChart, Series};
use gantry_kit::report::{KeyFigure, Report, Table, TableColumn};
use gantry_kit::{Chart, Theme};

use super::{decimal, percent};
use crate::{PairTrend, RelationReport, Relational, TableReport};

/// Pairs that are listed for each table and relation.
const MOST_PAIRS: usize = 12;

/// The comparison of several tables as one HTML page: no scripts, no network, no other file.
#[must_use]
pub fn html_tables(found: &Relational, title: &str) -> String {
    let mut page = Report::new(title);
    page.set_subtitle(format!(
        "{} tables and {} relations between them",
        found.tables.len(),
        found.relations.len()
    ));
    page.key_figures(vec![
        KeyFigure::new("Quality", percent(found.score)).with_note("the mean of the next four"),
        KeyFigure::new("Shape", percent(found.shape)).with_note("single columns"),
        KeyFigure::new("Trend", percent(found.trend)).with_note("related pairs within tables"),
        KeyFigure::new("Cardinality", percent(found.cardinality)).with_note("numbers of children"),
        KeyFigure::new("Across", percent(found.across)).with_note("related pairs across tables"),
        KeyFigure::new("Integrity", percent(Some(found.integrity)))
            .with_note("keys that lead somewhere"),
    ]);
    page.section("Between the tables");
    page.table(relations(&found.relations));
    for relation in &found.relations {
        page.chart(children(relation));
    }
    let across = found.relations.iter().flat_map(|relation| {
        let names = (relation.relation.parent.as_str(), relation.relation.child.as_str());
        relation.pairs.iter().map(move |pair| (names, pair))
    });
    page.table(worst("Pairs across tables that are least alike", across.collect()));
    page.section("The tables");
    page.table(tables(&found.tables));
    for table in &found.tables {
        let Some(quality) = &table.quality else { continue };
        let names = (table.name.as_str(), table.name.as_str());
        let pairs = quality.pairs.iter().map(|pair| (names, pair)).collect();
        page.table(worst(&format!("{}: pairs that are least alike", table.name), pairs));
    }
    page.to_html(&Theme::default())
}

fn table(caption: &str, columns: Vec<TableColumn>, rows: Vec<Vec<String>>) -> Table {
    Table { caption: caption.to_owned(), columns, rows }
}

fn describe(report: &RelationReport) -> String {
    let relation = &report.relation;
    format!(
        "{}.{} → {}.{}",
        relation.child, relation.foreign_key, relation.parent, relation.primary_key
    )
}

fn relations(found: &[RelationReport]) -> Table {
    let line = |report: &RelationReport| {
        vec![
            describe(report),
            percent(Some(report.referential_integrity)),
            percent(report.cardinality_shape),
            percent(report.cardinality_boundary),
            percent(report.trend),
        ]
    };
    let headings = vec![
        TableColumn::words("Relation"),
        TableColumn::numbers("Integrity"),
        TableColumn::numbers("Cardinality"),
        TableColumn::numbers("Within real numbers of children"),
        TableColumn::numbers("Trend"),
    ];
    table("Relations", headings, found.iter().map(line).collect())
}

/// How many children parents have, in both.
fn children(report: &RelationReport) -> Chart {
    let outline = |shares: &[f64]| -> Vec<(f64, f64)> {
        let edges = &report.children.edges;
        let steps = edges.iter().zip(edges.iter().skip(1)).zip(shares);
        steps.flat_map(|((from, to), share)| [(*from, *share), (*to, *share)]).collect()
    };
    Chart::from(LineChart {
        title: format!("Children: {}", describe(report)),
        description: "Share of the parents by their number of children.".to_owned(),
        x: Axis::new("Children"),
        y: Axis { min: Some(0.0), ..Axis::new("Share") },
        series: vec![
            Series::new("Real", outline(&report.children.real)),
            Series::new("Synthetic", outline(&report.children.synthetic)),
        ],
    })
}

fn tables(found: &[TableReport]) -> Table {
    let line = |report: &TableReport| {
        let quality = report.quality.as_ref();
        vec![
            report.name.clone(),
            percent(quality.and_then(|quality| quality.shape)),
            percent(quality.and_then(|quality| quality.trend)),
            percent(quality.and_then(|quality| quality.related_trend)),
            percent(report.diagnostic.as_ref().and_then(|diagnostic| diagnostic.score)),
        ]
    };
    let headings = vec![
        TableColumn::words("Table"),
        TableColumn::numbers("Shape"),
        TableColumn::numbers("Trend"),
        TableColumn::numbers("Trend of related pairs"),
        TableColumn::numbers("Valid"),
    ];
    table("Tables", headings, found.iter().map(line).collect())
}

/// The related pairs with the lowest scores.
fn worst(caption: &str, mut pairs: Vec<((&str, &str), &PairTrend)>) -> Table {
    pairs.retain(|(_, pair)| pair.report_score.is_some());
    let score = |pair: &PairTrend| pair.report_score.unwrap_or(1.0);
    pairs.sort_by(|(_, a), (_, b)| score(a).total_cmp(&score(b)));
    let line = |((parent, child), pair): &((&str, &str), &PairTrend)| {
        vec![
            format!("{parent}.{}", pair.first),
            format!("{child}.{}", pair.second),
            percent(pair.report_score),
            decimal(pair.real),
            decimal(pair.synthetic),
        ]
    };
    let headings = vec![
        TableColumn::words("Column"),
        TableColumn::words("Column"),
        TableColumn::numbers("Trend"),
        TableColumn::numbers("Correlation, real"),
        TableColumn::numbers("Correlation, synthetic"),
    ];
    table(caption, headings, pairs.iter().take(MOST_PAIRS).map(line).collect())
}
