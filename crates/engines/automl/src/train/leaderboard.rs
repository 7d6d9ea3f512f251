//! From fold scores to ranks.

use super::checkpoint::ModelResult;
use super::evaluate::FoldScores;
use super::report::{Leaderboard, LeaderboardRow, MetricSummary, ModelStatus};
use crate::metric::Metric;
use crate::model::Algorithm;
use crate::task::Task;

/// One candidate on its way to the leaderboard.
pub(super) struct BoardEntry {
    pub(super) result: ModelResult,
    pub(super) params: serde_json::Value,
}

/// The ensemble's part of the leaderboard.
pub(super) struct EnsembleScores {
    pub(super) scores: Vec<FoldScores>,
    /// Algorithm and weight of each member.
    pub(super) members: Vec<(Algorithm, f64)>,
    /// Whether a second layer reads what the members predict.
    pub(super) is_stacked: bool,
}

/// Whether `score` beats `other`; equal scores do not.
pub(super) fn is_better(metric: Metric, score: f64, other: f64) -> bool {
    if metric.greater_is_better() { score > other } else { score < other }
}

/// The mean over the folds on which the metric is defined.
pub(super) fn mean_of(metric: Metric, scores: &[FoldScores]) -> Option<f64> {
    summarise(metric, scores).map(|summary| summary.mean)
}

fn summarise(metric: Metric, scores: &[FoldScores]) -> Option<MetricSummary> {
    let values: Vec<f64> = scores
        .iter()
        .filter_map(|fold| fold.iter().find(|(m, _)| *m == metric))
        .filter_map(|(_, score)| *score)
        .collect();
    if values.is_empty() {
        return None;
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count;
    Some(MetricSummary { mean, std: variance.sqrt() })
}

/// Best first; models without a score keep their order at the end and have no rank.
pub(super) fn derive_leaderboard(
    metric: Metric,
    task: Task,
    entries: Vec<BoardEntry>,
) -> Leaderboard {
    let mut rows: Vec<LeaderboardRow> =
        entries.into_iter().map(|entry| derive_row(metric, task, entry)).collect();
    let order = |score: Option<f64>| match score {
        Some(score) if metric.greater_is_better() => -score,
        Some(score) => score,
        None => f64::INFINITY,
    };
    // The sort is stable, so that of equal scores the earlier candidate stays first.
    rows.sort_by(|a, b| order(a.score).total_cmp(&order(b.score)));
    for (row, rank) in rows.iter_mut().zip(1..) {
        row.rank = row.score.is_some().then_some(rank);
    }
    Leaderboard { metric, greater_is_better: metric.greater_is_better(), rows }
}

/// As [`derive_leaderboard`], with the ensemble in the first place where there is one: it is the
/// model that predicts.
pub(super) fn derive_board_with(
    (metric, task): (Metric, Task),
    entries: Vec<BoardEntry>,
    ensemble: Option<EnsembleScores>,
) -> Leaderboard {
    let mut board = derive_leaderboard(metric, task, entries);
    if let Some(EnsembleScores { scores, members, is_stacked }) = ensemble {
        let described: Vec<String> = members
            .iter()
            .map(|(algorithm, weight)| format!("{} {weight:.3}", algorithm.as_str()))
            .collect();
        let row = LeaderboardRow {
            model: "ensemble".to_owned(),
            title: if is_stacked { "Stacked ensemble" } else { "Weighted ensemble" }.to_owned(),
            status: ModelStatus::Done,
            params: serde_json::json!({ "members": described }),
            ..derive_summary(metric, task, &scores)
        };
        board.rows.insert(0, row);
        for (row, rank) in board.rows.iter_mut().zip(1..) {
            row.rank = row.score.is_some().then_some(rank);
        }
    }
    board
}

/// A row with scores alone.
fn derive_summary(metric: Metric, task: Task, scores: &[FoldScores]) -> LeaderboardRow {
    let primary = summarise(metric, scores);
    LeaderboardRow {
        rank: None,
        model: String::new(),
        title: String::new(),
        status: ModelStatus::Done,
        message: None,
        score: primary.as_ref().map(|summary| summary.mean),
        score_std: primary.as_ref().map(|summary| summary.std),
        folds_done: u32::try_from(scores.len()).unwrap_or(u32::MAX),
        fit_seconds: 0.0,
        params: serde_json::Value::Null,
        metrics: Metric::list(task, metric)
            .iter()
            .filter_map(|m| Some((m.as_str().to_owned(), summarise(*m, scores)?)))
            .collect(),
    }
}

fn derive_row(metric: Metric, task: Task, entry: BoardEntry) -> LeaderboardRow {
    let BoardEntry { result, params } = entry;
    let summary = derive_summary(metric, task, &result.scores);
    // What fell behind on its first fold is not to be ranked by that fold.
    let is_whole = result.status != ModelStatus::Skipped;
    LeaderboardRow {
        model: result.algorithm.as_str().to_owned(),
        title: result.algorithm.title().to_owned(),
        status: result.status,
        message: result.message,
        score: summary.score.filter(|_| is_whole),
        score_std: summary.score_std.filter(|_| is_whole),
        fit_seconds: (result.fit_seconds * 1_000.0).round() / 1_000.0,
        params,
        ..summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(algorithm: Algorithm, scores: &[Option<f64>]) -> BoardEntry {
        let scores = scores.iter().map(|score| vec![(Metric::Rmse, *score)]).collect();
        let result = ModelResult {
            algorithm,
            status: ModelStatus::Done,
            message: None,
            scores,
            fit_seconds: 0.1234567,
            trial: None,
        };
        BoardEntry { result, params: serde_json::Value::Null }
    }

    #[test]
    fn ranks_follow_the_metric_and_undefined_folds_do_not_count() {
        let entries = vec![
            entry(Algorithm::LinearRegression, &[Some(3.0), Some(5.0)]),
            entry(Algorithm::RandomForest, &[None, None]),
            entry(Algorithm::ExtraTrees, &[Some(1.0), None]),
            entry(Algorithm::DecisionTree, &[Some(1.0)]),
        ];
        let board = derive_leaderboard(Metric::Rmse, Task::Regression, entries);
        let order: Vec<&str> = board.rows.iter().map(|row| row.model.as_str()).collect();
        assert_eq!(order, ["extra_trees", "decision_tree", "linear_regression", "random_forest"]);
        let ranks: Vec<Option<u32>> = board.rows.iter().map(|row| row.rank).collect();
        assert_eq!(ranks, [Some(1), Some(2), Some(3), None]);
        assert_eq!(board.rows[2].score_std, Some(1.0));
        assert_eq!(board.rows[2].fit_seconds, 0.123);
        assert!(!board.greater_is_better);
    }
}
