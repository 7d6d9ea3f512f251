//! Distributions fitted to data by greatest likelihood, judged and ranked.

mod continuous;
mod counts;
mod search;
mod solve;
mod tests_of_fit;

use crate::{Distribution, Family, Result, SamplingError};

/// Fewer observations than this say too little about three parameters.
const LEAST: usize = 8;

/// What fits are ranked by; lower is better in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RankBy {
    /// Akaike's criterion.
    #[default]
    Aic,
    /// The Bayesian criterion, which asks more of each parameter.
    Bic,
    /// Kolmogorov and Smirnov's greatest distance between distribution functions.
    Ks,
    /// Anderson and Darling's distance, which weighs the tails; whole-numbered families have none
    /// and follow by Akaike's criterion.
    Ad,
}

/// One fitted distribution.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Fitted {
    /// The distribution.
    pub distribution: Distribution,
    /// Number of parameters that were fitted.
    pub parameters: usize,
    /// Logarithm of the likelihood.
    pub log_likelihood: f64,
    /// Akaike's criterion.
    pub aic: f64,
    /// The Bayesian criterion.
    pub bic: f64,
    /// Kolmogorov and Smirnov's distance.
    pub ks: f64,
    /// Anderson and Darling's distance; none for whole-numbered families.
    pub ad: Option<f64>,
}

/// All fits of one sample.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct FitReport {
    /// Number of observations.
    pub observations: usize,
    /// Fits, the best first.
    pub ranked: Vec<Fitted>,
    /// Families that do not fit the data at all, and why.
    pub refused: Vec<(&'static str, &'static str)>,
}

/// A family that was fitted, with its number of parameters; or why it cannot be.
pub(crate) type Fit = std::result::Result<(Family, usize), &'static str>;

/// Fits every family that may describe the data: whole-numbered families where all observations
/// are whole numbers from 0 on, and continuous ones unless those repeat so often that a density
/// could grow without end around one of them (more than half of the observations are repetitions).
///
/// Families without a closed solution are fitted on 10,000 evenly spaced order statistics where
/// there are more observations; likelihood and distances are always those of all observations.
///
/// # Errors
/// Observations that are not finite, fewer than eight, or all equal.
pub fn fit(data: &[f64], rank_by: RankBy) -> Result<FitReport> {
    let sample = Sample::new(data)?;
    let mut fits: Vec<(&'static str, Fit)> = Vec::new();
    if sample.is_whole() {
        fits.extend(counts::fits(&sample));
    }
    if !sample.is_whole() || 2 * sample.distinct() > sample.sorted.len() {
        fits.extend(continuous::fits(&sample));
    }
    let (mut ranked, mut refused) = (Vec::new(), Vec::new());
    for (name, fit) in fits {
        match fit.and_then(|(family, parameters)| judge(&sample, family, parameters)) {
            Ok(fitted) => ranked.push(fitted),
            Err(reason) => refused.push((name, reason)),
        }
    }
    let key = |fitted: &Fitted| -> (f64, f64) {
        match rank_by {
            RankBy::Aic => (0.0, fitted.aic),
            RankBy::Bic => (0.0, fitted.bic),
            RankBy::Ks => (0.0, fitted.ks),
            RankBy::Ad => fitted.ad.map_or((1.0, fitted.aic), |ad| (0.0, ad)),
        }
    };
    ranked.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    Ok(FitReport { observations: sample.sorted.len(), ranked, refused })
}

fn judge(
    sample: &Sample,
    family: Family,
    parameters: usize,
) -> std::result::Result<Fitted, &'static str> {
    let log_likelihood = sample.sorted.iter().map(|x| family.ln_density(*x)).sum::<f64>();
    if !log_likelihood.is_finite() {
        return Err("some observations are impossible under it");
    }
    let (k, n) = (parameters as f64, sample.sorted.len() as f64);
    let ks = tests_of_fit::kolmogorov_smirnov(&family, &sample.sorted);
    let discrete = family.is_discrete();
    let ad = (!discrete).then(|| tests_of_fit::anderson_darling(&family, &sample.sorted));
    let distribution =
        Distribution::new(family).map_err(|_| "its parameters would be out of their range")?;
    Ok(Fitted {
        distribution,
        parameters,
        log_likelihood,
        aic: 2.0 * k - 2.0 * log_likelihood,
        bic: k * crate::math::ln(n) - 2.0 * log_likelihood,
        ks,
        ad,
    })
}

/// The observations with what most fits need of them.
pub(crate) struct Sample {
    pub(crate) sorted: Vec<f64>,
    pub(crate) mean: f64,
    pub(crate) variance: f64,
}

impl Sample {
    fn new(data: &[f64]) -> Result<Self> {
        let undefined = |reason| Err(SamplingError::Undefined { what: "a fit", reason });
        if data.iter().any(|x| !x.is_finite()) {
            return undefined("some observations are missing or infinite; remove them");
        }
        if data.len() < LEAST {
            return undefined("there are fewer than 8 observations; give more");
        }
        let mut sorted = data.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        if sorted[0] == sorted[sorted.len() - 1] {
            return undefined("all observations are equal; nothing is uncertain about them");
        }
        let n = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / n;
        let variance = sorted.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        Ok(Self { sorted, mean, variance })
    }

    pub(crate) fn least(&self) -> f64 {
        self.sorted[0]
    }

    pub(crate) fn greatest(&self) -> f64 {
        self.sorted[self.sorted.len() - 1]
    }

    /// Mean of a function of the observations.
    pub(crate) fn mean_of(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.sorted.iter().map(|x| f(*x)).sum::<f64>() / self.sorted.len() as f64
    }

    /// The order statistic at a probability.
    pub(crate) fn quantile(&self, p: f64) -> f64 {
        self.sorted[((p * self.sorted.len() as f64) as usize).min(self.sorted.len() - 1)]
    }

    /// At most 10,000 order statistics, evenly spaced.
    pub(crate) fn thinned(&self) -> Vec<f64> {
        const MOST: usize = 10_000;
        let n = self.sorted.len();
        if n <= MOST {
            return self.sorted.clone();
        }
        (0..MOST).map(|i| self.sorted[(2 * i + 1) * n / (2 * MOST)]).collect()
    }

    fn is_whole(&self) -> bool {
        self.least() >= 0.0
            && self.greatest() <= 1e9
            && self.sorted.iter().all(|x| x.fract() == 0.0)
    }

    fn distinct(&self) -> usize {
        1 + self.sorted.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }
}
