//! Correlation, simple regression lines and tests of hypotheses.

use super::statistics::{mean, squares, variance};
use super::{Function, eager, require};
use crate::eval::{Eval, Operand, Outcome};
use crate::kernels::distributions as d;
use crate::value::{ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    eager("CORREL", (2, 2), "a", |e, a| Ok(Pairs::of(e, a)?.correlation()?.into())),
    eager("PEARSON", (2, 2), "a", |e, a| Ok(Pairs::of(e, a)?.correlation()?.into())),
    eager("RSQ", (2, 2), "a", |e, a| Ok(Pairs::of(e, a)?.correlation()?.powi(2).into())),
    eager("COVAR", (2, 2), "a", |e, a| Ok(Pairs::of(e, a)?.covariance(0.0)?.into())),
    eager("COVARIANCE.P", (2, 2), "a", |e, a| Ok(Pairs::of(e, a)?.covariance(0.0)?.into())),
    eager("COVARIANCE.S", (2, 2), "a", |e, a| Ok(Pairs::of(e, a)?.covariance(1.0)?.into())),
    eager("SLOPE", (2, 2), "a", |e, a| Ok(Pairs::of(e, a)?.line()?.0.into())),
    eager("INTERCEPT", (2, 2), "a", |e, a| Ok(Pairs::of(e, a)?.line()?.1.into())),
    eager("STEYX", (2, 2), "a", |e, a| {
        let p = Pairs::of(e, a)?;
        let (slope, _) = p.line()?;
        if p.x.len() < 3 {
            return Err(ErrorKind::Div0);
        }
        let rest = squares(&p.y) - slope * p.products();
        Ok((rest / (p.x.len() as f64 - 2.0)).sqrt().into())
    }),
    eager("FORECAST", (3, 3), "saa", forecast),
    eager("FORECAST.LINEAR", (3, 3), "saa", forecast),
    eager("T.TEST", (4, 4), "aass", t_test),
    eager("F.TEST", (2, 2), "aa", f_test),
    eager("CHISQ.TEST", (2, 2), "aa", chi_test),
];

/// Pairs of numbers: the first argument is y, the second x.
struct Pairs {
    y: Vec<f64>,
    x: Vec<f64>,
}

impl Pairs {
    fn of(e: &mut Eval<'_, '_>, args: &[Operand]) -> Result<Self, ErrorKind> {
        let (a, b) = (e.array_of(&args[0])?, e.array_of(&args[1])?);
        if a.values().len() != b.values().len() {
            return Err(ErrorKind::Na);
        }
        let mut pairs = Self { y: Vec::new(), x: Vec::new() };
        for (y, x) in a.values().iter().zip(b.values()) {
            match (y, x) {
                (Value::Error(e), _) | (_, Value::Error(e)) => return Err(*e),
                (Value::Number(y), Value::Number(x)) => {
                    pairs.y.push(*y);
                    pairs.x.push(*x);
                }
                _ => {}
            }
        }
        if pairs.x.is_empty() { Err(ErrorKind::Div0) } else { Ok(pairs) }
    }

    /// Sum of products of deviations.
    fn products(&self) -> f64 {
        let n = self.x.len() as f64;
        let (mx, my) = (self.x.iter().sum::<f64>() / n, self.y.iter().sum::<f64>() / n);
        self.x.iter().zip(&self.y).map(|(x, y)| (x - mx) * (y - my)).sum()
    }

    fn covariance(&self, lost: f64) -> Result<f64, ErrorKind> {
        let n = self.x.len() as f64 - lost;
        if n <= 0.0 { Err(ErrorKind::Div0) } else { Ok(self.products() / n) }
    }

    fn correlation(&self) -> Result<f64, ErrorKind> {
        let spread = (squares(&self.x) * squares(&self.y)).sqrt();
        if spread == 0.0 { Err(ErrorKind::Div0) } else { Ok(self.products() / spread) }
    }

    /// Slope and intercept.
    fn line(&self) -> Result<(f64, f64), ErrorKind> {
        let spread = squares(&self.x);
        if spread == 0.0 {
            return Err(ErrorKind::Div0);
        }
        let slope = self.products() / spread;
        Ok((slope, mean(&self.y)? - slope * mean(&self.x)?))
    }
}

fn forecast(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let (slope, intercept) = Pairs::of(e, &args[1..])?.line()?;
    Ok((intercept + slope * e.number(args, 0)?).into())
}

pub(super) fn z_test(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let numbers = e.numbers(&args[..1])?;
    if numbers.is_empty() {
        return Err(ErrorKind::Na);
    }
    let x = e.number(args, 1)?;
    let sigma = match args.get(2) {
        Some(a) if !a.is_omitted() => e.number(args, 2)?,
        _ => variance(&numbers, 1.0)?.sqrt(),
    };
    if sigma == 0.0 {
        return Err(ErrorKind::Div0);
    }
    require(sigma > 0.0)?;
    let z = (mean(&numbers)? - x) / (sigma / (numbers.len() as f64).sqrt());
    Ok(d::normal(-z).into())
}

pub(super) fn f_test(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let (a, b) = (e.numbers(&args[..1])?, e.numbers(&args[1..])?);
    let (va, vb) = (variance(&a, 1.0)?, variance(&b, 1.0)?);
    if va == 0.0 || vb == 0.0 {
        return Err(ErrorKind::Div0);
    }
    let (n, m) = (a.len() as f64 - 1.0, b.len() as f64 - 1.0);
    let upper = d::f_tail(va / vb, n, m);
    Ok((2.0 * upper.min(1.0 - upper)).into())
}

pub(super) fn t_test(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let (tails, kind) = (e.integer_or(args, 2, 0)?, e.integer_or(args, 3, 0)?);
    require((1..=2).contains(&tails) && (1..=3).contains(&kind))?;
    let (t, freedom) = if kind == 1 {
        let pairs = Pairs::of(e, &args[..2])?;
        let differences: Vec<f64> = pairs.y.iter().zip(&pairs.x).map(|(a, b)| a - b).collect();
        let n = differences.len() as f64;
        (mean(&differences)? / (variance(&differences, 1.0)? / n).sqrt(), n - 1.0)
    } else {
        let (a, b) = (e.numbers(&args[..1])?, e.numbers(&args[1..2])?);
        let (n, m) = (a.len() as f64, b.len() as f64);
        let (va, vb) = (variance(&a, 1.0)?, variance(&b, 1.0)?);
        let difference = mean(&a)? - mean(&b)?;
        if kind == 2 {
            let pooled = ((n - 1.0) * va + (m - 1.0) * vb) / (n + m - 2.0);
            (difference / (pooled * (1.0 / n + 1.0 / m)).sqrt(), n + m - 2.0)
        } else {
            let (sa, sb) = (va / n, vb / m);
            let freedom = (sa + sb).powi(2) / (sa * sa / (n - 1.0) + sb * sb / (m - 1.0));
            (difference / (sa + sb).sqrt(), freedom)
        }
    };
    if !t.is_finite() {
        return Err(ErrorKind::Div0);
    }
    Ok((d::t_tail(t.abs(), freedom) * tails as f64).into())
}

pub(super) fn chi_test(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let (actual, expected) = (e.array_of(&args[0])?, e.array_of(&args[1])?);
    if (actual.rows(), actual.cols()) != (expected.rows(), expected.cols())
        || actual.values().len() < 2
    {
        return Err(ErrorKind::Na);
    }
    let mut chi = 0.0;
    for (a, b) in actual.values().iter().zip(expected.values()) {
        if let (Value::Number(a), Value::Number(b)) = (a, b) {
            if *b == 0.0 {
                return Err(ErrorKind::Div0);
            }
            require(*b > 0.0)?;
            chi += (a - b) * (a - b) / b;
        }
    }
    let (r, c) = (actual.rows() as f64, actual.cols() as f64);
    let freedom = if r > 1.0 && c > 1.0 { (r - 1.0) * (c - 1.0) } else { r * c - 1.0 };
    Ok(d::chi_tail(chi, freedom).into())
}
