//! The features of a single row: the same numbers as those of many, without a list for each of them.

use gantry_kit::Column;

use super::fitted::derive_order;
use super::{Encoding, Fitted, Preprocessor};
use crate::error::AutomlError;

impl Preprocessor {
    /// As [`Self::transform`] for one row.
    pub(crate) fn transform_row(
        &self,
        columns: &[&Column],
        row: usize,
    ) -> Result<Vec<f64>, AutomlError> {
        if self.joint.is_some() || columns.len() != self.columns.len() {
            return Ok(self.transform(columns, &[row])?.row(0));
        }
        let mut features = Vec::with_capacity(self.width());
        for (index, column) in columns.iter().enumerate() {
            if !self.push_usual((index, column), row, &mut features) {
                let own = self.transform_column(index, column, &[row])?;
                features.extend(own.iter().filter_map(|feature| feature.values().first()));
            }
        }
        Ok(features)
    }

    /// The features of numbers and labels that are treated in the usual way; false for others.
    fn push_usual(
        &self,
        (index, column): (usize, &Column),
        row: usize,
        features: &mut Vec<f64>,
    ) -> bool {
        let Some(fitted) = self.columns.get(index) else { return false };
        let is_labelled = column.find_levels().is_some();
        match fitted {
            Fitted::Number(fitted) => {
                let numbers = column.find_numbers();
                let Some(value) = numbers.and_then(|values| values.get(row)) else { return false };
                fitted.push(*value, self.encoding, features);
            }
            Fitted::Category(fitted) if is_labelled => {
                fitted.push(column, row, self.encoding, features);
            }
            Fitted::OneHot(fitted) if is_labelled => {
                fitted.push(column, row, Encoding::OneHot, features);
            }
            Fitted::Ordinal(fitted) if is_labelled => {
                let mut codes = Vec::with_capacity(1);
                fitted.push(column, row, Encoding::Codes, &mut codes);
                features.extend(codes.into_iter().map(derive_order));
            }
            Fitted::Category(_)
            | Fitted::OneHot(_)
            | Fitted::Date(_)
            | Fitted::Treated(_)
            | Fitted::Target(_)
            | Fitted::Ordinal(_)
            | Fitted::Text(_) => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::{LabelEncoding, PreprocessOptions};
    use crate::target::TargetValues;
    use gantry_kit::DateFormat;

    #[test]
    fn a_row_alone_has_the_features_that_it_has_among_others() {
        let count = 60;
        let numbers = (0..count).map(|i| if i % 7 == 0 { f64::NAN } else { i as f64 }).collect();
        let labels: Vec<Option<&str>> =
            (0..count).map(|i| [Some("a"), Some("b"), None, Some("c")][i % 4]).collect();
        let days: Vec<Option<i64>> =
            (0..count).map(|i| (i % 5 > 0).then_some(i as i64 * 86_400_000_000)).collect();
        let texts = (0..count).map(|i| Some(["red apple", "green pear", ""][i % 3]));
        let columns = [
            Column::number("n", numbers),
            Column::labels("l", labels),
            Column::date("d", &days, DateFormat::default()),
            Column::text("t", texts),
        ];
        let columns: Vec<&Column> = columns.iter().collect();
        let seen: Vec<usize> = (0..30).collect();
        let truth = TargetValues::Numbers(seen.iter().map(|i| (i % 3) as f64).collect());
        let rows: Vec<usize> = (0..count).collect();
        for label in [
            LabelEncoding::Auto,
            LabelEncoding::OneHot,
            LabelEncoding::Ordinal,
            LabelEncoding::Target,
        ] {
            for encoding in [Encoding::OneHot, Encoding::Codes] {
                let options = PreprocessOptions { encoding: label, ..PreprocessOptions::default() };
                let how = (encoding, &options);
                let (fitted, _) =
                    Preprocessor::fit_transform(&columns, (&seen, &truth), how).unwrap();
                let all = fitted.transform(&columns, &rows).unwrap();
                for row in 0..count {
                    let bits = |values: Vec<f64>| -> Vec<u64> {
                        values.into_iter().map(f64::to_bits).collect()
                    };
                    let alone = fitted.transform_row(&columns, row).unwrap();
                    assert_eq!(bits(alone), bits(all.row(row)), "{label:?} {encoding:?} {row}");
                }
            }
        }
    }
}
