//! Words for yes and no.
//!
//! `0` and `1` alone do not make a column Boolean: they are numbers, and stay numbers. They are
//! understood where a column is Boolean already.

/// Words for false and true; case does not matter.
const PAIRS: [[&str; 2]; 9] = [
    ["false", "true"],
    ["no", "yes"],
    ["n", "y"],
    ["f", "t"],
    ["off", "on"],
    ["nein", "ja"],
    ["non", "oui"],
    ["falsch", "wahr"],
    ["faux", "vrai"],
];

/// Which word pairs still fit all cells seen, and which of their sides occurred.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BooleanGuess {
    alive: u16,
    sides: [bool; 2],
}

impl Default for BooleanGuess {
    fn default() -> Self {
        Self { alive: (1 << PAIRS.len()) - 1, sides: [false; 2] }
    }
}

impl BooleanGuess {
    /// Takes one present cell into account.
    pub(crate) fn observe(&mut self, text: &str) {
        if self.alive == 0 {
            return;
        }
        if text.len() > 6 {
            self.alive = 0;
            return;
        }
        let mut fits = 0;
        for (index, pair) in PAIRS.iter().enumerate() {
            for (side, word) in pair.iter().enumerate() {
                if self.alive >> index & 1 == 1 && word.eq_ignore_ascii_case(text) {
                    fits |= 1 << index;
                    self.sides[side] = true;
                }
            }
        }
        self.alive &= fits;
    }

    /// Whether all cells are words of one pair and both words occurred.
    pub(crate) fn is_boolean(self) -> bool {
        self.alive != 0 && self.sides == [true, true]
    }
}

/// The truth value that `text` spells in any of the known words, `0` and `1` included.
pub(crate) fn parse_boolean(text: &str) -> Option<bool> {
    match text {
        "0" | "0.0" => return Some(false),
        "1" | "1.0" => return Some(true),
        _ => {}
    }
    PAIRS.iter().find_map(|pair| {
        let side = pair.iter().position(|word| word.eq_ignore_ascii_case(text))?;
        Some(side == 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_boolean(cells: &[&str]) -> bool {
        let mut guess = BooleanGuess::default();
        cells.iter().for_each(|cell| guess.observe(cell));
        guess.is_boolean()
    }

    #[test]
    fn one_pair_of_words_makes_a_boolean() {
        assert!(is_boolean(&["yes", "No", "YES"]));
        assert!(is_boolean(&["T", "F"]));
        assert!(!is_boolean(&["yes", "true"]));
        assert!(!is_boolean(&["yes", "yes"]), "one word alone is a constant");
        assert!(!is_boolean(&["yes", "no", "unknown"]));
        assert!(!is_boolean(&["0", "1"]));
    }

    #[test]
    fn spelled_truth() {
        assert_eq!(parse_boolean("Ja"), Some(true));
        assert_eq!(parse_boolean("1"), Some(true));
        assert_eq!(parse_boolean("off"), Some(false));
        assert_eq!(parse_boolean("2"), None);
    }
}
