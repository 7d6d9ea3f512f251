//! Places in tables, and the values that stand there.

use gantry_workbook::ErrorKind;
use gantry_workbook::kernels::fail;

use super::lanes::{
    BLOCK, BLOCKS, Lane, Lanes, Operand, SIGN, blocks, flag, odd, truth, with_lanes,
};

/// The most keys or values that are looked at one by one.
pub(super) const MAX_CHAIN: usize = 32;

/// Lanes whose counts stay in registers while all keys are looked at.
const NARROW: usize = 32;

/// The place of the last key not above a number: how many keys are not above it. A number that is
/// so near to a key that its digits decide may not stand; the bound is a little wider than that of
/// comparisons.
#[inline(always)]
pub(super) fn find_below(keys: &[u64], x: &Lane, out: &mut Lane) -> bool {
    let missing = fail(ErrorKind::Na);
    let mut bad = 0;
    for (x, out) in x.as_chunks::<NARROW>().0.iter().zip(out.as_chunks_mut::<NARROW>().0) {
        let (mut counts, mut near) = ([0.0; NARROW], [0u64; NARROW]);
        for key in keys {
            let key = f64::from_bits(*key);
            let reach = key.abs() * 1.001e-14;
            for i in 0..NARROW {
                let distance = (x[i] - key).abs();
                near[i] |= flag((distance <= reach) & (x[i] != key));
                counts[i] += truth(x[i] >= key);
            }
        }
        for i in 0..NARROW {
            bad |= odd(x[i]) | near[i];
            out[i] = if counts[i] == 0.0 { missing } else { counts[i] };
        }
    }
    bad & SIGN == 0
}

/// A value by an index that is surely among the values.
#[inline(always)]
pub(super) fn pick(index: &Lane, base: i32, values: &[Operand<'_>], out: &mut Lane) -> bool {
    let base = f64::from(base);
    let end = base + values.len() as f64;
    let Some((first, others)) = values.split_first().filter(|_| values.len() <= MAX_CHAIN) else {
        return pick_by_lane(index, base, values, out);
    };
    let mut bad = 0;
    for k in 0..BLOCKS {
        let index = &blocks(index)[k];
        let out = &mut out.as_chunks_mut::<BLOCK>().0[k];
        with_lanes!(*first, k, first => for i in 0..BLOCK {
            let x = index[i];
            // An index is cut towards zero: only one above -1 is cut to 0.
            let is_before = if base == 0.0 { x <= -1.0 } else { x < base };
            bad |= odd(x) | flag(is_before) | flag(x >= end);
            out[i] = first.at(i);
        });
        for (nth, value) in others.iter().enumerate() {
            let from = base + nth as f64 + 1.0;
            with_lanes!(*value, k, value => for i in 0..BLOCK {
                out[i] = if index[i] >= from { value.at(i) } else { out[i] };
            });
        }
    }
    bad & SIGN == 0
}

fn pick_by_lane(index: &Lane, base: f64, values: &[Operand<'_>], out: &mut Lane) -> bool {
    for (i, out) in out.iter_mut().enumerate() {
        let place = index[i].trunc() - base;
        if !(place >= 0.0 && place < values.len() as f64) {
            return false;
        }
        *out = match values[place as usize] {
            Operand::Number(x) => x,
            Operand::Column(column) => column[i],
        };
    }
    true
}
