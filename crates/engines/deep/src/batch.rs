//! Rows that are learned together, as lines of codes, and what logits say of codes.
//!
//! Invariant: plain arithmetic alone, so that shares are the same on every machine.

use gantry_learn::math;

use crate::table::CodedTable;

/// Some rows of a batch.
pub(crate) struct Batch<'a> {
    pub(crate) table: &'a CodedTable,
    /// Where each column begins in a line of codes.
    pub(crate) starts: &'a [usize],
    pub(crate) rows: &'a [usize],
    /// Rows of the whole batch.
    pub(crate) of: usize,
}

impl Batch<'_> {
    /// Where the cells of the rows stand among the codes of all columns.
    pub(crate) fn derive_lines(&self) -> Vec<i32> {
        derive_lines(self.table, self.starts, self.rows)
    }

    /// Turns logits into the gradient of the whole batch's mean surprise at the rows' codes; gives
    /// these rows' part of it.
    pub(crate) fn slope_of_codes(&self, logits: &mut [f32]) -> f64 {
        let width = logits.len() / self.rows.len().max(1);
        let share = 1.0 / self.of as f32;
        let mut surprise = 0.0;
        for (line, row) in logits.chunks_exact_mut(width).zip(self.rows) {
            soften(line, self.starts);
            for (column, start) in self.table.columns.iter().zip(self.starts) {
                let own = &mut line[start + usize::from(column.codes[*row])];
                surprise -= math::ln(f64::from(own.max(1e-12)));
                *own -= 1.0;
            }
            line.iter_mut().for_each(|slope| *slope *= share);
        }
        surprise / self.of as f64
    }
}

/// Where the cells of these rows stand among the codes of all columns.
pub(crate) fn derive_lines(table: &CodedTable, starts: &[usize], rows: &[usize]) -> Vec<i32> {
    let mut lines = Vec::with_capacity(rows.len() * starts.len());
    for row in rows {
        for (column, start) in table.columns.iter().zip(starts) {
            lines.push((start + usize::from(column.codes[*row])) as i32);
        }
    }
    lines
}

/// Turns the logits of one row into shares of each column, which begin at these places.
pub(crate) fn soften(line: &mut [f32], starts: &[usize]) {
    let width = line.len();
    let columns = || {
        let ends = starts.iter().skip(1).copied().chain([width]);
        starts.iter().zip(ends).map(|(start, end)| *start..end)
    };
    for column in columns() {
        let part = &mut line[column];
        let most = part.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        part.iter_mut().for_each(|logit| *logit -= most);
    }
    math::exp_of_negatives_f32(line);
    for column in columns() {
        let part = &mut line[column];
        let total: f32 = part.iter().sum();
        let share = 1.0 / total;
        part.iter_mut().for_each(|cell| *cell *= share);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_become_shares_of_their_column() {
        let mut line = [1.0, 1.0, 0.0, -3.0, 2_000.0, -2_000.0, 7.0];
        soften(&mut line, &[0, 2, 6]);
        let total: f32 = line[2..6].iter().sum();
        assert_eq!(&line[..2], &[0.5, 0.5]);
        assert!((total - 1.0).abs() < 1e-6 && line[4] > 0.999_999, "{line:?}");
        assert_eq!(line[6], 1.0);
        let mut pair = [0.0, 1.0];
        soften(&mut pair, &[0]);
        assert!((pair[1] - 0.731_058_6).abs() < 1e-6, "{pair:?}");
    }
}
