//! What the selection stage matches in this tier: noised counts, which cost nothing to look at again.

use super::PrivateTree;
use crate::encode::Block;
use crate::select::{Goals, Margin};

impl PrivateTree {
    /// The noised counts of columns, of the tree's pairs and of those beside it, for so many rows.
    pub(crate) fn derive_goals(&self, drawn: &Block, kept: usize) -> Goals {
        let bins: Vec<Vec<u16>> = self
            .columns
            .iter()
            .zip(&drawn.columns)
            .map(|(column, values)| {
                let bin = |value: &f64| column.domain.find_bin(*value).unwrap_or(0) as u16;
                values.iter().map(bin).collect()
            })
            .collect();
        let wanted = |shares: &[f64]| {
            let total: f64 = shares.iter().sum::<f64>().max(f64::MIN_POSITIVE);
            shares.iter().map(|share| share / total * kept as f64).collect::<Vec<f64>>()
        };
        let pair = |(a, b): (usize, usize), joint: &[f64]| {
            let width = self.columns[b].domain.count() as u16;
            let cell = |(a, b): (&u16, &u16)| a.wrapping_mul(width).wrapping_add(*b);
            let cells = bins[a].iter().zip(&bins[b]).map(cell).collect();
            Margin::new(cells, wanted(joint))
        };
        let single = self.columns.iter().zip(&bins);
        let mut margins: Vec<Margin> = single
            .map(|(column, bins)| Margin::new(bins.clone(), wanted(&column.shares)))
            .collect();
        for (place, column) in self.columns.iter().enumerate() {
            let Some(parent) = column.parent else { continue };
            margins.push(pair((parent as usize, place), &column.joint));
        }
        margins.extend(self.others.iter().map(|other| pair(other.columns, &other.joint)));
        // Pairs of very many labels would not fit their numbers of cells.
        margins.retain(|margin| margin.has_room());
        Goals { margins, products: Vec::new() }
    }
}
