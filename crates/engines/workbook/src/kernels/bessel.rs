//! Bessel functions by the polynomials of Abramowitz and Stegun (9.4, 9.8) and Hart, good to eight
//! digits: those that Excel uses, so that its values come out.

/// c0 + c1 x + c2 x² + …
fn poly(x: f64, c: &[f64]) -> f64 {
    c.iter().rev().fold(0.0, |s, k| s * x + k)
}

/// 2/π to the nine digits that go with the polynomials.
#[expect(clippy::approx_constant, reason = "the polynomials were fitted with nine digits")]
const TWO_OVER_PI: f64 = 0.636_619_772;
/// Where a downward recurrence starts, and how large it may grow before it is scaled.
const START: f64 = 40.0;
const LARGE: f64 = 1e10;

/// The asymptotic factors of orders 0 and 1 at y = (8/x)².
fn asymptotic(order: u32, y: f64) -> (f64, f64) {
    if order == 0 {
        let p =
            [1.0, -0.109_862_862_7e-2, 0.273_451_040_7e-4, -0.207_337_063_9e-5, 0.209_388_721_1e-6];
        let q = [
            -0.156_249_999_5e-1,
            0.143_048_876_5e-3,
            -0.691_114_765_1e-5,
            0.762_109_516_1e-6,
            -0.934_935_152e-7,
        ];
        (poly(y, &p), poly(y, &q))
    } else {
        let p = [1.0, 0.183_105e-2, -0.351_639_649_6e-4, 0.245_752_017_4e-5, -0.240_337_019e-6];
        let q = [
            0.046_874_999_95,
            -0.200_269_087_3e-3,
            0.844_919_909_6e-5,
            -0.882_289_87e-6,
            0.105_787_412e-6,
        ];
        (poly(y, &p), poly(y, &q))
    }
}

fn phase(order: u32, x: f64) -> f64 {
    x - if order == 0 { 0.785_398_164 } else { 2.356_194_491 }
}

fn j01(order: u32, x: f64) -> f64 {
    let ax = x.abs();
    if ax < 8.0 {
        let y = x * x;
        return if order == 0 {
            let a = [
                57_568_490_574.0,
                -13_362_590_354.0,
                651_619_640.7,
                -11_214_424.18,
                77_392.330_17,
                -184.905_245_6,
            ];
            let b = [
                57_568_490_411.0,
                1_029_532_985.0,
                9_494_680.718,
                59_272.648_53,
                267.853_271_2,
                1.0,
            ];
            poly(y, &a) / poly(y, &b)
        } else {
            let a = [
                72_362_614_232.0,
                -7_895_059_235.0,
                242_396_853.1,
                -2_972_611.439,
                15_704.482_60,
                -30.160_366_06,
            ];
            let b = [
                144_725_228_442.0,
                2_300_535_178.0,
                18_583_304.74,
                99_447.433_94,
                376.999_139_7,
                1.0,
            ];
            x * poly(y, &a) / poly(y, &b)
        };
    }
    let z = 8.0 / ax;
    let (p, q) = asymptotic(order, z * z);
    let t = phase(order, ax);
    let value = (TWO_OVER_PI / ax).sqrt() * (t.cos() * p - z * t.sin() * q);
    if order == 1 && x < 0.0 { -value } else { value }
}

fn y01(order: u32, x: f64) -> f64 {
    if x < 8.0 {
        let y = x * x;
        return if order == 0 {
            let a = [
                -2_957_821_389.0,
                7_062_834_065.0,
                -512_359_803.6,
                10_879_881.29,
                -86_327.927_57,
                228.462_273_3,
            ];
            let b =
                [40_076_544_269.0, 745_249_964.8, 7_189_466.438, 47_447.264_70, 226.103_024_4, 1.0];
            poly(y, &a) / poly(y, &b) + TWO_OVER_PI * j01(0, x) * x.ln()
        } else {
            let a = [
                -0.490_060_494_3e13,
                0.127_527_439_0e13,
                -0.515_343_813_9e11,
                0.734_926_455_1e9,
                -0.423_792_272_6e7,
                0.851_193_793_5e4,
            ];
            let b = [
                0.249_958_057_0e14,
                0.424_441_966_4e12,
                0.373_365_036_7e10,
                0.224_590_400_2e8,
                0.102_042_605_0e6,
                0.354_963_288_5e3,
                1.0,
            ];
            x * poly(y, &a) / poly(y, &b) + TWO_OVER_PI * (j01(1, x) * x.ln() - 1.0 / x)
        };
    }
    let z = 8.0 / x;
    let (p, q) = asymptotic(order, z * z);
    let t = phase(order, x);
    (TWO_OVER_PI / x).sqrt() * (t.sin() * p + z * t.cos() * q)
}

fn i01(order: u32, x: f64) -> f64 {
    let ax = x.abs();
    let small = ax < 3.75;
    let y = if small { (x / 3.75) * (x / 3.75) } else { 3.75 / ax };
    let scale = ax.exp() / ax.sqrt();
    match (order, small) {
        (0, true) => poly(
            y,
            &[1.0, 3.515_622_9, 3.089_942_4, 1.206_749_2, 0.265_973_2, 0.360_768e-1, 0.458_13e-2],
        ),
        (0, false) => {
            let c = [
                0.398_942_28,
                0.132_859_2e-1,
                0.225_319e-2,
                -0.157_565e-2,
                0.916_281e-2,
                -0.205_770_6e-1,
                0.263_553_7e-1,
                -0.164_763_3e-1,
                0.392_377e-2,
            ];
            scale * poly(y, &c)
        }
        (_, true) => {
            x * poly(
                y,
                &[
                    0.5,
                    0.878_905_94,
                    0.514_988_69,
                    0.150_849_34,
                    0.265_873_3e-1,
                    0.301_532e-2,
                    0.324_11e-3,
                ],
            )
        }
        (_, false) => {
            let c = [
                0.398_942_28,
                -0.398_802_4e-1,
                -0.362_018e-2,
                0.163_801e-2,
                -0.103_155_5e-1,
                0.228_296_7e-1,
                -0.289_531_2e-1,
                0.178_765_4e-1,
                -0.420_059e-2,
            ];
            scale * poly(y, &c) * x.signum()
        }
    }
}

fn k01(order: u32, x: f64) -> f64 {
    if x <= 2.0 {
        let y = x * x / 4.0;
        let log = (x / 2.0).ln();
        return if order == 0 {
            let c = [
                -0.577_215_66,
                0.422_784_20,
                0.230_697_56,
                0.348_859_0e-1,
                0.262_698e-2,
                0.107_50e-3,
                0.74e-5,
            ];
            poly(y, &c) - log * i01(0, x)
        } else {
            let c = [
                1.0,
                0.154_431_44,
                -0.672_785_79,
                -0.181_568_97,
                -0.191_940_2e-1,
                -0.110_404e-2,
                -0.468_6e-4,
            ];
            log * i01(1, x) + poly(y, &c) / x
        };
    }
    let c = if order == 0 {
        [
            1.253_314_14,
            -0.783_235_8e-1,
            0.218_956_8e-1,
            -0.106_244_6e-1,
            0.587_872e-2,
            -0.251_540e-2,
            0.532_08e-3,
        ]
    } else {
        [
            1.253_314_14,
            0.234_986_19,
            -0.365_562_0e-1,
            0.150_426_8e-1,
            -0.780_353e-2,
            0.325_614e-2,
            -0.682_45e-3,
        ]
    };
    (-x).exp() / x.sqrt() * poly(2.0 / x, &c)
}

/// J of order n.
#[must_use]
pub fn j(n: u32, x: f64) -> f64 {
    if n < 2 {
        return j01(n, x);
    }
    let ax = x.abs();
    if ax == 0.0 {
        return 0.0;
    }
    let value = if ax > f64::from(n) {
        let (mut a, mut b) = (j01(0, ax), j01(1, ax));
        for m in 1..n {
            (a, b) = (b, f64::from(m) * 2.0 / ax * b - a);
        }
        b
    } else {
        j_downward(n, ax)
    };
    if x < 0.0 && n % 2 == 1 { -value } else { value }
}

fn j_downward(n: u32, x: f64) -> f64 {
    let start = 2 * ((n + (START * f64::from(n)).sqrt() as u32) / 2);
    let (mut above, mut here, mut sum, mut value) = (0.0, 1.0, 0.0, 0.0);
    for m in (1..=start).rev() {
        (above, here) = (here, f64::from(m) * 2.0 / x * here - above);
        if here.abs() > LARGE {
            (above, here, sum, value) = (above / LARGE, here / LARGE, sum / LARGE, value / LARGE);
        }
        // Every second term from the end belongs to the normalising sum.
        if m % 2 == 1 {
            sum += here;
        }
        if m == n {
            value = above;
        }
    }
    value / (2.0 * sum - here)
}

/// Y of order n, for positive x.
#[must_use]
pub fn y(n: u32, x: f64) -> f64 {
    if n < 2 {
        return y01(n, x);
    }
    let (mut a, mut b) = (y01(0, x), y01(1, x));
    for m in 1..n {
        (a, b) = (b, f64::from(m) * 2.0 / x * b - a);
    }
    b
}

/// I of order n.
#[must_use]
pub fn i(n: u32, x: f64) -> f64 {
    if n < 2 {
        return i01(n, x);
    }
    if x == 0.0 {
        return 0.0;
    }
    let start = 2 * (n + (START * f64::from(n)).sqrt() as u32);
    let (mut above, mut here, mut value) = (0.0, 1.0, 0.0);
    for m in (1..=start).rev() {
        (above, here) = (here, above + f64::from(m) * 2.0 / x.abs() * here);
        if here.abs() > LARGE {
            (above, here, value) = (above / LARGE, here / LARGE, value / LARGE);
        }
        if m == n {
            value = above;
        }
    }
    let value = value * i01(0, x) / here;
    if x < 0.0 && n % 2 == 1 { -value } else { value }
}

/// K of order n, for positive x.
#[must_use]
pub fn k(n: u32, x: f64) -> f64 {
    if n < 2 {
        return k01(n, x);
    }
    let (mut a, mut b) = (k01(0, x), k01(1, x));
    for m in 1..n {
        (a, b) = (b, a + f64::from(m) * 2.0 / x * b);
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let near =
            |a: f64, b: f64| assert!((a - b).abs() < 2e-7 * b.abs().max(1e-3), "{a} is not {b}");
        near(j(0, 1.0), 0.765_197_686_6);
        near(j(2, 1.9), 0.329_925_829);
        near(j(3, 12.0), 0.195_136_94);
        near(y(0, 9.0), 0.249_936_698_3);
        near(y(1, 2.5), 0.145_918_138);
        near(i(1, 1.5), 0.981_666_428);
        near(i(3, 5.0), 10.331_150_17);
        near(k(1, 1.5), 0.277_387_804);
        near(k(2, 3.0), 0.061_510_459);
    }
}
