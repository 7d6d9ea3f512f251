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
use crate::space::{Geometry, Space};
use crate::table::{Side, Table, Values};
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
    let mut found = Vec::new();
    for column in 0..table.columns.len().min(MOST_COLUMNS) {
        let attack = Attacker::new(table, column, &synthetic);
        let members = attack.rate(Side::Real, &members, control)?;
        let non_members = attack.rate(Side::Holdout, &outsiders, control)?;
        if let (Some(target), Some((members, non_members))) =
            (table.columns.get(column), members.zip(non_members))
        {
            found.push(Disclosure {
                column: target.name.clone(),
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
    table: &'a Table,
    secret: usize,
    known: Table,
    synthetic: &'a [usize],
    /// How far a guess may be off.
    tolerance: f64,
}

impl<'a> Attacker<'a> {
    fn new(table: &'a Table, secret: usize, synthetic: &'a [usize]) -> Self {
        let known = table.columns.iter().enumerate().filter(|(index, _)| *index != secret);
        let tolerance = match table.columns.get(secret).map(|column| &column.values) {
            Some(Values::Numbers(numbers)) => {
                let present = || numbers.real.iter().copied().filter(|value| !value.is_nan());
                let low = present().fold(f64::INFINITY, f64::min);
                let high = present().fold(f64::NEG_INFINITY, f64::max);
                ((high - low) * NEAR).max(0.0)
            }
            Some(Values::Labels { .. }) | None => 0.0,
        };
        let known = Table {
            columns: known.map(|(_, column)| column.clone()).collect(),
            rows: table.rows.clone(),
            notes: Vec::new(),
        };
        Self { table, secret, known, synthetic, tolerance }
    }

    /// Share of right guesses among the people whose secret is not missing; `None` without any.
    fn rate(
        &self,
        side: Side,
        people: &[usize],
        control: &Control<'_>,
    ) -> Result<Option<f64>, FidelityError> {
        let Some(secret) = self.table.columns.get(self.secret) else { return Ok(None) };
        let people: Vec<usize> =
            people.iter().copied().filter(|row| !secret.number(side, *row).is_nan()).collect();
        let space = Space::new(&self.known, Geometry::Rank);
        let synthetic = space.place(&self.known, Side::Synthetic, self.synthetic);
        let points = space.place(&self.known, side, &people);
        let is_right = |(place, row): (usize, &usize)| -> Result<bool, FidelityError> {
            control.check()?;
            let found = synthetic.nearest(&points.point(place), 1, None);
            let nearest = found.first().and_then(|(_, at)| self.synthetic.get(*at));
            let guess = nearest.map_or(f64::NAN, |row| secret.number(Side::Synthetic, *row));
            Ok((guess - secret.number(side, *row)).abs() <= self.tolerance)
        };
        let right: Vec<bool> =
            people.par_iter().enumerate().map(is_right).collect::<Result<_, FidelityError>>()?;
        let count = right.iter().filter(|is_right| **is_right).count();
        Ok((!people.is_empty()).then(|| count as f64 / people.len() as f64))
    }
}
