//! Functions of the add-ins @RISK and Risk Solver, as they stand in workbooks: which distribution
//! `RiskNormal(10, 2, RiskTruncate(0,))` or `PsiTriangular(1, 2, 5)` is.
//!
//! The caller evaluates the arguments; nothing here knows what a cell is.

use super::excel_table::{FUNCTIONS, Function};
use super::{Distribution, Family};
use crate::error::{Result, SamplingError};

/// One evaluated argument of an add-in's function.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// A number.
    Number(f64),
    /// A range or an array, by rows.
    List(Vec<f64>),
    /// A text, such as the `"m. likely"` of `RiskTriangAlt`.
    Text(String),
    /// What [`derive_modifier`] made of a function in this place.
    Modifier(Modifier),
    /// An empty place between commas.
    Missing,
}

/// What a property function, such as `RiskTruncate`, does to the distribution around it.
#[derive(Debug, Clone, PartialEq)]
pub enum Modifier {
    /// Cut to these values before the shift; infinite where nothing is cut.
    Truncate(f64, f64),
    /// Cut to these values after the shift.
    TruncateShifted(f64, f64),
    /// Cut to these percentiles, as probabilities.
    TruncatePercentiles(f64, f64),
    /// Moved by this much.
    Shift(f64),
    /// A name, a unit or another property that changes no draw.
    Label,
    /// A property that would change draws and is not read, such as `RiskCorrmat`: tell the user.
    NotRead(String),
}

/// Property functions that change no draw.
const LABELS: &[&str] = &[
    "name",
    "units",
    "category",
    "collect",
    "static",
    "basecase",
    "isdate",
    "isdiscrete",
    "convergence",
    "certify",
    "libraryid",
    "fit",
    "seed",
];
/// Property functions that would change draws and are not read.
const NOT_READ: &[&str] = &[
    "corrmat",
    "copula",
    "depc",
    "indepc",
    "correlation",
    "corrmatrix",
    "corrdepen",
    "corrindep",
    "lock",
    "censor",
    "compound",
];

/// Whether a function of a formula makes a distribution that is known here. Upper and lower case
/// do not matter, nor does a leading `_xll.`.
#[must_use]
pub fn is_distribution_function(name: &str) -> bool {
    let name = plain(name);
    find(&name).is_some() || find_alternative(&name).is_some()
}

/// The distribution of a function's arguments; `None` where the function is none of the known.
///
/// # Errors
/// Arguments that are missing, of the wrong kind or outside of their range.
pub fn derive_distribution(name: &str, arguments: &[Argument]) -> Result<Option<Distribution>> {
    let plain_name = plain(name);
    let values: Vec<&Argument> =
        arguments.iter().filter(|a| !matches!(a, Argument::Modifier(_))).collect();
    let made = match (find(&plain_name), find_alternative(&plain_name)) {
        (Some(function), _) => from_function(name, function, &values)?,
        (None, Some(family)) => from_percentiles(name, family, &values)?,
        (None, None) => return Ok(None),
    };
    let modifiers = arguments.iter().filter_map(|argument| match argument {
        Argument::Modifier(modifier) => Some(modifier),
        Argument::Number(_) | Argument::List(_) | Argument::Text(_) | Argument::Missing => None,
    });
    apply(made, modifiers).map(Some)
}

/// What a property function does; `None` where the function is no property.
///
/// # Errors
/// Arguments that are missing or of the wrong kind.
pub fn derive_modifier(name: &str, arguments: &[Argument]) -> Result<Option<Modifier>> {
    let plain_name = plain(name);
    let Some(tail) = plain_name.strip_prefix("risk").or_else(|| plain_name.strip_prefix("psi"))
    else {
        return Ok(None);
    };
    let limit = |at: usize, default: f64| match arguments.get(at) {
        None | Some(Argument::Missing) => Ok(default),
        Some(Argument::Number(value)) => Ok(*value),
        Some(Argument::List(_) | Argument::Text(_) | Argument::Modifier(_)) => {
            Err(refuse(name, "its limits must be numbers, or left empty"))
        }
    };
    let infinite = f64::INFINITY;
    Ok(match tail {
        "truncate" => Some(Modifier::Truncate(limit(0, -infinite)?, limit(1, infinite)?)),
        "truncate2" => Some(Modifier::TruncateShifted(limit(0, -infinite)?, limit(1, infinite)?)),
        "truncatep" => Some(Modifier::TruncatePercentiles(limit(0, 0.0)?, limit(1, 1.0)?)),
        "shift" => Some(Modifier::Shift(limit(0, 0.0)?)),
        label if LABELS.contains(&label) => Some(Modifier::Label),
        other if NOT_READ.contains(&other) => Some(Modifier::NotRead(name.to_owned())),
        _ => None,
    })
}

fn plain(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    name.strip_prefix("_xll.").unwrap_or(&name).to_owned()
}

fn find(plain_name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.names.contains(&plain_name))
}

/// The family of a function that takes percentiles, such as `RiskNormalAlt`.
fn find_alternative(plain_name: &str) -> Option<&'static str> {
    let base = plain_name.strip_suffix("alt")?;
    match base.strip_prefix("risk").or_else(|| base.strip_prefix("psi"))? {
        "normal" => Some("normal"),
        "uniform" => Some("uniform"),
        "triang" | "triangular" => Some("triangular"),
        "pert" => Some("pert"),
        "logistic" => Some("logistic"),
        "extvalue" | "maxextreme" => Some("gumbel"),
        "extvaluemin" | "minextreme" => Some("gumbel_min"),
        "cauchy" => Some("cauchy"),
        "laplace" => Some("laplace"),
        "expon" | "exponential" => Some("exponential"),
        "rayleigh" => Some("rayleigh"),
        _ => None,
    }
}

fn refuse(name: &str, problem: impl Into<String>) -> SamplingError {
    SamplingError::Function { function: name.to_owned(), problem: problem.into() }
}

fn from_function(name: &str, function: &Function, values: &[&Argument]) -> Result<Distribution> {
    let wanted = function.numbers.len() + function.lists.len();
    let usage = [function.numbers, function.lists].concat().join(", ");
    if values.len() != wanted {
        return Err(refuse(
            name,
            format!("takes {wanted} arguments ({usage}), not {}", values.len()),
        ));
    }
    let (first, rest) = values.split_at(function.numbers.len());
    let mut numbers = Vec::new();
    for (value, parameter) in first.iter().zip(function.numbers) {
        match value {
            Argument::Number(number) => numbers.push(*number),
            Argument::List(list) if list.len() == 1 => numbers.push(list[0]),
            Argument::List(_) | Argument::Text(_) | Argument::Modifier(_) | Argument::Missing => {
                return Err(refuse(name, format!("`{parameter}` must be a number ({usage})")));
            }
        }
    }
    let mut lists = Vec::new();
    for (value, parameter) in rest.iter().zip(function.lists) {
        match value {
            Argument::List(list) => lists.push(list.clone()),
            Argument::Number(number) => lists.push(vec![*number]),
            Argument::Text(_) | Argument::Modifier(_) | Argument::Missing => {
                return Err(refuse(
                    name,
                    format!("`{parameter}` must be a range or an array ({usage})"),
                ));
            }
        }
    }
    if lists.windows(2).any(|pair| pair[0].len() != pair[1].len()) {
        return Err(refuse(name, format!("its lists must be of one length ({usage})")));
    }
    let (family, shift) = (function.make)(&numbers, lists).ok_or_else(|| {
        refuse(name, format!("its arguments are outside of their range ({usage})"))
    })?;
    Distribution::new(family)?.shifted(shift)
}

/// Pairs of a percentile and its value; `"m. likely"` and `"mode"` stand for the mode.
fn from_percentiles(name: &str, family: &str, values: &[&Argument]) -> Result<Distribution> {
    let mut parts = Vec::new();
    for pair in values.chunks(2) {
        let [what, Argument::Number(value)] = pair else {
            return Err(refuse(name, "takes pairs of a percentile and its value"));
        };
        match what {
            Argument::Number(p) if *p > 0.0 && *p < 1.0 => {
                parts.push(format!("p{}={value}", p * 100.0))
            }
            Argument::Text(text) if matches!(text.as_str(), "m. likely" | "mode") => {
                parts.push(format!("mode={value}"));
            }
            Argument::Number(_)
            | Argument::Text(_)
            | Argument::List(_)
            | Argument::Modifier(_)
            | Argument::Missing => {
                let problem =
                    "takes percentiles between 0 and 1 and \"m. likely\", each with its value";
                return Err(refuse(name, problem));
            }
        }
    }
    Distribution::parse(&format!("{family}({})", parts.join(", ")))
}

/// Truncation first, then the shift, whatever their order: so the add-ins do it.
fn apply<'a>(
    made: Distribution,
    modifiers: impl Iterator<Item = &'a Modifier>,
) -> Result<Distribution> {
    let modifiers: Vec<&Modifier> = modifiers.collect();
    let shift: f64 = modifiers
        .iter()
        .filter_map(|m| if let Modifier::Shift(by) = m { Some(by) } else { None })
        .sum();
    let mut cut = made;
    for modifier in modifiers {
        match modifier {
            Modifier::Truncate(lower, upper) => cut = cut.truncate(*lower, *upper)?,
            Modifier::TruncateShifted(lower, upper) => {
                cut = cut.truncate(lower - shift, upper - shift)?;
            }
            Modifier::TruncatePercentiles(low, high) => {
                let (lower, upper) = (cut.quantile(*low), cut.quantile(*high));
                cut = cut.truncate(lower, upper)?;
            }
            Modifier::Shift(_) | Modifier::Label | Modifier::NotRead(_) => {}
        }
    }
    cut.shifted(shift)
}

/// The triangle through the mode whose limits are percentiles, as `RiskTrigen` has it.
pub(super) fn derive_trigen(n: &[f64]) -> Option<Family> {
    let [low, mode, high, low_percent, high_percent] = n else { return None };
    let text = format!("triangular(p{low_percent}={low}, mode={mode}, p{high_percent}={high})");
    Distribution::parse(&text).ok().map(|d| d.family().clone())
}
