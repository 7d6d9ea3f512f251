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
        for i in -280..400_i32 {
            let x = f64::from(i) * 1e-3 + 1e-9;
            close(ln_1p(x), x.ln_1p(), 1e-15);
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
