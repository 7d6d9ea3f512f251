//! From the trials to the model: weights, members, calibration and scores.

use super::{Entry, Found, Search};
use crate::error::AutomlError;
use crate::model::{
    Algorithm, Candidate, Ensemble, Finish, Pipeline, Predictions, choose_calibration,
};
use crate::target::TargetValues;
use crate::train::blend::{Judge, Voice, select_weights, thin_weights, tune_decision};
use crate::train::evaluate::{Evaluated, FoldScores, WeighedFits, score_decided};
use crate::train::leaderboard::{BoardEntry, EnsembleScores, derive_board_with};
use crate::train::report::{Leaderboard, ModelStatus};
use crate::train::trial::{Trial, conclude, fit_folds};

/// Thins the forests of a member whose fits are many: their mean is still one of twice as many trees as
/// its held-out score was measured with, and each tree costs every prediction.
fn thin_forests(algorithm: Algorithm, pipelines: &mut [Pipeline]) -> Result<(), AutomlError> {
    let fits = pipelines.len();
    if algorithm.is_forest() && fits > 2 {
        for pipeline in pipelines {
            pipeline.learner.thin_forest(fits)?;
        }
    }
    Ok(())
}

/// A member with its weight and its fits.
type Member = (Algorithm, f64, Vec<Pipeline>);

/// The heaviest member explains the ensemble, or the heaviest that predicts quickly: explanations
/// predict very often.
fn find_explained(parts: &[Member]) -> Vec<Pipeline> {
    let quick = parts.iter().find(|(algorithm, ..)| algorithm.predicts_quickly());
    let explained = quick.or_else(|| parts.first());
    explained.map(|(.., pipelines)| pipelines.clone()).unwrap_or_default()
}

/// The fits of all members by weight; none of one alone.
fn list_weighed(parts: &[Member]) -> Vec<WeighedFits> {
    if parts.len() < 2 {
        return Vec::new();
    }
    let weighed = parts.iter().map(|(_, weight, pipelines)| (*weight, pipelines.clone()));
    weighed.map(|(weight, pipelines)| WeighedFits { weight, pipelines }).collect()
}

impl Search<'_> {
    pub(super) fn assemble(mut self) -> Result<Found, AutomlError> {
        let chosen = self.choose_members()?;
        // Nobody else's fits are needed any more.
        for (place, entry) in self.entries.iter_mut().enumerate() {
            if !chosen.iter().any(|(member, _)| *member == place) {
                entry.kept = None;
            }
        }
        let mut parts: Vec<Member> = Vec::new();
        let mut columns: Vec<Vec<f64>> = Vec::new();
        let mut voices: Vec<Vec<Vec<f64>>> = Vec::new();
        for (place, weight) in chosen {
            let trial = self.take_trial(place)?;
            self.add_held_out(&trial, weight, &mut columns)?;
            if self.prepared.finish.stacks {
                let mut own = Vec::new();
                self.add_held_out(&trial, 1.0, &mut own)?;
                voices.push(own);
            }
            let algorithm = self.entries[place].candidate.algorithm;
            let mut pipelines = trial.pipelines;
            thin_forests(algorithm, &mut pipelines)?;
            parts.push((algorithm, weight, pipelines));
        }
        let (pipelines, weighed) = (find_explained(&parts), list_weighed(&parts));
        let members: Vec<(Algorithm, f64)> = parts.iter().map(|(a, w, _)| (*a, *w)).collect();
        let mut ensemble = Ensemble::of_members(parts);
        let truth = &self.prepared.target.values;
        let mut mean = Predictions::from_columns(columns, truth)?;
        if let Some((stack, stacked)) = self.try_stack(voices, &mean)? {
            ensemble.stack = Some(stack);
            mean = stacked;
        }
        let is_stacked = ensemble.stack.is_some();
        ensemble.finish = self.derive_finish(&mean)?;
        let out_of_fold = ensemble.finish.apply(mean)?;
        let scores = self.score_folds(&out_of_fold, &ensemble.finish)?;
        let is_alone = members.len() == 1 && ensemble.finish == Finish::default();
        let own =
            (!is_alone).then(|| EnsembleScores { scores: scores.clone(), members, is_stacked });
        let board = self.derive_board(own);
        Ok(Found {
            ensemble,
            evaluated: Evaluated {
                pipelines,
                out_of_fold,
                scores,
                members: if is_stacked { Vec::new() } else { weighed },
            },
            leader: self.describe_leader(),
            board,
            tried: self.count_tried(),
            folds: self.depth,
        })
    }

    /// The best model with its scores on the first fold; none where folds were given up.
    fn describe_leader(&self) -> Option<(Candidate, FoldScores)> {
        let entry = self.entries.get(self.find_leader()?)?;
        let is_whole = self.depth == self.prepared.folds.len();
        let first = entry.result.scores.first().filter(|_| is_whole)?;
        Some((entry.candidate.clone(), first.clone()))
    }

    /// Places of the members with their weights, the heaviest first.
    fn choose_members(&self) -> Result<Vec<(usize, f64)>, AutomlError> {
        let Some(leader) = self.find_leader() else { return Err(self.derive_failure()) };
        let has_fits = |entry: &Entry| entry.kept.is_some() || !self.purse.is_timed();
        let mut voices: Vec<Voice<'_>> = Vec::new();
        let mut places: Vec<usize> = Vec::new();
        for (place, entry) in self.entries.iter().enumerate() {
            if self.derive_loss(entry).is_some() && (has_fits(entry) || place == leader) {
                let Some(voice) = self.find_voice(entry) else { continue };
                voices.push(voice);
                places.push(place);
            }
        }
        let Some(first) = places.iter().position(|place| *place == leader) else {
            return Ok(vec![(leader, 1.0)]);
        };
        let lengths: Vec<usize> = self.sample.iter().take(self.depth).map(Vec::len).collect();
        let judge = Judge::new(self.prepared.metric, self.take_sample_truth(), &lengths);
        let weights = select_weights(&judge, &voices, first)?;
        let work_of = |at: usize| {
            let entry = places.get(at).and_then(|place| self.entries.get(*place));
            entry.map_or(1.0, |entry| self.derive_row_work(entry))
        };
        let weights = thin_weights(&judge, &voices, (weights, first), work_of)?;
        let mut chosen: Vec<(usize, f64)> =
            places.into_iter().zip(weights).filter(|(_, weight)| *weight > 0.0).collect();
        chosen.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Ok(chosen)
    }

    /// Nanoseconds in which all fits of an entry predict one row, about.
    fn derive_row_work(&self, entry: &Entry) -> f64 {
        let known = entry.result.trial.as_ref().and_then(|trial| trial.row_work);
        let size = self.size();
        known.map_or_else(
            || self.depth as f64 * entry.candidate.derive_row_work(size.rows, size.columns),
            |known| known as f64,
        )
    }

    fn take_sample_truth(&self) -> TargetValues {
        let folds = self.prepared.folds.iter().zip(&self.sample).take(self.depth);
        let rows: Vec<usize> = folds
            .flat_map(|(fold, places)| places.iter().filter_map(|place| fold.test.get(*place)))
            .copied()
            .collect();
        self.prepared.target.values.take(&rows)
    }

    /// The fits of an entry: those in memory, or made again as they were made before.
    fn take_trial(&mut self, place: usize) -> Result<Trial, AutomlError> {
        let entry = self
            .entries
            .get_mut(place)
            .ok_or_else(|| AutomlError::inconsistent("A member is not among the trials."))?;
        if let Some(trial) = entry.kept.take() {
            return Ok(trial);
        }
        let limit = entry.result.trial.as_ref().and_then(|trial| trial.limit);
        let candidate = entry.candidate.clone();
        let places: Vec<usize> = (0..entry.result.scores.len()).collect();
        let limit = self.limit_fits(&candidate, limit);
        let room = (self.prepared, &self.shelf);
        let runs = fit_folds(room, &candidate, &places, (&self.control, limit))?;
        conclude(room, runs)
    }

    /// Adds the held-out predictions of a member to those of the rows.
    fn add_held_out(
        &self,
        trial: &Trial,
        weight: f64,
        columns: &mut Vec<Vec<f64>>,
    ) -> Result<(), AutomlError> {
        let rows = self.prepared.target.values.len();
        let told = trial.held_out.load()?;
        for (fold, held_out) in self.prepared.folds.iter().zip(told.iter()).take(self.depth) {
            columns.resize(held_out.len(), vec![0.0; rows]);
            for (column, values) in columns.iter_mut().zip(held_out) {
                for (row, value) in fold.test.iter().zip(values) {
                    if let Some(slot) = column.get_mut(*row) {
                        *slot += weight * f64::from(*value);
                    }
                }
            }
        }
        Ok(())
    }

    fn derive_finish(&self, mean: &Predictions) -> Result<Finish, AutomlError> {
        let (TargetValues::Classes { codes, .. }, Predictions::Probabilities(_)) =
            (&self.prepared.target.values, mean)
        else {
            return Ok(Finish::default());
        };
        // Only rows that were held out in a fold in use count; they get places of their own.
        let mut rows: Vec<usize> = Vec::new();
        let mut folds: Vec<Vec<usize>> = Vec::new();
        for fold in self.prepared.folds.iter().take(self.depth) {
            folds.push((rows.len()..rows.len() + fold.test.len()).collect());
            rows.extend(&fold.test);
        }
        let codes = gantry_learn::split::take(codes, &rows);
        let Predictions::Probabilities(known) = mean.take(&rows) else {
            return Ok(Finish::default());
        };
        let choice = self.prepared.finish.for_metric(self.prepared.metric);
        let calibration = choose_calibration(choice, &codes, &known, &folds)?;
        let mut finish = Finish { calibration, decision: Vec::new() };
        if self.prepared.finish.tunes_decision {
            let truth = self.prepared.target.values.take(&rows);
            let calibrated = finish.apply(Predictions::Probabilities(known))?;
            finish.decision = tune_decision(self.prepared.metric, &truth, &calibrated, &folds)?;
        }
        Ok(finish)
    }

    fn score_folds(
        &self,
        out_of_fold: &Predictions,
        finish: &Finish,
    ) -> Result<Vec<FoldScores>, AutomlError> {
        let score = |fold: &gantry_learn::split::Fold| {
            let truth = self.prepared.target.values.take(&fold.test);
            score_decided(&truth, &out_of_fold.take(&fold.test), (self.prepared, finish))
        };
        self.prepared.folds.iter().take(self.depth).map(score).collect()
    }

    pub(super) fn derive_board(&self, ensemble: Option<EnsembleScores>) -> Leaderboard {
        let mut entries: Vec<BoardEntry> = self
            .entries
            .iter()
            .map(|entry| BoardEntry {
                result: entry.result.derive_summary(),
                params: entry.candidate.describe(),
            })
            .collect();
        for candidate in self.prepared.candidates.iter().skip(entries.len()) {
            let result = super::derive_result(candidate, ModelStatus::Waiting);
            entries.push(BoardEntry { result, params: candidate.describe() });
        }
        let (metric, task) = (self.prepared.metric, self.prepared.target.task);
        derive_board_with((metric, task), entries, ensemble)
    }

    fn derive_failure(&self) -> AutomlError {
        if self.entries.iter().any(|entry| entry.result.status == ModelStatus::Done) {
            return AutomlError::MetricUndefined { metric: self.prepared.metric.as_str() };
        }
        let reason = |entry: &Entry| {
            let why = entry.result.message.as_deref().unwrap_or("no reason is known");
            format!("{}: {why}", entry.result.algorithm.as_str())
        };
        let mut reasons: Vec<String> = self.entries.iter().map(reason).collect();
        reasons.dedup();
        reasons.truncate(8);
        AutomlError::NothingTrained { reasons: reasons.join("; ") }
    }
}
