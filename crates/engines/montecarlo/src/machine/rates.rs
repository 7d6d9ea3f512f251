//! Rates of return of many lanes at once: Halley's method for blocks of lanes, in three passes, so
//! that few slow lanes do not hold up the others. What is still under way after the first pass is
//! gathered into blocks of its own; so is what the method lost, which begins again where the value
//! of the flows changes its sign, if it does.
//!
//! Invariant: every lane goes the way of [`finance::internal_rate`], operation by operation; one
//! that none of the passes settles is computed by it.

use std::borrow::Borrow;

use gantry_workbook::ErrorKind;
use gantry_workbook::kernels::{fail, finance};

use super::lanes::{Lane, SIGN, flag, odd};
use crate::semantics;

/// Steps of the first pass: nearly all lanes that ever arrive have arrived by then.
const FIRST_STEPS: usize = 4;

/// Some lanes of a column.
type Block<const N: usize> = [f64; N];
/// Conditions of some lanes, in the top bits.
type Flags<const N: usize> = [u64; N];

/// How far a search is.
struct Search<const N: usize> {
    rate: Block<N>,
    arrived: Flags<N>,
    lost: Flags<N>,
}

/// Lanes that wait for another pass, and where they are.
#[derive(Default)]
struct Waiting {
    lanes: Vec<usize>,
    rates: Vec<f64>,
}

impl Waiting {
    fn push(&mut self, lane: usize, rate: f64) {
        self.lanes.push(lane);
        self.rates.push(rate);
    }
}

/// Lanes of the blocks of later passes: of 256 lanes few are left for them.
const FEW: usize = 8;

/// The rate of return of flows, in blocks of `N` lanes.
#[inline(always)]
pub(super) fn rate_of_return<const N: usize>(flows: &[&Lane], guess: &Lane, out: &mut Lane) {
    let mut blocks: Vec<&Block<N>> = Vec::with_capacity(flows.len());
    let (mut open, mut lost) = (Waiting::default(), Waiting::default());
    for (nth, rate) in guess.as_chunks::<N>().0.iter().enumerate() {
        blocks.clear();
        blocks.extend(flows.iter().map(|flow| &flow.as_chunks::<N>().0[nth]));
        let hopeless = hopeless(&blocks, rate);
        let mut search = Search { rate: *rate, arrived: [0; N], lost: hopeless };
        search.go(&blocks, FIRST_STEPS);
        for (i, hopeless) in hopeless.iter().enumerate() {
            let lane = nth * N + i;
            if search.has_settled(i) {
                out[lane] = search.rate[i];
            } else if hopeless & SIGN != 0 || blocks.iter().any(|flow| !flow[i].is_finite()) {
                out[lane] = alone(flows, guess, lane);
            } else if search.lost[i] & SIGN != 0 {
                lost.push(lane, guess[lane]);
            } else {
                open.push(lane, search.rate[i]);
            }
        }
    }
    if open.lanes.is_empty() && lost.lanes.is_empty() {
        return;
    }
    let mut room = vec![[0.0; FEW]; flows.len()];
    go_on(flows, (open, &mut lost), (guess, &mut room), out);
    begin_again(flows, &lost, (guess, &mut room), out);
}

/// The second pass: what has not arrived after all steps is lost.
#[inline(always)]
fn go_on<const N: usize>(
    flows: &[&Lane],
    (open, lost): (Waiting, &mut Waiting),
    (guess, room): (&Lane, &mut [Block<N>]),
    out: &mut Lane,
) {
    for (lanes, rates) in open.lanes.chunks(N).zip(open.rates.chunks(N)) {
        let places = gather(flows, lanes, room);
        let rate = std::array::from_fn(|i| rates[places[i]]);
        let mut search = Search { rate, arrived: [0; N], lost: [0; N] };
        search.go(room, finance::STEPS - FIRST_STEPS);
        for (i, lane) in lanes.iter().enumerate() {
            if search.has_settled(i) {
                out[*lane] = search.rate[i];
            } else {
                lost.push(*lane, guess[*lane]);
            }
        }
    }
}

/// The third pass: from where the value changes its sign, nearest to the guess.
#[inline(always)]
fn begin_again<const N: usize>(
    flows: &[&Lane],
    lost: &Waiting,
    (guess, room): (&Lane, &mut [Block<N>]),
    out: &mut Lane,
) {
    for (lanes, guesses) in lost.lanes.chunks(N).zip(lost.rates.chunks(N)) {
        let places = gather(flows, lanes, room);
        let guesses = std::array::from_fn(|i| guesses[places[i]]);
        let (low, high, none) = nearest_crossing(room, &guesses);
        let near = between(room, (&low, &high));
        let mut search = Search { rate: near, arrived: [0; N], lost: none };
        search.go(room, finance::STEPS);
        for (i, lane) in lanes.iter().enumerate() {
            let is_inside = (low[i]..=high[i]).contains(&search.rate[i]);
            out[*lane] = if none[i] & SIGN != 0 {
                fail(ErrorKind::Num)
            } else if search.has_settled(i) && is_inside {
                search.rate[i]
            } else {
                alone(flows, guess, *lane)
            };
        }
    }
}

/// Puts the flows of some lanes side by side; says which of them each place has: those behind the
/// last one have the first.
#[inline(always)]
fn gather<const N: usize>(flows: &[&Lane], lanes: &[usize], room: &mut [Block<N>]) -> [usize; N] {
    let places = std::array::from_fn(|i| if i < lanes.len() { i } else { 0 });
    for (room, flow) in room.iter_mut().zip(flows) {
        for i in 0..N {
            room[i] = flow[lanes[places[i]]];
        }
    }
    places
}

impl<const N: usize> Search<N> {
    fn has_settled(&self, i: usize) -> bool {
        self.arrived[i] & !self.lost[i] & SIGN != 0
    }

    /// Some steps of Halley's method; a lane that has arrived keeps its rate.
    #[inline(always)]
    fn go(&mut self, flows: &[impl Borrow<Block<N>>], steps: usize) {
        let Self { rate, arrived, lost } = self;
        for _ in 0..steps {
            let discount = discounts(rate);
            let (value, slope, bend) = value_and_slopes(flows, &discount);
            let mut all = SIGN;
            for i in 0..N {
                let at = (value[i], slope[i], bend[i]);
                let next = finance::halley_step((rate[i], discount[i]), at);
                let is_open = (arrived[i] | lost[i]) & SIGN == 0;
                lost[i] |= if is_open { odd(next) | flag(next <= -1.0) } else { 0 };
                arrived[i] |= if is_open { flag(has_arrived(rate[i], next)) } else { 0 };
                rate[i] = if is_open { next } else { rate[i] };
                all &= arrived[i] | lost[i];
            }
            if all & SIGN != 0 {
                break;
            }
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

/// Lanes that the search must not begin with: flows of one sign, a guess of -1 or less or an error. An
/// error among the flows stops it by itself.
#[inline(always)]
fn hopeless<const N: usize>(flows: &[&Block<N>], guess: &Block<N>) -> Flags<N> {
    let (mut most, mut least) = ([0.0; N], [0.0; N]);
    for flow in flows {
        for i in 0..N {
            most[i] = if flow[i] > most[i] { flow[i] } else { most[i] };
            least[i] = if flow[i] < least[i] { flow[i] } else { least[i] };
        }
    }
    let mut hopeless = [0; N];
    for i in 0..N {
        let one_sign = flag(most[i] <= 0.0) | flag(least[i] >= 0.0);
        hopeless[i] = one_sign | flag(guess[i] <= -1.0) | odd(guess[i]);
    }
    hopeless
}

/// [`finance::value_and_slopes`] for a block of lanes.
#[inline(always)]
fn value_and_slopes<const N: usize>(
    flows: &[impl Borrow<Block<N>>],
    discount: &Block<N>,
) -> (Block<N>, Block<N>, Block<N>) {
    let (mut value, mut slope, mut bend) = ([0.0; N], [0.0; N], [0.0; N]);
    for flow in flows.iter().rev() {
        let flow = flow.borrow();
        for i in 0..N {
            bend[i] = bend[i] * discount[i] + slope[i];
            slope[i] = slope[i] * discount[i] + value[i];
            value[i] = value[i] * discount[i] + flow[i];
        }
    }
    (value, slope, bend)
}

#[inline(always)]
fn discounts<const N: usize>(rate: &Block<N>) -> Block<N> {
    let mut discount = [0.0; N];
    for i in 0..N {
        discount[i] = 1.0 / (1.0 + rate[i]);
    }
    discount
}

/// The value of flows at a rate, as in [`value_and_slopes`].
#[inline(always)]
fn value_at<const N: usize>(flows: &[Block<N>], rate: &Block<N>) -> Block<N> {
    let discount = discounts(rate);
    let mut value = [0.0; N];
    for flow in flows.iter().rev() {
        for i in 0..N {
            value[i] = value[i] * discount[i] + flow[i];
        }
    }
    value
}

/// The neighbours on the grid between which the value changes its sign, nearest to the guess, and
/// the lanes that have none.
#[inline(always)]
fn nearest_crossing<const N: usize>(
    flows: &[Block<N>],
    guess: &Block<N>,
) -> (Block<N>, Block<N>, Flags<N>) {
    let grid = &finance::GRID;
    let (mut low, mut high, mut least) = ([0.0; N], [0.0; N], [f64::INFINITY; N]);
    let mut before = value_at(flows, &[grid[0]; N]);
    for pair in grid.windows(2) {
        let behind = value_at(flows, &[pair[1]; N]);
        for i in 0..N {
            let distance = (pair[0] - guess[i]).abs();
            let is_nearer = (before[i] * behind[i] <= 0.0) & (distance < least[i]);
            low[i] = if is_nearer { pair[0] } else { low[i] };
            high[i] = if is_nearer { pair[1] } else { high[i] };
            least[i] = if is_nearer { distance } else { least[i] };
        }
        before = behind;
    }
    let mut none = [0; N];
    for i in 0..N {
        none[i] = flag(least[i] == f64::INFINITY);
    }
    (low, high, none)
}

/// `finance::between` with the halvings that precede Halley's method.
#[inline(always)]
fn between<const N: usize>(flows: &[Block<N>], (low, high): (&Block<N>, &Block<N>)) -> Block<N> {
    let (at_low, at_high) = (value_at(flows, low), value_at(flows, high));
    let (mut low, mut high) = (*low, *high);
    for _ in 0..finance::NEAR {
        let mut middle = [0.0; N];
        for i in 0..N {
            middle[i] = low[i] + (high[i] - low[i]) / 2.0;
        }
        let value = value_at(flows, &middle);
        for i in 0..N {
            let falls = at_low[i] > at_high[i];
            let goes_up = (value[i] > 0.0) == falls;
            low[i] = if goes_up { middle[i] } else { low[i] };
            high[i] = if goes_up { high[i] } else { middle[i] };
        }
    }
    low
}

/// One lane of a rate of return.
#[inline(never)]
fn alone(flows: &[&Lane], guess: &Lane, lane: usize) -> f64 {
    let mut args: Vec<f64> = flows.iter().map(|f| f[lane]).collect();
    args.push(guess[lane]);
    semantics::rate(&args)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::WIDTH;

    /// Flows of many kinds: roots near and far, several, none; one sign; errors.
    fn flows() -> Vec<Lane> {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..7)
            .map(|period| {
                std::array::from_fn(|lane| match (lane % 7, period) {
                    (0, _) => next() - 0.5,
                    (1, 0) => -1e-3 - next(),
                    (2, 0) => -5.0 * next(),
                    (2, _) => next(),
                    (3, _) => 1e6 * (next() - 0.2),
                    (4, _) => next() + 0.1,
                    (5, 3) if lane % 2 == 0 => fail(ErrorKind::Na),
                    (5, _) => next() - 0.4,
                    (_, period) if period % 2 == 0 => 1.0 + next(),
                    _ => -1.5,
                })
            })
            .collect()
    }

    #[test]
    fn every_lane_has_the_bits_of_one_alone() {
        let flows = flows();
        let columns: Vec<&Lane> = flows.iter().collect();
        let guess = std::array::from_fn(|lane| [0.1, 0.0, 0.9, -1.0][lane % 4]);
        let (mut wide, mut narrow) = ([0.0; WIDTH], [0.0; WIDTH]);
        rate_of_return::<32>(&columns, &guess, &mut wide);
        rate_of_return::<16>(&columns, &guess, &mut narrow);
        let mut found = 0;
        for lane in 0..WIDTH {
            let want = alone(&columns, &guess, lane);
            found += usize::from(want.is_finite());
            let all = [want, wide[lane], narrow[lane]].map(f64::to_bits);
            assert!(
                all.iter().all(|x| *x == all[0]),
                "{lane}: {want} {} {}",
                wide[lane],
                narrow[lane]
            );
        }
        assert!((80..200).contains(&found), "{found}");
    }
}
