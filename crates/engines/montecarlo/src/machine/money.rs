//! Present values and rates of return of many lanes at once.

use gantry_workbook::kernels::finance;

use super::lanes::{Lane, SIGN, flag, odd};
use crate::column::WIDTH;
use crate::semantics;

/// Lanes whose sums stay in registers.
const BLOCK: usize = 32;

/// Some lanes of a column.
type Block = [f64; BLOCK];

#[inline(always)]
fn block(column: &Lane, k: usize) -> &Block {
    &column.as_chunks().0[k]
}

/// The net present value of flows: the factor grows from period to period.
#[inline(always)]
pub(super) fn net_present(rate: &Lane, flows: &[&Lane], out: &mut Lane) -> bool {
    let mut bad = 0;
    for (k, out) in out.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
        let rate = block(rate, k);
        let (mut total, mut factor) = ([0.0; BLOCK], [1.0; BLOCK]);
        for flow in flows {
            let flow = block(flow, k);
            for i in 0..BLOCK {
                factor[i] *= 1.0 + rate[i];
                total[i] += flow[i] / factor[i];
            }
        }
        for i in 0..BLOCK {
            bad |= odd(total[i]) | odd(rate[i]) | flag(rate[i] == -1.0);
        }
        *out = total;
    }
    bad & SIGN == 0
}

/// The rate of return of flows, by Halley's method for a block of lanes at once; a lane that has
/// arrived keeps its rate, and one that does not arrive soon is searched for alone.
#[inline(always)]
pub(super) fn rate_of_return(flows: &[&Lane], guess: &Lane, out: &mut Lane) {
    const ROUNDS: usize = 10;
    for k in 0..WIDTH / BLOCK {
        let mut rate = *block(guess, k);
        let mut lost = lost_before(flows, &rate, k);
        let mut arrived = [0u64; BLOCK];
        for _ in 0..ROUNDS {
            let (value, slope, bend) = value_and_slopes(flows, &rate, k);
            let mut all = SIGN;
            for i in 0..BLOCK {
                let next = finance::halley_step(rate[i], (value[i], slope[i], bend[i]));
                let is_open = arrived[i] & SIGN == 0;
                let gone = odd(next) | flag(next <= -1.0);
                lost[i] |= if is_open { gone } else { 0 };
                arrived[i] |= flag(has_arrived(rate[i], next));
                rate[i] = if is_open { next } else { rate[i] };
                all &= arrived[i] | lost[i];
            }
            if all & SIGN != 0 {
                break;
            }
        }
        for i in 0..BLOCK {
            let settled = arrived[i] & !lost[i] & SIGN != 0;
            out[k * BLOCK + i] = if settled { rate[i] } else { alone(flows, guess, k * BLOCK + i) };
        }
    }
}

/// [`finance::has_arrived`], in the form that becomes vector instructions.
#[inline(always)]
fn has_arrived(rate: f64, next: f64) -> bool {
    let size = next.abs();
    let size = if size > 1e-2 { size } else { 1e-2 };
    (next - rate).abs() < 1e-5 * size
}

/// Lanes that the search must not begin with: errors, flows of one sign, a guess of -1 or less.
#[inline(always)]
fn lost_before(flows: &[&Lane], rate: &Block, k: usize) -> [u64; BLOCK] {
    let (mut above, mut below, mut bad) = ([0u64; BLOCK], [0u64; BLOCK], [0u64; BLOCK]);
    for flow in flows {
        let flow = block(flow, k);
        for i in 0..BLOCK {
            above[i] |= flag(flow[i] > 0.0);
            below[i] |= flag(flow[i] < 0.0);
            bad[i] |= odd(flow[i]);
        }
    }
    for i in 0..BLOCK {
        bad[i] |= !(above[i] & below[i]) | flag(rate[i] <= -1.0) | odd(rate[i]);
    }
    bad
}

/// [`finance::value_and_slopes`] for a block of lanes.
#[inline(always)]
fn value_and_slopes(flows: &[&Lane], rate: &Block, k: usize) -> (Block, Block, Block) {
    let mut discount = [0.0; BLOCK];
    for i in 0..BLOCK {
        discount[i] = 1.0 / (1.0 + rate[i]);
    }
    let (mut value, mut slope, mut bend) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
    for flow in flows.iter().rev() {
        let flow = block(flow, k);
        for i in 0..BLOCK {
            bend[i] = bend[i] * discount[i] + slope[i];
            slope[i] = slope[i] * discount[i] + value[i];
            value[i] = value[i] * discount[i] + flow[i];
        }
    }
    (value, slope, bend)
}

/// One lane of a rate of return.
#[inline(never)]
fn alone(flows: &[&Lane], guess: &Lane, lane: usize) -> f64 {
    let mut args: Vec<f64> = flows.iter().map(|f| f[lane]).collect();
    args.push(guess[lane]);
    semantics::rate(&args)
}
