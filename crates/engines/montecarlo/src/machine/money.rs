//! Present values of many lanes at once.

use super::lanes::{Lane, SIGN, flag, odd};

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
