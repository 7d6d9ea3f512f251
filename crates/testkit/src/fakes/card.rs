//! The test cards of the stand-ins that have no test cards of their own.

/// What a card does, by the numbers that Stripe documents for its test mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Card {
    Pays,
    PaysOnce,
    Declined,
    AsksFirst,
    Disputes,
}

impl Card {
    pub(super) fn find(number: &str) -> Option<Self> {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        Some(match digits.as_str() {
            "4242424242424242" => Self::Pays,
            "4000000000000341" => Self::PaysOnce,
            "4000000000000002" => Self::Declined,
            "4000002500003155" => Self::AsksFirst,
            "4000000000000259" => Self::Disputes,
            _ => return None,
        })
    }
}
