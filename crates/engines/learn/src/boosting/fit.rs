//! The rounds of boosting.

use std::ops::Range;

use crate::binning::{BinnedMatrix, Binner};
use crate::tree::{MAX_FEATURES, TreeBuilder, Trees};
use crate::{Control, LearnError, Matrix, Rng, TrainingSet};

use super::buffers::Buffers;
use super::grower::{Fence, Grower, Grown, Setting};
use super::loss::{Derivatives, Loss, Truth, quantile};
use super::model::Boosted;
use super::params::{BoostingParams, EarlyStop};
use super::split::Limits;
use super::{BoostingClassifier, BoostingRegressor};

/// Fewest rows of a bin.
const MIN_ROWS_IN_BIN: usize = 3;

impl BoostingParams {
    /// Fits to classes; `stop` may end the rounds early.
    ///
    /// # Errors
    /// [`LearnError::WrongTarget`] for numbers, parameters out of range, more than 65,535
    /// columns, a validation set that does not fit, and what [`Control`] says.
    pub fn fit_classifier(
        &self,
        data: &TrainingSet<'_>,
        stop: Option<EarlyStop<'_>>,
        control: &Control<'_>,
    ) -> Result<BoostingClassifier, LearnError> {
        let (mut model, best) = self.fit_classifier_watched(data, stop, control)?;
        model.keep_rounds(best);
        Ok(model)
    }

    /// As [`Self::fit_classifier`], but keeps every round that was grown, and says after how many
    /// the loss on the other rows was lowest (all, where nothing was watched).
    ///
    /// # Errors
    /// As [`Self::fit_classifier`].
    pub fn fit_classifier_watched(
        &self,
        data: &TrainingSet<'_>,
        stop: Option<EarlyStop<'_>>,
        control: &Control<'_>,
    ) -> Result<(BoostingClassifier, usize), LearnError> {
        let (values, classes) = class_values(data)?;
        let loss = if classes == 2 { Loss::Binary } else { Loss::Softmax(classes) };
        let truth = Truth { values: &values, weights: data.weights() };
        let checked = match &stop {
            Some(stop) => Some(class_values(stop.validation)?),
            None => None,
        };
        if let Some((_, count)) = &checked
            && *count != classes
        {
            let what = "the validation set's list of classes";
            return Err(LearnError::Shape { what, expected: classes, found: *count });
        }
        let watch = stop.as_ref().zip(checked.as_ref()).map(|(stop, (values, _))| Watch {
            x: stop.validation.x(),
            truth: Truth { values, weights: stop.validation.weights() },
            patience: stop.patience,
        });
        let (boosted, best) = boost((self, loss), (data.x(), truth), watch, control)?;
        Ok((BoostingClassifier::new(boosted, classes), best))
    }

    /// Fits to numbers by [`Self::loss`]; `stop` may end the rounds early.
    ///
    /// # Errors
    /// [`LearnError::WrongTarget`] for classes, and as [`Self::fit_classifier`].
    pub fn fit_regressor(
        &self,
        data: &TrainingSet<'_>,
        stop: Option<EarlyStop<'_>>,
        control: &Control<'_>,
    ) -> Result<BoostingRegressor, LearnError> {
        let (mut model, best) = self.fit_regressor_watched(data, stop, control)?;
        model.keep_rounds(best);
        Ok(model)
    }

    /// As [`Self::fit_classifier_watched`], for numbers.
    ///
    /// # Errors
    /// As [`Self::fit_regressor`].
    pub fn fit_regressor_watched(
        &self,
        data: &TrainingSet<'_>,
        stop: Option<EarlyStop<'_>>,
        control: &Control<'_>,
    ) -> Result<(BoostingRegressor, usize), LearnError> {
        let learner = "boosting for numbers";
        let truth = Truth { values: data.require_values(learner)?, weights: data.weights() };
        let watch = match &stop {
            Some(stop) => Some(Watch {
                x: stop.validation.x(),
                truth: Truth {
                    values: stop.validation.require_values(learner)?,
                    weights: stop.validation.weights(),
                },
                patience: stop.patience,
            }),
            None => None,
        };
        let loss = Loss::Number(self.loss);
        let (boosted, best) = boost((self, loss), (data.x(), truth), watch, control)?;
        Ok((BoostingRegressor::new(boosted), best))
    }
}

fn class_values(data: &TrainingSet<'_>) -> Result<(Vec<f64>, usize), LearnError> {
    let (codes, classes) = data.require_classes("boosting for classes")?;
    Ok((codes.iter().map(|c| f64::from(*c)).collect(), classes))
}

/// Rows whose loss decides when to stop.
struct Watch<'a> {
    x: &'a Matrix,
    truth: Truth<'a>,
    patience: u32,
}

/// A watched table with its scores so far.
struct Watched<'a> {
    watch: Watch<'a>,
    table: BinnedMatrix<u8>,
    scores: Vec<Vec<f64>>,
    best_loss: f64,
    best_round: u32,
}

impl Watched<'_> {
    /// Takes in the trees of a round; true if the fit should stop.
    fn add_round(&mut self, loss: Loss, trees: &Trees, round: u32) -> bool {
        let outputs = self.scores.len();
        for (k, scores) in self.scores.iter_mut().enumerate() {
            let tree = trees.len() - outputs + k;
            add_tree(trees, tree, &self.table, scores, 0..self.watch.truth.values.len());
        }
        let now = loss.mean(&self.scores, self.watch.truth);
        if now < self.best_loss {
            (self.best_loss, self.best_round) = (now, round);
        }
        round - self.best_round >= self.watch.patience.max(1)
    }
}

fn boost(
    (params, loss): (&BoostingParams, Loss),
    (x, truth): (&Matrix, Truth<'_>),
    watch: Option<Watch<'_>>,
    control: &Control<'_>,
) -> Result<(Boosted, usize), LearnError> {
    params.require_valid()?;
    params.require_directions(x, loss.outputs())?;
    if x.width() > MAX_FEATURES {
        let (what, found) = ("the number of columns", x.width());
        return Err(LearnError::TooLarge { what, found, limit: MAX_FEATURES });
    }
    control.begin((x.rows() * x.width()) as u64)?;
    let binner = Binner::fit(x, usize::from(params.max_bins), MIN_ROWS_IN_BIN)?;
    let table = binner.apply::<u8>(x)?;
    let setting = Setting { table: &table, params, control };
    let base = loss.start(truth);
    let constant = |rows: usize| base.iter().map(|b| vec![*b; rows]).collect::<Vec<_>>();
    let mut watched = match watch {
        Some(watch) => Some(Watched {
            table: binner.apply::<u8>(watch.x)?,
            scores: constant(watch.x.rows()),
            watch,
            best_loss: f64::INFINITY,
            best_round: 0,
        }),
        None => None,
    };
    let mut scores = constant(x.rows());
    let mut workshop = Workshop::new(loss, x.rows());
    let mut trees = Trees::new(1);
    let mut gains = vec![0.0; x.width()];
    for round in 1..=params.rounds {
        control.check()?;
        if round > 1 && control.must_wrap_up() {
            break;
        }
        let round_trees =
            workshop.grow_round((&setting, loss), (truth, round), (&mut scores, &mut gains))?;
        let has_grown =
            !round_trees.is_empty() && round_trees.into_iter().all(|tree| trees.append(tree));
        if !has_grown {
            break;
        }
        update_left_out(params, &trees, &table, &mut scores, round);
        if watched.as_mut().is_some_and(|w| w.add_round(loss, &trees, round)) {
            break;
        }
    }
    let grown = trees.len() / base.len();
    let best = watched.map_or(grown, |watched| watched.best_round as usize);
    Ok((Boosted::new(binner, trees, base, gains), best))
}

/// What a fit uses in every round.
struct Workshop {
    derivatives: Vec<Vec<Derivatives>>,
    rows: Vec<u32>,
    buffers: Buffers,
}

impl Workshop {
    fn new(loss: Loss, rows: usize) -> Self {
        let derivatives = vec![vec![[0.0; 2]; rows]; loss.outputs()];
        Self { derivatives, rows: Vec::with_capacity(rows), buffers: Buffers::default() }
    }

    /// Grows the trees of a round and adds them to the scores of the rows that they saw, and what
    /// they gained to that of their columns. None where no tree could split.
    fn grow_round(
        &mut self,
        (setting, loss): (&Setting<'_>, Loss),
        (truth, round): (Truth<'_>, u32),
        (scores, gains): (&mut [Vec<f64>], &mut [f64]),
    ) -> Result<Vec<TreeBuilder>, LearnError> {
        loss.derive(scores, truth, &mut self.derivatives);
        draw_rows(setting.params, round, truth, &mut self.rows);
        let mut round_trees = Vec::with_capacity(self.derivatives.len());
        for (output, derivatives) in self.derivatives.iter().enumerate() {
            let features = draw_features(setting, round, output);
            let rows = (self.rows.as_slice(), &mut self.buffers);
            round_trees.push(Grower::new(setting, &features, derivatives, rows).grow()?);
        }
        if round_trees.iter().all(|grown| grown.leaves.len() < 2) {
            return Ok(Vec::new());
        }
        let finish = |(mut grown, scores): (Grown, &mut Vec<f64>)| {
            set_leaves(setting.params, loss, &mut grown, (truth, scores));
            grown.gains.iter().for_each(|(feature, gain)| gains[usize::from(*feature)] += gain);
            self.buffers.keep_rows(grown.rows);
            grown.tree
        };
        Ok(round_trees.into_iter().zip(scores).map(finish).collect())
    }
}

/// Writes the leaf values into the tree and adds them to the scores of the leaf's rows.
fn set_leaves(
    params: &BoostingParams,
    loss: Loss,
    grown: &mut Grown,
    (truth, scores): (Truth<'_>, &mut [f64]),
) {
    let Some(level) = loss.leaf_level() else {
        for (node, range, value) in &grown.leaves {
            let rows = &grown.rows[range.clone()];
            set_leaf(params, &mut grown.tree, (*node, rows, *value), scores);
        }
        return;
    };
    let quantile_of = |range: &Range<usize>| {
        let residual = |row: &u32| {
            let row = *row as usize;
            (truth.values[row] - scores[row], truth.weights.get(row))
        };
        quantile(grown.rows[range.clone()].iter().map(residual).collect(), level)
    };
    let limits = limits_of_leaves(grown, quantile_of);
    let values: Vec<f64> = grown
        .leaves
        .iter()
        .zip(limits)
        .map(|((_, range, _), limits)| limits.clip(quantile_of(range)))
        .collect();
    for ((node, range, _), value) in grown.leaves.iter().zip(values) {
        let rows = &grown.rows[range.clone()];
        set_leaf(params, &mut grown.tree, (*node, rows, value), scores);
    }
}

fn set_leaf(
    params: &BoostingParams,
    tree: &mut TreeBuilder,
    (node, rows, value): (u32, &[u32], f64),
    scores: &mut [f64],
) {
    let value = (value * params.learning_rate) as f32;
    tree.set_leaf(node, &[value], rows.len() as f64);
    for row in rows {
        scores[*row as usize] += f64::from(value);
    }
}

/// Limits by leaf, from the values that both sides of every fence would have.
fn limits_of_leaves(grown: &Grown, value_of: impl Fn(&Range<usize>) -> f64) -> Vec<Limits> {
    let mut limits = vec![Limits::NONE; grown.leaves.len()];
    let lies_in = |leaf: usize, side: &Range<usize>| {
        let rows = &grown.leaves[leaf].1;
        rows.start >= side.start && rows.end <= side.end
    };
    for Fence { direction, left, right } in &grown.fences {
        let (left_value, right_value) = (value_of(left), value_of(right));
        for (leaf, limits) in limits.iter_mut().enumerate() {
            let sides = limits.of_sides(*direction, left_value, right_value);
            if lies_in(leaf, left) {
                *limits = sides.0;
            } else if lies_in(leaf, right) {
                *limits = sides.1;
            }
        }
    }
    limits
}

/// Rows of a round, rising; rows without weight are left out.
fn draw_rows(params: &BoostingParams, round: u32, truth: Truth<'_>, out: &mut Vec<u32>) {
    let rows = truth.values.len();
    let has_weight = |row: &u32| truth.weights.get(*row as usize) > 0.0;
    let is_in = drawn(params, round, rows);
    out.clear();
    out.extend(
        (0..rows as u32)
            .filter(|row| is_in.as_ref().is_none_or(|is_in| is_in[*row as usize]))
            .filter(has_weight),
    );
}

/// Which rows a round sees; none means all.
fn drawn(params: &BoostingParams, round: u32, rows: usize) -> Option<Vec<bool>> {
    if params.row_share >= 1.0 {
        return None;
    }
    let mut rng = Rng::stream(params.seed, 2 * u64::from(round));
    let mut wanted = ((rows as f64 * params.row_share).round() as usize).max(1);
    let pick = |row: usize| {
        let taken = rng.below(rows - row) < wanted;
        wanted -= usize::from(taken);
        taken
    };
    Some((0..rows).map(pick).collect())
}

fn draw_features(setting: &Setting<'_>, round: u32, output: usize) -> Vec<u16> {
    let width = setting.table.columns().len();
    let mut features: Vec<u16> = (0..width as u16).collect();
    if setting.params.feature_share < 1.0 {
        let stream = (2 * u64::from(round) + 1) | ((output as u64) << 40);
        Rng::stream(setting.params.seed, stream).shuffle(&mut features);
        let wanted = (width as f64 * setting.params.feature_share).ceil() as usize;
        features.truncate(wanted.max(1));
        features.sort_unstable();
    }
    features
}

/// Adds the round's trees to the scores of the rows that they did not see.
fn update_left_out(
    params: &BoostingParams,
    trees: &Trees,
    table: &BinnedMatrix<u8>,
    scores: &mut [Vec<f64>],
    round: u32,
) {
    let Some(is_in) = drawn(params, round, table.rows()) else { return };
    let outputs = scores.len();
    for (k, scores) in scores.iter_mut().enumerate() {
        let left_out = (0..table.rows()).filter(|row| !is_in[*row]);
        add_tree(trees, trees.len() - outputs + k, table, scores, left_out);
    }
}

fn add_tree(
    trees: &Trees,
    tree: usize,
    table: &BinnedMatrix<u8>,
    scores: &mut [f64],
    rows: impl Iterator<Item = usize>,
) {
    let columns = table.columns();
    let missing: Vec<u16> = columns.iter().map(|c| c.value_bins as u16).collect();
    for row in rows {
        let leaf = trees.leaf(tree, |feature| u16::from(columns[feature].codes[row]), &missing);
        scores[row] += f64::from(leaf[0]);
    }
}
