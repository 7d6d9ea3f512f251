//! The autoencoder of cells: every code of a column is a normal distribution of a few numbers, from
//! which, with those of the other columns, a network tells all codes of the row again.
//!
//! Its parameters: means and logarithms of variances (codes of all columns × numbers), then two layers
//! that decode.

use burn_tensor::activation::silu;
use gantry_learn::Rng;

use crate::batch::Batch;
use crate::device::Machine;
use crate::error::DeepError;
use crate::net::{Gradients, Learner, Pass, Weights, learn_parts, read};
use crate::table::{CodedTable, Prior};

/// Numbers for each cell.
pub(crate) const TOKEN: usize = 4;
const HIDDEN: usize = 128;
/// Weight of the distance from a standard normal distribution.
const BETA: f32 = 1e-3;
/// A code's variance at first.
const FIRST_LOG_VARIANCE: f32 = -2.0;
const SPEED: f32 = 3e-3;

/// The parameters at first: ordered codes lie in order.
pub(crate) fn begin(table: &CodedTable, prior: &Prior, rng: &mut Rng) -> Learner {
    let width = prior.width();
    let mut means = Weights::zeros(width, TOKEN);
    let mut line = 0;
    for column in &table.columns {
        for code in 0..column.states {
            for number in 0..TOKEN {
                means.values[line * TOKEN + number] = match column.ordered && code > 0 {
                    true => place_in_order(code, column.states, number),
                    false => rng.normal() as f32,
                };
            }
            line += 1;
        }
    }
    let mut spreads = Weights::zeros(width, TOKEN);
    spreads.values.fill(FIRST_LOG_VARIANCE);
    let inputs = table.columns.len() * TOKEN;
    Learner::new(vec![
        means,
        spreads,
        Weights::random(inputs, HIDDEN, rng),
        Weights::zeros(1, HIDDEN),
        Weights::random(HIDDEN, width, rng),
        Weights::zeros(1, width),
    ])
}

/// A curve on which neighbours are near each other and ends are far apart.
fn place_in_order(code: usize, states: usize, number: usize) -> f32 {
    let share = (code as f32 - 0.5) / (states as f32 - 1.0).max(1.0);
    let turns = [0.0, 0.5, 1.0, 2.0][number.min(3)];
    match number {
        0 => 3.4 * (share - 0.5),
        _ => 1.4 * (std::f32::consts::TAU * turns * share).cos(),
    }
}

/// One step on these rows.
pub(crate) fn learn<B: Machine>(
    (learner, device): (&mut Learner, &B::Device),
    (table, prior): (&CodedTable, &Prior),
    rows: &[usize],
    (rng, speed): (&mut Rng, f32),
) -> Result<(), DeepError> {
    let starts = prior.starts();
    let (gradients, _) = learn_parts::<B>(rows, rng, |part, rng| {
        let pass = Pass::<B>::new(&learner.weights, device);
        let batch = Batch { table, starts: &starts, rows: part, of: rows.len() };
        derive_gradients(&pass, &batch, rng)
    })?;
    learner.step(gradients, SPEED * speed);
    Ok(())
}

fn derive_gradients<B: Machine>(
    pass: &Pass<B>,
    batch: &Batch<'_>,
    rng: &mut Rng,
) -> Result<(Gradients, f64), DeepError> {
    let lines = batch.derive_lines();
    let width = batch.starts.len() * TOKEN;
    let noise: Vec<f32> = (0..batch.rows.len() * width).map(|_| rng.normal() as f32).collect();
    let means = pass.parameter(0).select(0, pass.places(&lines));
    let spreads = pass.parameter(1).select(0, pass.places(&lines));
    let noise = pass.matrix(noise, TOKEN);
    let drawn = means.clone() + (spreads.clone() * 0.5).exp() * noise;
    let drawn = drawn.reshape([batch.rows.len(), width]);
    let hidden = silu(drawn.matmul(pass.parameter(2)) + pass.parameter(3));
    let out = hidden.matmul(pass.parameter(4)) + pass.parameter(5);
    let codes = out.dims()[1];
    let mut slopes = read(out.clone().inner())?;
    let surprise = batch.slope_of_codes(&mut slopes);
    let likely = (out * pass.matrix(slopes, codes)).sum();
    let far = means.powf_scalar(2.0) + spreads.clone().exp() - spreads;
    let loss = likely + far.sum() * (0.5 * BETA / batch.of as f32);
    Ok((pass.backward(&loss)?, surprise))
}

/// The numbers of every code, scaled so that each column's are of unit spread in the table.
pub(crate) fn derive_book(learner: &Learner, table: &CodedTable) -> Vec<f32> {
    let mut book = learner.weights[0].values.clone();
    let mut start = 0;
    for column in &table.columns {
        let mut counts = vec![0.0_f64; column.states];
        column.codes.iter().for_each(|code| counts[usize::from(*code)] += 1.0);
        let total: f64 = counts.iter().sum();
        let lines = start * TOKEN..(start + column.states) * TOKEN;
        scale(&mut book[lines], &counts, total);
        start += column.states;
    }
    book
}

fn scale(book: &mut [f32], counts: &[f64], total: f64) {
    let mut centre = [0.0_f64; TOKEN];
    for (code, count) in book.chunks_exact(TOKEN).zip(counts) {
        for (sum, number) in centre.iter_mut().zip(code) {
            *sum += f64::from(*number) * count / total;
        }
    }
    let mut spread = 0.0;
    for (code, count) in book.chunks_exact(TOKEN).zip(counts) {
        for (centre, number) in centre.iter().zip(code) {
            spread += (f64::from(*number) - centre).powi(2) * count / total / TOKEN as f64;
        }
    }
    // A column of one code has no spread.
    let share = if spread > 1e-9 { spread.sqrt().recip() } else { 1.0 };
    for code in book.chunks_exact_mut(TOKEN) {
        for (centre, number) in centre.iter().zip(code) {
            *number = ((f64::from(*number) - centre) * share) as f32;
        }
    }
}
