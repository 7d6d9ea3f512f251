//! What a split tries to separate. Two classes are numbers 0 and 1: their Gini impurity is twice
//! their variance, so that both pick the same splits.

/// One row of a tree's training data.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) row: u32,
    pub(super) weight: f32,
    /// The target: a number, or the class.
    pub(super) target: f64,
}

/// Sums over rows, and what they say. `Sums` of a side can be added and taken apart.
pub(super) trait Task: Sync {
    /// Sums of one side of a split.
    type Sums: Clone;

    /// Numbers in a histogram cell.
    fn width(&self) -> usize;

    /// Adds a row to a histogram cell.
    fn add_sample(cell: &mut [f64], sample: &Sample);

    fn zero(&self) -> Self::Sums;
    fn add_cell(sums: &mut Self::Sums, cell: &[f64]);

    /// Sum of squared sums over weight: rises as a side gets purer.
    fn purity(sums: &Self::Sums) -> f64;

    /// [`Self::purity`] of what is left of `total` without `sums`.
    fn purity_of_rest(total: &Self::Sums, sums: &Self::Sums) -> f64;

    fn weight(sums: &Self::Sums) -> f64;

    /// Place of a category cell in the order in which prefixes are tried.
    fn order(total: &Self::Sums, cell: &[f64]) -> f64;

    /// The values of a leaf.
    fn leaf(&self, sums: &Self::Sums) -> Vec<f32>;
}

/// Numbers, as differences from `mean`; or two classes with mean 0.
pub(super) struct Numbers {
    pub(super) mean: f64,
}

fn square_over(sum: f64, weight: f64) -> f64 {
    if weight > 0.0 { sum * sum / weight } else { 0.0 }
}

impl Task for Numbers {
    /// Weight and weighted target.
    type Sums = [f64; 2];

    fn width(&self) -> usize {
        2
    }

    fn add_sample(cell: &mut [f64], sample: &Sample) {
        let weight = f64::from(sample.weight);
        if let [w, wy] = cell {
            *w += weight;
            *wy += weight * sample.target;
        }
    }

    fn zero(&self) -> Self::Sums {
        [0.0; 2]
    }

    fn add_cell(sums: &mut Self::Sums, cell: &[f64]) {
        if let [w, wy] = cell {
            sums[0] += w;
            sums[1] += wy;
        }
    }

    fn purity(sums: &Self::Sums) -> f64 {
        square_over(sums[1], sums[0])
    }

    fn purity_of_rest(total: &Self::Sums, sums: &Self::Sums) -> f64 {
        square_over(total[1] - sums[1], total[0] - sums[0])
    }

    fn weight(sums: &Self::Sums) -> f64 {
        sums[0]
    }

    fn order(_total: &Self::Sums, cell: &[f64]) -> f64 {
        if let [w, wy] = cell { wy / w } else { 0.0 }
    }

    fn leaf(&self, sums: &Self::Sums) -> Vec<f32> {
        vec![(self.mean + sums[1] / sums[0]) as f32]
    }
}

/// Three classes or more.
pub(super) struct Classes {
    pub(super) count: usize,
}

impl Task for Classes {
    /// Weight of each class.
    type Sums = Vec<f64>;

    fn width(&self) -> usize {
        self.count
    }

    fn add_sample(cell: &mut [f64], sample: &Sample) {
        cell[sample.target as usize] += f64::from(sample.weight);
    }

    fn zero(&self) -> Self::Sums {
        vec![0.0; self.count]
    }

    fn add_cell(sums: &mut Self::Sums, cell: &[f64]) {
        for (sum, c) in sums.iter_mut().zip(cell) {
            *sum += c;
        }
    }

    fn purity(sums: &Self::Sums) -> f64 {
        let (mut squares, mut weight) = (0.0, 0.0);
        for sum in sums {
            squares += sum * sum;
            weight += sum;
        }
        if weight > 0.0 { squares / weight } else { 0.0 }
    }

    fn purity_of_rest(total: &Self::Sums, sums: &Self::Sums) -> f64 {
        let (mut squares, mut weight) = (0.0, 0.0);
        for (all, sum) in total.iter().zip(sums) {
            let rest = all - sum;
            squares += rest * rest;
            weight += rest;
        }
        if weight > 0.0 { squares / weight } else { 0.0 }
    }

    fn weight(sums: &Self::Sums) -> f64 {
        sums.iter().sum()
    }

    /// Share of the node's most frequent class.
    fn order(total: &Self::Sums, cell: &[f64]) -> f64 {
        let mut largest = 0;
        for (class, sum) in total.iter().enumerate() {
            if *sum > total[largest] {
                largest = class;
            }
        }
        cell[largest] / cell.iter().sum::<f64>()
    }

    fn leaf(&self, sums: &Self::Sums) -> Vec<f32> {
        let weight = Self::weight(sums);
        sums.iter().map(|sum| (sum / weight) as f32).collect()
    }
}
