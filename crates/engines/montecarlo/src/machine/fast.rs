//! Which loop over lanes computes an instruction.

use gantry_workbook::functions;
use gantry_workbook::kernels::{MAX_INTEGER_POWER, elementary};

use super::lanes::{Lane, Operand, SIGN, flag, fold, map, odd, sum, truth};
use super::{Isa, Machine, chain, find, money, rates};
use crate::column::WIDTH;
use crate::program::{Instruction, Source};
use crate::ssa::Op;

/// Lanes whose rates of return are searched for together: what stays in registers.
const RATES: usize = 16;
/// As [`RATES`], with AVX-512.
const WIDE_RATES: usize = 32;
/// The most operands of a chain: those of all its links.
const MAX_OPERANDS: usize = 2 * crate::chain::MAX_LINKS;

impl Machine<'_, '_> {
    /// Computes a column, and says whether it may stand; what has no fast loop may not.
    #[inline(always)]
    pub(super) fn fast(&self, step: &Instruction, out: &mut Lane) -> bool {
        let column = |i: usize| self.column(step.sources[i]);
        match &step.op {
            Op::Chain(links) => {
                let mut operands = [Operand::Number(0.0); MAX_OPERANDS];
                let others = &step.sources[1..];
                for (operand, source) in operands.iter_mut().zip(others) {
                    *operand = self.operand(*source);
                }
                chain::run(links, column(0), &operands[..others.len().min(MAX_OPERANDS)], out)
            }
            Op::PowerInteger(n) => power_integer(column(0), *n, out),
            Op::Power => power(column(0), column(1), out),
            Op::Kernel1(id) => functions::get(*id)
                .find_kernel1()
                .is_some_and(|f| map(column(0), out, |a| checked(f, a))),
            Op::Kernel2(id) => functions::get(*id).find_kernel2().is_some_and(|f| {
                let (a, b) = (column(0), column(1));
                let mut bad = 0;
                for i in 0..WIDTH {
                    let own = odd(a[i]) | odd(b[i]);
                    out[i] = if own & SIGN == 0 { f(a[i], b[i]) } else { 0.0 };
                    bad |= odd(out[i]) | own;
                }
                bad & SIGN == 0
            }),
            Op::And => {
                let both = |a, b| truth((a != 0.0) & (b != 0.0));
                fold(&self.all(step), out, both) && truths(out)
            }
            Op::Or => {
                let either = |a, b| truth((a != 0.0) | (b != 0.0));
                fold(&self.all(step), out, either) && truths(out)
            }
            Op::ToNumber | Op::Settle => map(column(0), out, |a| (a, odd(a))),
            Op::IfError => map(column(0), out, |a| (a, odd(a))),
            Op::Sum => sum(&self.all(step), out),
            Op::Min => fold(&self.all(step), out, gantry_workbook::kernels::least),
            Op::Max => fold(&self.all(step), out, gantry_workbook::kernels::greatest),
            Op::NetPresent => {
                let all = self.all(step);
                money::net_present(column(0), &all[1..], out)
            }
            Op::Rate => match self.all(step).as_slice() {
                [flows @ .., guess] => {
                    match self.isa {
                        Isa::Avx512 => rates::rate_of_return::<WIDE_RATES>(flows, guess, out),
                        Isa::Baseline | Isa::Avx2 => {
                            rates::rate_of_return::<RATES>(flows, guess, out);
                        }
                    }
                    true
                }
                [] => false,
            },
            Op::FindBelow(keys) if keys.len() <= find::MAX_CHAIN => {
                find::find_below(keys, column(0), out)
            }
            Op::Pick { base, .. } => {
                let values = step.sources[1..].iter().map(|s| self.operand(*s));
                find::pick(column(0), *base, &values.collect::<Vec<_>>(), out)
            }
            _ => false,
        }
    }

    #[inline(always)]
    fn all(&self, step: &Instruction) -> Vec<&Lane> {
        step.sources.iter().map(|s| self.column(*s)).collect()
    }

    #[inline(always)]
    fn operand(&self, source: Source) -> Operand<'_> {
        match source {
            Source::Constant(c) => Operand::Number(self.program.constants[c as usize]),
            Source::Register(_) | Source::Input(_) => Operand::Column(self.column(source)),
        }
    }
}

/// One operand alone is not yet a truth value.
#[inline(always)]
fn truths(out: &mut Lane) -> bool {
    for x in out.iter_mut() {
        *x = truth(*x != 0.0);
    }
    true
}

/// A kernel's value, which never sees what is not finite.
#[inline(always)]
fn checked(f: fn(f64) -> f64, a: f64) -> (f64, u64) {
    let own = odd(a);
    let x = if own & SIGN == 0 { f(a) } else { 0.0 };
    (x, odd(x) | own)
}

/// Powers of positive numbers by exponents that are not small whole numbers, which are products.
#[inline(always)]
fn power(a: &Lane, b: &Lane, out: &mut Lane) -> bool {
    let mut bad = 0;
    for i in 0..WIDTH {
        let (x, y) = (a[i], b[i]);
        let nearest = (y + elementary::ROUNDING) - elementary::ROUNDING;
        let is_product = (nearest == y) & (y.abs() <= MAX_INTEGER_POWER);
        out[i] = elementary::pow(x, y);
        bad |= flag(is_product | (x <= 0.0)) | odd(x) | odd(y) | odd(out[i]);
    }
    bad & SIGN == 0
}

/// A whole power by repeated squaring, in the order of [`kernels::power_integer`].
#[inline(always)]
fn power_integer(a: &Lane, n: i32, out: &mut Lane) -> bool {
    match n {
        0 => map(a, out, |x| (1.0, odd(x) | flag(x == 0.0))),
        2 => map(a, out, |x| (x * x, odd(x * x))),
        _ => {
            let mut square = *a;
            let mut result = [1.0; WIDTH];
            let mut rest = n.unsigned_abs();
            while rest > 0 {
                if rest & 1 == 1 {
                    for i in 0..WIDTH {
                        result[i] *= square[i];
                    }
                }
                rest >>= 1;
                if rest > 0 {
                    for x in &mut square {
                        *x *= *x;
                    }
                }
            }
            if n < 0 {
                map(&result, out, |x| (1.0 / x, odd(1.0 / x)))
            } else {
                map(&result, out, |x| (x, odd(x)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use gantry_workbook::kernels;

    use super::*;

    #[test]
    fn whole_powers_have_the_bits_of_the_kernel() {
        let a = std::array::from_fn(|i| 0.3 + i as f64 * 0.01);
        for n in [-7, -2, -1, 1, 2, 3, 10, 31, 64] {
            let mut out = [0.0; WIDTH];
            assert!(power_integer(&a, n, &mut out));
            for i in 0..WIDTH {
                assert_eq!(out[i].to_bits(), kernels::power(a[i], f64::from(n)).to_bits());
            }
        }
    }
}
