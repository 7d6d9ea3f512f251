//! Limits between the bins of a numeric column.

/// Values read at most.
const SAMPLE: usize = 200_000;

/// The values that are not missing, sorted; evenly spaced rows of long columns.
pub(super) fn sorted_sample(values: &[f64]) -> Vec<f64> {
    let step = values.len().div_ceil(SAMPLE).max(1);
    // Adding 0 turns −0 into 0, which sorts apart otherwise.
    let mut sample: Vec<f64> =
        values.iter().step_by(step).filter(|v| !v.is_nan()).map(|v| v + 0.0).collect();
    sample.sort_unstable_by(f64::total_cmp);
    sample
}

/// Limits of at most `max_bins` bins: one bin a value if there are few, else bins of about equal
/// numbers of rows in which frequent values stand alone. No bin but the last has fewer rows than
/// `min_rows`.
pub(super) fn derive_edges(sorted: &[f64], max_bins: usize, min_rows: usize) -> Vec<f64> {
    let runs: Vec<(f64, usize)> =
        sorted.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect();
    if runs.len() <= max_bins {
        return edges_of_few(&runs, min_rows);
    }
    let mean = sorted.len() / max_bins;
    let is_frequent = |count: usize| count > mean;
    let frequent = runs.iter().filter(|run| is_frequent(run.1));
    let (mut alone, mut rows_left) = (0, sorted.len());
    frequent.for_each(|run| (alone, rows_left) = (alone + 1, rows_left - run.1));
    let mut edges = Vec::with_capacity(max_bins - 1);
    let mut in_bin = 0;
    for pair in runs.windows(2) {
        let bins_left = max_bins - edges.len();
        if bins_left == 1 {
            break;
        }
        let share = (rows_left / bins_left.saturating_sub(alone).max(1)).max(min_rows);
        let (here, next) = (is_frequent(pair[0].1), is_frequent(pair[1].1));
        in_bin += pair[0].1;
        let next_alone = next && in_bin * 2 > share;
        if here || next_alone || in_bin >= share {
            edges.push(between(pair[0].0, pair[1].0));
            let light = in_bin - if here { pair[0].1 } else { 0 };
            alone -= usize::from(here);
            rows_left -= light;
            in_bin = 0;
        }
    }
    edges
}

fn edges_of_few(runs: &[(f64, usize)], min_rows: usize) -> Vec<f64> {
    let mut edges = Vec::with_capacity(runs.len());
    let mut in_bin = 0;
    for pair in runs.windows(2) {
        in_bin += pair[0].1;
        if in_bin >= min_rows {
            edges.push(between(pair[0].0, pair[1].0));
            in_bin = 0;
        }
    }
    edges
}

/// A number from `low` (inclusive) to `high` (exclusive), near the middle.
fn between(low: f64, high: f64) -> f64 {
    let middle = low + (high - low) / 2.0;
    if middle.is_finite() && middle < high { middle } else { low }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_even_and_frequent_values_alone() {
        let mut values: Vec<f64> = (0..10_000).map(f64::from).collect();
        let edges = derive_edges(&values, 100, 1);
        assert_eq!(edges.len(), 99);
        for (i, edge) in edges.iter().enumerate() {
            assert!((edge - 100.0 * (i as f64 + 1.0)).abs() < 2.0, "{i}: {edge}");
        }
        values.extend(vec![5_000.0; 20_000]);
        let edges = derive_edges(&sorted_sample(&values), 50, 1);
        let at = edges.partition_point(|e| *e < 5_000.0);
        assert!(edges[at] < 5_001.0 && edges[at - 1] > 4_800.0, "{:?}", &edges[at - 1..=at]);
        assert!(edges.len() == 49 && edges.is_sorted());
        assert_eq!(derive_edges(&[1.0, 2.0, 3.0, 3.0, 4.0], 9, 2), vec![2.5, 3.5]);
    }

    #[test]
    fn neighbours_without_a_number_between_them_are_told_apart() {
        let (low, high) = (1.0, 1.0 + f64::EPSILON);
        let edge = between(low, high);
        assert!(low <= edge && edge < high);
        assert!(between(-f64::MAX, f64::MAX).is_finite());
    }
}
