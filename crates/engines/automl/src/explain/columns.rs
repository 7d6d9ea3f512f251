//! Columns that say too much: what alone gives the target away was perhaps written after it was
//! known.

use gantry_kit::Column;
use gantry_learn::metrics::roc_auc;

use crate::target::TargetValues;

/// Rows that are looked at.
const MAX_ROWS: usize = 20_000;
/// Rows below which nothing is suspicious.
const ENOUGH_ROWS: usize = 50;
/// Ranking by one column alone that is too good to be true.
const SUSPECT_AUC: f64 = 0.995;
/// Share of the variance that one column alone explains.
const SUSPECT_R2: f64 = 0.995;
/// Rows that a label needs on average, so that its mean is no memory of single rows.
const ROWS_PER_LABEL: usize = 20;

/// The columns that alone predict the target nearly perfectly, with how well.
pub(crate) fn find_suspects(columns: &[&Column], truth: &TargetValues) -> Vec<(String, String)> {
    let step = truth.len().div_ceil(MAX_ROWS).max(1);
    let rows: Vec<usize> = (0..truth.len()).step_by(step).collect();
    if rows.len() < ENOUGH_ROWS {
        return Vec::new();
    }
    let truth = truth.take(&rows);
    let judge = |column: &&Column| {
        let values = derive_values(&column.take(&rows), &truth)?;
        let (known, values): (Vec<usize>, Vec<f64>) =
            values.into_iter().enumerate().filter(|(_, value)| value.is_finite()).unzip();
        if known.len() * 2 < rows.len() {
            return None;
        }
        let words = judge_values(&values, &truth.take(&known))?;
        Some((column.name().to_owned(), words))
    };
    columns.iter().filter_map(judge).collect()
}

fn judge_values(values: &[f64], truth: &TargetValues) -> Option<String> {
    match truth {
        TargetValues::Numbers(truth) => {
            let r2 = derive_r2(values, truth);
            (r2 >= SUSPECT_R2).then(|| format!("R² {r2:.4}"))
        }
        TargetValues::Classes { labels, codes } => {
            // Every class must stand out, as one of several often does by nature.
            let first = usize::from(labels.len() == 2);
            let area = |class: usize| {
                let is: Vec<u32> =
                    codes.iter().map(|code| u32::from(*code as usize == class)).collect();
                let area = roc_auc(&is, values, None).ok()?;
                Some(area.max(1.0 - area))
            };
            let areas = (first..labels.len()).map(area).collect::<Option<Vec<f64>>>()?;
            let least = areas.into_iter().fold(1.0, f64::min);
            (least >= SUSPECT_AUC).then(|| format!("ROC AUC {least:.4}"))
        }
    }
}

/// A column as numbers; labels as the mean of the target over their rows.
fn derive_values(column: &Column, truth: &TargetValues) -> Option<Vec<f64>> {
    if let Some(values) = column.find_numbers() {
        return Some(values.to_vec());
    }
    if let Some(micros) = column.find_dates() {
        let value = |(row, micros): (usize, &i64)| {
            if column.is_missing(row) { f64::NAN } else { *micros as f64 }
        };
        return Some(micros.iter().enumerate().map(value).collect());
    }
    let (codes, levels) = column.find_levels()?;
    if levels.len() * ROWS_PER_LABEL > codes.len() {
        return None;
    }
    let target: Vec<f64> = match truth {
        TargetValues::Numbers(values) => values.clone(),
        TargetValues::Classes { codes, .. } => codes.iter().map(|code| f64::from(*code)).collect(),
    };
    let mut sums = vec![(0.0, 0.0); levels.len()];
    for (row, (code, target)) in codes.iter().zip(&target).enumerate() {
        if let Some(sum) = sums.get_mut(*code as usize).filter(|_| !column.is_missing(row)) {
            *sum = (sum.0 + target, sum.1 + 1.0);
        }
    }
    let mean = |(row, code): (usize, &u32)| match sums.get(*code as usize) {
        Some((sum, count)) if !column.is_missing(row) => sum / count,
        _ => f64::NAN,
    };
    Some(codes.iter().enumerate().map(mean).collect())
}

fn derive_r2(x: &[f64], y: &[f64]) -> f64 {
    let count = x.len().max(1) as f64;
    let mean = |values: &[f64]| values.iter().map(|v| v / count).sum::<f64>();
    let (mean_x, mean_y) = (mean(x), mean(y));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xx += (x - mean_x) * (x - mean_x);
        yy += (y - mean_y) * (y - mean_y);
        xy += (x - mean_x) * (y - mean_y);
    }
    let squared = xy * xy / (xx * yy);
    if squared.is_finite() { squared } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_learn::Rng;

    #[test]
    fn a_copy_of_the_target_is_found_and_honest_columns_are_not() {
        let mut rng = Rng::new(3);
        let codes: Vec<u32> = (0..400).map(|_| rng.below(2) as u32).collect();
        let noisy = codes.iter().map(|c| f64::from(*c) + 2.0 * rng.normal()).collect();
        let words = codes.iter().map(|c| Some(if *c == 1 { "won" } else { "lost" }));
        let columns = [
            Column::number("honest", noisy),
            Column::number("copy", codes.iter().map(|c| 5.0 - f64::from(*c)).collect()),
            Column::labels("outcome", words),
        ];
        let columns: Vec<&Column> = columns.iter().collect();
        let labels = vec!["no".to_owned(), "yes".to_owned()];
        let found = find_suspects(&columns, &TargetValues::Classes { labels, codes });
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["copy", "outcome"]);
        assert!(found[0].1.contains("1.0000"), "{found:?}");
    }

    #[test]
    fn numbers_are_judged_by_the_variance_that_they_explain() {
        let truth: Vec<f64> = (0..100).map(|i| f64::from(i % 17)).collect();
        let near = truth.iter().map(|v| v * 3.0 + 1.0).collect();
        let columns = [Column::number("near", near), Column::number("far", vec![1.0; 100])];
        let columns: Vec<&Column> = columns.iter().collect();
        let found = find_suspects(&columns, &TargetValues::Numbers(truth));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "near");
    }
}
