//! Distributions: what an uncertain number may be.
//!
//! A [`Distribution`] is a [`Family`] with valid parameters, cut to an interval and then shifted.
//! It is written as on the command line, `normal(10, 2, lower=0, shift=3)`, and that text is also
//! its serde form, so that files, flags and requests spell it alike.
//!
//! Invariant: a [`Distribution`] that exists is valid; every constructor checks.

mod arguments;
mod build;
mod check;
mod continuous;
mod density;
mod discrete;
mod excel;
mod excel_table;
mod family;
mod moments;
mod percentiles;
pub(crate) mod pieces;
pub(crate) mod shape;
mod spell;
mod table;

pub use excel::{
    Argument, Modifier, derive_distribution, derive_modifier, is_distribution_function,
};
pub use family::{Family, FamilyInfo, families};

use crate::error::{Result, SamplingError};
pub(crate) use discrete::Support;
pub(crate) use family::not_closed;

/// Least probability that a truncation may leave: below it, the numbers inside cannot be told
/// apart with the precision of the uniform draws.
pub(crate) const LEAST_MASS: f64 = 1e-9;

/// The distribution of one uncertain number.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Distribution {
    family: Family,
    lower: f64,
    upper: f64,
    shift: f64,
}

impl Distribution {
    /// A whole family, neither cut nor shifted.
    ///
    /// # Errors
    /// A parameter outside of its range.
    pub fn new(family: Family) -> Result<Self> {
        check::check(&family)?;
        Ok(Self { family, lower: f64::NEG_INFINITY, upper: f64::INFINITY, shift: 0.0 })
    }

    /// Reads it as it is written on the command line, such as `triangular(80, 100, 150)`.
    ///
    /// # Errors
    /// A text that is not a distribution, a name that is not known, or a wrong parameter.
    pub fn parse(text: &str) -> Result<Self> {
        spell::parse(text)
    }

    /// The same, cut to `lower..=upper` before the shift. Infinite limits do not cut.
    ///
    /// # Errors
    /// Limits in the wrong order, or with less than 1e-9 of the probability between them.
    pub fn truncate(mut self, lower: f64, upper: f64) -> Result<Self> {
        if lower.is_nan() || upper.is_nan() || lower >= upper {
            return Err(self.refuse(
                "lower",
                lower,
                format!("must be below `upper`, which is {upper}"),
            ));
        }
        self.lower = self.lower.max(lower);
        self.upper = self.upper.min(upper);
        let (from, to) = self.window();
        if to.is_nan() || from.is_nan() || to - from < LEAST_MASS {
            let rule = format!(
                "less than 1e-9 of the probability lies between the limits {} and {}; widen them",
                self.lower, self.upper
            );
            return Err(self.refuse("lower", lower, rule));
        }
        Ok(self)
    }

    /// The same, with `by` added to every draw.
    ///
    /// # Errors
    /// A shift that is not finite.
    pub fn shifted(mut self, by: f64) -> Result<Self> {
        if !by.is_finite() {
            return Err(self.refuse("shift", by, "must be a finite number".to_owned()));
        }
        self.shift += by;
        Ok(self)
    }

    /// Its family and parameters.
    #[must_use]
    pub fn family(&self) -> &Family {
        &self.family
    }

    /// The limits that it was cut to, before the shift; infinite where it was not.
    #[must_use]
    pub fn limits(&self) -> (f64, f64) {
        (self.lower, self.upper)
    }

    /// What is added to every draw.
    #[must_use]
    pub fn shift(&self) -> f64 {
        self.shift
    }

    /// Whether it was cut.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.lower > f64::NEG_INFINITY || self.upper < f64::INFINITY
    }

    /// The probabilities of the family below the lower and up to the upper limit.
    pub(crate) fn window(&self) -> (f64, f64) {
        if !self.is_truncated() {
            return (0.0, 1.0);
        }
        let from =
            if self.lower == f64::NEG_INFINITY { 0.0 } else { self.family.below(self.lower) };
        let to = if self.upper == f64::INFINITY { 1.0 } else { self.family.parts(self.upper).0 };
        (from, to)
    }

    /// Probability of a value up to `x`.
    #[must_use]
    pub fn cdf(&self, x: f64) -> f64 {
        let x = x - self.shift;
        if x.is_nan() {
            return f64::NAN;
        }
        if x < self.lower {
            return 0.0;
        }
        if x >= self.upper {
            return 1.0;
        }
        let (from, to) = self.window();
        ((self.family.parts(x).0 - from) / (to - from)).clamp(0.0, 1.0)
    }

    /// The least value whose [`cdf`](Self::cdf) reaches `p`; NaN where `p` is not within 0 and 1.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        if !(0.0..=1.0).contains(&p) {
            return f64::NAN;
        }
        if !self.is_truncated() {
            return self.family.quantile(p, 1.0 - p) + self.shift;
        }
        let (from, to) = self.window();
        // The complement is put together apart, so that the upper tail keeps its digits.
        let inside = from + p * (to - from);
        let rest = (1.0 - to) + (1.0 - p) * (to - from);
        let value = self.family.quantile(inside, rest);
        value.clamp(self.lower, self.upper) + self.shift
    }

    /// Mean: NaN where there is none, infinite where it diverges.
    #[must_use]
    pub fn mean(&self) -> f64 {
        moments::mean(self)
    }

    /// Standard deviation: NaN where there is none, infinite where it diverges.
    #[must_use]
    pub fn sd(&self) -> f64 {
        moments::sd(self)
    }

    /// Density at `x`, or the probability of `x` for a discrete distribution.
    #[must_use]
    pub fn density(&self, x: f64) -> f64 {
        let x = x - self.shift;
        if !(self.lower..=self.upper).contains(&x) {
            return 0.0;
        }
        let (from, to) = self.window();
        crate::math::exp(self.family.ln_density(x)) / (to - from)
    }

    /// Whether its values are separate points.
    #[must_use]
    pub fn is_discrete(&self) -> bool {
        self.family.is_discrete() || self.family.outcomes().is_some()
    }

    /// The least and the greatest value that a draw may have; infinite where there is no end.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        let (least, greatest) = self.inner_range();
        (least + self.shift, greatest + self.shift)
    }

    /// The range before the shift.
    pub(crate) fn inner_range(&self) -> (f64, f64) {
        let (least, greatest) = (self.family.quantile(0.0, 1.0), self.family.quantile(1.0, 0.0));
        (least.max(self.lower), greatest.min(self.upper))
    }

    fn refuse(&self, parameter: &'static str, value: f64, rule: String) -> SamplingError {
        SamplingError::Parameter { distribution: self.family.name(), parameter, value, rule }
    }
}
