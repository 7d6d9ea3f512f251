//! How people write inputs, outputs and limits: `Inputs!B3=triangular(80,100,150)`,
//! `margin=Summary!B20/Summary!B10`, `Summary!B20<0`.
//!
//! Invariant: lists that were cut at every comma, as a command line does, are put together again.

use gantry_sampling::Distribution;
use gantry_workbook::{CellRef, Expr, SheetId, Workbook, cell};

use crate::compile::OutputAt;
use crate::error::MonteCarloError;

/// An uncertain input.
#[derive(Debug, Clone)]
pub struct Input {
    /// As it is written.
    pub name: String,
    /// Its cell; none for one that a formula asks for.
    pub cell: Option<CellRef>,
    /// What is drawn.
    pub distribution: Distribution,
}

/// Something that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// As it is written, or the name before `=`.
    pub name: String,
    /// What it is.
    pub at: OutputAt,
}

/// A question for the chance of a value below a limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Below {
    /// The output's name.
    pub output: String,
    /// The limit.
    pub limit: f64,
}

/// Where a text is cut at a separator outside of brackets and quotes.
pub(crate) fn split_outside(text: &str, separator: char) -> Vec<&str> {
    let (mut depth, mut quote, mut start) = (0i32, None, 0);
    let mut parts = Vec::new();
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '{' | '[') => depth += 1,
            (None, ')' | '}' | ']') => depth -= 1,
            (None, c) if c == separator && depth <= 0 => {
                parts.push(&text[start..i]);
                start = i + c.len_utf8();
            }
            (None, _) => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The entries of a list, whatever commas it was cut at.
pub fn entries(list: &[String]) -> Vec<String> {
    let joined = list.join(",");
    let parts = split_outside(&joined, ',').into_iter().map(str::trim);
    parts.filter(|p| !p.is_empty()).map(str::to_owned).collect()
}

/// A cell as people write it: `Sheet!B3`, `'My sheet'!B3`, `B3` on the first sheet, or a name.
///
/// # Errors
/// What is wrong and what would be right.
pub fn get_cell(book: &Workbook, text: &str) -> Result<CellRef, MonteCarloError> {
    let text = text.trim();
    let (sheet, place) = match text.rsplit_once('!') {
        None => (SheetId(0), text),
        Some((sheet, place)) => {
            let name = sheet.trim_start_matches('\'').trim_end_matches('\'').replace("''", "'");
            let id = book.find_sheet(&name).ok_or_else(|| {
                let names: Vec<&str> = book.sheets().iter().map(|s| s.name.as_str()).collect();
                MonteCarloError::param(
                    format!("The workbook has no sheet `{name}`."),
                    format!("It has: {}.", names.join(", ")),
                )
            })?;
            (id, place)
        }
    };
    if let Some((row, col)) = cell::find_position(place) {
        return Ok(CellRef::new(sheet, row, col));
    }
    if let Some(name) = book.find_name(sheet, place)
        && let Expr::Area(area) = name.expr.as_ref()
    {
        let area = area.resolve(CellRef::new(sheet, 0, 0));
        if area.is_cell() {
            return Ok(area.first());
        }
    }
    Err(MonteCarloError::param(
        format!("`{text}` is neither a cell nor the name of one."),
        "Write a cell such as `Inputs!B3`, with the sheet in quotes where it has spaces.",
    ))
}

/// `CELL=DISTRIBUTION`.
///
/// # Errors
/// What is wrong and what would be right.
pub fn get_input(book: &Workbook, text: &str) -> Result<Input, MonteCarloError> {
    let parts = split_outside(text, '=');
    let (place, spelled) = match parts.split_first() {
        Some((place, rest)) if !rest.is_empty() => (place.trim(), rest.join("=")),
        _ => {
            return Err(MonteCarloError::param(
                format!("The input `{text}` has no distribution."),
                "Write `CELL=DISTRIBUTION`, such as `Inputs!B3=triangular(80,100,150)`.",
            ));
        }
    };
    let cell = get_cell(book, place)?;
    let distribution = Distribution::parse(spelled.trim())
        .map_err(|source| MonteCarloError::Sampling { name: place.to_owned(), source })?;
    Ok(Input { name: book.spell(cell), cell: Some(cell), distribution })
}

/// `CELL`, or `NAME=FORMULA`.
///
/// # Errors
/// What is wrong and what would be right.
pub fn get_output(book: &Workbook, text: &str) -> Result<Output, MonteCarloError> {
    let parts = split_outside(text, '=');
    let Some((name, rest)) = parts.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        let cell = get_cell(book, text)?;
        return Ok(Output { name: book.spell(cell), at: OutputAt::Cell(cell) });
    };
    let formula = rest.join("=");
    let at = CellRef::new(SheetId(0), 0, 0);
    let expr = book.parse(formula.trim(), at).map_err(|cause| {
        MonteCarloError::param(
            format!("The output `{}` is no formula: {cause}.", name.trim()),
            "Write it as in a cell, such as `margin=Summary!B20/Summary!B10`.",
        )
    })?;
    Ok(Output { name: name.trim().to_owned(), at: OutputAt::Formula(Box::new(expr)) })
}

/// `OUTPUT<LIMIT`.
///
/// # Errors
/// What is wrong and what would be right.
pub fn get_below(book: &Workbook, text: &str) -> Result<Below, MonteCarloError> {
    let wrong = || {
        MonteCarloError::param(
            format!("`{text}` asks for no chance."),
            "Write `OUTPUT<LIMIT`, such as `Summary!B20<0`.",
        )
    };
    let (output, limit) = text.rsplit_once('<').ok_or_else(wrong)?;
    let limit: f64 = limit.trim().parse().map_err(|_| wrong())?;
    let output = output.trim();
    let output = get_cell(book, output).map_or_else(|_| output.to_owned(), |c| book.spell(c));
    Ok(Below { output, limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_together_again() {
        let cut = ["A!B3=triangular(80", "100", "150)", "'a,b'!C1=normal(1,2)"].map(String::from);
        assert_eq!(entries(&cut), ["A!B3=triangular(80,100,150)", "'a,b'!C1=normal(1,2)"]);
        assert!(entries(&[]).is_empty());
    }
}
