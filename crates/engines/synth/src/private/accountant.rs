//! Adds up what noised answers give away, in zero-concentrated differential privacy (Bun and
//! Steinke, 2016), and states it as (ε, δ).
//!
//! Invariant: what is spent never exceeds the budget; costs of answers add up.

use gantry_learn::math::ln;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::SynthError;

/// What a fit may give away about one row.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PrivacyBudget {
    /// The bound on how much more likely any result gets by one row, as a logarithm.
    pub epsilon: f64,
    /// The chance that the bound does not hold.
    pub delta: f64,
}

impl PrivacyBudget {
    /// Refuses budgets that mean nothing.
    pub(crate) fn require_valid(&self) -> Result<(), SynthError> {
        if !(self.epsilon > 0.0 && self.epsilon <= 100.0) {
            let reason = format!("is {}; choose one above 0, at most 100", self.epsilon);
            return Err(SynthError::Option { what: "epsilon", reason });
        }
        if !(self.delta > 0.0 && self.delta <= 0.01) {
            let reason = format!("is {}; choose one above 0, at most 0.01", self.delta);
            return Err(SynthError::Option { what: "delta", reason });
        }
        Ok(())
    }
}

/// Hands out a budget.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Accountant {
    rho: f64,
    spent: f64,
    /// The chance that labels of single rows come through a threshold, all together.
    pub(super) threshold_delta: f64,
}

impl Accountant {
    /// Half of δ is for the conversion of ρ, half for thresholds.
    pub(crate) fn open(budget: PrivacyBudget) -> Self {
        let log = ln(2.0 / budget.delta);
        let root = (log + budget.epsilon).sqrt() - log.sqrt();
        Self { rho: root * root, spent: 0.0, threshold_delta: budget.delta / 2.0 }
    }

    /// The ε of what was spent, at half of δ.
    #[cfg(test)]
    pub(crate) fn derive_epsilon(&self, delta: f64) -> f64 {
        self.spent + 2.0 * (self.spent * ln(2.0 / delta)).sqrt()
    }

    /// Takes a share of the whole budget for so many answers; gives the ρ of each.
    fn take(&mut self, share: f64, answers: usize) -> f64 {
        let rho = (self.rho * share).min((self.rho - self.spent).max(0.0));
        self.spent += rho;
        rho / answers.max(1) as f64
    }

    /// Standard deviation of the noise on each of so many tables of counts, of which one row
    /// changes one count by one.
    pub(super) fn take_counts(&mut self, share: f64, tables: usize) -> f64 {
        let rho = self.take(share, tables);
        (1.0 / (2.0 * rho)).sqrt()
    }

    /// Strength of each of so many choices by scores that one row changes by one: a choice is taken
    /// with probability in proportion to `exp(strength * score / 2)`.
    pub(super) fn take_choices(&mut self, share: f64, choices: usize) -> f64 {
        (8.0 * self.take(share, choices)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_in_full_is_the_budget() {
        for epsilon in [0.1, 1.0, 8.0] {
            let budget = PrivacyBudget { epsilon, delta: 1e-6 };
            let mut accountant = Accountant::open(budget);
            accountant.take_counts(0.4, 10);
            accountant.take_choices(0.6, 9);
            accountant.take_counts(0.5, 3);
            let stated = accountant.derive_epsilon(1e-6);
            assert!((stated - epsilon).abs() < 1e-9 * epsilon, "{stated} {epsilon}");
        }
    }

    #[test]
    fn noise_is_that_of_the_gaussian_mechanism() {
        let mut accountant = Accountant::open(PrivacyBudget { epsilon: 1.0, delta: 1e-6 });
        let rho = accountant.rho;
        let sigma = accountant.take_counts(0.5, 5);
        assert!((1.0 / (2.0 * sigma * sigma) - rho * 0.5 / 5.0).abs() < 1e-12);
    }
}
