//! What a trial says of the rows that its fits have not seen, where it lies: in memory, or in a file
//! while nobody asks.
//!
//! Invariant: what comes back from a file equals what was put there.

use std::borrow::Cow;
use std::io::{BufReader, BufWriter, Write};
use std::path::PathBuf;

use crate::error::AutomlError;
use crate::model::OwnedFile;

/// Predictions by fold: one column a class, or one; rows as in the fold's test part.
pub(in crate::train) type FoldColumns = Vec<Vec<Vec<f32>>>;

/// Held-out predictions of all folds of a trial.
#[derive(Debug)]
pub(in crate::train) enum HeldOutPredictions {
    Memory(FoldColumns),
    File(OwnedFile),
}

impl HeldOutPredictions {
    /// The predictions, read back where they are in a file.
    pub(in crate::train) fn load(&self) -> Result<Cow<'_, FoldColumns>, AutomlError> {
        match self {
            Self::Memory(folds) => Ok(Cow::Borrowed(folds)),
            Self::File(file) => {
                let mut bytes = BufReader::new(file.open()?);
                let mut number = [0; 16];
                let (folds, _) = postcard::from_io((&mut bytes, &mut number)).map_err(broken)?;
                Ok(Cow::Owned(folds))
            }
        }
    }

    /// Writes them to a new file, unless they are in one.
    pub(in crate::train) fn put_away(&mut self, path: PathBuf) -> Result<(), AutomlError> {
        let Self::Memory(folds) = self else { return Ok(()) };
        let (owned, file) = OwnedFile::create(path)?;
        let mut out = BufWriter::new(file);
        postcard::to_io(&*folds, &mut out).map_err(broken)?;
        out.flush()?;
        *self = Self::File(owned);
        Ok(())
    }

    /// Bytes in memory.
    pub(in crate::train) fn resident_bytes(&self) -> usize {
        match self {
            Self::Memory(folds) => {
                folds.iter().flatten().map(|column| size_of::<f32>() * column.len()).sum()
            }
            Self::File(_) => 0,
        }
    }
}

fn broken(error: postcard::Error) -> AutomlError {
    AutomlError::inconsistent(format!("Predictions that were put aside are broken: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_away_comes_back_to_the_bit_and_its_file_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("held_out");
        let columns = vec![vec![vec![0.1, -0.0, 1.0e30], vec![]], vec![vec![f32::MIN_POSITIVE]]];
        let mut told = HeldOutPredictions::Memory(columns.clone());
        assert_eq!(told.resident_bytes(), 16);
        told.put_away(path.clone()).unwrap();
        told.put_away(folder.path().join("not again")).unwrap();
        assert_eq!((told.resident_bytes(), path.exists()), (0, true));
        let bits = |folds: &FoldColumns| -> Vec<u32> {
            folds.iter().flatten().flatten().map(|value| value.to_bits()).collect()
        };
        assert_eq!(bits(&told.load().unwrap()), bits(&columns));
        drop(told);
        assert!(!path.exists());
        let mut stays = HeldOutPredictions::Memory(columns);
        assert!(stays.put_away(folder.path().join("no/such/file")).is_err());
        assert_eq!(stays.resident_bytes(), 16);
    }
}
