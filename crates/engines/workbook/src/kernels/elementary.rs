//! Powers, exponentials and logarithms in plain IEEE arithmetic: the same bits on every machine,
//! mostly the nearest number and never two steps away from it.
//!
//! Invariant: no branch, no call of a C library, no operation that a compiler may contract, so that
//! loops over lanes become vector instructions and other compilers repeat the bits. A logarithm is
//! a sum of two numbers until it is used: a power would multiply its rounding.

use std::f64::consts::{LOG2_E, LOG10_E, SQRT_2};

/// ln 2 cut to 32 bits of mantissa, so that its product with a small integer is exact.
pub const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
/// What was cut off.
pub const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// 1.5 · 2⁵²: adding it rounds to a whole number that its last bits then hold.
pub const ROUNDING: f64 = 6_755_399_441_055_744.0;
/// What [`LOG10_E`] lacks.
pub const LOG10_E_LOW: f64 = 1.098_319_650_216_765e-17;
/// A third, and what the number lacks.
pub const THIRD: (f64, f64) = (1.0 / 3.0, 1.850_371_707_708_594e-17);
/// 1/(2k + 1) for k from 11 down to 2: the inverse hyperbolic tangent behind its first two terms.
pub const ODD_PARTS: [f64; 10] = [
    1.0 / 23.0,
    1.0 / 21.0,
    1.0 / 19.0,
    1.0 / 17.0,
    1.0 / 15.0,
    1.0 / 13.0,
    1.0 / 11.0,
    1.0 / 9.0,
    1.0 / 7.0,
    1.0 / 5.0,
];
/// 1/k! for k from 13 down to 2.
pub const FACTORS: [f64; 12] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
];

/// A product and what rounding took from it (Dekker, 1971).
#[inline(always)]
#[must_use]
fn product(a: f64, b: f64) -> (f64, f64) {
    let halves = |x: f64| {
        let wide = 134_217_729.0 * x;
        let high = wide - (wide - x);
        (high, x - high)
    };
    let ((a1, a2), (b1, b2)) = (halves(a), halves(b));
    let high = a * b;
    (high, ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2)
}

#[inline(always)]
fn polynomial(terms: &[f64], x: f64) -> f64 {
    let mut sum = terms[0];
    for term in &terms[1..] {
        sum = sum * x + term;
    }
    sum
}

/// 2 to the power `k`, for a whole `k` from -1022 to 1023.
#[inline(always)]
fn power_of_two(k: f64) -> f64 {
    let whole = (k + ROUNDING).to_bits().wrapping_sub(ROUNDING.to_bits());
    f64::from_bits(whole.wrapping_add(1023) << 52)
}

/// The natural logarithm of a positive finite number, as a sum of two.
#[inline(always)]
fn ln_parts(x: f64) -> (f64, f64) {
    let tiny = x < f64::MIN_POSITIVE;
    let bits = if tiny { x * 18_014_398_509_481_984.0 } else { x }.to_bits();
    let exponent = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_370_496.0;
    let k = exponent - if tiny { 1077.0 } else { 1023.0 };
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | (1023 << 52));
    let high = m > SQRT_2;
    let m = if high { m * 0.5 } else { m };
    let k = if high { k + 1.0 } else { k };
    // s = (m - 1) / (m + 1), and all that follows, as sums of two.
    let g = m + 1.0;
    let g_rest = m - (g - 1.0);
    let s = (m - 1.0) / g;
    let (back, lost) = product(s, g);
    let s_rest = ((((m - 1.0) - back) - lost) - s * g_rest) / g;
    let (z, z_lost) = product(s, s);
    let z_rest = z_lost + 2.0 * s * s_rest;
    let c = polynomial(&ODD_PARTS, z) * z;
    let t = THIRD.0 + c;
    let t_rest = ((THIRD.0 - t) + c) + THIRD.1;
    let (v, v_lost) = product(z, t);
    let v_rest = v_lost + (z * t_rest + z_rest * t);
    let (w, w_lost) = product(s, v);
    let w_rest = w_lost + (s * v_rest + s_rest * v);
    let sum = s + w;
    let rest = ((s - sum) + w) + (s_rest + w_rest);
    let base = k * LN_2_HIGH;
    let value = base + 2.0 * sum;
    (value, ((base - value) + 2.0 * sum) + (k * LN_2_LOW + 2.0 * rest))
}

/// e to the power of a sum of two, of which the second is small.
#[inline(always)]
fn exp_parts(x: f64, rest: f64) -> f64 {
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let k = (x * LOG2_E + ROUNDING) - ROUNDING;
    let high = x - k * LN_2_HIGH;
    let low = k * LN_2_LOW - rest;
    let r = high - low;
    let lost = (high - r) - low;
    let value = 1.0 + (r + (r * r * polynomial(&FACTORS, r) + lost));
    // Two factors, because one alone would be subnormal or infinite at the ends of the range.
    let half = (k * 0.5 + ROUNDING) - ROUNDING;
    value * power_of_two(half) * power_of_two(k - half)
}

/// e to the power `x`.
#[inline(always)]
#[must_use]
pub fn exp(x: f64) -> f64 {
    exp_parts(x, 0.0)
}

/// Natural logarithm of a positive finite number.
#[inline(always)]
#[must_use]
pub fn ln(x: f64) -> f64 {
    let (high, low) = ln_parts(x);
    high + low
}

/// Decimal logarithm of a positive finite number; exact for powers of ten.
#[inline(always)]
#[must_use]
pub fn log10(x: f64) -> f64 {
    let (high, low) = ln_parts(x);
    let (value, lost) = product(high, LOG10_E);
    value + (lost + (high * LOG10_E_LOW + low * LOG10_E))
}

/// A positive finite number to any finite power.
#[inline(always)]
#[must_use]
pub fn pow(x: f64, y: f64) -> f64 {
    let (high, low) = ln_parts(x);
    let (value, lost) = product(y, high);
    // Beyond this the product has no room, and the result is 0, 1 or infinite anyway.
    let has_room = (y.abs() < 1e290) & (value.abs() < 800.0);
    exp_parts(value, if has_room { lost + y * low } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(a: f64, b: f64) -> u64 {
        a.to_bits().abs_diff(b.to_bits())
    }

    #[test]
    fn results_are_the_nearest_numbers_or_their_neighbours() {
        let mut x = 1e-300;
        let (mut far, mut count) = (0, 0);
        while x < 1e300 {
            assert!(steps(ln(x), x.ln()) <= 1, "ln {x}");
            assert!(steps(log10(x), x.log10()) <= 1, "log10 {x}");
            for y in [0.5, -1.0 / 3.0, 1.07, 2.5, -0.013, 0.999] {
                let (found, known) = (pow(x, y), x.powf(y));
                if known.is_normal() {
                    assert!(steps(found, known) <= 1, "{x} ^ {y}: {found} is not {known}");
                    far += steps(found, known);
                    count += 1;
                }
            }
            let z = x.ln();
            assert!(steps(exp(z), z.exp()) <= 1, "exp {z}");
            x *= 1.037;
        }
        assert!(far * 5 < count, "{far} of {count} differ in the last bit");
        let mut rate = 1.000_1;
        while rate < 2.0 {
            assert!(steps(pow(rate, 30.25), rate.powf(30.25)) <= 1, "{rate}");
            rate *= 1.000_7;
        }
    }

    #[test]
    fn edges_are_limits() {
        assert_eq!((exp(0.0), exp(800.0), exp(-800.0)), (1.0, f64::INFINITY, 0.0));
        assert_eq!((ln(1.0), log10(1000.0), log10(1e-7)), (0.0, 3.0, -7.0));
        assert_eq!((pow(4.0, 0.5), pow(1.0, 1e300)), (2.0, 1.0));
        assert!(steps(pow(2.0, 0.5), 2_f64.sqrt()) <= 1);
        assert_eq!((pow(2.0, 1e300), pow(2.0, -1e300)), (f64::INFINITY, 0.0));
        assert_eq!(pow(f64::from_bits(1), 0.5), f64::from_bits(1).sqrt());
    }
}
