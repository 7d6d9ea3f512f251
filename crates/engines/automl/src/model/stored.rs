//! A fitted learner where it lies: in memory, or in a file while nobody asks it.
//!
//! Invariant: what comes back from a file equals what was put there, and lies there as it lies in a
//! model file.

use std::io::{BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::{FittedLearner, OwnedFile};
use crate::error::AutomlError;

/// A fitted learner, shared by all that use it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum StoredLearner {
    Memory(Arc<FittedLearner>),
    File(Arc<LearnerFile>),
}

/// A file of one learner, with what must be known without reading it.
#[derive(Debug, PartialEq)]
pub(crate) struct LearnerFile {
    owned: OwnedFile,
    /// Its length.
    written: u64,
    /// Bytes that the learner takes in memory, about.
    bytes: usize,
    leaves: Option<usize>,
    row_work: Option<u64>,
}

impl StoredLearner {
    pub(crate) fn new(learner: FittedLearner) -> Self {
        Self::Memory(Arc::new(learner))
    }

    /// The learner, read back where it is in a file.
    pub(crate) fn load(&self) -> Result<Arc<FittedLearner>, AutomlError> {
        match self {
            Self::Memory(learner) => Ok(Arc::clone(learner)),
            Self::File(file) => {
                let mut bytes = BufReader::new(file.owned.open()?);
                // Numbers pass through here one by one: the bytes are never in memory besides.
                let mut number = [0; 16];
                let (learner, _) = postcard::from_io((&mut bytes, &mut number)).map_err(broken)?;
                Ok(Arc::new(learner))
            }
        }
    }

    /// Writes it to a new file, unless it is in one. `rows` are those of the fit.
    pub(crate) fn put_away(&mut self, path: PathBuf, rows: usize) -> Result<(), AutomlError> {
        let Self::Memory(learner) = self else { return Ok(()) };
        let (owned, file) = OwnedFile::create(path)?;
        let mut out = BufWriter::new(file);
        let bytes = learner.bytes(rows);
        let (leaves, row_work) = (learner.find_leaves(), learner.find_row_work());
        postcard::to_io(learner.as_ref(), &mut out).map_err(broken)?;
        out.flush()?;
        let written = out.get_ref().metadata()?.len();
        *self = Self::File(Arc::new(LearnerFile { owned, written, bytes, leaves, row_work }));
        Ok(())
    }

    /// Leaves out every round of boosting after the first `rounds`.
    pub(crate) fn keep_rounds(&mut self, rounds: usize) -> Result<(), AutomlError> {
        match self {
            Self::Memory(learner) => Arc::make_mut(learner).keep_rounds(rounds),
            Self::File(_) => {
                let mut learner = self.load()?;
                Arc::make_mut(&mut learner).keep_rounds(rounds);
                *self = Self::Memory(learner);
            }
        }
        Ok(())
    }

    /// As [`FittedLearner::thin_forest`], wherever it is.
    pub(crate) fn thin_forest(&mut self, fits: usize) -> Result<(), AutomlError> {
        match self {
            Self::Memory(learner) => Arc::make_mut(learner).thin_forest(fits),
            Self::File(file) => {
                let path = file.owned.path().with_extension("thin");
                let mut learner = self.load()?;
                Arc::make_mut(&mut learner).thin_forest(fits);
                *self = Self::Memory(learner);
                // How much memory a forest takes does not depend on the rows.
                self.put_away(path, 0)?;
            }
        }
        Ok(())
    }

    /// Bytes in memory, about, wherever it is; `rows` are those of the fit.
    pub(crate) fn bytes(&self, rows: usize) -> usize {
        match self {
            Self::Memory(learner) => learner.bytes(rows),
            Self::File(file) => file.bytes,
        }
    }

    /// Bytes in memory, about; `rows` are those of the fit.
    pub(crate) fn resident_bytes(&self, rows: usize) -> usize {
        match self {
            Self::Memory(learner) => learner.bytes(rows),
            Self::File(_) => 0,
        }
    }

    /// Leaves of its trees; none for other learners.
    pub(crate) fn find_leaves(&self) -> Option<usize> {
        match self {
            Self::Memory(learner) => learner.find_leaves(),
            Self::File(file) => file.leaves,
        }
    }

    /// Nanoseconds in which its trees predict one row, about; none for other learners.
    pub(crate) fn find_row_work(&self) -> Option<u64> {
        match self {
            Self::Memory(learner) => learner.find_row_work(),
            Self::File(file) => file.row_work,
        }
    }

    /// Bytes in a model file.
    pub(crate) fn written_bytes(&self) -> Result<u64, AutomlError> {
        match self {
            Self::Memory(learner) => {
                let size = postcard::ser_flavors::Size::default();
                let size = postcard::serialize_with_flavor(learner.as_ref(), size);
                Ok(size.map_err(broken)? as u64)
            }
            Self::File(file) => Ok(file.written),
        }
    }

    /// Writes it as it lies in a model file. `out` should take small pieces well.
    pub(crate) fn write_to(&self, out: &mut impl Write) -> Result<(), AutomlError> {
        match self {
            Self::Memory(learner) => {
                postcard::to_io(learner.as_ref(), out).map_err(broken)?;
            }
            Self::File(file) => {
                std::io::copy(&mut file.owned.open()?, out)?;
            }
        }
        Ok(())
    }
}

fn broken(error: postcard::Error) -> AutomlError {
    AutomlError::inconsistent(format!("A fit that was put aside is broken: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Algorithm, Candidate};
    use crate::task::Task;
    use gantry_learn::{Control, Matrix, Target, TrainingSet};

    const ROWS: usize = 120;

    fn fit(algorithm: Algorithm) -> StoredLearner {
        let values: Vec<f64> = (0..2 * ROWS).map(|i| (i * i % 97) as f64).collect();
        let y: Vec<f64> = values.chunks(2).map(|row| row[0] - row[1]).collect();
        let x = Matrix::from_rows(&values, 2).unwrap();
        let data = TrainingSet::new(&x, Target::Values(&y)).unwrap();
        let candidate = Candidate::usual(algorithm, Task::Regression, 7);
        StoredLearner::new(candidate.fit(&data, None, &Control::unlimited()).unwrap())
    }

    fn write(stored: &StoredLearner) -> Vec<u8> {
        let mut bytes = Vec::new();
        stored.write_to(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, stored.written_bytes().unwrap());
        bytes
    }

    #[test]
    fn what_was_put_away_is_the_same_and_its_file_goes_with_its_last_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fit");
        for algorithm in [Algorithm::RandomForest, Algorithm::LinearRegression, Algorithm::Knn] {
            let here = fit(algorithm);
            let mut away = here.clone();
            away.put_away(path.clone(), ROWS).unwrap();
            assert_eq!(away.load().unwrap(), here.load().unwrap());
            assert_eq!(write(&away), write(&here));
            assert_eq!(away.bytes(ROWS), here.bytes(ROWS));
            assert_eq!(away.find_leaves(), here.find_leaves());
            assert_eq!(away.find_row_work(), here.find_row_work());
            assert_eq!(away.resident_bytes(ROWS), 0);
            let shared = away.clone();
            drop(away);
            assert!(path.exists());
            drop(shared);
            assert!(!path.exists());
        }
    }

    #[test]
    fn rounds_are_left_out_wherever_the_learner_is() {
        let folder = tempfile::tempdir().unwrap();
        let mut here = fit(Algorithm::GradientBoosting);
        let (whole, mut away) = (here.clone(), here.clone());
        away.put_away(folder.path().join("fit"), ROWS).unwrap();
        for stored in [&mut here, &mut away] {
            stored.keep_rounds(3).unwrap();
        }
        assert_eq!(here, away);
        assert!(here.find_leaves() < whole.find_leaves());
    }

    #[test]
    fn forests_are_thinned_wherever_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let mut here = fit(Algorithm::RandomForest);
        let (whole, mut away) = (here.clone(), here.clone());
        away.put_away(folder.path().join("fit"), ROWS).unwrap();
        for stored in [&mut here, &mut away] {
            stored.thin_forest(5).unwrap();
        }
        assert_eq!(here.load().unwrap(), away.load().unwrap());
        assert_eq!((away.resident_bytes(ROWS), away.bytes(ROWS)), (0, here.bytes(ROWS)));
        let FittedLearner::ForestRegressor(model) = &*here.load().unwrap() else { panic!() };
        let FittedLearner::ForestRegressor(before) = &*whole.load().unwrap() else { panic!() };
        assert_eq!(model.trees() * 5, before.trees() * 2);
        // Two fits have twice as many trees as they are.
        let mut two = whole.clone();
        two.thin_forest(2).unwrap();
        assert_eq!(two, whole);
        let mut boosted = fit(Algorithm::GradientBoosting);
        let unchanged = boosted.clone();
        boosted.thin_forest(5).unwrap();
        assert_eq!(boosted, unchanged);
    }

    #[test]
    fn what_cannot_be_written_stays_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let mut stored = fit(Algorithm::DecisionTree);
        assert!(stored.put_away(folder.path().join("no/such/fit"), ROWS).is_err());
        assert!(stored.resident_bytes(ROWS) > 0 && stored.load().is_ok());
    }
}
