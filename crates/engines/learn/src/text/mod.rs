//! Texts as numbers: how often each word of a list occurs, weighed by how rare it is among all
//! texts (TF-IDF), in the way of scikit-learn's `TfidfVectorizer`.
//!
//! Invariants: words are runs of two letters, digits or underscores and more, in lower case; the
//! squares of a text's numbers sum to 1, or all are 0 where no word of it is in the list.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::FormatVersion;
use crate::numeric::math;
use crate::{Column, LearnError, Matrix};

/// Settings of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TfIdfParams {
    /// Most words in the list; the most frequent ones, of equally frequent ones the first by
    /// alphabet.
    pub most_words: usize,
    /// Texts that a word must be in.
    pub least_texts: usize,
    /// Share of the texts that a word may be in at most.
    pub most_share: f64,
}

impl Default for TfIdfParams {
    fn default() -> Self {
        Self { most_words: 200, least_texts: 1, most_share: 1.0 }
    }
}

/// A list of words with their weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TfIdf {
    version: FormatVersion<1>,
    /// Rising.
    words: Vec<String>,
    weights: Vec<f64>,
}

#[derive(Default)]
struct Seen {
    texts: usize,
    times: usize,
}

impl TfIdfParams {
    /// Lists the words of texts.
    ///
    /// # Errors
    /// [`LearnError::Parameter`] for a list without room.
    pub fn fit<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Result<TfIdf, LearnError> {
        if self.most_words == 0 {
            return Err(LearnError::Parameter { name: "most_words", reason: "must be 1 or more" });
        }
        let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
        let mut count = 0_usize;
        for text in texts {
            count += 1;
            for (word, times) in count_words(text) {
                let entry = seen.entry(word).or_default();
                entry.texts += 1;
                entry.times += times;
            }
        }
        let most_texts = (self.most_share * count as f64).floor() as usize;
        let mut chosen: Vec<(String, Seen)> = seen
            .into_iter()
            .filter(|(_, seen)| (self.least_texts..=most_texts).contains(&seen.texts))
            .collect();
        // A stable sort keeps the alphabet among equals.
        chosen.sort_by_key(|(_, seen)| std::cmp::Reverse(seen.times));
        chosen.truncate(self.most_words);
        chosen.sort_by(|a, b| a.0.cmp(&b.0));
        let weight = |(_, seen): &(String, Seen)| {
            math::ln((1.0 + count as f64) / (1.0 + seen.texts as f64)) + 1.0
        };
        let weights = chosen.iter().map(weight).collect();
        let words = chosen.into_iter().map(|(word, _)| word).collect();
        Ok(TfIdf { version: FormatVersion, words, weights })
    }
}

impl TfIdf {
    /// The words, by alphabet.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The place of each word that a text has, with its number.
    #[must_use]
    pub fn find_weights(&self, text: &str) -> Vec<(usize, f64)> {
        let mut found: Vec<(usize, f64)> = count_words(text)
            .into_iter()
            .filter_map(|(word, times)| {
                let place = self.words.binary_search(&word).ok()?;
                Some((place, times as f64 * self.weights[place]))
            })
            .collect();
        let length = found.iter().map(|(_, v)| v * v).sum::<f64>().sqrt();
        if length > 0.0 {
            found.iter_mut().for_each(|(_, v)| *v /= length);
        }
        found
    }

    /// Texts × words.
    #[must_use]
    pub fn transform<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Matrix {
        let mut columns: Vec<Vec<f64>> = vec![Vec::new(); self.words.len()];
        for (row, text) in texts.into_iter().enumerate() {
            columns.iter_mut().for_each(|column| column.push(0.0));
            for (place, value) in self.find_weights(text) {
                columns[place][row] = value;
            }
        }
        Matrix::from_columns(columns)
    }

    /// The columns of [`Self::transform`].
    #[must_use]
    pub fn derive_columns<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Vec<Column> {
        self.transform(texts).columns().to_vec()
    }
}

fn count_words(text: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let lower = text.to_lowercase();
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    for word in lower.split(|c: char| !is_part(c)).filter(|word| word.chars().nth(1).is_some()) {
        *counts.entry(word.to_owned()).or_insert(0) += 1;
    }
    counts
}
