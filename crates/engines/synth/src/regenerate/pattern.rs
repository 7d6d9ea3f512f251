//! The pattern of texts, such as two letters, a dash and four digits, found from examples.
//!
//! Invariant: a pattern holds a text's letters only where every example has the same ones.

use std::borrow::Cow;
use std::collections::BTreeMap;

use gantry_learn::Rng;
use serde::{Deserialize, Serialize};

use super::permute::permute;

/// Shapes that a pattern may have.
const MAX_SHAPES: usize = 12;
/// Pieces of a shape.
const MAX_PIECES: usize = 24;
/// Share of texts that the shapes must cover.
const COVERED: f64 = 0.95;

/// Characters of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Class {
    Digit,
    Lower,
    Upper,
    Other,
}

impl Class {
    fn of(letter: char) -> Self {
        match letter {
            '0'..='9' => Self::Digit,
            'a'..='z' => Self::Lower,
            'A'..='Z' => Self::Upper,
            _ => Self::Other,
        }
    }

    const fn alphabet(self) -> &'static [u8] {
        match self {
            Self::Digit => b"0123456789",
            Self::Lower => b"abcdefghijklmnopqrstuvwxyz",
            Self::Upper => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            Self::Other => b"-",
        }
    }
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Piece {
    /// The same in all.
    Fixed(String),
    /// So many characters of a kind.
    Run { class: Class, least: u8, most: u8 },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Shape {
    /// Texts of this shape.
    weight: u64,
    pieces: Vec<Piece>,
}

/// What texts look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pattern {
    shapes: Vec<Shape>,
}

/// A text as runs of characters of one kind; other characters stand alone.
fn split(text: &str) -> Vec<(Class, String)> {
    let mut runs: Vec<(Class, String)> = Vec::new();
    for letter in text.chars() {
        let class = Class::of(letter);
        match runs.last_mut() {
            Some((last, run)) if *last == class && class != Class::Other => run.push(letter),
            _ => runs.push((class, letter.to_string())),
        }
    }
    runs
}

/// What texts of one shape have in common.
struct Gathered {
    weight: u64,
    runs: Vec<(Class, Option<String>, usize, usize)>,
}

impl Pattern {
    /// The pattern of these texts; `None` where they have no common one.
    pub(crate) fn learn<'a>(texts: impl Iterator<Item = Cow<'a, str>>) -> Option<Self> {
        let mut gathered: BTreeMap<String, Gathered> = BTreeMap::new();
        let mut total = 0_u64;
        for text in texts {
            total += 1;
            let runs = split(&text);
            if runs.is_empty() || runs.len() > MAX_PIECES {
                continue;
            }
            let key: String = runs
                .iter()
                .map(|(class, run)| match class {
                    Class::Digit => "9",
                    Class::Lower => "a",
                    Class::Upper => "A",
                    Class::Other => run.as_str(),
                })
                .collect();
            let entry = gathered.entry(key).or_insert_with(|| Gathered {
                weight: 0,
                runs: runs
                    .iter()
                    .map(|(class, run)| (*class, Some(run.clone()), run.len(), run.len()))
                    .collect(),
            });
            entry.weight += 1;
            for ((_, same, least, most), (_, run)) in entry.runs.iter_mut().zip(&runs) {
                if same.as_deref() != Some(run) {
                    *same = None;
                }
                (*least, *most) = ((*least).min(run.len()), (*most).max(run.len()));
            }
        }
        let mut ranked: Vec<Gathered> = gathered.into_values().collect();
        ranked.sort_by_key(|shape| std::cmp::Reverse(shape.weight));
        ranked.truncate(MAX_SHAPES);
        let covered: u64 = ranked.iter().map(|shape| shape.weight).sum();
        // A shape of one text would give that text away.
        ranked.retain(|shape| shape.weight > 1 || total < 4);
        let varies = |shape: &Gathered| shape.runs.iter().map(|run| run.3 - run.2).sum::<usize>();
        let is_free = ranked.iter().any(|shape| varies(shape) > 24);
        if total == 0 || ranked.is_empty() || is_free || (covered as f64) < COVERED * total as f64 {
            return None;
        }
        Some(Self { shapes: ranked.into_iter().map(derive_shape).collect() })
    }

    /// Letters as long as these texts at most.
    pub(super) fn fallback<'a>(texts: impl Iterator<Item = Cow<'a, str>>) -> Self {
        let most = texts.map(|text| text.chars().count()).max().unwrap_or(8).clamp(8, 24) as u8;
        let pieces = vec![Piece::Run { class: Class::Lower, least: most, most }];
        Self { shapes: vec![Shape { weight: 1, pieces }] }
    }

    /// Any text of the pattern; texts may repeat.
    pub(super) fn make_any(&self, rng: &mut Rng) -> String {
        let total: u64 = self.shapes.iter().map(|shape| shape.weight).sum();
        let mut place = rng.below(usize::try_from(total).unwrap_or(usize::MAX)) as u64;
        for shape in &self.shapes {
            if place < shape.weight {
                let capacity = shape.capacity().min(1 << 62);
                return shape.make(rng.next_u64() % capacity, 0);
            }
            place -= shape.weight;
        }
        String::new()
    }

    /// The text with this number: another for each, until all that the pattern allows are used.
    pub(super) fn make_unique(&self, index: u64, seed: u64) -> String {
        let total: u64 = self.shapes.iter().map(|shape| shape.weight).sum::<u64>().max(1);
        let (round, mut place) = (index / total, permute(index % total, total, seed));
        for shape in &self.shapes {
            if place < shape.weight {
                return shape.make(round * shape.weight + place, seed);
            }
            place -= shape.weight;
        }
        index.to_string()
    }
}

fn derive_shape(gathered: Gathered) -> Shape {
    let shape_of = |(class, same, least, most): (Class, Option<String>, usize, usize)| match same {
        // Digits that happen to be equal in few texts are not part of the pattern.
        Some(text) if class == Class::Other || gathered.weight >= 4 => Piece::Fixed(text),
        _ => Piece::Run { class, least: least.min(255) as u8, most: most.min(255) as u8 },
    };
    let weight = gathered.weight;
    Shape { weight, pieces: gathered.runs.into_iter().map(shape_of).collect() }
}

impl Shape {
    /// How many texts the longest runs can tell apart.
    fn capacity(&self) -> u64 {
        self.pieces.iter().fold(1, |product: u64, piece| match piece {
            Piece::Fixed(_) => product,
            Piece::Run { class, most, .. } => {
                let letters = class.alphabet().len() as u64;
                (0..*most).fold(product, |product, _| product.saturating_mul(letters))
            }
        })
    }

    fn make(&self, index: u64, seed: u64) -> String {
        let capacity = self.capacity().min(1 << 62);
        let (round, place) = (index / capacity, index % capacity);
        let mut rest = permute(place, capacity, seed);
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Fixed(fixed) => text.push_str(fixed),
                Piece::Run { class, most, .. } => {
                    let letters = class.alphabet();
                    let count = letters.len() as u64;
                    for _ in 0..*most {
                        text.push(char::from(letters[(rest % count) as usize]));
                        rest /= count;
                    }
                }
            }
        }
        // More rows than texts: a number behind them keeps keys apart.
        if round > 0 {
            text.push_str(&round.to_string());
        }
        text
    }
}
