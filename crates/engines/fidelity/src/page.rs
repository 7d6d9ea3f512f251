//! The evaluation as one page that carries everything it shows.

mod charts;
mod relations;
mod tables;

use gantry_kit::Theme;
use gantry_kit::report::{KeyFigure, Report};

pub use relations::html_tables;

use crate::Evaluation;

/// Columns whose distributions are drawn.
const MOST_CHARTS: usize = 40;

/// The page as HTML: no scripts, no network, no other file.
#[must_use]
pub fn html(evaluation: &Evaluation, title: &str) -> String {
    report(evaluation, title).to_html(&Theme::default())
}

/// The page as blocks, to which a caller may add its own.
#[must_use]
pub fn report(evaluation: &Evaluation, title: &str) -> Report {
    let mut page = Report::new(title);
    let rows = evaluation.rows;
    let holdout = match rows.holdout {
        0 => "no hold-out rows".to_owned(),
        count => format!("{count} hold-out rows"),
    };
    page.set_subtitle(format!(
        "{} synthetic rows compared with {} real rows and {holdout}",
        rows.synthetic, rows.real
    ));
    page.key_figures(figures(evaluation));
    if rows.holdout == 0 {
        page.warning(
            "Without hold-out rows nothing can be said about whether people can be found. \
             Evaluate with rows of the same origin that the generator never saw.",
        );
    }
    write_quality(&mut page, evaluation);
    write_learning(&mut page, evaluation);
    write_privacy(&mut page, evaluation);
    write_validity(&mut page, evaluation);
    write_distributions(&mut page, evaluation);
    if !evaluation.notes.is_empty() {
        page.section("Notes");
        page.list(evaluation.notes.iter().cloned());
    }
    page
}

fn figures(evaluation: &Evaluation) -> Vec<KeyFigure> {
    let quality = &evaluation.quality;
    let mut figures = vec![
        KeyFigure::new("Quality", percent(quality.score)).with_note("shape and trend together"),
        KeyFigure::new("Shape", percent(quality.shape)).with_note("single columns"),
        KeyFigure::new("Trend", percent(quality.trend)).with_note("pairs of columns"),
    ];
    if let Some(detection) = &evaluation.detection {
        let note = format!("two-sample test; area under the curve {:.3}", detection.auc);
        figures.push(
            KeyFigure::new("Indistinguishable", percent(Some(detection.score))).with_note(note),
        );
    }
    if let Some(membership) = &evaluation.privacy.membership {
        figures.push(
            KeyFigure::new("Membership attack", format!("{:.3}", membership.auc))
                .with_note("area under the curve; 0.5 is chance"),
        );
        figures.push(
            KeyFigure::new("Members found", percent(Some(membership.tpr_at_1_percent)))
                .with_note("while 1 % of the others are accused; 1 % is chance"),
        );
    }
    figures.push(KeyFigure::new("Valid", percent(evaluation.diagnostic.score)));
    figures
}

fn write_quality(page: &mut Report, evaluation: &Evaluation) {
    page.section("How like the tables are");
    page.paragraph(
        "Shapes compare the distribution of each column, trends the relation of each pair; \
         100 % is the same. The trend is the mean over all pairs; the quality report of SDMetrics \
         leaves out pairs that hardly hang together in the real table.",
    );
    page.key_figures(vec![
        KeyFigure::new("Trend of related pairs", percent(evaluation.quality.related_trend)),
        KeyFigure::new("SDMetrics quality", percent(evaluation.quality.related_score)),
    ]);
    page.table(tables::columns(evaluation));
    page.table(tables::worst_pairs(&evaluation.quality));
    for chart in charts::associations(&evaluation.views.associations) {
        page.chart(chart);
    }
    if let Some(projection) = &evaluation.views.projection {
        page.chart(charts::projection(projection));
    }
    if let Some(precision) = &evaluation.precision {
        page.key_figures(vec![
            KeyFigure::new("Alpha-precision", percent(Some(precision.alpha_precision)))
                .with_note("synthetic rows lie where real ones do"),
            KeyFigure::new("Beta-recall", percent(Some(precision.beta_recall))).with_note(
                "real rows have synthetic ones near them; new rows of the same origin have 50 %",
            ),
            KeyFigure::new("Authenticity", percent(Some(precision.authenticity))).with_note(
                "synthetic rows keep their distance; new rows of the same origin have 50 %",
            ),
        ]);
    }
}

fn write_learning(page: &mut Report, evaluation: &Evaluation) {
    if evaluation.detection.is_none() && evaluation.usefulness.is_empty() {
        return;
    }
    page.section("What learners make of it");
    if let Some(detection) = &evaluation.detection {
        page.paragraph(format!(
            "Boosted trees tried to tell {} synthetic from {} real rows, in {} folds: area under \
             the curve {:.4} (deviation {:.4}), where 0.5 is chance.",
            detection.rows, detection.rows, detection.folds, detection.auc, detection.deviation
        ));
        page.chart(charts::telltales(detection));
    }
    if !evaluation.usefulness.is_empty() {
        page.paragraph(
            "Each column was predicted from the others by a model that learnt from synthetic \
             rows, and by one that learnt from real rows; both were tested on real rows that \
             neither had seen.",
        );
        page.table(tables::usefulness(&evaluation.usefulness));
    }
}

fn write_privacy(page: &mut Report, evaluation: &Evaluation) {
    page.section("Whether people can be found");
    let privacy = &evaluation.privacy;
    if let Some(membership) = &privacy.membership {
        page.paragraph(format!(
            "{} real records and {} that the generator never saw were looked up among {} \
             synthetic rows. An attack that cannot tell them apart has an area of 0.5 and finds \
             1 % of the real records while it accuses 1 % of the others.",
            membership.members, membership.non_members, membership.synthetic_rows
        ));
        page.table(tables::attacks(membership));
        page.chart(charts::roc(membership));
        page.paragraph(format!(
            "{} records stand out; about {:.0} would by chance.",
            membership.vulnerable_total, membership.vulnerable_by_chance
        ));
        if !membership.vulnerable.is_empty() {
            page.table(tables::vulnerable(membership));
        }
    }
    page.table(tables::copies(privacy));
    if !privacy.disclosure.is_empty() {
        page.table(tables::disclosure(&privacy.disclosure));
    }
}

fn write_validity(page: &mut Report, evaluation: &Evaluation) {
    page.section("Whether the table is valid");
    page.table(tables::validity(&evaluation.diagnostic));
    if !evaluation.rules.is_empty() {
        page.table(tables::rules(&evaluation.rules));
    }
}

fn write_distributions(page: &mut Report, evaluation: &Evaluation) {
    page.section("Every column");
    let all = &evaluation.views.distributions;
    for distribution in all.iter().take(MOST_CHARTS) {
        page.chart(charts::distribution(distribution));
    }
    if all.len() > MOST_CHARTS {
        page.paragraph(format!("The first {MOST_CHARTS} columns are drawn."));
    }
}

/// A share with one decimal, or a dash.
fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

/// A number with three decimals, or a dash.
fn decimal(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}
