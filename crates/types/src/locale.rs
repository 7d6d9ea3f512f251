//! The languages in which the product speaks to people.
//!
//! Invariant: each has every text; what is not translated does not compile or fails a test.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::job::{UnknownWord, define_words};

define_words! {
    /// A language, by its subtag of BCP 47.
    Locale, "language" {
        /// English.
        English = "en",
        /// German.
        German = "de",
    }
}

impl Locale {
    /// The language that a browser asks for in `Accept-Language` (RFC 9110): the first one that is
    /// spoken here, by weight; English when there is none.
    #[must_use]
    pub fn negotiate(accepted: &str) -> Self {
        let mut best = (0.0_f32, Self::English);
        for part in accepted.split(',').take(20) {
            let mut words = part.split(';');
            let tag = words.next().unwrap_or_default().trim();
            let weight = words.find_map(|word| word.trim().strip_prefix("q="));
            let weight = weight.map_or(1.0, |text| text.trim().parse().unwrap_or(0.0_f32));
            let language = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
            if let Ok(locale) = language.parse::<Self>()
                && weight > best.0
            {
                best = (weight, locale);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_language_that_is_spoken_here_is_taken() {
        let cases = [
            ("", Locale::English),
            ("de-AT,de;q=0.9,en;q=0.8", Locale::German),
            ("fr-FR,fr;q=0.9,de;q=0.5,en;q=0.7", Locale::English),
            ("en;q=0.2,DE;q=0.3", Locale::German),
            ("de;q=0", Locale::English),
            ("de;q=x, *", Locale::English),
        ];
        for (accepted, expected) in cases {
            assert_eq!(Locale::negotiate(accepted), expected, "{accepted}");
        }
    }
}
