//! Whether a second layer makes more of the members than their weighted mean does.
//!
//! Invariant: the layer that is compared has not seen the rows that it is compared on.

use gantry_engine_api::LogLevel;
use gantry_learn::split::Fold;

use super::Search;
use crate::error::AutomlError;
use crate::model::{Predictions, Stack};

impl Search<'_> {
    /// The layer with its predictions for held-out rows, where it was asked for and is better.
    /// `members` have one column a class, or one, over all rows.
    pub(super) fn try_stack(
        &self,
        members: Vec<Vec<Vec<f64>>>,
        mean: &Predictions,
    ) -> Result<Option<(Stack, Predictions)>, AutomlError> {
        if !self.prepared.finish.stacks || members.len() < 2 || self.depth < 2 {
            return Ok(None);
        }
        let truth = &self.prepared.target.values;
        let members: Vec<Predictions> = members
            .into_iter()
            .map(|columns| Predictions::from_columns(columns, truth))
            .collect::<Result<_, _>>()?;
        let stacked = match self.stack_folds(&members, mean) {
            Ok(stacked) => stacked,
            Err(error) if error.is_cancelled() => return Err(error),
            Err(error) => {
                self.job.log(LogLevel::Warning, format!("The second layer failed: {error}"));
                return Ok(None);
            }
        };
        let (before, after) = (self.score_held_out(mean)?, self.score_held_out(&stacked)?);
        let metric = self.prepared.metric;
        let line = format!("{}: {after:.5} stacked, {before:.5} as a mean.", metric.title());
        self.job.log(LogLevel::Info, line);
        let is_better = if metric.greater_is_better() { after > before } else { after < before };
        if !is_better {
            return Ok(None);
        }
        let rows: Vec<usize> = self.list_folds().flat_map(|fold| fold.test.clone()).collect();
        Ok(Some((self.fit_stack(&members, &rows)?, stacked)))
    }

    fn list_folds(&self) -> impl Iterator<Item = &Fold> {
        self.prepared.folds.iter().take(self.depth)
    }

    fn fit_stack(&self, members: &[Predictions], rows: &[usize]) -> Result<Stack, AutomlError> {
        let seen: Vec<Predictions> = members.iter().map(|member| member.take(rows)).collect();
        Stack::fit(&seen, &self.prepared.target.values.take(rows), &self.control)
    }

    /// Each fold by a layer that was fitted to the others; other rows keep their mean.
    fn stack_folds(
        &self,
        members: &[Predictions],
        mean: &Predictions,
    ) -> Result<Predictions, AutomlError> {
        let truth = &self.prepared.target.values;
        let mut columns: Vec<Vec<f64>> =
            mean.as_columns().iter().map(|column| column.to_vec()).collect();
        for (place, fold) in self.list_folds().enumerate() {
            let others = self.list_folds().enumerate().filter(|(other, _)| *other != place);
            let rows: Vec<usize> = others.flat_map(|(_, fold)| fold.test.clone()).collect();
            let stack = self.fit_stack(members, &rows)?;
            let parts: Vec<Predictions> =
                members.iter().map(|member| member.take(&fold.test)).collect();
            let stacked = stack.apply(&parts)?;
            for (column, values) in columns.iter_mut().zip(stacked.as_columns()) {
                for (row, value) in fold.test.iter().zip(values) {
                    if let Some(slot) = column.get_mut(*row) {
                        *slot = *value;
                    }
                }
            }
        }
        Predictions::from_columns(columns, truth)
    }

    /// Mean score over the folds in use.
    fn score_held_out(&self, predictions: &Predictions) -> Result<f64, AutomlError> {
        let (mut sum, mut count) = (0.0, 0.0_f64);
        for fold in self.list_folds() {
            let truth = self.prepared.target.values.take(&fold.test);
            let score = self.prepared.metric.score(&truth, &predictions.take(&fold.test))?;
            if let Some(score) = score {
                sum += score;
                count += 1.0;
            }
        }
        Ok(sum / count.max(1.0))
    }
}
