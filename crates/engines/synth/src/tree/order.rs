//! In which order columns are drawn, and which earlier ones each looks at.

use rayon::prelude::*;

/// Rows that dependence is measured on.
const MEASURED_ROWS: usize = 10_000;
/// More columns than this are taken as they stand in the table.
const MEASURED_COLUMNS: usize = 200;
/// Earlier columns that one column looks at, at most.
const PREDICTORS: usize = 64;

/// Mutual information of every two columns in nats, less what chance alone brings; empty where
/// there are too many columns to look at every pair.
pub(crate) fn derive_dependence(bins: &[Vec<u8>], widths: &[usize]) -> Vec<Vec<f64>> {
    let count = bins.len();
    if count > MEASURED_COLUMNS {
        return Vec::new();
    }
    let rows = bins.first().map_or(0, Vec::len);
    let stride = rows.div_ceil(MEASURED_ROWS).max(1);
    let upper: Vec<Vec<f64>> = (0..count)
        .into_par_iter()
        .map(|a| {
            let pair =
                |b: usize| measure_pair((&bins[a], widths[a]), (&bins[b], widths[b]), stride);
            (a + 1..count).map(pair).collect()
        })
        .collect();
    let find = |a: usize, b: usize| match a.cmp(&b) {
        std::cmp::Ordering::Equal => 0.0,
        std::cmp::Ordering::Less => upper[a][b - a - 1],
        std::cmp::Ordering::Greater => upper[b][a - b - 1],
    };
    (0..count).map(|a| (0..count).map(|b| find(a, b)).collect()).collect()
}

fn measure_pair((a, a_width): (&[u8], usize), (b, b_width): (&[u8], usize), stride: usize) -> f64 {
    let mut joint = vec![0_u32; a_width * b_width];
    let (mut of_a, mut of_b) = (vec![0_u32; a_width], vec![0_u32; b_width]);
    let mut rows = 0_u32;
    for (x, y) in a.iter().zip(b).step_by(stride) {
        joint[usize::from(*x) * b_width + usize::from(*y)] += 1;
        of_a[usize::from(*x)] += 1;
        of_b[usize::from(*y)] += 1;
        rows += 1;
    }
    let entropy = |counts: &[u32]| -> f64 {
        let share = |count: &u32| f64::from(*count) / f64::from(rows.max(1));
        let used = counts.iter().filter(|count| **count > 0);
        used.map(|count| -share(count) * gantry_learn::math::ln(share(count))).sum()
    };
    let cells = |counts: &[u32]| counts.iter().filter(|count| **count > 0).count() as f64;
    // Independent columns share this much by chance (Miller and Madow).
    let chance = (cells(&of_a) - 1.0) * (cells(&of_b) - 1.0) / (2.0 * f64::from(rows.max(1)));
    (entropy(&of_a) + entropy(&of_b) - entropy(&joint) - chance).max(0.0)
}

/// The order of drawing: `first` as they are, then always the column that knows most about those
/// already drawn.
pub(super) fn derive_order(dependence: &[Vec<f64>], first: &[usize], count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = first.to_vec();
    let mut left: Vec<usize> = (0..count).filter(|column| !first.contains(column)).collect();
    if dependence.is_empty() {
        order.extend(left);
        return order;
    }
    while !left.is_empty() {
        let score = |column: &usize| -> f64 {
            let known = if order.is_empty() { &left } else { &order };
            known.iter().map(|other| dependence[*column][*other]).sum()
        };
        let scores: Vec<f64> = left.iter().map(score).collect();
        let best =
            (0..left.len()).fold(0, |best, at| if scores[at] > scores[best] { at } else { best });
        order.push(left.remove(best));
    }
    order
}

/// The earlier columns that the column at `place` of the order looks at.
pub(super) fn derive_predictors(
    dependence: &[Vec<f64>],
    order: &[usize],
    place: usize,
) -> Vec<usize> {
    let earlier = &order[..place];
    if earlier.len() <= PREDICTORS {
        return earlier.to_vec();
    }
    let Some(row) = dependence.get(order[place]) else {
        let (front, near) = (PREDICTORS / 4, PREDICTORS - PREDICTORS / 4);
        let mut chosen = earlier[..front].to_vec();
        chosen.extend_from_slice(&earlier[earlier.len() - near..]);
        return chosen;
    };
    let mut ranked = earlier.to_vec();
    ranked.sort_by(|a, b| row[*b].total_cmp(&row[*a]).then(a.cmp(b)));
    ranked.truncate(PREDICTORS);
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_depend_on_each_other_follow_each_other() {
        let twin: Vec<u8> = (0..4000_u32).map(|row| (row * 7 % 5) as u8).collect();
        let other: Vec<u8> = (0..4000_u32).map(|row| (row / 800) as u8).collect();
        let bins = vec![twin.clone(), other, twin];
        let dependence = derive_dependence(&bins, &[5, 5, 5]);
        assert!(dependence[0][2] > 1.5 && dependence[0][1] < 0.01, "{dependence:?}");
        assert_eq!(derive_order(&dependence, &[], 3), [0, 2, 1]);
        assert_eq!(derive_order(&dependence, &[1], 3), [1, 0, 2]);
    }
}
