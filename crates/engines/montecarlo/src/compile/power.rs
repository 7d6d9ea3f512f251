//! Whole powers.
//!
//! Invariant: the products are those of [`gantry_workbook::kernels::power_integer`], in their order.

use super::Compiler;
use crate::lane::Kinds;
use crate::ssa::{NodeId, Op};

impl Compiler<'_> {
    /// A whole power by the kernel's products, which powers of the same number share.
    pub(super) fn whole_power(&mut self, a: NodeId, n: i32) -> NodeId {
        if n < 1 {
            return self.add(Op::PowerInteger(n), &[a], Kinds::NUMBER);
        }
        let multiply = |c: &mut Self, a, b| c.add(Op::Multiply, &[a, b], Kinds::NUMBER);
        let (mut rest, mut square, mut result) = (n, a, None);
        loop {
            if rest & 1 == 1 {
                result = Some(result.map_or(square, |result| multiply(self, result, square)));
            }
            rest >>= 1;
            match result {
                Some(result) if rest == 0 => return result,
                _ => square = multiply(self, square, square),
            }
        }
    }
}
