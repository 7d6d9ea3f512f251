//! What a search keeps of its trials: fits as long as there is room, and held-out predictions of a
//! sample of rows for the models that may become members.
//!
//! Invariant: what is kept follows from the losses alone; nothing depends on when it was dropped.

use gantry_engine_api::LogLevel;
use gantry_learn::Rng;

use super::{Entry, Search};
use crate::error::AutomlError;
use crate::train::blend::Voice;
use crate::train::checkpoint::Numbers;
use crate::train::leaderboard::mean_of;
use crate::train::prepare::Prepared;
use crate::train::report::ModelStatus;
use crate::train::trial::Trial;

/// Held-out predictions that choose the weights, over all folds and classes.
const MOST_VOICES: usize = 20_000;
/// Models that may become members at most; the best ones.
const MOST_MEMBERS: usize = 24;
/// Bytes of fits that may become members, in memory and in files.
const KEPT_BYTES: usize = 128 << 20;
/// Bytes of those in memory.
const RESIDENT_BYTES: usize = 2 << 20;

impl Search<'_> {
    /// What a trial says of the sampled rows, by class. Of two classes the second one says it all.
    pub(super) fn derive_voice(&self, trial: &Trial) -> Result<Vec<Numbers>, AutomlError> {
        let held_out = trial.held_out.load()?;
        let told = held_out.first().map_or(0, Vec::len);
        let rows = self.sample.iter().take(held_out.len()).map(Vec::len).sum();
        let column = |at: usize| {
            let folds = held_out.iter().zip(&self.sample);
            let values = folds.flat_map(|(columns, places)| {
                let column = columns.get(at).map(Vec::as_slice).unwrap_or_default();
                places.iter().filter_map(|place| column.get(*place).copied())
            });
            let mut numbers = Vec::with_capacity(rows);
            numbers.extend(values);
            Numbers(numbers)
        };
        Ok((usize::from(told == 2)..told).map(column).collect())
    }

    /// Keeps the fits of the entry at `place`: in memory, or in files where there is no room.
    pub(super) fn keep(&self, place: usize, mut trial: Trial) -> Option<Trial> {
        let rows = self.size().rows;
        let kept = self.entries.iter().filter_map(|entry| entry.kept.as_ref());
        let resident: usize = kept.map(|trial| trial.resident_bytes(rows)).sum();
        if resident + trial.resident_bytes(rows) <= RESIDENT_BYTES {
            return Some(trial);
        }
        match self.put_away(&mut trial) {
            Ok(()) => Some(trial),
            Err(error) => {
                let line = format!("The fits of model {} are not kept: {error}", place + 1);
                self.job.log(LogLevel::Warning, line);
                None
            }
        }
    }

    fn put_away(&self, trial: &mut Trial) -> Result<(), AutomlError> {
        let rows = self.size().rows;
        for pipeline in &mut trial.pipelines {
            self.shelf.put(&mut pipeline.learner, rows)?;
        }
        self.shelf.put_held_out(&mut trial.held_out)
    }

    /// Lets the fits of the worst models go where they take too much room.
    pub(super) fn drop_worst(&mut self) {
        loop {
            let rows = self.size().rows;
            let bytes = |entry: &Entry| entry.kept.as_ref().map_or(0, |trial| trial.bytes(rows));
            let total: usize = self.entries.iter().map(bytes).sum();
            let kept = |(_, entry): &(usize, &Entry)| entry.kept.is_some();
            if total <= KEPT_BYTES || self.entries.iter().enumerate().filter(kept).count() < 3 {
                return;
            }
            let loss = |entry: &Entry| self.derive_loss(entry).unwrap_or(f64::INFINITY);
            let worst = self
                .entries
                .iter()
                .enumerate()
                .filter(kept)
                .max_by(|(_, a), (_, b)| loss(a).total_cmp(&loss(b)))
                .map(|(place, _)| place);
            let Some(entry) = worst.and_then(|place| self.entries.get_mut(place)) else { return };
            entry.kept = None;
        }
    }

    /// Only the best models keep what they say of held-out rows: the others will not be members.
    pub(super) fn silence_worst(&mut self) {
        let mut losses: Vec<f64> =
            self.entries.iter().filter_map(|entry| self.derive_loss(entry)).collect();
        losses.sort_by(f64::total_cmp);
        let Some(limit) = losses.get(MOST_MEMBERS).copied() else { return };
        let silent: Vec<usize> = (0..self.entries.len())
            .filter(|place| self.derive_loss(&self.entries[*place]).is_some_and(|l| l >= limit))
            .collect();
        for place in silent {
            let Some(entry) = self.entries.get_mut(place) else { continue };
            entry.kept = None;
            if let Some(trial) = &mut entry.result.trial {
                trial.voice.clear();
            }
        }
    }

    /// Mean loss over the folds in use, smaller is better; none without a score.
    pub(super) fn derive_loss(&self, entry: &Entry) -> Option<f64> {
        let metric = self.prepared.metric;
        if entry.result.status != ModelStatus::Done {
            return None;
        }
        let mean = mean_of(metric, entry.result.scores.get(..self.depth)?)?;
        Some(if metric.greater_is_better() { -mean } else { mean })
    }

    pub(super) fn find_leader(&self) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        for (place, entry) in self.entries.iter().enumerate() {
            let Some(loss) = self.derive_loss(entry) else { continue };
            if best.is_none_or(|(_, known)| loss < known) {
                best = Some((place, loss));
            }
        }
        best.map(|(place, _)| place)
    }

    /// Held-out predictions of the sampled rows; none for what has not seen all folds in use.
    pub(super) fn find_voice<'a>(&self, entry: &'a Entry) -> Option<Voice<'a>> {
        let note = entry.result.trial.as_ref()?;
        let rows = self.sample.iter().take(self.depth).map(Vec::len).sum();
        let columns = note.voice.iter().map(|Numbers(values)| values.get(..rows));
        let columns: Vec<&[f32]> = columns.collect::<Option<_>>()?;
        match (columns.as_slice(), self.prepared.target.values.labels().len()) {
            ([], _) => None,
            ([second], 2) => Some(Voice::of_second(second)),
            _ => Some(Voice::new(columns)),
        }
    }
}

/// For each fold, places in its test part, in rising order.
pub(super) fn draw_sample(prepared: &Prepared) -> Vec<Vec<usize>> {
    let columns = prepared.target.values.labels().len().max(1);
    let most = (MOST_VOICES / prepared.folds.len().max(1) / columns.div_ceil(2)).max(50);
    let draw = |(number, fold): (usize, &gantry_learn::split::Fold)| {
        let mut places: Vec<usize> = (0..fold.test.len()).collect();
        if places.len() > most {
            Rng::stream(prepared.seed ^ 0xb1e4d, number as u64).shuffle(&mut places);
            places.truncate(most);
            places.sort_unstable();
        }
        places
    };
    prepared.folds.iter().enumerate().map(draw).collect()
}
