//! Attribute disclosure: does a synthetic table betray one value of a person to somebody who knows
//! the others?
//!
//! An attacker takes the synthetic row that is most like the person in all other columns, and
//! reads the value there. Right guesses about hold-out people are knowledge of the population;
//! what harms is the surplus about the people that the generator saw.

use gantry_learn::Control;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sample::choose_rows;
use crate::space::{Geometry, Points, Space};
use crate::table::{Aligned, Side, Table, Values};
use crate::{EvaluateOptions, FidelityError, Pair};

const MEMBER_STREAM: u64 = 0x6174_7401;
const OUTSIDER_STREAM: u64 = 0x6174_7402;
const SYNTHETIC_STREAM: u64 = 0x6174_7403;
/// People of either kind that are attacked: every column is a search of its own.
const MOST_PEOPLE: usize = 500;
/// Synthetic rows that the attacker looks through.
const MOST_SYNTHETIC: usize = 10_000;
/// Columns that are attacked.
const MOST_COLUMNS: usize = 30;
/// People of either kind below which shares mean nothing.
const FEWEST_PEOPLE: usize = 20;
/// A number counts as guessed if it is this share of the real range off, or less.
const NEAR: f64 = 0.01;

/// How often one column is guessed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Disclosure {
    /// The column.
    pub column: String,
    /// Share of right guesses about people whom the generator saw.
    pub members: f64,
    /// Share of right guesses about hold-out people.
    pub non_members: f64,
    /// The surplus: the first minus the second.
    pub surplus: f64,
}

/// Attribute disclosure of a pair with a hold-out, by column, the largest surplus first.
///
/// # Errors
/// As [`crate::evaluate`], and [`FidelityError::NotMeasurable`] without a hold-out or with too few
/// rows or columns.
pub fn disclosure(
    pair: &Pair<'_>,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Vec<Disclosure>, FidelityError> {
    options.require_valid()?;
    disclosure_of(&Table::new(pair)?, options, control)
}

pub(crate) fn disclosure_of(
    table: &Table,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Vec<Disclosure>, FidelityError> {
    if table.rows.real.min(table.rows.holdout) < FEWEST_PEOPLE || table.columns.len() < 2 {
        return Err(FidelityError::NotMeasurable {
            what: "attribute disclosure",
            reason: format!("it needs {FEWEST_PEOPLE} real and hold-out rows and two columns"),
        });
    }
    let people = options.query_rows.min(MOST_PEOPLE);
    let reference = options.reference_rows.min(MOST_SYNTHETIC);
    let seed = options.seed;
    let members = choose_rows(table.rows.real, people, (seed, MEMBER_STREAM));
    let outsiders = choose_rows(table.rows.holdout, people, (seed, OUTSIDER_STREAM));
    let synthetic = choose_rows(table.rows.synthetic, reference, (seed, SYNTHETIC_STREAM));
    let space = Space::new(table, Geometry::Rank);
    let place = |side: Side, rows: &[usize]| space.place(table, side, rows);
    let crowds = [
        (Side::Real, &members, place(Side::Real, &members)),
        (Side::Holdout, &outsiders, place(Side::Holdout, &outsiders)),
    ];
    let known = place(Side::Synthetic, &synthetic);
    let mut found = Vec::new();
    for (index, column) in table.columns.iter().enumerate().take(MOST_COLUMNS) {
        let known = known.without(index);
        let attacker = Attacker { known: &known, rows: &synthetic, secret: column };
        let mut rates = [None; 2];
        for (rate, (side, rows, points)) in rates.iter_mut().zip(&crowds) {
            *rate = attacker.rate(*side, (rows, &points.without(index)), control)?;
        }
        if let [Some(members), Some(non_members)] = rates {
            found.push(Disclosure {
                column: column.name.clone(),
                members,
                non_members,
                surplus: members - non_members,
            });
        }
    }
    found.sort_by(|a, b| b.surplus.total_cmp(&a.surplus).then(a.column.cmp(&b.column)));
    Ok(found)
}

/// Somebody who knows all columns but one.
struct Attacker<'a> {
    /// Synthetic rows in the known columns.
    known: &'a Points,
    /// Where those rows stand in their table.
    rows: &'a [usize],
    secret: &'a Aligned,
}

impl Attacker<'_> {
    /// Share of right guesses among the people whose secret is not missing; `None` without any.
    fn rate(
        &self,
        side: Side,
        (people, points): (&[usize], &Points),
        control: &Control<'_>,
    ) -> Result<Option<f64>, FidelityError> {
        let tolerance = self.tolerance();
        let guess = |(place, row): (usize, &usize)| -> Result<Option<bool>, FidelityError> {
            control.check()?;
            let truth = self.secret.number(side, *row);
            if truth.is_nan() {
                return Ok(None);
            }
            let found = self.known.nearest(&points.point(place), 1, None);
            let nearest = found.first().and_then(|(_, at)| self.rows.get(*at));
            let guess = nearest.map_or(f64::NAN, |row| self.secret.number(Side::Synthetic, *row));
            Ok(Some((guess - truth).abs() <= tolerance))
        };
        let guesses: Vec<Option<bool>> =
            people.par_iter().enumerate().map(guess).collect::<Result<_, FidelityError>>()?;
        let count = guesses.iter().flatten().count();
        let right = guesses.iter().flatten().filter(|is_right| **is_right).count();
        Ok((count > 0).then(|| right as f64 / count as f64))
    }

    /// How far a guess may be off.
    fn tolerance(&self) -> f64 {
        match &self.secret.values {
            Values::Numbers(numbers) => {
                let present = || numbers.real.iter().copied().filter(|value| !value.is_nan());
                let low = present().fold(f64::INFINITY, f64::min);
                let high = present().fold(f64::NEG_INFINITY, f64::max);
                ((high - low) * NEAR).max(0.0)
            }
            Values::Labels { .. } => 0.0,
        }
    }
}
