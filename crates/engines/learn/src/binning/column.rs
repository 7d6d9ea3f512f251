//! Bins of one column.

use serde::{Deserialize, Serialize};

use crate::{Column, FeatureKind};

use super::edges::{derive_edges, sorted_sample};

/// How the values of one column map to bins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnBins {
    /// Bin `i` holds values up to and including `edges[i]`; the bin after the last edge holds
    /// the rest.
    Numeric {
        /// Rising limits.
        edges: Vec<f64>,
    },
    /// Bin `i` holds the code `codes[i]`.
    Category {
        /// Rising codes.
        codes: Vec<u32>,
    },
}

impl ColumnBins {
    pub(super) fn new(column: &Column, max_bins: usize, min_rows: usize) -> Self {
        match column.kind() {
            FeatureKind::Numeric => Self::Numeric {
                edges: derive_edges(&sorted_sample(column.values()), max_bins, min_rows),
            },
            FeatureKind::Category => {
                Self::Category { codes: most_frequent(column.values(), max_bins) }
            }
        }
    }

    /// Number of bins for values that are not missing.
    pub fn value_bins(&self) -> usize {
        match self {
            Self::Numeric { edges } => edges.len() + 1,
            Self::Category { codes } => codes.len().max(1),
        }
    }

    /// The bin of a value; [`Self::value_bins`] for missing values and unknown codes.
    pub fn bin_of(&self, value: f64) -> usize {
        if value.is_nan() {
            return self.value_bins();
        }
        match self {
            Self::Numeric { edges } => edges.partition_point(|edge| *edge < value),
            Self::Category { codes } => {
                codes.binary_search(&(value as u32)).unwrap_or_else(|_| self.value_bins())
            }
        }
    }

    /// The limits of a numeric column.
    pub fn edges(&self) -> Option<&[f64]> {
        match self {
            Self::Numeric { edges } => Some(edges),
            Self::Category { .. } => None,
        }
    }
}

fn most_frequent(values: &[f64], limit: usize) -> Vec<u32> {
    let mut sorted: Vec<u32> = values.iter().filter(|v| !v.is_nan()).map(|v| *v as u32).collect();
    sorted.sort_unstable();
    let mut counted: Vec<(usize, u32)> =
        sorted.chunk_by(|a, b| a == b).map(|run| (run.len(), run[0])).collect();
    counted.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut codes: Vec<u32> = counted.into_iter().take(limit).map(|(_, code)| code).collect();
    codes.sort_unstable();
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_get_a_bin_each_and_missing_the_last() {
        let column = Column::numeric(vec![3.0, 1.0, f64::NAN, 2.0, 1.0]);
        let bins = ColumnBins::new(&column, 255, 1);
        assert_eq!(bins, ColumnBins::Numeric { edges: vec![1.5, 2.5] });
        let found: Vec<usize> = column.values().iter().map(|v| bins.bin_of(*v)).collect();
        assert_eq!(found, vec![2, 0, 3, 1, 0]);
        assert_eq!((bins.bin_of(-9.0), bins.bin_of(9.0)), (0, 2));
    }

    #[test]
    fn rare_and_unknown_codes_are_as_missing() {
        let column = Column::category(vec![7.0, 7.0, 5.0, 5.0, 9.0]);
        let bins = ColumnBins::new(&column, 2, 1);
        assert_eq!(bins, ColumnBins::Category { codes: vec![5, 7] });
        let found: Vec<usize> = [5.0, 7.0, 9.0, f64::NAN].map(|v| bins.bin_of(v)).to_vec();
        assert_eq!(found, vec![0, 1, 2, 2]);
        let empty = ColumnBins::new(&Column::category(vec![f64::NAN]), 2, 1);
        assert_eq!((empty.value_bins(), empty.bin_of(0.0)), (1, 1));
    }
}
