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

/// [`gantry_workbook::kernels::finance::net_present`] for all lanes of a column.
#[inline(always)]
pub(super) fn net_present(rate: &Lane, flows: &[&Lane], out: &mut Lane) -> bool {
    let mut bad = 0;
    for (k, out) in out.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
        let rate = block(rate, k);
        let (mut total, mut discount) = ([0.0; BLOCK], [0.0; BLOCK]);
        for i in 0..BLOCK {
            discount[i] = 1.0 / (1.0 + rate[i]);
        }
        for flow in flows.iter().rev() {
            let flow = block(flow, k);
            for i in 0..BLOCK {
                total[i] = (total[i] + flow[i]) * discount[i];
            }
        }
        for i in 0..BLOCK {
            bad |= odd(total[i]) | odd(rate[i]) | flag(rate[i] == -1.0);
        }
        *out = total;
    }
    bad & SIGN == 0
}
