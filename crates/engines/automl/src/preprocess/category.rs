//! Labels: the frequent ones stand alone, the rare ones together, new ones count as rare.

use gantry_kit::Column;
use serde::{Deserialize, Serialize};

use super::{Encoding, LevelLimits};

/// Rare labels that are remembered by name, to tell them from new ones.
const MAX_RARE: usize = 5_000;

/// What was learned from one column of labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CategoryColumn {
    /// Labels that stand alone, by the alphabet.
    levels: Vec<String>,
    /// Labels that were seen too seldom, by the alphabet.
    rare: Vec<String>,
    /// There were more rare labels than are remembered.
    forgot_some: bool,
    has_gaps: bool,
}

/// Labels that training has never seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unknown {
    pub(crate) cells: usize,
    pub(crate) labels: usize,
    pub(crate) example: String,
}

/// What one cell is.
#[derive(Clone, Copy)]
enum Cell {
    Level(usize),
    Other,
    Missing,
}

impl CategoryColumn {
    pub(super) fn fit(column: &Column, rows: &[usize], limits: LevelLimits) -> Self {
        let (codes, labels) = column.find_levels().unwrap_or((&[], &[]));
        let mut counts = vec![0_usize; labels.len()];
        let mut has_gaps = false;
        for row in rows {
            match codes.get(*row) {
                Some(code) if !column.is_missing(*row) => {
                    if let Some(count) = counts.get_mut(*code as usize) {
                        *count += 1;
                    }
                }
                _ => has_gaps = true,
            }
        }
        let mut seen: Vec<(usize, &String)> =
            counts.into_iter().zip(labels).filter(|(count, _)| *count > 0).collect();
        seen.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        let frequent = seen.iter().take_while(|(count, _)| *count >= limits.rows).count();
        // Where all labels are rare, the most frequent ones must do.
        let kept = if frequent == 0 { seen.len() } else { frequent }.min(limits.levels);
        let (kept, rare) = seen.split_at(kept.min(seen.len()));
        let sorted = |labels: &[(usize, &String)]| {
            let mut labels: Vec<String> =
                labels.iter().map(|(_, label)| (*label).clone()).collect();
            labels.sort();
            labels
        };
        Self {
            levels: sorted(kept),
            rare: sorted(rare.get(..rare.len().min(MAX_RARE)).unwrap_or_default()),
            forgot_some: rare.len() > MAX_RARE,
            has_gaps,
        }
    }

    /// Labels that stand alone, by the alphabet.
    pub(crate) fn levels(&self) -> &[String] {
        &self.levels
    }

    /// Whether the fit saw gaps.
    pub(crate) fn has_gaps(&self) -> bool {
        self.has_gaps
    }

    /// Whether rare labels have a place of their own.
    pub(crate) fn has_other(&self) -> bool {
        !self.rare.is_empty()
    }

    pub(crate) fn width(&self, encoding: Encoding) -> usize {
        match encoding {
            Encoding::OneHot => {
                self.levels.len() + usize::from(self.has_other()) + usize::from(self.has_gaps)
            }
            Encoding::Codes => 1,
        }
    }

    /// What each one-hot feature stands for.
    pub(super) fn derive_feature_labels(&self) -> Vec<String> {
        let other = self.has_other().then(|| "(rare)".to_owned());
        let missing = self.has_gaps.then(|| "(missing)".to_owned());
        self.levels.iter().cloned().chain(other).chain(missing).collect()
    }

    /// Where each label of `column` belongs.
    fn derive_places(&self, column: &Column) -> Vec<Cell> {
        let (_, labels) = column.find_levels().unwrap_or((&[], &[]));
        labels.iter().map(|label| self.derive_place(label)).collect()
    }

    fn derive_place(&self, label: &String) -> Cell {
        self.levels.binary_search(label).map_or(Cell::Other, Cell::Level)
    }

    /// As [`Self::transform`] for one row.
    pub(super) fn push(
        &self,
        column: &Column,
        row: usize,
        encoding: Encoding,
        features: &mut Vec<f64>,
    ) {
        let (codes, labels) = column.find_levels().unwrap_or((&[], &[]));
        let label = codes.get(row).and_then(|code| labels.get(*code as usize));
        let cell = match label {
            Some(label) if !column.is_missing(row) => self.derive_place(label),
            Some(_) | None => Cell::Missing,
        };
        match encoding {
            Encoding::Codes => features.push(self.derive_code(cell)),
            Encoding::OneHot => {
                let start = features.len();
                features.resize(start + self.width(encoding), 0.0);
                if let Some(feature) = self.find_feature(cell)
                    && let Some(slot) = features.get_mut(start + feature)
                {
                    *slot = 1.0;
                }
            }
        }
    }

    fn derive_code(&self, cell: Cell) -> f64 {
        match cell {
            Cell::Level(level) => level as f64,
            Cell::Other if self.has_other() => self.levels.len() as f64,
            Cell::Other | Cell::Missing => f64::NAN,
        }
    }

    pub(super) fn transform(
        &self,
        column: &Column,
        rows: &[usize],
        encoding: Encoding,
    ) -> Vec<gantry_learn::Column> {
        let places = self.derive_places(column);
        let (codes, _) = column.find_levels().unwrap_or((&[], &[]));
        let cell = |row: &usize| {
            if column.is_missing(*row) {
                return Cell::Missing;
            }
            let code = codes.get(*row).map_or(usize::MAX, |code| *code as usize);
            places.get(code).copied().unwrap_or(Cell::Missing)
        };
        let cells = rows.iter().map(cell);
        match encoding {
            Encoding::Codes => {
                let codes = cells.map(|cell| self.derive_code(cell)).collect();
                vec![gantry_learn::Column::category(codes)]
            }
            Encoding::OneHot => {
                let mut features = vec![vec![false; rows.len()]; self.width(encoding)];
                for (row, cell) in cells.enumerate() {
                    let slot =
                        self.find_feature(cell).and_then(|f| features.get_mut(f)?.get_mut(row));
                    if let Some(slot) = slot {
                        *slot = true;
                    }
                }
                features.into_iter().map(gantry_learn::Column::flags).collect()
            }
        }
    }

    /// The one-hot feature of a cell; none for a label that is new where none were rare, and for
    /// a gap where there were none.
    fn find_feature(&self, cell: Cell) -> Option<usize> {
        match cell {
            Cell::Level(level) => Some(level),
            Cell::Other => self.has_other().then_some(self.levels.len()),
            Cell::Missing => {
                self.has_gaps.then_some(self.levels.len() + usize::from(self.has_other()))
            }
        }
    }

    /// Labels of `column` that were not in training.
    pub(super) fn find_unknown(&self, column: &Column) -> Option<Unknown> {
        if self.forgot_some {
            return None;
        }
        let (codes, labels) = column.find_levels()?;
        let is_known =
            |label| [&self.levels, &self.rare].iter().any(|l| l.binary_search(label).is_ok());
        let is_new: Vec<bool> = labels.iter().map(|label| !is_known(label)).collect();
        let mut used = vec![false; labels.len()];
        let mut cells = 0;
        for (row, code) in codes.iter().enumerate() {
            let code = *code as usize;
            if !column.is_missing(row) && is_new.get(code).copied().unwrap_or(false) {
                cells += 1;
                used[code] = true;
            }
        }
        let first = used.iter().position(|used| *used)?;
        let example = labels.get(first).cloned().unwrap_or_default();
        Some(Unknown { cells, labels: used.iter().filter(|used| **used).count(), example })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: LevelLimits = LevelLimits { levels: 2, rows: 2 };

    fn column(labels: &[&str]) -> Column {
        Column::labels("c", labels.iter().map(|l| (!l.is_empty()).then_some(*l)))
    }

    fn one_hot(fitted: &CategoryColumn, column: &Column) -> Vec<Vec<f64>> {
        let rows: Vec<usize> = (0..column.len()).collect();
        let features = fitted.transform(column, &rows, Encoding::OneHot);
        features.iter().map(|f| f.values().to_vec()).collect()
    }

    #[test]
    fn rare_new_and_missing_labels_have_their_places() {
        let train = column(&["b", "a", "b", "a", "r", "c", "c", "c", ""]);
        let rows: Vec<usize> = (0..train.len()).collect();
        let fitted = CategoryColumn::fit(&train, &rows, LIMITS);
        // "c" is the most frequent; of "a" and "b" the first by the alphabet stays.
        assert_eq!((fitted.levels.join(""), fitted.rare.join("")), ("ac".into(), "br".into()));
        let later = column(&["c", "r", "new", "", "a"]);
        assert_eq!(
            one_hot(&fitted, &later),
            [
                vec![0.0, 0.0, 0.0, 0.0, 1.0],
                vec![1.0, 0.0, 0.0, 0.0, 0.0],
                vec![0.0, 1.0, 1.0, 0.0, 0.0],
                vec![0.0, 0.0, 0.0, 1.0, 0.0],
            ]
        );
        let codes = &fitted.transform(&later, &[0, 1, 2, 3, 4], Encoding::Codes)[0];
        assert_eq!(codes.values()[..3], [1.0, 2.0, 2.0]);
        assert!(codes.values()[3].is_nan() && codes.values()[4] == 0.0);
        let unknown = fitted.find_unknown(&later).unwrap();
        assert_eq!((unknown.cells, unknown.labels, unknown.example.as_str()), (1, 1, "new"));
        assert_eq!(fitted.find_unknown(&train), None);
    }

    #[test]
    fn only_rows_of_the_fit_count() {
        let all = column(&["a", "a", "b", "b", "z", "z"]);
        let fitted = CategoryColumn::fit(&all, &[0, 1, 2, 3], LIMITS);
        assert_eq!(fitted.levels, ["a", "b"]);
        assert!(!fitted.has_other());
        assert_eq!(one_hot(&fitted, &all)[0], [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(fitted.find_unknown(&all).unwrap().cells, 2);
    }

    #[test]
    fn labels_that_are_all_rare_are_kept_up_to_the_limit() {
        let fitted = CategoryColumn::fit(&column(&["a", "b", "c"]), &[0, 1, 2], LIMITS);
        assert_eq!((fitted.levels.len(), fitted.rare.len()), (2, 1));
    }
}
