//! Logarithms of densities and of masses: what fitting maximises.

use super::family::not_closed;
use super::pieces::Pieces;
use super::shape::weighted_ln;
use super::{Family, discrete};
use crate::math::{exp, ln, ln_1p};

const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;

impl Family {
    /// Logarithm of the density at `x`, or of its probability where values are separate points.
    pub(crate) fn ln_density(&self, x: f64) -> f64 {
        if let Some((shape, location, scale)) = self.standard() {
            return shape.ln_density((x - location) / scale) - ln(scale);
        }
        if let Some(pieces) = Pieces::find(self) {
            return ln(pieces.density(x));
        }
        if self.is_discrete() || self.outcomes().is_some() {
            return ln(discrete::mass(self, x));
        }
        let (least, greatest) = (self.closed_ends().0, self.closed_ends().1);
        if x < least || x > greatest { f64::NEG_INFINITY } else { self.closed_ln_density(x) }
    }

    fn closed_ends(&self) -> (f64, f64) {
        (self.quantile(0.0, 1.0), self.quantile(1.0, 0.0))
    }

    fn closed_ln_density(&self, x: f64) -> f64 {
        let softened = |z: f64| -z.abs() - 2.0 * ln_1p(exp(-z.abs()));
        match self {
            Self::Uniform { min, max } => -ln(max - min),
            Self::Normal { mean, sd } => {
                let z = (x - mean) / sd;
                -0.5 * z * z - ln(*sd) - HALF_LN_TAU
            }
            Self::LogNormal { mu, sigma } => {
                let z = (ln(x) - mu) / sigma;
                -0.5 * z * z - ln(sigma * x) - HALF_LN_TAU
            }
            Self::Triangular { min, mode, max } => {
                let height =
                    if x < *mode { (x - min) / (mode - min) } else { (max - x) / (max - mode) };
                let height = if x == *mode { 1.0 } else { height };
                ln(2.0 * height / (max - min))
            }
            Self::Exponential { mean } => -x / mean - ln(*mean),
            Self::Weibull { shape, scale } => {
                let log = ln(x / scale);
                ln(shape / scale) + weighted_ln(shape - 1.0, x / scale) - exp(shape * log)
            }
            Self::Rayleigh { scale } => ln(x / (scale * scale)) - 0.5 * (x / scale) * (x / scale),
            Self::Logistic { location, scale } => softened((x - location) / scale) - ln(*scale),
            Self::LogLogistic { shape, scale } => {
                softened(shape * ln(x / scale)) + ln(*shape) - ln(x)
            }
            Self::Pareto { shape, min } => ln(shape / min) - (shape + 1.0) * ln(x / min),
            Self::Gumbel { location, scale } => {
                let z = (x - location) / scale;
                -z - exp(-z) - ln(*scale)
            }
            Self::GumbelMin { location, scale } => {
                let z = (x - location) / scale;
                z - exp(z) - ln(*scale)
            }
            Self::Cauchy { location, scale } => {
                let z = (x - location) / scale;
                -ln(std::f64::consts::PI * scale) - ln_1p(z * z)
            }
            Self::Laplace { location, scale } => -(x - location).abs() / scale - ln(2.0 * scale),
            Self::LogUniform { min, max } => -ln(x * ln(max / min)),
            not_closed!() => f64::NAN,
        }
    }
}
