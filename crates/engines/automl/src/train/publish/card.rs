//! The model card: what the model is, what it was made from, how good it is and what to mind, as
//! Markdown for a repository or a wiki.

use std::fmt::Write as _;

use gantry_kit::chart::write_short;

use crate::metric::Metric;
use crate::train::report::TrainReport;

/// Columns that the card lists.
const LISTED_COLUMNS: usize = 50;
/// Columns that it names as important.
const IMPORTANT_COLUMNS: usize = 10;

/// Writes the card. It carries no durations, so that the same training gives the same bytes.
pub(super) fn write_card(report: &TrainReport) -> String {
    let mut card = String::new();
    let mut line = |text: &str| {
        card.push_str(text);
        card.push('\n');
    };
    line(&format!("# Model card: predicting {}\n", escape(&report.target)));
    line("## Model\n");
    line(&format!("- Task: {} ({})", report.task.as_str(), escape(&report.task_reason)));
    line(&format!("- Kind: {}", report.best.model));
    line(&format!("- Chosen by: {}", report.metric.title()));
    line("- File: `model.gantry`, preprocessing included");
    if let Some(classes) = &report.classes {
        let shown: Vec<String> = classes.iter().take(LISTED_COLUMNS).map(|c| escape(c)).collect();
        line(&format!("- Classes ({}): {}", classes.len(), shown.join(", ")));
    }
    line("\n## Data\n");
    line(&format!(
        "{} rows with a known target, {} columns in the table, {} of them used.",
        report.rows,
        report.columns,
        report.columns_used.iter().filter(|column| column.used).count()
    ));
    line("\n## Scores\n");
    line(&format!(
        "From cross-validation in {} folds: every row was predicted by a fit that had not seen \
         it.\n",
        report.folds
    ));
    card.push_str(&write_scores(report));
    card.push_str(&write_columns(report));
    card.push_str(&write_warnings(report));
    card
}

fn write_scores(report: &TrainReport) -> String {
    let mut table =
        String::from("| Metric | Mean | Standard deviation | Better |\n|---|--:|--:|---|\n");
    let best = report.leaderboard.rows.first();
    for metric in Metric::list(report.task, report.metric) {
        let Some(summary) = best.and_then(|row| row.metrics.get(metric.as_str())) else { continue };
        let better = if metric.greater_is_better() { "larger" } else { "smaller" };
        // Writing to a text cannot fail.
        let _ = writeln!(
            table,
            "| {} | {} | {} | {better} |",
            metric.title(),
            write_short(summary.mean),
            write_short(summary.std)
        );
    }
    table
}

fn write_columns(report: &TrainReport) -> String {
    let mut text = String::from("\n## Columns that matter\n\n");
    let important: Vec<String> = report
        .importance
        .iter()
        .filter(|column| column.importance > 0.0)
        .take(IMPORTANT_COLUMNS)
        .map(|c| format!("{} ({})", escape(&c.column), write_short(c.importance)))
        .collect();
    if important.is_empty() {
        text.push_str("No column changes the score when it is shuffled.\n");
    } else {
        let metric = report.metric.title();
        let list = important.join(", ");
        let _ = writeln!(text, "Loss of {metric} when the column is shuffled: {list}.");
    }
    text.push_str(
        "\n## Treatment of the columns\n\n| Column | Kind | Treatment |\n|---|---|---|\n",
    );
    for column in report.columns_used.iter().take(LISTED_COLUMNS) {
        let [name, kind, treatment] =
            [&column.name, &column.kind, &column.treatment].map(|cell| escape(cell));
        let _ = writeln!(text, "| {name} | {kind} | {treatment} |");
    }
    if report.columns_used.len() > LISTED_COLUMNS {
        let more = report.columns_used.len() - LISTED_COLUMNS;
        let _ = writeln!(text, "\nAnd {more} more columns; the report lists them.");
    }
    text
}

fn write_warnings(report: &TrainReport) -> String {
    let mut text = String::from("\n## What to mind\n\n");
    text.push_str(
        "- Scores hold for rows like those of the training. `automl.evaluate` tells on new rows \
         whether they still do, and which columns have drifted.\n- Importance says what the model \
         uses, not what causes the target.\n",
    );
    for warning in &report.warnings {
        let _ = writeln!(text, "- {}", escape(warning));
    }
    text
}

/// Text that Markdown takes for nothing but text, on one line.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' => escaped.push(' '),
            '|' | '<' | '>' | '*' | '_' | '#' | '[' | ']' | '\\' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        assert_eq!(escape("a|b<script>\n_c_"), "a\\|b\\<script\\> \\_c\\_");
        assert_eq!(escape("Straße `x`"), "Straße `x`");
    }
}
