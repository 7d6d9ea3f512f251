//! How much better a leaf knows its classes after a split.
//!
//! For labels the measure is Gini's, for numbers the same over "at most this class", which is
//! Cramér's distance between the distributions on both sides: it sees a shift as well as a change
//! of spread.

/// The best split of one predictor.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// Reduction of the summed impurity.
    pub(super) gain: f64,
    /// How many entries of the order go left.
    pub(super) cut: usize,
}

/// Counts of classes by bin, `classes` a row.
pub(super) struct Counts<'a> {
    pub(super) by_bin: &'a mut [u32],
    pub(super) classes: usize,
    /// Whether classes have an order.
    pub(super) ordered: bool,
}

impl Counts<'_> {
    fn row(&self, bin: usize) -> &[u32] {
        &self.by_bin[bin * self.classes..(bin + 1) * self.classes]
    }

    /// Makes each class stand for "at most this class", where classes have an order.
    fn accumulate(&mut self) {
        if self.ordered {
            for row in self.by_bin.chunks_exact_mut(self.classes) {
                let mut sum = 0;
                for count in row {
                    sum += *count;
                    *count = sum;
                }
            }
        }
    }

    /// The best cut of the bins in this order, which leaves `leaf` rows on either side.
    pub(super) fn find_cut(&mut self, order: &[u8], sizes: &[u32], leaf: usize) -> Option<Found> {
        self.accumulate();
        let mut total = vec![0.0; self.classes];
        for bin in order {
            for (sum, count) in total.iter_mut().zip(self.row(usize::from(*bin))) {
                *sum += f64::from(*count);
            }
        }
        let rows: f64 = order.iter().map(|bin| f64::from(sizes[usize::from(*bin)])).sum();
        let whole: f64 = total.iter().map(|count| count * count).sum::<f64>() / rows;
        let mut left = vec![0.0; self.classes];
        let (mut size, mut best) = (0.0, None::<Found>);
        for (place, bin) in order.iter().enumerate().take(order.len().saturating_sub(1)) {
            let row = self.row(usize::from(*bin));
            for (sum, count) in left.iter_mut().zip(row) {
                *sum += f64::from(*count);
            }
            size += f64::from(sizes[usize::from(*bin)]);
            let other = rows - size;
            if size < leaf as f64 || other < leaf as f64 {
                continue;
            }
            let (mut below, mut above) = (0.0, 0.0);
            for (part, all) in left.iter().zip(&total) {
                below += part * part;
                above += (all - part) * (all - part);
            }
            let gain = below / size + above / other - whole;
            if best.as_ref().is_none_or(|found| gain > found.gain) {
                best = Some(Found { gain, cut: place + 1 });
            }
        }
        best
    }
}

/// Impurity of a row drawn from these counts of classes.
pub(super) fn derive_impurity(counts: &[u32], ordered: bool) -> f64 {
    let rows: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    let mut sum = 0.0;
    let spread = |count: f64| (count / rows) * (1.0 - count / rows);
    counts
        .iter()
        .map(|count| {
            sum += f64::from(*count);
            spread(if ordered { sum } else { f64::from(*count) })
        })
        .sum()
}

/// Bins of a predictor without order, so that those with similar classes are neighbours.
pub(super) fn order_bins(counts: &Counts<'_>, sizes: &[u32]) -> Vec<u8> {
    let used: Vec<usize> = (0..sizes.len()).filter(|bin| sizes[*bin] > 0).collect();
    let axis = derive_axis(counts, sizes, &used);
    let mut scored: Vec<(f64, u8)> = used
        .iter()
        .map(|bin| {
            let row = counts.row(*bin).iter().zip(&axis);
            let sum: f64 = row.map(|(count, weight)| f64::from(*count) * weight).sum();
            (sum / f64::from(sizes[*bin]), *bin as u8)
        })
        .collect();
    scored.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    scored.into_iter().map(|(_, bin)| bin).collect()
}

/// The direction in which the bins' shares of classes differ most (their first principal component,
/// by power iteration); for ordered classes simply their order.
fn derive_axis(counts: &Counts<'_>, sizes: &[u32], used: &[usize]) -> Vec<f64> {
    let classes = counts.classes;
    if counts.ordered || classes <= 2 {
        return (0..classes).map(|class| class as f64).collect();
    }
    let rows: f64 = used.iter().map(|bin| f64::from(sizes[*bin])).sum();
    let mut mean = vec![0.0; classes];
    for bin in used {
        for (sum, count) in mean.iter_mut().zip(counts.row(*bin)) {
            *sum += f64::from(*count) / rows;
        }
    }
    // Begins with the difference of the two most frequent classes.
    let mut ranked: Vec<usize> = (0..classes).collect();
    ranked.sort_by(|a, b| mean[*b].total_cmp(&mean[*a]));
    let mut axis = vec![0.0; classes];
    for (rank, class) in ranked.iter().enumerate().take(3) {
        axis[*class] = [1.0, -1.0, -0.3][rank];
    }
    for _ in 0..4 {
        let mut next = vec![0.0; classes];
        for bin in used {
            let size = f64::from(sizes[*bin]);
            let share =
                || counts.row(*bin).iter().zip(&mean).map(|(c, m)| f64::from(*c) / size - m);
            let along: f64 = share().zip(&axis).map(|(d, a)| d * a).sum();
            for (sum, difference) in next.iter_mut().zip(share()) {
                *sum += size * along * difference;
            }
        }
        let length = next.iter().map(|v| v * v).sum::<f64>().sqrt();
        if length <= 0.0 {
            break;
        }
        axis = next.into_iter().map(|value| value / length).collect();
    }
    axis
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_between_different_bins_is_found_whatever_their_order() {
        // Bins 0 and 2 hold class 0, bins 1 and 3 class 2.
        let mut by_bin = vec![9, 1, 0, 0, 1, 9, 9, 1, 0, 0, 1, 9];
        let sizes = [10, 10, 10, 10];
        let mut counts = Counts { by_bin: &mut by_bin, classes: 3, ordered: false };
        let order = order_bins(&counts, &sizes);
        let left: std::collections::BTreeSet<u8> = order.iter().copied().take(2).collect();
        assert!(left == [0, 2].into() || left == [1, 3].into(), "{order:?}");
        let found = counts.find_cut(&order, &sizes, 5).unwrap();
        assert_eq!(found.cut, 2);
        assert!(found.gain > 10.0);
        assert_eq!(counts.find_cut(&order, &sizes, 21), None);
    }
}
