//! The families, their names and their parameters.

/// A family of distributions with its parameters.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the parameters' names and meanings stand in `families`")]
pub enum Family {
    /// Equally likely between two limits.
    Uniform { min: f64, max: f64 },
    /// Normal.
    Normal { mean: f64, sd: f64 },
    /// The exponential of a normal variable of mean `mu` and standard deviation `sigma`.
    LogNormal { mu: f64, sigma: f64 },
    /// Triangle between limits with its peak at the mode.
    Triangular { min: f64, mode: f64, max: f64 },
    /// Beta between limits whose mean is `(min + lambda · mode + max) / (lambda + 2)`.
    Pert { min: f64, mode: f64, max: f64, lambda: f64 },
    /// Beta, stretched to an interval.
    Beta { alpha: f64, beta: f64, min: f64, max: f64 },
    /// Gamma.
    Gamma { shape: f64, scale: f64 },
    /// Exponential.
    Exponential { mean: f64 },
    /// Weibull.
    Weibull { shape: f64, scale: f64 },
    /// Student t, moved and stretched.
    StudentT { df: f64, location: f64, scale: f64 },
    /// Logistic.
    Logistic { location: f64, scale: f64 },
    /// Log-logistic.
    LogLogistic { shape: f64, scale: f64 },
    /// Pareto of the first kind.
    Pareto { shape: f64, min: f64 },
    /// Gumbel of maxima.
    Gumbel { location: f64, scale: f64 },
    /// Gumbel of minima.
    GumbelMin { location: f64, scale: f64 },
    /// Cauchy.
    Cauchy { location: f64, scale: f64 },
    /// Laplace.
    Laplace { location: f64, scale: f64 },
    /// Chi-squared.
    ChiSquared { df: f64 },
    /// Rayleigh.
    Rayleigh { scale: f64 },
    /// Uniform on a logarithmic scale.
    LogUniform { min: f64, max: f64 },
    /// Values with weights, sorted by value, weights summing to 1.
    Discrete { outcomes: Vec<(f64, f64)> },
    /// 1 with probability `p`, else 0.
    Bernoulli { p: f64 },
    /// Successes in `n` trials.
    Binomial { n: f64, p: f64 },
    /// Poisson.
    Poisson { mean: f64 },
    /// Failures before the first success.
    Geometric { p: f64 },
    /// Failures before the `r`-th success.
    NegativeBinomial { r: f64, p: f64 },
    /// Marked ones among `n` drawn without return from `total` of which `marked` are marked.
    Hypergeometric { n: f64, marked: f64, total: f64 },
    /// Whole numbers from `min` to `max`, equally likely.
    DiscreteUniform { min: f64, max: f64 },
    /// Bins of equal width with weights, uniform inside each.
    Histogram { min: f64, max: f64, weights: Vec<f64> },
    /// Points `(value, probability up to it)` joined by straight lines, from 0 to 1.
    Cumulative { points: Vec<(f64, f64)> },
    /// Density through points `(value, weight)` joined by straight lines.
    General { points: Vec<(f64, f64)> },
    /// Observations, sorted, with equal probability between neighbours.
    Empirical { values: Vec<f64> },
    /// Observations, sorted, each equally likely.
    Resample { values: Vec<f64> },
}

/// The families whose distribution function or quantile has no closed form, as a pattern: a new
/// family must be named here or handled, or nothing compiles.
macro_rules! not_closed {
    () => {
        $crate::distribution::Family::Pert { .. }
            | $crate::distribution::Family::Beta { .. }
            | $crate::distribution::Family::Gamma { .. }
            | $crate::distribution::Family::StudentT { .. }
            | $crate::distribution::Family::ChiSquared { .. }
            | $crate::distribution::Family::Discrete { .. }
            | $crate::distribution::Family::Bernoulli { .. }
            | $crate::distribution::Family::Binomial { .. }
            | $crate::distribution::Family::Poisson { .. }
            | $crate::distribution::Family::Geometric { .. }
            | $crate::distribution::Family::NegativeBinomial { .. }
            | $crate::distribution::Family::Hypergeometric { .. }
            | $crate::distribution::Family::DiscreteUniform { .. }
            | $crate::distribution::Family::Histogram { .. }
            | $crate::distribution::Family::Cumulative { .. }
            | $crate::distribution::Family::General { .. }
            | $crate::distribution::Family::Empirical { .. }
            | $crate::distribution::Family::Resample { .. }
    };
}
pub(crate) use not_closed;

/// What a form or a help text needs to know of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyInfo {
    /// Its name, as it is written.
    pub name: &'static str,
    /// Names of its parameters in the order in which they are written without names.
    pub parameters: &'static [&'static str],
    /// A right example.
    pub usage: &'static str,
    /// Other names that are read.
    pub aliases: &'static [&'static str],
}

/// All families, in the order of the documentation.
#[must_use]
pub fn families() -> &'static [FamilyInfo] {
    super::table::FAMILIES
}

impl Family {
    /// Its name, as it is written.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Uniform { .. } => "uniform",
            Self::Normal { .. } => "normal",
            Self::LogNormal { .. } => "lognormal",
            Self::Triangular { .. } => "triangular",
            Self::Pert { .. } => "pert",
            Self::Beta { .. } => "beta",
            Self::Gamma { .. } => "gamma",
            Self::Exponential { .. } => "exponential",
            Self::Weibull { .. } => "weibull",
            Self::StudentT { .. } => "student_t",
            Self::Logistic { .. } => "logistic",
            Self::LogLogistic { .. } => "loglogistic",
            Self::Pareto { .. } => "pareto",
            Self::Gumbel { .. } => "gumbel",
            Self::GumbelMin { .. } => "gumbel_min",
            Self::Cauchy { .. } => "cauchy",
            Self::Laplace { .. } => "laplace",
            Self::ChiSquared { .. } => "chi_squared",
            Self::Rayleigh { .. } => "rayleigh",
            Self::LogUniform { .. } => "loguniform",
            Self::Discrete { .. } => "discrete",
            Self::Bernoulli { .. } => "bernoulli",
            Self::Binomial { .. } => "binomial",
            Self::Poisson { .. } => "poisson",
            Self::Geometric { .. } => "geometric",
            Self::NegativeBinomial { .. } => "negative_binomial",
            Self::Hypergeometric { .. } => "hypergeometric",
            Self::DiscreteUniform { .. } => "discrete_uniform",
            Self::Histogram { .. } => "histogram",
            Self::Cumulative { .. } => "cumulative",
            Self::General { .. } => "general",
            Self::Empirical { .. } => "empirical",
            Self::Resample { .. } => "resample",
        }
    }

    /// Whether its values are whole numbers.
    #[must_use]
    pub fn is_discrete(&self) -> bool {
        matches!(
            self,
            Self::Bernoulli { .. }
                | Self::Binomial { .. }
                | Self::Poisson { .. }
                | Self::Geometric { .. }
                | Self::NegativeBinomial { .. }
                | Self::Hypergeometric { .. }
                | Self::DiscreteUniform { .. }
        )
    }

    /// Values with their probabilities, for the two families that list them.
    pub(crate) fn outcomes(&self) -> Option<Vec<(f64, f64)>> {
        if let Self::Discrete { outcomes } = self {
            return Some(outcomes.clone());
        }
        if let Self::Resample { values } = self {
            let weight = 1.0 / values.len() as f64;
            return Some(values.iter().map(|v| (*v, weight)).collect());
        }
        None
    }

    /// Probability of values below `x`.
    pub(crate) fn below(&self, x: f64) -> f64 {
        if self.is_discrete() {
            return self.parts(crate::math::ceil(x) - 1.0).0;
        }
        match self.outcomes() {
            Some(outcomes) => {
                outcomes.iter().filter(|(v, _)| *v < x).map(|(_, w)| w).sum::<f64>().min(1.0)
            }
            None => self.parts(x).0,
        }
    }
}
