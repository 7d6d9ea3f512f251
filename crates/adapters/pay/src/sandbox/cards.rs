//! The test cards; their numbers are those that Stripe documents for its own test mode.

use gantry_ports::payments::PaymentError;
use serde::{Deserialize, Serialize};

/// What a test card does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Card {
    /// Pays, always.
    Pays,
    /// Pays the first time and never again.
    PaysOnce,
    /// Pays, and its owner disputes every payment at once.
    Disputes,
    /// Pays after the buyer agreed.
    AsksFirst,
    /// Is declined.
    Declined,
    /// Has no money.
    Empty,
}

const CARDS: &[(&str, Card)] = &[
    ("4242424242424242", Card::Pays),
    ("4000000000000341", Card::PaysOnce),
    ("4000000000000259", Card::Disputes),
    ("4000002500003155", Card::AsksFirst),
    ("4000000000000002", Card::Declined),
    ("4000000000009995", Card::Empty),
];

impl Card {
    /// The test card with this number, spaces and dashes aside.
    ///
    /// # Errors
    /// [`PaymentError::Refused`] for every other number: a real card has no business here.
    pub(super) fn parse(number: &str) -> Result<Self, PaymentError> {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        let found = CARDS.iter().find(|(known, _)| *known == digits);
        found.map(|(_, card)| *card).ok_or_else(|| PaymentError::Refused {
            reason: "this is a sandbox, which takes its own test cards alone, such as 4242 4242 \
                     4242 4242"
                .to_owned(),
        })
    }

    /// Whether it pays when nobody is there to ask.
    pub(super) const fn pays_again(self) -> bool {
        match self {
            Self::Pays | Self::Disputes | Self::AsksFirst => true,
            Self::PaysOnce | Self::Declined | Self::Empty => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_test_cards_are_taken() {
        assert_eq!(Card::parse("4242 4242-4242 4242"), Ok(Card::Pays));
        for number in ["4111111111111111", "", "42424242424242424"] {
            assert!(Card::parse(number).is_err(), "{number}");
        }
    }
}
