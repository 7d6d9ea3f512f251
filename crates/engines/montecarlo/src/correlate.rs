//! How people write correlations: `Inputs!B3~Inputs!B4=0.7`, and a copula as `gaussian` or `t(4)`.
//!
//! Inputs that hang together, over others too, are one group with one matrix; pairs that are not
//! named have no correlation.

use gantry_sampling::correlation::{Matrix, nearest};
use gantry_sampling::{Copula, Correlation};
use gantry_workbook::Workbook;

use crate::error::MonteCarloError;
use crate::spelling::{Input, get_cell, split_outside};

/// Changes that make a matrix with few digits one that can hold again.
const SHRINK: f64 = 0.999;
const MAX_SHRINKS: u32 = 100;

/// A pair of inputs, by their places, and their rank correlation.
type Pair = (usize, usize, f64);

/// Reads correlations between inputs, as groups.
///
/// # Errors
/// What is wrong and what would be right; a matrix that cannot be comes with the nearest that can.
pub fn read_correlations(
    (book, inputs): (&Workbook, &[Input]),
    list: &[String],
    copula: Copula,
) -> Result<Vec<Correlation>, MonteCarloError> {
    let mut pairs: Vec<Pair> = Vec::new();
    for entry in list {
        let (a, b, rho) = read_pair((book, inputs), entry)?;
        let same = |(c, d, _): &Pair| (*c, *d) == (a, b) || (*c, *d) == (b, a);
        if a == b || pairs.iter().any(same) {
            return Err(MonteCarloError::param(
                format!("`{entry}` correlates an input with itself or a pair twice."),
                "Give each pair of two inputs one correlation.",
            ));
        }
        pairs.push((a, b, rho));
    }
    groups(inputs.len(), &pairs)
        .into_iter()
        .map(|members| {
            let matrix = matrix_of(&members, &pairs)?;
            check(inputs, &members, &matrix)?;
            Ok(Correlation { inputs: members, matrix, copula })
        })
        .collect()
}

/// `gaussian`, or `t(DEGREES OF FREEDOM)`.
///
/// # Errors
/// What would be right.
pub fn read_copula(text: &str) -> Result<Copula, MonteCarloError> {
    let plain = text.trim().to_ascii_lowercase();
    let inside = plain.strip_prefix("t(").and_then(|rest| rest.strip_suffix(')'));
    match (plain.as_str(), inside.and_then(|df| df.trim().parse::<f64>().ok())) {
        ("" | "gaussian" | "normal", _) => Ok(Copula::Gaussian),
        (_, Some(df)) if (1.0..=1000.0).contains(&df) => Ok(Copula::StudentT { df }),
        _ => Err(MonteCarloError::param(
            format!("`{text}` is no copula."),
            "Write `gaussian`, or `t(4)` for extremes that come together; the number, from 1 to \
             1000, says how strongly: the lower, the more.",
        )),
    }
}

fn read_pair((book, inputs): (&Workbook, &[Input]), entry: &str) -> Result<Pair, MonteCarloError> {
    let wrong = || {
        MonteCarloError::param(
            format!("`{entry}` is no correlation."),
            "Write `CELL~CELL=CORRELATION`, such as `Inputs!B3~Inputs!B4=0.7`.",
        )
    };
    let parts = split_outside(entry, '=');
    let [places, rho] = parts.as_slice() else { return Err(wrong()) };
    let places = split_outside(places, '~');
    let [a, b] = places.as_slice() else { return Err(wrong()) };
    let rho: f64 = rho.trim().parse().map_err(|_| wrong())?;
    if !(-1.0..=1.0).contains(&rho) {
        return Err(MonteCarloError::param(
            format!("`{entry}`: a correlation lies between -1 and 1."),
            "Give Spearman's rank correlation, such as 0.7.",
        ));
    }
    Ok((find_place((book, inputs), a)?, find_place((book, inputs), b)?, rho))
}

fn find_place((book, inputs): (&Workbook, &[Input]), text: &str) -> Result<usize, MonteCarloError> {
    let text = text.trim();
    let by_name = inputs.iter().position(|input| input.name == text);
    let by_cell = || {
        let cell = get_cell(book, text)?;
        let found = inputs.iter().position(|input| input.cell == Some(cell));
        found.ok_or_else(|| {
            let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
            MonteCarloError::param(
                format!("`{text}` is correlated, but is no uncertain input."),
                format!("Uncertain are: {}.", names.join(", ")),
            )
        })
    };
    by_name.map_or_else(by_cell, Ok)
}

/// Inputs that hang together, in rising order.
fn groups(count: usize, pairs: &[Pair]) -> Vec<Vec<usize>> {
    let mut group: Vec<usize> = (0..count).collect();
    for (a, b, _) in pairs {
        let (from, to) = (group[*a].max(group[*b]), group[*a].min(group[*b]));
        group.iter_mut().filter(|g| **g == from).for_each(|g| *g = to);
    }
    let members = |first| (0..count).filter(|i| group[*i] == first).collect::<Vec<_>>();
    (0..count).map(members).filter(|members| members.len() > 1).collect()
}

fn matrix_of(members: &[usize], pairs: &[Pair]) -> Result<Matrix, MonteCarloError> {
    let at = |a: usize, b: usize| {
        let found = pairs.iter().find(|(c, d, _)| (*c, *d) == (a, b) || (*d, *c) == (a, b));
        if a == b { 1.0 } else { found.map_or(0.0, |(_, _, rho)| *rho) }
    };
    let row = |a: &usize| members.iter().map(|b| at(*a, *b)).collect::<Vec<f64>>();
    let rows: Vec<Vec<f64>> = members.iter().map(row).collect();
    Matrix::new(&rows).map_err(|source| sampling(&source))
}

fn sampling(source: &dyn std::fmt::Display) -> MonteCarloError {
    MonteCarloError::param(format!("Some correlations are wrong: {source}."), "Change them.")
}

/// Refuses a matrix that cannot hold, and spells the nearest that can.
fn check(inputs: &[Input], members: &[usize], matrix: &Matrix) -> Result<(), MonteCarloError> {
    let Err(refused) = matrix.check() else { return Ok(()) };
    let next = match find_offer(matrix) {
        None => "Bring strong correlations in line with each other.".to_owned(),
        Some(offer) => {
            let mut flags = Vec::new();
            for (i, a) in members.iter().enumerate() {
                for (j, b) in members.iter().enumerate().skip(i + 1) {
                    if offer.at(i, j) != 0.0 {
                        let (a, b) = (&inputs[*a].name, &inputs[*b].name);
                        flags.push(format!("{a}~{b}={}", offer.at(i, j)));
                    }
                }
            }
            format!("The nearest that can hold: {}", flags.join(", "))
        }
    };
    Err(MonteCarloError::param(format!("In the order of the inputs, {refused}."), next))
}

/// The nearest matrix with four digits that can hold.
fn find_offer(matrix: &Matrix) -> Option<Matrix> {
    let mut offer = nearest(matrix);
    for _ in 0..MAX_SHRINKS {
        let size = offer.size();
        let short = |i: usize, j: usize| (offer.at(i, j) * 1e4).trunc() / 1e4;
        let rows: Vec<Vec<f64>> =
            (0..size).map(|i| (0..size).map(|j| short(i, j)).collect()).collect();
        let spelled = Matrix::new(&rows).ok()?;
        if spelled.check().is_ok() {
            return Some(spelled);
        }
        let less = |i: usize, j: usize| if i == j { 1.0 } else { offer.at(i, j) * SHRINK };
        let rows: Vec<Vec<f64>> =
            (0..size).map(|i| (0..size).map(|j| less(i, j)).collect()).collect();
        offer = Matrix::new(&rows).ok()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_that_hang_together_are_one_group() {
        let pairs = [(0, 3, 0.5), (4, 1, 0.2), (3, 2, -0.5)];
        assert_eq!(groups(6, &pairs), [vec![0, 2, 3], vec![1, 4]]);
        let matrix = matrix_of(&[0, 2, 3], &pairs).unwrap();
        assert_eq!((matrix.at(0, 2), matrix.at(0, 1), matrix.at(1, 2)), (0.5, 0.0, -0.5));
    }

    #[test]
    fn an_offer_can_hold_as_it_is_written() {
        let rows = [vec![1.0, 0.9, 0.9], vec![0.9, 1.0, -0.9], vec![0.9, -0.9, 1.0]];
        let matrix = Matrix::new(&rows).unwrap();
        assert!(matrix.check().is_err());
        let offer = find_offer(&matrix).unwrap();
        assert!(offer.check().is_ok() && offer.at(0, 1) > 0.4 && offer.at(1, 2) < -0.2);
    }

    #[test]
    fn copulas_are_read() {
        assert_eq!(read_copula("Gaussian").unwrap(), Copula::Gaussian);
        assert_eq!(read_copula("t(4)").unwrap(), Copula::StudentT { df: 4.0 });
        for wrong in ["t", "t(0)", "clayton", "t(x)"] {
            assert!(read_copula(wrong).is_err(), "{wrong}");
        }
    }
}
