//! Texts as the weights of their words.

use gantry_kit::Column;
use gantry_learn::text::{TfIdf, TfIdfParams};
use serde::{Deserialize, Serialize};

use crate::error::AutomlError;

/// Most words that become a feature.
const MAX_WORDS: usize = 100;
/// A word must be in one of so many texts.
const RAREST: usize = 500;
/// Words in more of the texts than this say nothing.
const MOST_SHARE: f64 = 0.95;

/// The words of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TextColumn {
    model: TfIdf,
}

impl TextColumn {
    /// Most features of a column.
    pub(crate) const MOST_WIDTH: usize = MAX_WORDS;

    pub(crate) fn fit(column: &Column, rows: &[usize]) -> Result<Self, AutomlError> {
        let least_texts = 2.max(rows.len() / RAREST);
        let params = TfIdfParams { most_words: MAX_WORDS, least_texts, most_share: MOST_SHARE };
        Ok(Self { model: params.fit(list_texts(column, rows))? })
    }

    pub(crate) fn width(&self) -> usize {
        self.model.words().len()
    }

    /// The words, in the order of the features.
    pub(crate) fn words(&self) -> &[String] {
        self.model.words()
    }

    pub(super) fn transform(&self, column: &Column, rows: &[usize]) -> Vec<gantry_learn::Column> {
        self.model.derive_columns(list_texts(column, rows))
    }

    /// What is done, for people.
    pub(super) fn describe(&self) -> String {
        format!("{} features, one a frequent word", self.width())
    }
}

/// The texts of rows; a gap is an empty one.
fn list_texts<'a>(column: &'a Column, rows: &'a [usize]) -> impl Iterator<Item = &'a str> {
    let texts = column.find_texts();
    rows.iter().map(move |row| match texts {
        Some(texts) if !column.is_missing(*row) => texts.get(*row),
        Some(_) | None => "",
    })
}
