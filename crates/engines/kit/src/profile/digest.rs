//! Quantiles of a stream: exact while it is short, by a t-digest beyond.
//!
//! A t-digest (Dunning and Ertl, 2019) keeps weighted means of neighbouring values and lets a mean
//! stand for fewer values the nearer it is to either end, so that the tails stay sharp.

/// Buffered values between two compressions.
const BUFFER: usize = 2_048;
/// More of it keeps more means and errs less.
const SHARPNESS: f64 = 400.0;

/// A mean of neighbouring values and how many there are.
#[derive(Clone, Copy)]
struct Centroid {
    mean: f64,
    weight: f64,
}

/// A stream of finite numbers, of which quantiles can be asked.
pub(crate) struct Digest {
    limit: usize,
    /// All values, or those since the last compression.
    buffer: Vec<f64>,
    centroids: Vec<Centroid>,
    min: f64,
    max: f64,
}

impl Digest {
    /// A digest that is exact up to `limit` values.
    pub(crate) fn new(limit: usize) -> Self {
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { limit, buffer: Vec::new(), centroids: Vec::new(), min, max }
    }

    /// Takes a value into account.
    pub(crate) fn push(&mut self, value: f64) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.buffer.push(value);
        let room = if self.centroids.is_empty() { self.limit } else { BUFFER };
        if self.buffer.len() > room {
            self.compress();
        }
    }

    fn compress(&mut self) {
        let mut parts = std::mem::take(&mut self.centroids);
        parts.extend(self.buffer.drain(..).map(|mean| Centroid { mean, weight: 1.0 }));
        parts.sort_by(|a, b| a.mean.total_cmp(&b.mean));
        let total: f64 = parts.iter().map(|part| part.weight).sum();
        let mut before = 0.0;
        let mut parts = parts.into_iter();
        let Some(mut open) = parts.next() else { return };
        for part in parts {
            let weight = open.weight + part.weight;
            let share = (before + weight / 2.0) / total;
            let most = 4.0 * total * share * (1.0 - share) / SHARPNESS;
            if weight <= most {
                // Weighted so that sums of huge values do not overflow.
                open.mean += (part.mean - open.mean) * (part.weight / weight);
                open.weight = weight;
            } else {
                before += open.weight;
                self.centroids.push(open);
                open = part;
            }
        }
        self.centroids.push(open);
    }

    /// The values below which these shares (ascending or not, 0 to 1) of all values lie, and
    /// whether they are estimates; empty without values.
    pub(crate) fn quantiles(mut self, shares: &[f64]) -> (Vec<(f64, f64)>, bool) {
        if self.centroids.is_empty() {
            self.buffer.sort_by(f64::total_cmp);
            let values = shares
                .iter()
                .filter_map(|share| find_exact(&self.buffer, *share).map(|value| (*share, value)));
            return (values.collect(), false);
        }
        self.compress();
        (shares.iter().map(|share| (*share, self.estimate(*share))).collect(), true)
    }

    /// Interpolates between the middles of neighbouring means, and the ends.
    fn estimate(&self, share: f64) -> f64 {
        let total: f64 = self.centroids.iter().map(|c| c.weight).sum();
        let target = share * total;
        let mut before = 0.0;
        let mut left = (0.0, self.min);
        for centroid in &self.centroids {
            let middle = (before + centroid.weight / 2.0, centroid.mean);
            if target <= middle.0 {
                return interpolate(left, middle, target);
            }
            left = middle;
            before += centroid.weight;
        }
        interpolate(left, (total, self.max), target)
    }
}

fn interpolate(left: (f64, f64), right: (f64, f64), at: f64) -> f64 {
    let span = right.0 - left.0;
    if span <= 0.0 {
        return right.1;
    }
    let part = ((at - left.0) / span).clamp(0.0, 1.0);
    // Each end gets its own factor, because the difference of huge values may overflow.
    left.1 * (1.0 - part) + right.1 * part
}

fn find_exact(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = share * last as f64;
    let (low, high) = (position.floor() as usize, position.ceil() as usize);
    let (low, high) =
        ((low as f64, *sorted.get(low)?), (high as f64, *sorted.get(high.min(last))?));
    Some(interpolate(low, high, position))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values in an order that is no order, from a skewed distribution.
    fn skewed(count: u64) -> Vec<f64> {
        (0..count)
            .map(|i| {
                let uniform = ((i * 2_654_435_761) % 1_000_003) as f64 / 1_000_003.0;
                -(1.0 - uniform).ln()
            })
            .collect()
    }

    #[test]
    fn short_streams_are_exact() {
        let mut digest = Digest::new(10);
        [4.0, 1.0, 3.0, 2.0].into_iter().for_each(|v| digest.push(v));
        let (points, approximate) = digest.quantiles(&[0.0, 0.25, 0.5, 1.0]);
        assert_eq!(points, [(0.0, 1.0), (0.25, 1.75), (0.5, 2.5), (1.0, 4.0)]);
        assert!(!approximate);
        assert!(Digest::new(10).quantiles(&[0.5]).0.is_empty());
    }

    #[test]
    fn long_streams_are_close() {
        let values = skewed(300_000);
        let mut digest = Digest::new(1_000);
        values.iter().for_each(|v| digest.push(*v));
        let shares = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];
        let (points, approximate) = digest.quantiles(&shares);
        assert!(approximate);
        for (share, value) in points {
            let below = values.iter().filter(|v| **v <= value).count() as f64 / 300_000.0;
            assert!((below - share).abs() < 0.002, "{share}: {below}");
        }
    }

    #[test]
    fn huge_values_stay_finite() {
        let mut digest = Digest::new(4);
        for i in 0..5_000 {
            digest.push(if i % 2 == 0 { f64::MAX } else { -f64::MAX });
        }
        for (_, value) in digest.quantiles(&[0.1, 0.5, 0.9]).0 {
            assert!(!value.is_nan());
        }
    }
}
