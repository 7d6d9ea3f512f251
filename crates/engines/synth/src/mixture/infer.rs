//! What a mixture says of rows that are known in part: how likely they are, and what their other
//! cells hold. All of it is exact: the groups are summed over.

use gantry_learn::{Rng, math};

use super::{Mixture, MixtureColumn, log_share};
use crate::tree::{Marginal, draw_share, round};

/// What a row's known cells tell.
pub(super) struct Posterior {
    /// The chance of each group.
    pub(super) groups: Vec<f64>,
    /// Logarithm of the chance of the known cells.
    log: f64,
}

impl Mixture {
    /// Logarithm of the chance of a row's cells in nats, where a number is known by its bin and a
    /// missing cell is a cell like others.
    pub(crate) fn log_likelihood(&self, row: &[f64]) -> f64 {
        self.infer(row, true).log
    }

    /// Fills the cells that are NaN by a draw from their common distribution given the others.
    pub(crate) fn fill(&self, row: &[f64], rng: &mut Rng) -> Vec<f64> {
        let group = draw_share(&self.infer(row, false).groups, rng);
        let groups = self.weights.len();
        let cells = row.iter().zip(&self.columns);
        cells
            .map(|(value, column)| match value.is_nan() {
                true => column.draw_present(|bin| column.share(bin, group, groups), rng),
                false => *value,
            })
            .collect()
    }

    /// Fills the cells that are NaN by what is likeliest given the others: the mean of numbers, the
    /// most probable of levels.
    pub(crate) fn fill_likely(&self, row: &[f64]) -> Vec<f64> {
        let posterior = self.infer(row, false);
        let groups = self.weights.len();
        let cells = row.iter().zip(&self.columns);
        cells
            .map(|(value, column)| {
                if !value.is_nan() {
                    return *value;
                }
                let chance = |bin: usize| -> f64 {
                    let of_group = posterior.groups.iter().enumerate();
                    of_group.map(|(group, weight)| weight * column.share(bin, group, groups)).sum()
                };
                let bins = 1..column.binner.count();
                let chances: Vec<(usize, f64)> = bins.map(|bin| (bin, chance(bin))).collect();
                column.find_likeliest(&chances)
            })
            .collect()
    }

    pub(super) fn infer(&self, row: &[f64], missing_too: bool) -> Posterior {
        let groups = self.weights.len();
        let mut logs: Vec<f64> =
            self.weights.iter().map(|weight| f64::from(log_share(*weight))).collect();
        for (value, column) in row.iter().zip(&self.columns) {
            if value.is_nan() && !missing_too {
                continue;
            }
            let bin = usize::from(column.binner.bin(*value));
            for (group, log) in logs.iter_mut().enumerate() {
                *log += f64::from(log_share(column.share(bin, group, groups)));
            }
        }
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut chances: Vec<f64> = logs.iter().map(|log| math::exp(log - most)).collect();
        let total: f64 = chances.iter().sum();
        chances.iter_mut().for_each(|chance| *chance /= total);
        Posterior { groups: chances, log: most + math::ln(total) }
    }
}

impl MixtureColumn {
    /// A value that is not missing; NaN where the column has none.
    fn draw_present(&self, share: impl Fn(usize) -> f64, rng: &mut Rng) -> f64 {
        let chance = |bin: usize| match bin > 0 && self.donors.has_donors(bin) {
            true => share(bin),
            false => 0.0,
        };
        let chances: Vec<f64> = (0..self.binner.count()).map(chance).collect();
        match chances.iter().any(|chance| *chance > 0.0) {
            true => self.donors.draw(draw_share(&chances, rng), &self.marginal, rng),
            false => f64::NAN,
        }
    }

    /// The mean of numbers, or the likeliest of levels, where bins have these chances; NaN where they
    /// hold nothing.
    fn find_likeliest(&self, chances: &[(usize, f64)]) -> f64 {
        if let Marginal::Numbers { decimals, .. } = &self.marginal {
            let (mut sum, mut total) = (0.0, 0.0);
            for (bin, chance) in chances {
                let Some(mean) = self.donors.find_mean(*bin, &self.marginal) else { continue };
                sum += mean * chance;
                total += chance;
            }
            return if total > 0.0 { round(sum / total, *decimals) } else { f64::NAN };
        }
        let mut best = (0.0, f64::NAN);
        for (bin, chance) in chances {
            for (code, share) in self.donors.list_levels(*bin) {
                // Every level lies in one bin.
                if share * chance > best.0 {
                    best = (share * chance, code);
                }
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::fitted;
    use super::*;

    #[test]
    fn known_cells_tell_the_others() {
        // `b` follows `a`, and `x` is near 100 where `a` is one.
        let mixture = fitted();
        let mut rng = Rng::new(1);
        let likely = mixture.fill_likely(&[1.0, f64::NAN, f64::NAN]);
        assert_eq!(likely[1], 1.0);
        assert!((95.0..106.0).contains(&likely[2]), "{likely:?}");
        let drawn: Vec<Vec<f64>> =
            (0..200).map(|_| mixture.fill(&[f64::NAN, f64::NAN, 2.0], &mut rng)).collect();
        let zeros = drawn.iter().filter(|row| row[0] == 0.0 && row[1] == 0.0).count();
        assert!(zeros > 180, "{zeros}");
        assert!(drawn.iter().all(|row| row[2] == 2.0 && !row[0].is_nan()));
    }

    #[test]
    fn likelihoods_of_all_cells_sum_to_one_and_odd_rows_are_unlikely() {
        let mixture = fitted();
        let usual = mixture.log_likelihood(&[1.0, 1.0, 100.0]);
        let odd = mixture.log_likelihood(&[1.0, 0.0, 2.0]);
        assert!(usual > odd + 3.0, "{usual} {odd}");
        let column = &mixture.columns[0];
        let groups = mixture.weights.len();
        let of_bin = |bin: usize| -> f64 {
            let of_group = mixture.weights.iter().enumerate();
            of_group.map(|(group, weight)| weight * column.share(bin, group, groups)).sum()
        };
        let total: f64 = (0..column.binner.count()).map(of_bin).sum();
        assert!((total - 1.0).abs() < 1e-4, "{total}");
    }
}
