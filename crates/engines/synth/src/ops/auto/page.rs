//! What a search shows: the tiers by likeness and privacy.

use gantry_engine_api::{ArtifactRole, BlockingContext};
use gantry_kit::chart::{ScatterChart, ScatterSeries};
use gantry_kit::report::{Table, TableColumn};
use gantry_kit::{Report, Theme};

use super::AutoReport;
use crate::error::SynthError;

/// Publishes `report.html`, `tradeoff.svg` and `tiers.json`.
pub(super) fn publish_page(job: &BlockingContext, report: &AutoReport) -> Result<(), SynthError> {
    let chart = derive_chart(report);
    let theme = Theme::default();
    let svg = chart.to_svg(&theme);
    job.publish_bytes("tradeoff.svg", ArtifactRole::Chart, svg.as_bytes())?;
    let json = serde_json::to_vec_pretty(report)
        .map_err(|error| SynthError::inconsistent(format!("No JSON can be made: {error}.")))?;
    job.publish_bytes("tiers.json", ArtifactRole::File, &json)?;
    let mut page = Report::new("Tiers compared");
    page.set_subtitle(format!("{} made {} rows.", report.best.as_str(), report.rows));
    page.section("Likeness and privacy").chart(chart).table(derive_table(report));
    for tier in &report.skipped {
        page.warning(format!("There was no time for the tier `{}`.", tier.as_str()));
    }
    let promise =
        |tried: &super::TriedTier| format!("{}: {}", tried.tier.as_str(), tried.guarantee);
    page.section("What is promised").list(report.tiers.iter().map(promise));
    job.publish_bytes("report.html", ArtifactRole::Report, page.to_html(&theme).as_bytes())?;
    Ok(())
}

fn derive_chart(report: &AutoReport) -> ScatterChart {
    let series = report.tiers.iter().map(|tried| ScatterSeries {
        name: tried.tier.as_str().to_owned(),
        points: vec![(
            tried.figures.membership_auc.unwrap_or(0.5),
            tried.figures.c2st.or(tried.figures.quality).unwrap_or(0.0),
        )],
    });
    ScatterChart {
        title: "Likeness against privacy".to_owned(),
        description: "Each tier by how badly made rows are told from real ones, and how well an \
                      attacker tells who was learned from."
            .to_owned(),
        x_label: "attacker's AUC (0.5 is guessing)".to_owned(),
        y_label: "C2ST (1 cannot be told apart)".to_owned(),
        series: series.collect(),
        diagonal: None,
    }
}

fn derive_table(report: &AutoReport) -> Table {
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| format!("{v:.3}"));
    let row = |tried: &super::TriedTier| {
        vec![
            tried.tier.as_str().to_owned(),
            number(Some(tried.score)),
            number(tried.figures.shape),
            number(tried.figures.trend),
            number(tried.figures.c2st),
            number(tried.figures.membership_auc),
            number(tried.figures.membership_tpr_at_1_fpr),
            format!("{:.1}", tried.seconds),
        ]
    };
    let titles = ["Score", "Shape", "Trend", "C2ST", "Attacker's AUC", "Found at 1 %", "Seconds"];
    let mut columns = vec![TableColumn::words("Tier")];
    columns.extend(titles.map(TableColumn::numbers));
    Table {
        caption: "The best tier first".to_owned(),
        columns,
        rows: report.tiers.iter().map(row).collect(),
    }
}
