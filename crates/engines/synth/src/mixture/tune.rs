//! Learns further rows: expectation and maximization go on from what was learned, which counts as
//! rows of its own.

use super::Mixture;
use super::fit::{Memory, iterate};
use crate::encode::EncodedTable;
use crate::error::SynthError;
use crate::tier::Watch;
use crate::tree::{Donors, Marginal};

impl Mixture {
    /// Learns a further table of the same columns. What was learned before counts as so many rows.
    pub(crate) fn tune(
        &mut self,
        table: &EncodedTable,
        (known_rows, min_count): (f64, usize),
        watch: &Watch<'_>,
    ) -> Result<(), SynthError> {
        let mut bins = Vec::with_capacity(self.columns.len());
        for (place, column) in self.columns.iter_mut().enumerate() {
            let of_table = &table.columns[place];
            let decimals = table.decimals.get(place).copied().unwrap_or(16);
            let found = column.binner.apply(&of_table.values);
            let new = Marginal::fit(of_table, decimals, min_count);
            let (merged, places) = column.marginal.merge(&new);
            let mut leaves: Vec<Vec<u32>> = vec![Vec::new(); column.binner.count()];
            for row in (0..table.rows).filter(|row| !of_table.is_masked(*row)) {
                leaves[usize::from(found[row])].push(row as u32);
            }
            let donors = Donors::gather(&leaves, &of_table.values, &merged);
            column.donors = column.donors.join((&merged, &places), &donors);
            column.marginal = merged;
            bins.push(found);
        }
        let memory = Memory {
            rows: known_rows,
            weights: self.weights.clone(),
            shares: self.columns.iter().map(|column| column.shares.clone()).collect(),
        };
        iterate(self, (&bins, table.rows), &memory, watch)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fitted, table};
    use super::*;

    fn tuned(known_rows: f64) -> Mixture {
        let mut mixture = fitted();
        let mut new = table(600);
        // The new rows are all of one kind, and their numbers are larger.
        for row in 0..600 {
            new.columns[0].values[row] = 1.0;
            new.columns[1].values[row] = 1.0;
            new.columns[2].values[row] = 103.0 + (row % 4) as f64;
        }
        mixture.tune(&new, (known_rows, 5), &Watch::quiet(&|| false)).unwrap();
        mixture
    }

    #[test]
    fn new_rows_count_beside_the_old_ones() {
        let chance = |mixture: &Mixture| {
            let all = [f64::NAN, f64::NAN, f64::NAN];
            let mut rng = gantry_learn::Rng::new(2);
            let ones = (0..2_000).filter(|_| mixture.fill(&all, &mut rng)[0] == 1.0).count();
            ones as f64 / 2_000.0
        };
        let (even, alone) = (chance(&tuned(600.0)), chance(&tuned(0.0)));
        assert!((even - 0.75).abs() < 0.04, "{even}");
        assert!(alone > 0.97, "{alone}");
    }

    #[test]
    fn values_that_are_new_are_drawn() {
        let mut rng = gantry_learn::Rng::new(2);
        let mixture = tuned(600.0);
        let drawn: Vec<f64> =
            (0..500).map(|_| mixture.fill(&[1.0, 1.0, f64::NAN], &mut rng)[2]).collect();
        assert!(drawn.iter().any(|x| *x > 104.5) && drawn.iter().all(|x| *x <= 106.0), "{drawn:?}");
    }
}
