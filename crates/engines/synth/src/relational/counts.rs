//! Numbers of children, so that tables come out as large as they were.
//!
//! A few parents drawn by chance can have far more or fewer children than the real ones. So what is
//! drawn keeps its ranks alone: the parent with most children gets as many as the real one with most
//! has, and so on.
//!
//! Invariant: a number of children that too few parents share is mixed with its neighbour before it
//! is given, and their sum stays.

use gantry_learn::Rng;

/// The numbers of children of a link, ascending.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Counts(Vec<f64>);

impl Counts {
    /// Learns them of the parents' rows.
    pub(crate) fn learn(counts: &[f64], min_count: usize, rng: &mut Rng) -> Self {
        let mut sorted = counts.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let runs: Vec<usize> = sorted.chunk_by(|a, b| a == b).map(<[f64]>::len).collect();
        let ends = runs.iter().scan(0, |end, length| {
            *end += length;
            Some(*end)
        });
        let is_rare = ends.zip(&runs).flat_map(|(end, length)| {
            (end - length..end).map(move |row| (row, *length < min_count))
        });
        let rare: Vec<usize> = is_rare.filter(|(_, rare)| *rare).map(|(row, _)| row).collect();
        for group in derive_groups(&rare) {
            let share = 0.1 + 0.4 * rng.uniform();
            let mean = group.iter().map(|row| sorted[*row]).sum::<f64>() / group.len() as f64;
            for row in group {
                sorted[*row] += share * (mean - sorted[*row]);
            }
        }
        Self(sorted)
    }

    /// Gives each drawn number that of its rank; equal ones are ranked by chance.
    pub(crate) fn fit(&self, drawn: &mut [f64], rng: &mut Rng) {
        let mut order: Vec<(f64, u64, usize)> =
            drawn.iter().enumerate().map(|(row, count)| (*count, rng.next_u64(), row)).collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut left = 0.0;
        for (rank, (_, _, row)) in order.iter().enumerate() {
            let place = (rank as f64 + 0.5) / drawn.len() as f64 * self.0.len() as f64;
            let Some(wanted) = self.0.get(place as usize) else { continue };
            // What rounding takes here is given to the next one.
            let whole = (wanted + left).round().max(0.0);
            left += wanted - whole;
            drawn[*row] = whole;
        }
    }
}

/// Neighbours by twos, the last three together.
fn derive_groups(rows: &[usize]) -> Vec<&[usize]> {
    let pairs = rows.len() / 2;
    let end = |pair: usize| if pair + 1 == pairs { rows.len() } else { 2 * pair + 2 };
    (0..pairs).map(|pair| &rows[2 * pair..end(pair)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_stay_and_sums_become_those_of_the_real_ones() {
        let real: Vec<f64> = (0..77).map(|row| f64::from(row * row % 150 + 20)).collect();
        let counts = Counts::learn(&real, 5, &mut Rng::new(1));
        let mut drawn: Vec<f64> = (0..77).map(|row| f64::from(row * 13 % 77)).collect();
        let before = drawn.clone();
        counts.fit(&mut drawn, &mut Rng::new(2));
        let (sum, wanted) = (drawn.iter().sum::<f64>(), real.iter().sum::<f64>());
        assert!((sum - wanted).abs() < 1.0, "{sum} {wanted}");
        let place = |of: &[f64], rank: fn(f64, f64) -> f64| of.iter().copied().reduce(rank);
        let most = |of: &[f64]| of.iter().position(|v| Some(*v) == place(of, f64::max));
        assert_eq!(most(&before), most(&drawn));
        // The largest is rare, and not given as it is.
        assert!(place(&drawn, f64::max) < place(&real, f64::max));
    }

    #[test]
    fn numbers_that_many_share_are_given_as_they_are() {
        let real = [vec![1.0; 60], vec![2.0; 40]].concat();
        let mut drawn = vec![1.0; 200];
        Counts::learn(&real, 5, &mut Rng::new(1)).fit(&mut drawn, &mut Rng::new(2));
        assert_eq!(drawn.iter().filter(|count| **count == 2.0).count(), 80);
        assert_eq!(drawn.iter().filter(|count| **count == 1.0).count(), 120);
    }
}
