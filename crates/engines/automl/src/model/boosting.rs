//! Gradient boosting with a number of rounds that fits the table.
//!
//! A first fit on four fifths of the rows counts how many rounds help on the last fifth; the
//! second fit takes all rows and that many rounds. Tables too small to spare a fifth get a fixed
//! number. In a search the held-out rows of the other folds count instead, so that no row is spent
//! on counting and none is scored by a fit whose length it has chosen.

use gantry_learn::boosting::{BoostingParams, EarlyStop};
use gantry_learn::split::{Fold, holdout, stratified_holdout, take};
use gantry_learn::{Control, LearnError, Target, TrainingSet};

use super::FittedLearner;
use super::pipeline::Watched;

/// Share of the rows that counts the rounds.
const HELD_OUT: f64 = 0.2;
/// Rounds without improvement after which counting ends.
const PATIENCE: u32 = 25;
/// Patience times learning rate.
const PATIENCE_RATE: f64 = 2.5;
/// Rows below which nothing can be spared.
const FEW_ROWS: usize = 200;
/// Rounds for tables that small.
const ROUNDS_FOR_FEW: u32 = 50;

pub(super) fn fit(
    params: &BoostingParams,
    data: &TrainingSet<'_>,
    control: &Control<'_>,
) -> Result<FittedLearner, LearnError> {
    let rounds = count_rounds(params, data, control)?;
    let params = BoostingParams { rounds, ..params.clone() };
    Ok(match data.target() {
        Target::Classes { .. } => {
            FittedLearner::BoostingClassifier(params.fit_classifier(data, None, control)?)
        }
        Target::Values(_) => {
            FittedLearner::BoostingRegressor(params.fit_regressor(data, None, control)?)
        }
    })
}

/// How many rounds served the held-out rows of one fold best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FoldRounds {
    pub(crate) best: usize,
}

/// The number of rounds for the fit of fold `index`: what served the other folds best on
/// average, or its own where there is no other.
pub(crate) fn derive_rounds(folds: &[Option<FoldRounds>], index: usize) -> Option<usize> {
    let own = folds.get(index).copied().flatten()?;
    let others: Vec<usize> = folds
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != index)
        .filter_map(|(_, rounds)| rounds.map(|rounds| rounds.best))
        .collect();
    if others.is_empty() {
        return Some(own.best.max(1));
    }
    Some((others.iter().sum::<usize>() / others.len()).max(1))
}

/// Fits all rows until the watched ones have not been served better for a while, and keeps every
/// round; `watched` learns which one was best. Where all watched rows are of one class, which says
/// nothing of rounds, some of the other rows count them.
pub(super) fn fit_watched(
    params: &BoostingParams,
    data: &TrainingSet<'_>,
    watched: &mut Watched<'_>,
    control: &Control<'_>,
) -> Result<FittedLearner, LearnError> {
    let held_out = match TrainingSet::new(watched.x, watched.truth.as_learn()) {
        Err(LearnError::OneClass) => return fit(params, data, control),
        held_out => held_out?,
    };
    // Slow learning needs more patience.
    let patience = ((PATIENCE_RATE / params.learning_rate) as u32).clamp(PATIENCE, 4 * PATIENCE);
    let stop = Some(EarlyStop { validation: &held_out, patience });
    let (learner, best) = match data.target() {
        Target::Classes { .. } => {
            let (model, best) = params.fit_classifier_watched(data, stop, control)?;
            (FittedLearner::BoostingClassifier(model), best)
        }
        Target::Values(_) => {
            let (model, best) = params.fit_regressor_watched(data, stop, control)?;
            (FittedLearner::BoostingRegressor(model), best)
        }
    };
    watched.rounds = Some(FoldRounds { best });
    Ok(learner)
}

fn count_rounds(
    params: &BoostingParams,
    data: &TrainingSet<'_>,
    control: &Control<'_>,
) -> Result<u32, LearnError> {
    if data.x().rows() < FEW_ROWS {
        return Ok(ROUNDS_FOR_FEW.min(params.rounds));
    }
    let fold = match data.target() {
        Target::Classes { codes, .. } => stratified_holdout(codes, HELD_OUT, params.seed)?,
        Target::Values(values) => holdout(values.len(), HELD_OUT, params.seed)?,
    };
    let Fold { train, test } = fold;
    let (seen, unseen) = (data.x().take_rows(&train), data.x().take_rows(&test));
    let rounds = match data.target() {
        Target::Classes { codes, count } => {
            let [known, hidden] = [take(codes, &train), take(codes, &test)];
            let known = TrainingSet::new(&seen, Target::Classes { codes: &known, count })?;
            let hidden = TrainingSet::new(&unseen, Target::Classes { codes: &hidden, count });
            // Of very rare classes the held-out part may have seen only one.
            let Ok(hidden) = hidden else { return Ok(ROUNDS_FOR_FEW.min(params.rounds)) };
            let stop = EarlyStop { validation: &hidden, patience: PATIENCE };
            params.fit_classifier(&known, Some(stop), control)?.rounds()
        }
        Target::Values(values) => {
            let [known, hidden] = [take(values, &train), take(values, &test)];
            let known = TrainingSet::new(&seen, Target::Values(&known))?;
            let hidden = TrainingSet::new(&unseen, Target::Values(&hidden))?;
            let stop = EarlyStop { validation: &hidden, patience: PATIENCE };
            params.fit_regressor(&known, Some(stop), control)?.rounds()
        }
    };
    Ok(u32::try_from(rounds).unwrap_or(params.rounds).clamp(1, params.rounds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_learn::{Column, Matrix, Rng};

    fn table(rows: usize, noise: f64) -> (Matrix, Vec<f64>) {
        let mut rng = Rng::new(5);
        let x: Vec<f64> = (0..rows).map(|_| rng.uniform()).collect();
        let y = x.iter().map(|x| (6.0 * x).sin() + noise * rng.normal()).collect();
        (Matrix::new(vec![Column::numeric(x)]).unwrap(), y)
    }

    #[test]
    fn noise_needs_fewer_rounds_than_signal() {
        let params = BoostingParams { rounds: 300, ..BoostingParams::default() };
        let count = |noise: f64| {
            let (x, y) = table(1_000, noise);
            let data = TrainingSet::new(&x, Target::Values(&y)).unwrap();
            count_rounds(&params, &data, &Control::unlimited()).unwrap()
        };
        let (signal, noise) = (count(0.0), count(3.0));
        assert!(noise < 40 && signal > 2 * noise, "{signal} and {noise}");
        let (x, y) = table(50, 0.0);
        let data = TrainingSet::new(&x, Target::Values(&y)).unwrap();
        let few = count_rounds(&params, &data, &Control::unlimited()).unwrap();
        assert_eq!(few, ROUNDS_FOR_FEW);
    }
}
