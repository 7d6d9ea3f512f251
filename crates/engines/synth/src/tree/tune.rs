//! Learns further rows: the trees stay, and new rows become donors of the leaves that they reach.
//!
//! Invariant: leaves only gain donors, so none draws from fewer rows than before.

use super::fit::{TreeGenerator, find_rare_rows};
use super::leaf::{Donors, MISSING, Marginal};
use crate::encode::EncodedTable;
use crate::error::SynthError;
use crate::tier::Watch;

impl TreeGenerator {
    /// Learns a further table of the same columns.
    pub(crate) fn tune(
        &mut self,
        table: &EncodedTable,
        min_count: usize,
        watch: &Watch<'_>,
    ) -> Result<(), SynthError> {
        let columns = table.columns.iter().zip(&self.binners);
        let by_column: Vec<Vec<u8>> =
            columns.map(|(column, binner)| binner.apply(&column.values)).collect();
        let row = |row: usize| by_column.iter().map(|bins| bins[row]).collect();
        let bins: Vec<Vec<u8>> = (0..table.rows).map(row).collect();
        let count = self.columns.len();
        for (place, column) in self.columns.iter_mut().enumerate() {
            watch.step(place as f64 / count as f64)?;
            let target = &table.columns[place];
            let decimals = table.decimals.get(place).copied().unwrap_or(16);
            let new = Marginal::fit(target, decimals, min_count);
            let (merged, places) = column.marginal.merge(&new);
            for (shape, donors) in &mut column.trees {
                let mut leaves: Vec<Vec<u32>> = vec![Vec::new(); donors.starts.len() - 1];
                for row in (0..table.rows).filter(|row| !target.is_masked(*row)) {
                    leaves[shape.find_leaf(&bins[row])].push(row as u32);
                }
                let added = Donors::gather(&leaves, &target.values, &merged);
                *donors = donors.join((&merged, &places), &added);
            }
            column.marginal = merged;
        }
        self.real.extend(find_rare_rows(table, min_count));
        self.real.sort_unstable();
        self.real.dedup();
        Ok(())
    }
}

impl Marginal {
    /// This and another of the same column together, and the places that this one's numbers have
    /// then. A number is rare unless one of the two has enough rows of it.
    pub(crate) fn merge(&self, other: &Self) -> (Self, Vec<u32>) {
        match (self, other) {
            (
                Self::Numbers { distinct: a, rare: of_a, decimals },
                Self::Numbers { distinct: b, rare: of_b, .. },
            ) => {
                let both = a.iter().zip(of_a).chain(b.iter().zip(of_b));
                let mut all: Vec<(f64, bool)> = both.map(|(value, rare)| (*value, *rare)).collect();
                all.sort_by(|x, y| x.0.total_cmp(&y.0));
                let runs = all.chunk_by(|x, y| x.0 == y.0);
                let (distinct, rare): (Vec<f64>, Vec<bool>) = runs
                    .filter_map(|run| Some((run.first()?.0, run.iter().all(|(_, rare)| *rare))))
                    .unzip();
                let place = |value: &f64| distinct.partition_point(|known| known < value) as u32;
                let places = a.iter().map(place).collect();
                (Self::Numbers { distinct, rare, decimals: *decimals }, places)
            }
            (Self::Levels(a), Self::Levels(b)) => {
                let sum = |(code, count): (usize, &u32)| {
                    count.saturating_add(b.get(code).copied().unwrap_or(0))
                };
                (Self::Levels(a.iter().enumerate().map(sum).collect()), Vec::new())
            }
            // Both are of one column, which is of one kind.
            (Self::Numbers { distinct, .. }, Self::Levels(_)) => {
                (self.clone(), (0..distinct.len() as u32).collect())
            }
            (Self::Levels(_), Self::Numbers { .. }) => (self.clone(), Vec::new()),
        }
    }
}

impl Donors {
    /// These donors and others of the same leaves. `places` says where this one's numbers stand in
    /// the marginal of both.
    pub(crate) fn join(&self, (marginal, places): (&Marginal, &[u32]), other: &Self) -> Self {
        let mut joined = Self { items: Vec::new(), sums: Vec::new(), starts: vec![0] };
        for leaf in 0..self.starts.len().saturating_sub(1) {
            let ((start, end), (from, to)) = (self.span(leaf), other.span(leaf));
            match marginal {
                Marginal::Numbers { .. } => {
                    let place = |item: &u32| places.get(*item as usize).copied().unwrap_or(MISSING);
                    let old = self.items[start..end].iter().map(place);
                    let mut all: Vec<u32> = old.chain(other.items[from..to].to_vec()).collect();
                    all.sort_unstable();
                    joined.items.extend(all);
                }
                Marginal::Levels(_) => {
                    let mut counts: std::collections::BTreeMap<u32, u32> = Default::default();
                    for (donors, (start, end)) in [(self, (start, end)), (other, (from, to))] {
                        let mut before = 0;
                        for (code, sum) in
                            donors.items[start..end].iter().zip(&donors.sums[start..end])
                        {
                            *counts.entry(*code).or_default() += sum - before;
                            before = *sum;
                        }
                    }
                    let mut sum = 0;
                    for (code, count) in counts {
                        sum += count;
                        joined.items.push(code);
                        joined.sums.push(sum);
                    }
                }
            }
            joined.starts.push(joined.items.len() as u32);
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::{EncodedColumn, EncodedKind};

    fn column(kind: EncodedKind, values: Vec<f64>) -> EncodedColumn {
        EncodedColumn { name: "x".into(), kind, values }
    }

    #[test]
    fn numbers_are_merged_in_order_and_rare_ones_stay_rare() {
        let number = |values: Vec<f64>| Marginal::fit(&column(EncodedKind::Number, values), 0, 2);
        let (merged, places) =
            number(vec![1.0, 1.0, 5.0]).merge(&number(vec![3.0, 3.0, 5.0, f64::NAN]));
        let Marginal::Numbers { distinct, rare, .. } = &merged else { panic!("no numbers") };
        assert_eq!(
            (distinct.as_slice(), places.as_slice()),
            ([1.0, 3.0, 5.0].as_slice(), [0, 2].as_slice())
        );
        assert_eq!(rare.as_slice(), [false, false, true]);
        let old = number(vec![1.0, 1.0, 5.0]);
        let old = Donors::gather(&[vec![0, 2], vec![1]], &[1.0, 1.0, 5.0], &old);
        let new = Donors::gather(&[vec![1], vec![0]], &[3.0, f64::NAN], &merged);
        let joined = old.join((&merged, &places), &new);
        assert_eq!(
            (joined.items.as_slice(), joined.starts.as_slice()),
            ([0, 2, MISSING, 0, 1].as_slice(), [0, 3, 5].as_slice())
        );
        assert!((joined.find_mean(0, &merged).unwrap() - 3.0).abs() < 1e-12);
    }

    #[test]
    fn levels_are_added_up() {
        let level = |values: Vec<f64>| {
            let marginal = Marginal::fit(&column(EncodedKind::Levels(3), values.clone()), 0, 2);
            let rows = (0..values.len() as u32).collect();
            (Donors::gather(&[rows], &values, &marginal), marginal)
        };
        let ((old, of_old), (new, of_new)) = (level(vec![0.0, 2.0]), level(vec![2.0, 2.0, 1.0]));
        let (merged, places) = of_old.merge(&of_new);
        assert_eq!(merged, Marginal::Levels(vec![1, 1, 3]));
        let joined = old.join((&merged, &places), &new);
        let levels: Vec<(f64, f64)> = joined.list_levels(0).collect();
        assert_eq!(levels, [(0.0, 0.2), (1.0, 0.2), (2.0, 0.6)]);
    }
}
