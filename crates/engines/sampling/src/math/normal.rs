//! The standard normal distribution: function, density and inverse, alone and for whole chunks.

use super::{exp, ln};
use crate::CHUNK;

const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;

/// `(1 + z) · e^(z²/2) · Φ(-z)` for z ≥ 0 as a polynomial of `(z - 4) / (z + 4)`, fitted at
/// Chebyshev nodes; relative error below 2e-16.
const TAIL: [f64; 24] = [
    0.472_053_206_509_844_67,
    -0.096_703_477_326_525_79,
    0.013_999_634_724_430_356,
    0.028_600_364_053_552_74,
    -0.032_197_837_428_310_2,
    0.017_936_097_479_507_64,
    -0.005_002_378_587_116_522,
    -0.000_285_623_094_432_184_66,
    0.000_694_897_069_761_257_6,
    -9.443_028_888_602_986e-5,
    -8.785_300_671_498_047e-5,
    2.125_024_188_982_869e-5,
    1.362_632_168_867_456_7e-5,
    -3.432_838_291_849_871_4e-6,
    -2.611_858_307_087_542_5e-6,
    4.058_052_492_443_933e-7,
    5.507_887_676_509_83e-7,
    -2.210_363_838_527_359_5e-10,
    -1.102_337_675_722_677_5e-7,
    -1.864_315_033_217_584_4e-8,
    1.744_682_158_205_449_5e-8,
    5.758_385_448_810_697e-9,
    -1.546_381_504_018_197_6e-9,
    -7.255_460_189_748_424e-10,
];

/// Coefficients of algorithm AS 241 (Wichura, 1988), from the highest power down.
pub(super) const CENTRE_ABOVE: [f64; 8] = [
    2.509_080_928_730_122_7e3,
    3.343_057_558_358_813e4,
    6.726_577_092_700_87e4,
    4.592_195_393_154_987e4,
    1.373_169_376_550_946e4,
    1.971_590_950_306_551_4e3,
    1.331_416_678_917_843_8e2,
    3.387_132_872_796_366_6,
];
pub(super) const CENTRE_BELOW: [f64; 8] = [
    5.226_495_278_852_855e3,
    2.872_908_573_572_194_3e4,
    3.930_789_580_009_271e4,
    2.121_379_430_158_659_6e4,
    5.394_196_021_424_751e3,
    6.871_870_074_920_579e2,
    4.231_333_070_160_091e1,
    1.0,
];
pub(super) const TAIL_ABOVE: [f64; 8] = [
    7.745_450_142_783_414e-4,
    2.272_384_498_926_918_4e-2,
    2.417_807_251_774_506e-1,
    1.270_458_252_452_368_4,
    3.647_848_324_763_204_5,
    5.769_497_221_460_691,
    4.630_337_846_156_546,
    1.423_437_110_749_683_5,
];
pub(super) const TAIL_BELOW: [f64; 8] = [
    1.050_750_071_644_416_9e-9,
    5.475_938_084_995_345e-4,
    1.519_866_656_361_645_7e-2,
    1.481_039_764_274_800_8e-1,
    6.897_673_349_851e-1,
    1.676_384_830_183_803_8,
    2.053_191_626_637_759,
    1.0,
];
pub(super) const FAR_ABOVE: [f64; 8] = [
    2.010_334_399_292_288_1e-7,
    2.711_555_568_743_487_6e-5,
    1.242_660_947_388_078_4e-3,
    2.653_218_952_657_612_4e-2,
    2.965_605_718_285_048_7e-1,
    1.784_826_539_917_291_3,
    5.463_784_911_164_114,
    6.657_904_643_501_103,
];
pub(super) const FAR_BELOW: [f64; 8] = [
    2.044_263_103_389_939_8e-15,
    1.421_511_758_316_446e-7,
    1.846_318_317_510_054_8e-5,
    7.868_691_311_456_133e-4,
    1.487_536_129_085_061_5e-2,
    1.369_298_809_227_358e-1,
    5.998_322_065_558_88e-1,
    1.0,
];
/// Half-width of the centre in probability.
pub(super) const CENTRE: f64 = 0.425;
/// Below this probability the third approximation takes over: e^-25.
pub(super) const FAR: f64 = 1.388_794_386_496_402e-11;

#[inline(always)]
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    let mut sum = coefficients[0];
    for c in &coefficients[1..] {
        sum = sum * x + c;
    }
    sum
}

#[inline(always)]
fn centre(q: f64) -> f64 {
    let r = 0.180_625 - q * q;
    q * polynomial(&CENTRE_ABOVE, r) / polynomial(&CENTRE_BELOW, r)
}

/// The quantile's distance from zero, for a tail probability between [`FAR`] and 0.075.
#[inline(always)]
fn tail(p: f64) -> f64 {
    let r = (-ln(p)).sqrt() - 1.6;
    polynomial(&TAIL_ABOVE, r) / polynomial(&TAIL_BELOW, r)
}

fn far_tail(p: f64) -> f64 {
    let r = (-ln(p)).sqrt() - 5.0;
    polynomial(&FAR_ABOVE, r) / polynomial(&FAR_BELOW, r)
}

/// The quantile of the standard normal distribution at `p`; infinite at 0 and 1, NaN outside.
/// Relative error below 1e-15.
#[must_use]
pub fn inverse_normal(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= CENTRE {
        return centre(q);
    }
    let small = if q < 0.0 { p } else { 1.0 - p };
    let distance = if small < 0.0 || small.is_nan() {
        f64::NAN
    } else if small == 0.0 {
        f64::INFINITY
    } else if small < FAR {
        far_tail(small)
    } else {
        tail(small)
    };
    if q < 0.0 { -distance } else { distance }
}

/// Replaces probabilities (0 < p < 1) by normal quantiles: the same bits as [`inverse_normal`].
/// All go through the centre's approximation; the one in seven that lie outside are gathered and
/// go through the tail's.
#[inline(always)]
pub(crate) fn inverse_normal_all(values: &mut [f64; CHUNK]) {
    let mut outside = [0_u16; CHUNK];
    let mut count = 0;
    let mut small = [0.25; CHUNK];
    for (i, p) in values.iter().enumerate() {
        // Written always, kept only where the count advances: no branch to guess wrong.
        outside[count] = i as u16;
        small[count] = *p;
        count += usize::from((p - 0.5).abs() > CENTRE);
    }
    for p in values.iter_mut() {
        *p = centre(*p - 0.5);
    }
    let mut distance = small;
    for group in distance[..count.next_multiple_of(16)].chunks_exact_mut(16) {
        for p in group {
            *p = tail(if *p < 0.5 { *p } else { 1.0 - *p });
        }
    }
    for ((index, p), distance) in outside.iter().zip(&small).zip(&distance).take(count) {
        let lower = *p < 0.5;
        let tail_probability = if lower { *p } else { 1.0 - *p };
        let d = if tail_probability < FAR { far_tail(tail_probability) } else { *distance };
        values[usize::from(*index)] = if lower { -d } else { d };
    }
}

/// Probability of a standard normal value up to `z`. Relative error below 1e-14 down to `z = -8`,
/// and of the size of `z²` ulp beyond.
#[inline(always)]
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    let a = if z.abs() > 40.0 { 40.0 } else { z.abs() };
    let y = (a - 4.0) / (a + 4.0);
    let mut sum = TAIL[23];
    for c in TAIL[..23].iter().rev() {
        sum = sum * y + c;
    }
    let tail = sum / (1.0 + a) * exp(-0.5 * a * a);
    if z > 0.0 { 1.0 - tail } else { tail }
}

/// Replaces normal scores by their probabilities, kept inside of 0 and 1.
#[inline(always)]
pub(crate) fn normal_cdf_all(values: &mut [f64; CHUNK]) {
    const LEAST: f64 = f64::EPSILON / 2.0;
    for z in values {
        let p = normal_cdf(*z);
        let p = if p < LEAST { LEAST } else { p };
        *z = if p > 1.0 - LEAST { 1.0 - LEAST } else { p };
    }
}

/// Density of the standard normal distribution.
#[inline(always)]
#[must_use]
pub fn normal_density(z: f64) -> f64 {
    exp(-0.5 * z * z - HALF_LN_TAU)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_and_function_belong_together() {
        for i in 1..4_000_i32 {
            let z = f64::from(i - 2_000) * 0.004;
            let p = normal_cdf(z);
            let back = inverse_normal(p);
            // Near 1 the probability itself is rounded.
            let tolerance = 1e-13 + 2.0 * f64::EPSILON / normal_density(z);
            assert!((back - z).abs() < tolerance, "{z}: {back}");
        }
        assert_eq!(inverse_normal(0.5), 0.0);
        assert_eq!(inverse_normal(0.0), f64::NEG_INFINITY);
        assert_eq!(inverse_normal(1.0), f64::INFINITY);
        assert!(inverse_normal(-0.1).is_nan() && inverse_normal(f64::NAN).is_nan());
        assert!(normal_cdf(f64::NAN).is_nan());
    }

    #[test]
    fn chunks_and_single_values_have_the_same_bits() {
        let mut values: [f64; CHUNK] = std::array::from_fn(|i| match i {
            0 => 1e-16,
            1 => 1.0 - f64::EPSILON / 2.0,
            2 => 1e-12,
            _ => (i as f64 + 0.5) / CHUNK as f64,
        });
        let expected = values.map(inverse_normal);
        inverse_normal_all(&mut values);
        assert_eq!(values.map(f64::to_bits), expected.map(f64::to_bits));
    }
}
