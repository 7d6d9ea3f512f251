//! A distribution made ready for many draws: uniform numbers in, values out, 256 at a time.
//!
//! Invariant: a draw is a pure function of its uniform number, so that any design (Monte Carlo,
//! Latin hypercube, Sobol) and any copula works on any distribution.

use crate::distribution::pieces::{Piece, Pieces};
use crate::distribution::shape::Shape;
use crate::distribution::{Distribution, Family, Support, not_closed};
use crate::guide::Guide;
use crate::lanes::{Lanes, dispatched};
use crate::math::{exp, inverse_normal_all, ln, tan_half_pi};
use crate::score_table::ScoreTable;
use crate::{CHUNK, Result};

mod spell;

/// A distribution with everything precomputed that its draws need.
#[derive(Debug, Clone)]
pub struct Sampler {
    law: Law,
    window: Window,
}

/// How a uniform number becomes a value of the family.
#[derive(Debug, Clone)]
enum Law {
    Uniform {
        min: f64,
        width: f64,
    },
    Normal {
        mean: f64,
        sd: f64,
    },
    LogNormal {
        mu: f64,
        sigma: f64,
    },
    Triangular(Triangle),
    Exponential {
        mean: f64,
    },
    /// Weibull, and Rayleigh as one of shape 2.
    Weibull {
        power: f64,
        scale: f64,
    },
    Logistic {
        location: f64,
        scale: f64,
    },
    LogLogistic {
        power: f64,
        scale: f64,
    },
    Pareto {
        power: f64,
        min: f64,
    },
    Gumbel {
        location: f64,
        scale: f64,
    },
    GumbelMin {
        location: f64,
        scale: f64,
    },
    Cauchy {
        location: f64,
        scale: f64,
    },
    Laplace {
        location: f64,
        scale: f64,
    },
    LogUniform {
        log_min: f64,
        log_width: f64,
    },
    Table {
        table: ScoreTable,
        place: (f64, f64),
    },
    Exact {
        shape: Shape,
        place: (f64, f64),
    },
    Listed {
        values: Vec<f64>,
        guide: Guide,
    },
    Pieces {
        pieces: Vec<Piece>,
        guide: Guide,
    },
    /// Whole numbers with equal probability.
    Whole {
        min: f64,
        count: f64,
    },
    Geometric {
        log_failure: f64,
    },
}

#[derive(Debug, Clone, Copy)]
struct Triangle {
    min: f64,
    max: f64,
    /// Probability below the mode.
    split: f64,
    rise: f64,
    fall: f64,
}

/// Where a truncated distribution's uniform numbers and values may lie, and the shift.
#[derive(Debug, Clone, Copy)]
struct Window {
    from: f64,
    span: f64,
    lower: f64,
    upper: f64,
    shift: f64,
}

impl Sampler {
    /// Prepares a distribution; some ten milliseconds for a beta, PERT, gamma or Student t.
    ///
    /// # Errors
    /// None today; later families may refuse.
    pub fn new(distribution: &Distribution) -> Result<Self> {
        let law = Law::new(distribution);
        let shift = distribution.shift();
        // Also where nothing is cut: rounding must not carry a draw out of the family's range.
        let (lower, upper) = distribution.inner_range();
        // A list was cut already.
        let listed = matches!(law, Law::Listed { .. });
        let (from, to) = if listed { (0.0, 1.0) } else { distribution.window() };
        Ok(Self { law, window: Window { from, span: to - from, lower, upper, shift } })
    }

    /// Replaces uniform numbers (0 < u < 1) by draws.
    pub fn apply(&self, lanes: Lanes, uniforms: &mut [f64; CHUNK]) {
        apply(lanes, self, uniforms);
    }
}

impl Law {
    fn new(distribution: &Distribution) -> Self {
        let family = distribution.family();
        if let Some((shape, location, scale)) = family.standard() {
            let place = (location, scale);
            return match ScoreTable::find(shape) {
                Some(table) => Self::Table { table, place },
                None => Self::Exact { shape, place },
            };
        }
        if let Some(Pieces { pieces, ends }) = Pieces::find(family) {
            return Self::Pieces { pieces, guide: Guide::new(ends) };
        }
        if let Family::DiscreteUniform { min, max } = family {
            return Self::Whole { min: *min, count: max - min + 1.0 };
        }
        if let Family::Geometric { p } = family {
            return Self::Geometric { log_failure: crate::math::ln_1p(-p) };
        }
        if let Some(law) = Self::find_closed(family) {
            return law;
        }
        let Support { values, ends } = Support::new(family, distribution.limits());
        Self::Listed { values, guide: Guide::new(ends) }
    }

    fn find_closed(family: &Family) -> Option<Self> {
        Some(match family.clone() {
            Family::Uniform { min, max } => Self::Uniform { min, width: max - min },
            Family::Normal { mean, sd } => Self::Normal { mean, sd },
            Family::LogNormal { mu, sigma } => Self::LogNormal { mu, sigma },
            Family::Triangular { min, mode, max } => {
                let width = max - min;
                let (rise, fall) = (width * (mode - min), width * (max - mode));
                Self::Triangular(Triangle { min, max, split: (mode - min) / width, rise, fall })
            }
            Family::Exponential { mean } => Self::Exponential { mean },
            Family::Weibull { shape, scale } => Self::Weibull { power: 1.0 / shape, scale },
            Family::Rayleigh { scale } => {
                Self::Weibull { power: 0.5, scale: scale * std::f64::consts::SQRT_2 }
            }
            Family::Logistic { location, scale } => Self::Logistic { location, scale },
            Family::LogLogistic { shape, scale } => Self::LogLogistic { power: 1.0 / shape, scale },
            Family::Pareto { shape, min } => Self::Pareto { power: 1.0 / shape, min },
            Family::Gumbel { location, scale } => Self::Gumbel { location, scale },
            Family::GumbelMin { location, scale } => Self::GumbelMin { location, scale },
            Family::Cauchy { location, scale } => Self::Cauchy { location, scale },
            Family::Laplace { location, scale } => Self::Laplace { location, scale },
            Family::LogUniform { min, max } => {
                Self::LogUniform { log_min: ln(min), log_width: ln(max / min) }
            }
            not_closed!() => return None,
        })
    }
}

dispatched! {
    fn apply(sampler: &Sampler, values: &mut [f64; CHUNK]) = apply_all
}

#[inline(always)]
pub(crate) fn apply_all(sampler: &Sampler, values: &mut [f64; CHUNK]) {
    let window = sampler.window;
    if !window.is_whole() {
        each(values, |u| window.from + window.span * u);
    }
    sampler.law.apply(values, window);
}

impl Window {
    /// Whether nothing is cut from the uniform numbers.
    fn is_whole(&self) -> bool {
        self.from == 0.0 && self.span == 1.0
    }

    /// A value of the family within its range, shifted.
    #[inline(always)]
    fn keep(&self, value: f64) -> f64 {
        let v = if value < self.lower { self.lower } else { value };
        let v = if v > self.upper { self.upper } else { v };
        v + self.shift
    }
}

/// `-ln(1 - u)`, the exponential quantile. The subtraction is exact: a draw has 53 bits after the
/// point.
#[inline(always)]
fn decayed(u: f64) -> f64 {
    -ln(1.0 - u)
}

impl Law {
    /// Passes of one function each: a loop with two in it is too large for the compiler to turn
    /// into vector instructions.
    #[inline(always)]
    fn apply(&self, values: &mut [f64; CHUNK], window: Window) {
        match self {
            // So little is to compute that going over the column once more would cost as much.
            Self::Uniform { min, width } => return each(values, |u| window.keep(min + width * u)),
            Self::Triangular(triangle) => return each(values, |u| window.keep(triangle.at(u))),
            Self::Normal { mean, sd } => {
                inverse_normal_all(values);
                each(values, |z| mean + sd * z);
            }
            Self::LogNormal { mu, sigma } => {
                inverse_normal_all(values);
                each(values, |z| exp(mu + sigma * z));
            }
            Self::Exponential { mean } => each(values, |u| mean * decayed(u)),
            Self::Weibull { power, scale } => {
                each(values, decayed);
                each(values, ln);
                each(values, |log| scale * exp(power * log));
            }
            Self::Logistic { location, scale } => {
                each(values, |u| location + scale * ln(u / (1.0 - u)));
            }
            Self::LogLogistic { power, scale } => {
                each(values, |u| ln(u / (1.0 - u)));
                each(values, |log| scale * exp(power * log));
            }
            Self::Pareto { power, min } => {
                each(values, decayed);
                each(values, |x| min * exp(power * x));
            }
            Self::Gumbel { location, scale } => {
                each(values, |u| -ln(u));
                each(values, |x| location - scale * ln(x));
            }
            Self::GumbelMin { location, scale } => {
                each(values, decayed);
                each(values, |x| location + scale * ln(x));
            }
            Self::Cauchy { location, scale } => {
                each(values, |u| location + scale * tan_half_pi(2.0 * u - 1.0));
            }
            Self::Laplace { location, scale } => laplace(values, (*location, *scale)),
            Self::LogUniform { log_min, log_width } => {
                each(values, |u| exp(log_min + log_width * u));
            }
            Self::Table { .. }
            | Self::Exact { .. }
            | Self::Listed { .. }
            | Self::Pieces { .. }
            | Self::Whole { .. }
            | Self::Geometric { .. } => self.apply_tables(values),
        }
        each(values, |value| window.keep(value));
    }

    #[inline(always)]
    fn apply_tables(&self, values: &mut [f64; CHUNK]) {
        if let Self::Table { table, place } = self {
            inverse_normal_all(values);
            table.apply(values, *place);
        }
        if let Self::Exact { shape, place: (location, scale) } = self {
            each(values, |u| location + scale * shape.inverse(u, 1.0 - u));
        }
        if let Self::Listed { values: listed, guide } = self {
            each(values, |u| listed[guide.find(u)]);
        }
        if let Self::Pieces { pieces, guide } = self {
            each(values, |u| {
                let index = guide.find(u);
                let before = guide.before(index);
                pieces[index].at((u - before) / (guide.end(index) - before))
            });
        }
        if let Self::Whole { min, count } = self {
            each(values, |u| min + crate::math::floor(u * count));
        }
        if let Self::Geometric { log_failure } = self {
            each(values, |u| ln(1.0 - u));
            each(values, |log| crate::math::floor(log / log_failure));
        }
    }
}

impl Triangle {
    /// Both sides of the mode are computed and one of them taken: branches on random numbers would
    /// be foreseen half of the time.
    #[inline(always)]
    fn at(&self, u: f64) -> f64 {
        let (rise, fall) = (self.rise * u, self.fall * (1.0 - u));
        let distance = if u < self.split { rise } else { fall }.sqrt();
        let (above_min, below_max) = (self.min + distance, self.max - distance);
        if u < self.split { above_min } else { below_max }
    }
}

#[inline(always)]
fn laplace(values: &mut [f64; CHUNK], (location, scale): (f64, f64)) {
    let uniforms = *values;
    each(values, |u| if u < 0.5 { 2.0 * u } else { 2.0 * (1.0 - u) });
    each(values, ln);
    for (value, u) in values.iter_mut().zip(uniforms) {
        *value = location + if u < 0.5 { scale * *value } else { -scale * *value };
    }
}

#[inline(always)]
fn each(values: &mut [f64; CHUNK], f: impl Fn(f64) -> f64) {
    for value in values {
        *value = f(*value);
    }
}
