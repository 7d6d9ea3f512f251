//! How good a training is so far: whether a learner tells its rows from rows that were withheld.

use std::sync::Arc;

use gantry_deep::Denoiser;
use gantry_learn::boosting::BoostingParams;
use gantry_learn::{Classifier, Column, Control, LearnError, Matrix, Target, TrainingSet, metrics};

use super::{Deep, Training};
use crate::error::SynthError;
use crate::hardware::Hardware;
use crate::mixture::Mixture;
use crate::tier::{Ask, Watch};

/// Rows of each side that the learner learns from, at most.
const LEARNED: usize = 6_000;

/// Real rows by column as bins: those that the learner sees, and those that it is asked about.
pub(super) struct Judge {
    seen: Vec<Vec<u8>>,
    withheld: Vec<Vec<u8>>,
    seed: u64,
    hardware: Arc<Hardware>,
}

impl Judge {
    pub(super) fn new(
        [mut seen, withheld]: [Vec<Vec<u8>>; 2],
        (seed, hardware): (u64, &Arc<Hardware>),
    ) -> Self {
        seen.iter_mut().for_each(|column| column.truncate(LEARNED));
        Self { seen, withheld, seed, hardware: Arc::clone(hardware) }
    }

    /// 1 where the learner guesses, 0 where it is never wrong.
    pub(super) fn score(
        &self,
        mixture: &Mixture,
        denoiser: Denoiser,
        watch: &Watch<'_>,
    ) -> Result<f64, SynthError> {
        let count = |columns: &[Vec<u8>]| columns.first().map_or(0, Vec::len);
        let (seen, withheld) = (count(&self.seen), count(&self.withheld));
        let deep = Deep { mixture: mixture.clone(), denoiser, training: Training::default() };
        let hardware = Arc::clone(&self.hardware);
        let ask = Ask { seed: self.seed, hardware, ..Ask::default() };
        let made = deep.sample(0..(seen + withheld) as u64, &ask)?;
        watch.check()?;
        let made = deep.mixture.bin_block(&made.columns);
        let side = |real: &[Vec<u8>], from: usize, to: usize| {
            let columns = real.iter().zip(&made).map(|(real, made)| {
                let codes = real.iter().chain(&made[from..to]);
                Column::numeric(codes.map(|code| f64::from(*code)).collect())
            });
            Matrix::new(columns.collect())
        };
        let area = || -> Result<f64, LearnError> {
            let learned = side(&self.seen, 0, seen)?;
            let truth: Vec<u32> = (0..2 * seen).map(|row| u32::from(row >= seen)).collect();
            let set = TrainingSet::new(&learned, Target::Classes { codes: &truth, count: 2 })?;
            let control = Control::unlimited().with_cancel(watch.cancelled);
            let params = BoostingParams { seed: self.seed, ..BoostingParams::default() };
            let model = params.fit_classifier(&set, None, &control)?;
            let told = model.predict_proba(&side(&self.withheld, seen, seen + withheld)?)?;
            let truth: Vec<u32> = (0..2 * withheld).map(|row| u32::from(row >= withheld)).collect();
            metrics::roc_auc(&truth, told.column(1), None)
        };
        match area() {
            Ok(area) => Ok(1.0 - (2.0 * area.max(0.5) - 1.0)),
            Err(LearnError::Cancelled) => Err(SynthError::Cancelled),
            Err(error) => {
                Err(SynthError::inconsistent(format!("The rows cannot be judged: {error}.")))
            }
        }
    }
}
