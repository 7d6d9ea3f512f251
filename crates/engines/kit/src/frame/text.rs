//! Many strings in one buffer: a text column of a million rows costs two allocations.
//!
//! Invariant: `ends` does not decrease and its last entry is the length of `bytes`.

/// The strings of a text column; a missing cell is the empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextValues {
    bytes: String,
    ends: Vec<usize>,
}

impl TextValues {
    /// Number of strings.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no string.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The string of `row`, empty beyond the end.
    #[must_use]
    pub fn get(&self, row: usize) -> &str {
        let start = match row.checked_sub(1) {
            Some(before) => self.ends.get(before).copied(),
            None => Some(0),
        };
        let end = self.ends.get(row).copied();
        match (start, end) {
            (Some(start), Some(end)) => self.bytes.get(start..end).unwrap_or(""),
            _ => "",
        }
    }

    /// Adds one string at the end.
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    /// The strings in row order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|row| self.get(row))
    }
}

impl<S: AsRef<str>> FromIterator<S> for TextValues {
    fn from_iter<I: IntoIterator<Item = S>>(texts: I) -> Self {
        let mut values = Self::default();
        for text in texts {
            values.push(text.as_ref());
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back_as_they_went_in() {
        let values: TextValues = ["", "añb", "", "z"].into_iter().collect();
        assert_eq!(values.iter().collect::<Vec<_>>(), ["", "añb", "", "z"]);
        assert_eq!(values.get(4), "");
        assert!(TextValues::default().is_empty());
    }
}
