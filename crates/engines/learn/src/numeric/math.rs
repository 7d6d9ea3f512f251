//! `exp`, `ln` and friends in plain IEEE arithmetic, so that results do not depend on the C
//! library or on whether the processor has fused multiply-add. Relative error below 4 ulp.

use std::f64::consts::{LN_2, LOG2_E, SQRT_2};

/// ln 2 cut to 32 bits of mantissa, so that its product with a small integer is exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// e to the power `x`.
pub fn exp(x: f64) -> f64 {
    if x > 709.782_712_893_384 {
        return f64::INFINITY;
    }
    if x < -745.2 {
        return 0.0;
    }
    if x.is_nan() {
        return x;
    }
    let k = (x * LOG2_E).round();
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    // Taylor series on |r| ≤ ln 2 / 2; the first term left out is below 1e-17.
    let mut sum = 1.0 + r / 14.0;
    for divisor in (2..14).rev() {
        sum = 1.0 + r * sum / f64::from(divisor);
    }
    scale_by_power_of_two(1.0 + r * sum, k as i64)
}

fn scale_by_power_of_two(value: f64, k: i64) -> f64 {
    let power = |k: i64| f64::from_bits(((k + 1023) as u64) << 52);
    // Two factors where one alone would be subnormal or infinite.
    if k < -1000 {
        value * power(k + 500) * power(-500)
    } else if k > 1000 {
        value * power(k - 500) * power(500)
    } else {
        value * power(k)
    }
}

/// 1.5 · 2⁵²: adding it rounds to a whole number that its last bits then hold.
const ROUNDING: f64 = 6_755_399_441_055_744.0;
/// Below this, `exp` counts as 0 here; its subnormal results would need another path.
const LEAST_EXPONENT: f64 = -700.0;
/// 1/k! for k from 1 to 13.
const FACTORS: [f64; 13] = [
    1.0,
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

/// Replaces numbers up to 0 by `e` to their power, without a branch, so that it vectorises.
pub(crate) fn exp_of_negatives(values: &mut [f64]) {
    for value in values {
        let x = value.max(LEAST_EXPONENT);
        let shifted = x * LOG2_E + ROUNDING;
        let k = shifted - ROUNDING;
        let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
        let mut sum = FACTORS[12];
        for factor in FACTORS[..12].iter().rev() {
            sum = factor + r * sum;
        }
        let exponent = shifted.to_bits().wrapping_sub(ROUNDING.to_bits()).wrapping_add(1023);
        *value = (1.0 + r * sum) * f64::from_bits(exponent << 52);
    }
}

/// ln 2 cut to 9 bits of mantissa, 1.5 · 2²³ and 1/k! for k from 1 to 7: the same for half the bits.
const LN_2_HIGH_F32: f32 = 0.693_359_4;
const LN_2_LOW_F32: f32 = -2.121_944_4e-4;
const ROUNDING_F32: f32 = 12_582_912.0;
const LEAST_EXPONENT_F32: f32 = -87.0;
const FACTORS_F32: [f32; 7] =
    [1.0, 0.5, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5_040.0];

/// Replaces numbers up to 0 by `e` to their power in single precision, without a branch.
pub fn exp_of_negatives_f32(values: &mut [f32]) {
    for value in values {
        let x = value.max(LEAST_EXPONENT_F32);
        let shifted = x * std::f32::consts::LOG2_E + ROUNDING_F32;
        let k = shifted - ROUNDING_F32;
        let r = (x - k * LN_2_HIGH_F32) - k * LN_2_LOW_F32;
        let mut sum = FACTORS_F32[6];
        for factor in FACTORS_F32[..6].iter().rev() {
            sum = factor + r * sum;
        }
        let exponent = shifted.to_bits().wrapping_sub(ROUNDING_F32.to_bits()).wrapping_add(127);
        *value = (1.0 + r * sum) * f32::from_bits(exponent << 23);
    }
}

/// Cosine. Beyond ±100,000 the argument is first reduced by a rounded 2π, and the result good
/// for no more than a periodic function of it.
pub(crate) fn cos(x: f64) -> f64 {
    const HALF_PI_HIGH: f64 = 1.570_796_251_296_997;
    const HALF_PI_MIDDLE: f64 = 7.549_789_415_861_596e-8;
    const HALF_PI_LOW: f64 = 5.390_302_529_957_765e-15;
    let x = if x.abs() > 1e5 { x % std::f64::consts::TAU } else { x };
    let k = (x * std::f64::consts::FRAC_2_PI).round();
    let r = ((x - k * HALF_PI_HIGH) - k * HALF_PI_MIDDLE) - k * HALF_PI_LOW;
    let square = r * r;
    let even = |from: u32| {
        (0..9).rev().fold(1.0, |sum, term| {
            let n = f64::from(2 * term + from);
            1.0 - square * sum / (n * (n + 1.0))
        })
    };
    match (k as i64).rem_euclid(4) {
        0 => even(1),
        1 => -r * even(2),
        2 => -even(1),
        _ => r * even(2),
    }
}

/// Natural logarithm.
pub fn ln(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x == f64::INFINITY {
        return x;
    }
    let (scaled, shift) = if x < f64::MIN_POSITIVE { (x * 2_f64.powi(54), 54.0) } else { (x, 0.0) };
    let bits = scaled.to_bits();
    let mut k = ((bits >> 52) as i64 - 1023) as f64 - shift;
    let mut m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | (1023_u64 << 52));
    if m > SQRT_2 {
        m *= 0.5;
        k += 1.0;
    }
    k * LN_2_HIGH + (k * LN_2_LOW + twice_artanh((m - 1.0) / (m + 1.0)))
}

/// `ln((1 + s) / (1 - s))` for |s| ≤ 0.18.
fn twice_artanh(s: f64) -> f64 {
    let square = s * s;
    let mut sum = 1.0 / 23.0;
    for divisor in (0..11).rev() {
        sum = sum * square + 1.0 / f64::from(2 * divisor + 1);
    }
    2.0 * s * sum
}

/// `ln(1 + x)` without loss for small `x`.
pub fn ln_1p(x: f64) -> f64 {
    if (-0.29..=0.41).contains(&x) { twice_artanh(x / (2.0 + x)) } else { ln(1.0 + x) }
}

/// `1 / (1 + e^-x)`.
pub fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + exp(-x))
    } else {
        let e = exp(x);
        e / (1.0 + e)
    }
}

/// `ln(1 + e^x)` without overflow.
pub fn softplus(x: f64) -> f64 {
    if x > 0.0 { x + ln_1p(exp(-x)) } else { ln_1p(exp(x)) }
}

/// Hyperbolic tangent.
pub fn tanh(x: f64) -> f64 {
    let a = x.abs();
    if a < 1e-3 {
        return x * (1.0 - x * x / 3.0);
    }
    let t = 1.0 - 2.0 / (exp(2.0 * a) + 1.0);
    if x < 0.0 { -t } else { t }
}

/// Base-2 logarithm.
pub fn log2(x: f64) -> f64 {
    ln(x) / LN_2
}

/// `ln Σ e^x`.
pub(crate) fn log_sum_exp(values: &[f64]) -> f64 {
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    max + ln(values.iter().map(|v| exp(v - max)).sum())
}

/// Turns logits into probabilities in place.
pub(crate) fn softmax(logits: &mut [f64]) {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for value in logits.iter_mut() {
        *value = exp(*value - max);
        sum += *value;
    }
    for value in logits.iter_mut() {
        *value /= sum;
    }
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
            let positive = x.exp();
            close(ln(positive), positive.ln(), 1e-15);
            close(tanh(x / 50.0), (x / 50.0).tanh(), 1e-12);
        }
        let halves: Vec<f32> = (-8_700..=0_i16).map(|i| f32::from(i) * 0.01).collect();
        let mut powers = halves.clone();
        exp_of_negatives_f32(&mut powers);
        for (x, power) in halves.iter().zip(powers) {
            close(f64::from(power), f64::from(*x).exp(), 3e-7);
        }
        for i in -280..400_i32 {
            let x = f64::from(i) * 1e-3 + 1e-9;
            close(ln_1p(x), x.ln_1p(), 1e-15);
        }
        for i in -90_000..90_000_i32 {
            let x = f64::from(i) * 0.37;
            assert!((cos(x) - x.cos()).abs() < 1e-14, "{x}: {} {}", cos(x), x.cos());
        }
        let arguments: Vec<f64> = (0..7_000).map(|i| f64::from(i) * -0.1).collect();
        let mut powers = arguments.clone();
        exp_of_negatives(&mut powers);
        for (x, power) in arguments.iter().zip(powers) {
            close(power, x.exp(), 1e-15);
        }
        close(ln(5e-324), (5e-324_f64).ln(), 1e-15);
        close(exp(-744.0), (-744.0_f64).exp(), 1e-1);
    }

    #[test]
    fn edges_are_limits_and_never_nan_without_reason() {
        assert_eq!(exp(800.0), f64::INFINITY);
        assert_eq!(exp(-800.0), 0.0);
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
        assert!(ln(-1.0).is_nan() && exp(f64::NAN).is_nan());
        assert_eq!(logistic(1000.0), 1.0);
        assert_eq!(logistic(-1000.0), 0.0);
        assert_eq!(softplus(1000.0), 1000.0);
    }
}
