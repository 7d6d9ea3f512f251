//! What the world hears of a search after each of its models, and what is kept for another attempt.
//!
//! Invariant: nothing that is said here changes what the search does next.

use gantry_engine_api::{Checkpoint, LogLevel};

use super::Search;
use crate::error::AutomlError;
use crate::train::checkpoint;
use crate::train::leaderboard::mean_of;

/// Shares of the job's progress before and after the trials.
const PROGRESS_BEFORE: f64 = 0.06;
const PROGRESS_AFTER: f64 = 0.85;
/// Rows of the leaderboard while the search goes on, the best ones; the report has all.
const MOST_SHOWN: usize = 30;

impl Search<'_> {
    /// Says how the search is going, keeps it, charges for it, and lets go what was freed.
    pub(super) fn tell(&mut self) -> Result<(), AutomlError> {
        self.job.check_cancelled()?;
        let tried = self.count_tried();
        let metric = self.prepared.metric;
        let best = self.find_leader().and_then(|place| self.entries.get(place));
        if let Some(score) = best.and_then(|best| mean_of(metric, &best.result.scores)) {
            self.job.metric("best_score", tried, score);
        }
        if let Some(last) = self.entries.last() {
            let score = mean_of(metric, &last.result.scores);
            let shown = score.map_or_else(|| "no score".to_owned(), |s| format!("{s:.5}"));
            let line = format!(
                "Model {}, {}: {} {shown}",
                self.entries.len(),
                last.candidate.algorithm.as_str(),
                metric.title()
            );
            self.job.log(LogLevel::Info, line);
        }
        let mut board = self.derive_board(None);
        board.rows.truncate(MOST_SHOWN);
        if let Ok(value) = serde_json::to_value(board) {
            self.job.publish_partial("leaderboard", value);
        }
        let listed = self.prepared.candidates.len().max(1) as f64;
        let share = if self.purse.is_limited() {
            self.purse.share()
        } else {
            (self.entries.len() as f64 / listed).min(1.0)
        };
        self.job.progress(PROGRESS_BEFORE + (PROGRESS_AFTER - PROGRESS_BEFORE) * share);
        self.bill.charge_search(tried, self.purse)?;
        if std::mem::take(&mut self.is_new) {
            self.job.save_checkpoint(self.derive_checkpoint()?)?;
        }
        self.shelf.give_back_everywhere();
        Ok(())
    }

    pub(super) fn derive_checkpoint(&self) -> Result<Checkpoint, AutomlError> {
        let results = self.entries.iter().map(|entry| &entry.result);
        checkpoint::derive(self.prepared, results, self.children.asked())
    }
}
