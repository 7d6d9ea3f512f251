//! `exp`, `ln` and what is made of them. Relative error of `exp` and `ln` below 4 ulp.

use std::f64::consts::{LOG2_E, SQRT_2};

/// ln 2 cut to 32 bits of mantissa, so that its product with a small integer is exact.
pub(super) const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
pub(super) const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// 1.5 · 2⁵²: adding it rounds to a whole number that its last bits then hold.
pub(super) const ROUNDING: f64 = 6_755_399_441_055_744.0;
const EXPONENT_BIAS: u64 = 1023;
/// 1/k! for k from 2 to 13.
pub(super) const FACTORS: [f64; 12] = [
    0.5,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
    1.0 / 479_001_600.0,
    1.0 / 6_227_020_800.0,
];
/// 1/(2k + 1) for k from 1 to 10: the series of the inverse hyperbolic tangent.
pub(super) const ODD_PARTS: [f64; 10] = [
    1.0 / 3.0,
    1.0 / 5.0,
    1.0 / 7.0,
    1.0 / 9.0,
    1.0 / 11.0,
    1.0 / 13.0,
    1.0 / 15.0,
    1.0 / 17.0,
    1.0 / 19.0,
    1.0 / 21.0,
];

/// 1/(2n(2n - 1)) and 1/(2n(2n + 1)) for n from 8 down: the steps of the series of cosine and sine
/// up to π/4.
pub(super) const STEPS: [(f64, f64); 8] = [
    (1.0 / 240.0, 1.0 / 272.0),
    (1.0 / 182.0, 1.0 / 210.0),
    (1.0 / 132.0, 1.0 / 156.0),
    (1.0 / 90.0, 1.0 / 110.0),
    (1.0 / 56.0, 1.0 / 72.0),
    (1.0 / 30.0, 1.0 / 42.0),
    (1.0 / 12.0, 1.0 / 20.0),
    (1.0 / 2.0, 1.0 / 6.0),
];

/// 2 to the power `k`, for a whole `k` from -1022 to 1023.
#[inline(always)]
fn power_of_two(k: f64) -> f64 {
    let whole = (k + ROUNDING).to_bits().wrapping_sub(ROUNDING.to_bits());
    f64::from_bits(whole.wrapping_add(EXPONENT_BIAS) << 52)
}

/// e to the power `x`.
#[inline(always)]
#[must_use]
pub fn exp(x: f64) -> f64 {
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let k = (x * LOG2_E + ROUNDING) - ROUNDING;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    // Taylor series on |r| ≤ ln 2 / 2; the first term left out is below 1e-17.
    let mut sum = FACTORS[11];
    for factor in FACTORS[..11].iter().rev() {
        sum = factor + r * sum;
    }
    let value = 1.0 + (r + r * r * sum);
    // Two factors, because one alone would be subnormal or infinite at the ends of the range.
    let half = (k * 0.5 + ROUNDING) - ROUNDING;
    value * power_of_two(half) * power_of_two(k - half)
}

/// Natural logarithm; NaN below zero, minus infinity at zero.
#[inline(always)]
#[must_use]
pub fn ln(x: f64) -> f64 {
    let tiny = x < f64::MIN_POSITIVE;
    let scaled = if tiny { x * 18_014_398_509_481_984.0 } else { x };
    let bits = scaled.to_bits();
    let exponent = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_370_496.0;
    let k = exponent - if tiny { 1077.0 } else { 1023.0 };
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | (EXPONENT_BIAS << 52));
    let high = m > SQRT_2;
    let m = if high { m * 0.5 } else { m };
    let k = if high { k + 1.0 } else { k };
    let s = (m - 1.0) / (m + 1.0);
    let value = k * LN_2_HIGH + (k * LN_2_LOW + twice_artanh(s));
    let value = if x == f64::INFINITY { x } else { value };
    let value = if x == 0.0 { f64::NEG_INFINITY } else { value };
    if x >= 0.0 { value } else { f64::NAN }
}

/// `ln((1 + s) / (1 - s))` for |s| ≤ 0.18.
#[inline(always)]
fn twice_artanh(s: f64) -> f64 {
    let square = s * s;
    let mut sum = ODD_PARTS[9];
    for part in ODD_PARTS[..9].iter().rev() {
        sum = sum * square + part;
    }
    2.0 * s + 2.0 * s * square * sum
}

/// `ln(1 + x)` without loss for small `x`.
#[inline(always)]
#[must_use]
pub fn ln_1p(x: f64) -> f64 {
    if x > -0.29 && x < 0.41 { twice_artanh(x / (2.0 + x)) } else { ln(1.0 + x) }
}

/// `e^x - 1` without loss for small `x`.
#[inline(always)]
#[must_use]
pub(crate) fn exp_m1(x: f64) -> f64 {
    if x > -0.3 && x < 0.3 {
        let mut sum = FACTORS[11];
        for factor in FACTORS[..11].iter().rev() {
            sum = factor + x * sum;
        }
        x + x * x * sum
    } else {
        exp(x) - 1.0
    }
}

/// `x` to the power `y`, for `x` ≥ 0. Its relative error grows with `|y ln x|`: below 1e-14 where
/// that is below 40, and below 1e-12 everywhere.
#[inline(always)]
#[must_use]
pub fn pow(x: f64, y: f64) -> f64 {
    if y == 0.0 { 1.0 } else { exp(y * ln(x)) }
}

/// Tangent of `t · π/2` for -1 < t < 1, accurate to the very ends.
#[inline(always)]
pub(crate) fn tan_half_pi(t: f64) -> f64 {
    // Above 1/2 by the cotangent of what is left to the pole, which 1 - |t| gives exactly.
    let a = t.abs();
    let high = a > 0.5;
    let (sine, cosine) = sine_cosine(if high { 1.0 - a } else { a } * std::f64::consts::FRAC_PI_2);
    let tangent = if high { cosine / sine } else { sine / cosine };
    if t < 0.0 { -tangent } else { tangent }
}

/// Cotangent of `p · π` for 0 < p ≤ ½, accurate for the smallest p.
pub(crate) fn cot_pi(p: f64) -> f64 {
    if p > 0.25 {
        return tan_half_pi(1.0 - 2.0 * p);
    }
    let (sine, cosine) = sine_cosine(p * std::f64::consts::PI);
    cosine / sine
}

/// Sine and cosine of an angle up to π/4.
#[inline(always)]
fn sine_cosine(angle: f64) -> (f64, f64) {
    let square = angle * angle;
    let mut sine = 0.0;
    let mut cosine = 0.0;
    for (even, odd) in STEPS {
        sine = (1.0 - sine) * (square * odd);
        cosine = (1.0 - cosine) * (square * even);
    }
    (angle * (1.0 - sine), 1.0 - cosine)
}

/// Largest whole number not above `x`; exact below 2⁵¹, and `x` itself beyond.
#[inline(always)]
pub(crate) fn floor(x: f64) -> f64 {
    if x.abs() < 2_251_799_813_685_248.0 {
        let near = (x + ROUNDING) - ROUNDING;
        if near > x { near - 1.0 } else { near }
    } else {
        x
    }
}

/// Smallest whole number not below `x`.
#[inline(always)]
pub(crate) fn ceil(x: f64) -> f64 {
    -floor(-x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, tolerance: f64) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1e-300), "{a} is not {b}");
    }

    #[test]
    fn agree_with_the_standard_library_over_the_whole_range() {
        for i in -7_000..7_000_i32 {
            let x = f64::from(i) * 0.101;
            close(exp(x), x.exp(), 1e-15);
            close(ln(x.exp()), x.exp().ln(), 1e-15);
            let t = f64::from(i) / 7_000.5;
            close(tan_half_pi(t), (t * std::f64::consts::FRAC_PI_2).tan(), 1e-12);
            close(ln_1p(t), t.ln_1p(), 1e-15);
            close(exp_m1(t), t.exp_m1(), 1e-15);
            close(pow(x.abs() + 0.1, 2.5), (x.abs() + 0.1).powf(2.5), 1e-14);
            assert_eq!(floor(x), x.floor());
            assert_eq!(ceil(x), x.ceil());
        }
        close(ln(5e-324), (5e-324_f64).ln(), 1e-15);
        close(exp(-744.0), (-744.0_f64).exp(), 1e-1);
    }

    #[test]
    fn edges_are_limits() {
        assert_eq!(exp(800.0), f64::INFINITY);
        assert_eq!(exp(-800.0), 0.0);
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
        assert_eq!(ln(f64::INFINITY), f64::INFINITY);
        assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan() && exp(f64::NAN).is_nan());
        assert_eq!(pow(0.0, 2.0), 0.0);
        assert_eq!(pow(0.0, 0.0), 1.0);
    }
}
