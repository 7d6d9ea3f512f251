//! How people write a figure of an output: `mean(Summary!B20)`, `p95(margin)`,
//! `chance(Summary!B20<0)`; goals, limits and ranges of cells.

use gantry_sampling::statistics::Column;
use gantry_workbook::{CellRef, Workbook};

use crate::error::MonteCarloError;
use crate::spelling::{entries, get_cell, split_outside};
use crate::study::Study;

/// What is computed of an output's draws.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Measure {
    Mean,
    Sd,
    Min,
    Max,
    Quantile(f64),
    /// The mean of the lowest share.
    LowTail(f64),
    Below(f64),
    Above(f64),
}

/// A figure of an output.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistic {
    /// As it is written.
    pub name: String,
    /// The output as it is written.
    pub output: String,
    measure: Measure,
}

impl Statistic {
    /// Reads a figure.
    ///
    /// # Errors
    /// What would be right.
    pub fn parse(text: &str) -> Result<Self, MonteCarloError> {
        let name = text.trim().to_owned();
        let wrong = || {
            MonteCarloError::param(
                format!("`{name}` is no figure of an output."),
                "Write `mean(OUTPUT)`, `sd`, `median`, `min`, `max`, `p95` for a percentile, `cvar5` \
                 for the mean of the lowest 5 %, or `chance(OUTPUT<LIMIT)`.",
            )
        };
        let (word, rest) = name.split_once('(').ok_or_else(wrong)?;
        let inside = rest.strip_suffix(')').ok_or_else(wrong)?.trim();
        let percent = |text: &str| {
            text.parse::<f64>().ok().filter(|p| *p > 0.0 && *p < 100.0).map(|p| p / 100.0)
        };
        let word = word.trim().to_ascii_lowercase();
        let (measure, output) = match word.as_str() {
            "mean" => (Measure::Mean, inside),
            "sd" => (Measure::Sd, inside),
            "min" => (Measure::Min, inside),
            "max" => (Measure::Max, inside),
            "median" => (Measure::Quantile(0.5), inside),
            "chance" => {
                let at = inside.rfind(['<', '>']).ok_or_else(wrong)?;
                let limit: f64 = inside[at + 1..].trim().parse().map_err(|_| wrong())?;
                let above = inside[at..].starts_with('>');
                let measure = if above { Measure::Above(limit) } else { Measure::Below(limit) };
                (measure, inside[..at].trim())
            }
            other => match (other.strip_prefix("cvar"), other.strip_prefix('p')) {
                (Some(p), _) => (Measure::LowTail(percent(p).ok_or_else(wrong)?), inside),
                (None, Some(p)) => (Measure::Quantile(percent(p).ok_or_else(wrong)?), inside),
                (None, None) => return Err(wrong()),
            },
        };
        if output.is_empty() {
            return Err(wrong());
        }
        Ok(Self { name: name.clone(), output: output.to_owned(), measure })
    }

    /// Its place among the outputs of a study.
    ///
    /// # Errors
    /// An output that the study has not.
    pub fn place(&self, study: &Study) -> Result<usize, MonteCarloError> {
        let find = |name: &str| study.outputs.iter().position(|o| o.name == name);
        if let Some(place) = find(&self.output) {
            return Ok(place);
        }
        let cell = get_cell(&study.book, &self.output)?;
        find(&study.book.spell(cell)).ok_or_else(|| {
            MonteCarloError::param(
                format!("`{}` is no output.", self.output),
                "Name it with `--output`.",
            )
        })
    }

    /// The figure of a column; nothing when no draw gave a number.
    #[must_use]
    pub fn find_value(&self, column: &[f64]) -> Option<f64> {
        let column = Column::new(column.to_vec()).ok()?;
        let value = match self.measure {
            Measure::Mean => column.moments().mean(),
            Measure::Sd => column.moments().sd(),
            Measure::Min => column.moments().min(),
            Measure::Max => column.moments().max(),
            Measure::Quantile(p) => column.quantile(p),
            Measure::LowTail(p) => column.cvar_below(p),
            Measure::Below(limit) => column.probability_below(limit),
            Measure::Above(limit) => {
                let above =
                    column.sorted().len() - column.sorted().partition_point(|x| *x <= limit);
                above as f64 / column.sorted().len() as f64
            }
        };
        value.is_finite().then_some(value)
    }
}

/// Outputs with those that figures are about and that are not among them.
#[must_use]
pub fn with_outputs_of(output: &[String], figures: &[&Statistic]) -> Vec<String> {
    let mut all = entries(output);
    for figure in figures {
        let named = |entry: &String| {
            split_outside(entry, '=').first().is_some_and(|name| name.trim() == figure.output)
        };
        if !all.iter().any(named) {
            all.push(figure.output.clone());
        }
    }
    all
}

/// `FIGURE=VALUE`.
///
/// # Errors
/// What would be right.
pub fn read_goal(text: &str) -> Result<(Statistic, f64), MonteCarloError> {
    let wrong = || {
        MonteCarloError::param(
            format!("`{text}` is no goal."),
            "Write `FIGURE=VALUE`, such as `mean(Summary!B20)=100000`.",
        )
    };
    let (figure, value) = text.rsplit_once('=').ok_or_else(wrong)?;
    let value: f64 = value.trim().parse().map_err(|_| wrong())?;
    if !value.is_finite() {
        return Err(wrong());
    }
    Ok((Statistic::parse(figure)?, value))
}

/// A figure that must keep to one side of a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Constraint {
    /// As it is written.
    pub name: String,
    /// The figure.
    pub statistic: Statistic,
    limit: f64,
    at_least: bool,
}

impl Constraint {
    /// Reads `FIGURE>=VALUE` or `FIGURE<=VALUE`.
    ///
    /// # Errors
    /// What would be right.
    pub fn parse(text: &str) -> Result<Self, MonteCarloError> {
        let wrong = || {
            MonteCarloError::param(
                format!("`{text}` is no constraint."),
                "Write `FIGURE>=VALUE` or `FIGURE<=VALUE`, such as `p5(Summary!B20)>=0`.",
            )
        };
        let low = text.rsplit_once(">=").map(|parts| (parts, true));
        let high = || text.rsplit_once("<=").map(|parts| (parts, false));
        let ((figure, limit), at_least) = low.or_else(high).ok_or_else(wrong)?;
        let limit: f64 = limit.trim().parse().map_err(|_| wrong())?;
        let statistic = Statistic::parse(figure)?;
        Ok(Self { name: text.trim().to_owned(), statistic, limit, at_least })
    }

    /// By how much a value misses the limit; 0 where it does not.
    #[must_use]
    pub fn derive_miss(&self, value: f64) -> f64 {
        let miss = if self.at_least { self.limit - value } else { value - self.limit };
        miss.max(0.0)
    }
}

/// A cell that may be given any value of a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The cell.
    pub cell: CellRef,
    /// As it is written.
    pub name: String,
    /// The least value.
    pub low: f64,
    /// The greatest value.
    pub high: f64,
    /// The distance of values from the least on; none for any value.
    pub step: Option<f64>,
}

impl Decision {
    /// Reads `CELL=LOW:HIGH` or `CELL=LOW:HIGH:STEP`.
    ///
    /// # Errors
    /// What would be right.
    pub fn read(book: &Workbook, text: &str) -> Result<Self, MonteCarloError> {
        let wrong = || {
            MonteCarloError::param(
                format!("`{text}` is no range of a cell."),
                "Write `CELL=LOW:HIGH`, such as `Inputs!B3=50:150`, or `CELL=LOW:HIGH:STEP`, with a \
                 step of 1 for whole numbers.",
            )
        };
        let (place, range) = text.rsplit_once('=').ok_or_else(wrong)?;
        let numbers: Option<Vec<f64>> = range
            .split(':')
            .map(|part| part.trim().parse::<f64>().ok().filter(|x| x.is_finite()))
            .collect();
        let (low, high, step) = match numbers.ok_or_else(wrong)?.as_slice() {
            [low, high] => (*low, *high, None),
            [low, high, step] if *step > 0.0 => (*low, *high, Some(*step)),
            _ => return Err(wrong()),
        };
        if low >= high {
            return Err(wrong());
        }
        let cell = get_cell(book, place)?;
        Ok(Self { cell, name: book.spell(cell), low, high, step })
    }

    /// The value at a share of the range, on a step where there are steps.
    #[must_use]
    pub fn derive_value(&self, share: f64) -> f64 {
        let value = self.low + share.clamp(0.0, 1.0) * (self.high - self.low);
        match self.step {
            None => value,
            Some(step) => {
                let most = ((self.high - self.low) / step + 1e-9).floor();
                self.low + ((value - self.low) / step).round().min(most) * step
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_and_computed() {
        let column: Vec<f64> = (1..=100).map(f64::from).collect();
        let value = |text: &str| Statistic::parse(text).unwrap().find_value(&column).unwrap();
        assert_eq!((value("mean(A!B1)"), value("Min( B1 )"), value("max(x)")), (50.5, 1.0, 100.0));
        assert_eq!((value("median(x)"), value("p25(x)")), (50.5, 25.75));
        assert!((value("cvar5(x)") - 3.0).abs() < 1e-12);
        assert_eq!((value("chance(x<11)"), value("chance('a>b'!B1>90)")), (0.1, 0.1));
        assert_eq!(Statistic::parse("chance('a>b'!B1>90)").unwrap().output, "'a>b'!B1");
        for wrong in ["mean", "mean()", "p0(x)", "q5(x)", "chance(x)", "cvar(x)", "mean(x"] {
            assert!(Statistic::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Statistic::parse("mean(x)").unwrap().find_value(&[f64::NAN]).is_none());
    }

    #[test]
    fn goals_and_limits_are_read() {
        let (figure, value) = read_goal("chance(x<0) = 0.1").unwrap();
        assert_eq!((figure.output.as_str(), value), ("x", 0.1));
        let limit = Constraint::parse("p5(x)>=-10").unwrap();
        assert_eq!((limit.derive_miss(-12.0), limit.derive_miss(3.0)), (2.0, 0.0));
        assert_eq!(Constraint::parse("sd(x)<=4").unwrap().derive_miss(5.0), 1.0);
        assert!(Constraint::parse("sd(x)<4").is_err() && read_goal("mean(x)").is_err());
        let outputs = ["m=A1/A2", "A5"].map(String::from);
        let (m, other) = (Statistic::parse("mean(m)"), Statistic::parse("mean(A9)"));
        let all = with_outputs_of(&outputs, &[&m.unwrap(), &other.unwrap()]);
        assert_eq!(all, ["m=A1/A2", "A5", "A9"]);
    }
}
