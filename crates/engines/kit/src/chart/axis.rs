//! Round numbers for axes, and short labels for them.

/// Round values that cover `min` to `max` in about `wanted` steps of 1, 2 or 5 times a power of
/// ten. The first is not above `min` and the last not below `max`; equal or unordered bounds, and
/// such that are not finite, are widened to something that can be drawn.
#[must_use]
pub fn derive_ticks(min: f64, max: f64, wanted: usize) -> Vec<f64> {
    let (min, max) = widen(min, max);
    let rough = (max / wanted.max(1) as f64) - (min / wanted.max(1) as f64);
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|f| rough <= f * power * (1.0 + 1e-9));
    let step = factor.unwrap_or(10.0) * power;
    let first = (min / step + 1e-9).floor();
    let last = (max / step - 1e-9).ceil();
    let count = (last - first).clamp(1.0, 100.0) as usize;
    (0..=count).map(|i| round_to((first + i as f64) * step, step)).collect()
}

/// Bounds with some room between them.
fn widen(min: f64, max: f64) -> (f64, f64) {
    if !min.is_finite() || !max.is_finite() {
        return (0.0, 1.0);
    }
    let (min, max) = (min.min(max).clamp(-1e300, 1e300), max.max(min).clamp(-1e300, 1e300));
    let least = min.abs().max(max.abs()) * 1e-9;
    if max - min > least.max(1e-290) {
        return (min, max);
    }
    let half = if min == 0.0 { 0.5 } else { min.abs() * 0.1 };
    (min - half, max + half)
}

/// Removes what multiplication added: 0.30000000000000004 is 0.3.
fn round_to(value: f64, step: f64) -> f64 {
    let decimals = (-step.log10().floor()).clamp(0.0, 300.0) as usize;
    if decimals == 0 || decimals > 30 {
        return value + 0.0;
    }
    format!("{value:.decimals$}").parse::<f64>().map_or(value, |rounded| rounded + 0.0)
}

/// The label of one of `ticks`, with as many decimals as their distance asks for.
#[must_use]
pub fn derive_tick_label(value: f64, ticks: &[f64]) -> String {
    let step = match ticks {
        [first, second, ..] => (second - first).abs(),
        _ => 1.0,
    };
    let largest = ticks.iter().fold(0.0_f64, |largest, tick| largest.max(tick.abs()));
    if value == 0.0 {
        return "0".to_owned();
    }
    if largest >= 1e15 || step < 1e-6 {
        return write_exponent(value, 2);
    }
    for (size, suffix) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")] {
        if largest >= size {
            let unit = if suffix == "k" { 1e3 } else { size };
            return format!("{}{suffix}", write_decimals(value / unit, step / unit));
        }
    }
    write_decimals(value, step)
}

fn write_decimals(value: f64, step: f64) -> String {
    let decimals = (-(step * (1.0 + 1e-9)).log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.decimals$}")
}

fn write_exponent(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => {
            format!("{}e{exponent}", mantissa.trim_end_matches('0').trim_end_matches('.'))
        }
        Some(_) | None => text,
    }
}

/// A number with about four significant digits.
#[must_use]
pub fn write_short(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e9).contains(&size) {
        return write_exponent(value, 3);
    }
    if size >= 1000.0 || value.fract() == 0.0 {
        return format!("{value:.0}");
    }
    let decimals = (3.0 - size.log10().floor()).clamp(0.0, 8.0) as usize;
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover() {
        assert_eq!(derive_ticks(0.0, 1.0, 5), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        assert_eq!(derive_ticks(3.0, 97.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(derive_ticks(-0.13, 0.27, 4), [-0.2, -0.1, 0.0, 0.1, 0.2, 0.3]);
    }

    #[test]
    fn bounds_that_cannot_be_drawn_are_widened() {
        for (min, max) in [
            (5.0, 5.0),
            (0.0, 0.0),
            (2.0, 1.0),
            (f64::NAN, 1.0),
            (f64::NEG_INFINITY, f64::INFINITY),
            (-f64::MAX, f64::MAX),
            (f64::MIN_POSITIVE, f64::MIN_POSITIVE * 2.0),
            (1e15, 1e15 + 1.0),
        ] {
            let ticks = derive_ticks(min, max, 5);
            assert!((2..=101).contains(&ticks.len()), "{min} {max}: {ticks:?}");
            assert!(ticks.iter().all(|tick| tick.is_finite()));
            assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]), "{min} {max}: {ticks:?}");
        }
    }

    #[test]
    fn labels_are_short() {
        let label = |ticks: &[f64]| {
            ticks.iter().map(|t| derive_tick_label(*t, ticks)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(label(&[0.0, 0.2, 0.4]), "0 0.2 0.4");
        assert_eq!(label(&[0.0, 20_000.0, 40_000.0]), "0 20k 40k");
        assert_eq!(label(&[-1.0, 0.0, 1.0]), "-1 0 1");
        assert_eq!(label(&[0.0, 500_000.0, 1_000_000.0]), "0 0.5M 1.0M");
        assert_eq!(label(&[1e-9, 2e-9]), "1e-9 2e-9");
        assert_eq!(write_short(0.123_456), "0.1235");
        assert_eq!(write_short(12_345.6), "12346");
        assert_eq!(write_short(-3.0), "-3");
        assert_eq!(write_short(1.5e-9), "1.5e-9");
    }
}
