//! Numbers as people read them.

/// A size with a unit of 1,000.
pub fn format_bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1_000.0;
    let mut unit = 0;
    while size >= 999.95 && unit + 1 < UNITS.len() {
        size /= 1_000.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS.get(unit).unwrap_or(&"PB"))
}

/// A duration in the unit that fits.
pub fn format_seconds(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    if whole < 3_600 {
        format!("{} min {} s", whole / 60, whole % 60)
    } else {
        format!("{} h {} min", whole / 3_600, whole % 3_600 / 60)
    }
}

/// A number with at most four digits behind the point, and none that say nothing.
pub fn format_number(number: &serde_json::Number) -> String {
    if let Some(integer) = number.as_i64() {
        return integer.to_string();
    }
    let Some(value) = number.as_f64() else {
        return number.to_string();
    };
    if value != 0.0 && (value.abs() < 1e-3 || value.abs() >= 1e15) {
        return format!("{value:.3e}");
    }
    let text = format!("{value:.4}");
    let trimmed = text.trim_end_matches('0').trim_end_matches('.');
    if trimmed == "-0" { "0".to_owned() } else { trimmed.to_owned() }
}

/// A number with four digits behind the point, so that points stand below each other.
pub fn format_fraction(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(value) if value == 0.0 || (1e-4..1e9).contains(&value.abs()) => {
            format!("{value:.4}")
        }
        Some(_) | None => format_number(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_times_and_numbers_are_short() {
        assert_eq!(format_bytes(999), "999 B");
        assert_eq!(format_bytes(1_234_567), "1.2 MB");
        assert_eq!(format_bytes(999_999), "1.0 MB");
        assert_eq!(format_seconds(1.25), "1.2 s");
        assert_eq!(format_seconds(61.0), "1 min 1 s");
        assert_eq!(format_seconds(7_260.0), "2 h 1 min");
        let number = |value: f64| format_number(&serde_json::Number::from_f64(value).unwrap());
        assert_eq!(number(0.79321), "0.7932");
        assert_eq!(number(2.5), "2.5");
        assert_eq!(number(-0.000_012_3), "-1.230e-5");
        assert_eq!(number(0.0), "0");
        assert_eq!(format_number(&serde_json::Number::from(1_000)), "1000");
    }
}
