//! Numbers that sum up a column: quantiles, moments, the most frequent value.

/// Between the values at both sides of a share of rising values; 0 of none.
#[must_use]
pub fn derive_quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * sorted.len().saturating_sub(1) as f64;
    let below = sorted.get(at.floor() as usize).copied().unwrap_or(0.0);
    let above = sorted.get(at.ceil() as usize).copied().unwrap_or(below);
    below + (above - below) * at.fract()
}

/// Mean and standard deviation of values of any size; (0, 0) where all are 0.
#[must_use]
pub fn derive_moments(sorted: &[f64]) -> (f64, f64) {
    let largest = sorted.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
    if largest == 0.0 {
        return (0.0, 0.0);
    }
    let count = sorted.len() as f64;
    let mean = sorted.iter().map(|v| v / largest).sum::<f64>() / count;
    let squares: f64 = sorted.iter().map(|v| (v / largest - mean) * (v / largest - mean)).sum();
    (mean * largest, (squares / count).sqrt() * largest)
}

/// The most frequent value of rising ones; the smallest of equally frequent ones.
#[must_use]
pub fn derive_mode(sorted: &[f64]) -> f64 {
    let mut best = (0, 0.0);
    for group in sorted.chunk_by(|a, b| a == b) {
        if group.len() > best.0 {
            best = (group.len(), group.first().copied().unwrap_or(0.0));
        }
    }
    best.1
}
