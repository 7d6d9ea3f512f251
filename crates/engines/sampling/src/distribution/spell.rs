//! Distributions as text: reading and writing `name(argument, name=argument, value:weight, [list])`.

use std::fmt;
use std::str::FromStr;

use super::arguments::{Arguments, Value};
use super::{Distribution, Family, build, families};
use crate::error::{Result, SamplingError};

/// Longer texts are refused: they belong into a file of data.
const LONGEST: usize = 4 << 20;

pub(super) fn parse(text: &str) -> Result<Distribution> {
    let mut reader = Reader { text, at: 0 };
    if text.len() > LONGEST {
        return Err(reader.refuse("the text is longer than 4 MiB"));
    }
    let name = reader
        .word()
        .ok_or_else(|| reader.refuse("the name of a distribution should stand here"))?;
    let name = name.to_ascii_lowercase().replace('-', "_");
    reader.require('(', "`(` should follow the name")?;
    let (unnamed, named) = reader.arguments()?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.refuse("nothing should follow the closing `)`"));
    }
    let Some(info) =
        families().iter().find(|f| f.name == name || f.aliases.contains(&name.as_str()))
    else {
        return Err(unknown(&name));
    };
    build::build(Arguments::new(info, unnamed, named))
}

fn unknown(name: &str) -> SamplingError {
    let start = |n: &str| n.chars().take(3).collect::<String>();
    let near = families().iter().find(|f| start(f.name) == start(name));
    let known: Vec<&str> = families().iter().map(|f| f.name).collect();
    SamplingError::UnknownDistribution {
        name: name.chars().take(40).collect(),
        hint: near.map(|f| format!(" (did you mean `{}`?)", f.name)).unwrap_or_default(),
        known: known.join(", "),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

type Parts = (Vec<Value>, Vec<(String, Value)>);

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, c: char) -> bool {
        self.space();
        let found = self.rest().starts_with(c);
        self.at += if found { c.len_utf8() } else { 0 };
        found
    }

    fn require(&mut self, c: char, problem: &'static str) -> Result<()> {
        if self.eat(c) { Ok(()) } else { Err(self.refuse(problem)) }
    }

    fn take_while(&mut self, part: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn word(&mut self) -> Option<&'a str> {
        self.space();
        if !self.rest().starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        Some(self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
    }

    fn number(&mut self) -> Result<f64> {
        self.space();
        let start = self.at;
        let text = self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                let percent = self.rest().starts_with('%');
                self.at += usize::from(percent);
                Ok(if percent { number / 100.0 } else { number })
            }
            Ok(_) | Err(_) => {
                self.at = start;
                Err(self.refuse("a finite number should stand here"))
            }
        }
    }

    fn value(&mut self) -> Result<Value> {
        if self.eat('[') {
            let mut list = Vec::new();
            while !self.eat(']') {
                list.push(self.number()?);
                if !self.eat(',') {
                    self.require(']', "`,` or `]` should follow")?;
                    break;
                }
            }
            return Ok(Value::List(list));
        }
        let first = self.number()?;
        if self.eat(':') {
            Ok(Value::Pair(first, self.number()?))
        } else {
            Ok(Value::Number(first))
        }
    }

    fn arguments(&mut self) -> Result<Parts> {
        let (mut unnamed, mut named) = (Vec::new(), Vec::<(String, Value)>::new());
        while !self.eat(')') {
            if let Some(name) = self.word() {
                let name = name.to_ascii_lowercase();
                self.require('=', "`=` should follow the name of a parameter")?;
                if named.iter().any(|(n, _)| *n == name) {
                    return Err(self.refuse("this parameter is given twice"));
                }
                named.push((name, self.value()?));
            } else if named.is_empty() {
                unnamed.push(self.value()?);
            } else {
                return Err(self.refuse("after a named argument all must have names"));
            }
            if !self.eat(',') {
                self.require(')', "`,` or `)` should follow")?;
                break;
            }
        }
        Ok((unnamed, named))
    }

    fn refuse(&self, problem: &'static str) -> SamplingError {
        let position = self.text.get(..self.at).map_or(0, |before| before.chars().count()) + 1;
        let text: String = self.text.chars().take(60).collect();
        SamplingError::Syntax { text, position, problem }
    }
}

impl FromStr for Distribution {
    type Err = SamplingError;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Distribution {
    type Error = SamplingError;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<Distribution> for String {
    fn from(distribution: Distribution) -> Self {
        distribution.to_string()
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = arguments_of(&self.family);
        if self.lower > f64::NEG_INFINITY {
            parts.push(format!("lower={}", self.lower));
        }
        if self.upper < f64::INFINITY {
            parts.push(format!("upper={}", self.upper));
        }
        if self.shift != 0.0 {
            parts.push(format!("shift={}", self.shift));
        }
        write!(f, "{}({})", self.family.name(), parts.join(", "))
    }
}

fn list(values: &[f64]) -> String {
    let values: Vec<String> = values.iter().map(f64::to_string).collect();
    format!("[{}]", values.join(", "))
}

fn pairs(points: &[(f64, f64)]) -> Vec<String> {
    points.iter().map(|(value, weight)| format!("{value}:{weight}")).collect()
}

/// The arguments of a family as they are written.
fn arguments_of(family: &Family) -> Vec<String> {
    let numbers = |values: &[f64]| values.iter().map(f64::to_string).collect::<Vec<_>>();
    match family {
        Family::Uniform { min, max }
        | Family::LogUniform { min, max }
        | Family::DiscreteUniform { min, max } => numbers(&[*min, *max]),
        Family::Normal { mean, sd } => numbers(&[*mean, *sd]),
        Family::LogNormal { mu, sigma } => vec![format!("mu={mu}"), format!("sigma={sigma}")],
        Family::Triangular { min, mode, max } => numbers(&[*min, *mode, *max]),
        Family::Pert { min, mode, max, lambda } => {
            let all = numbers(&[*min, *mode, *max, *lambda]);
            all.into_iter().take(if *lambda == 4.0 { 3 } else { 4 }).collect()
        }
        Family::Beta { alpha, beta, min, max } => {
            let unit = *min == 0.0 && *max == 1.0;
            let all = numbers(&[*alpha, *beta, *min, *max]);
            all.into_iter().take(if unit { 2 } else { 4 }).collect()
        }
        Family::Gamma { shape, scale }
        | Family::Weibull { shape, scale }
        | Family::LogLogistic { shape, scale } => numbers(&[*shape, *scale]),
        Family::Exponential { mean } | Family::Poisson { mean } => numbers(&[*mean]),
        Family::StudentT { df, location, scale } => {
            let standard = *location == 0.0 && *scale == 1.0;
            let all = numbers(&[*df, *location, *scale]);
            all.into_iter().take(if standard { 1 } else { 3 }).collect()
        }
        Family::Logistic { location, scale }
        | Family::Gumbel { location, scale }
        | Family::GumbelMin { location, scale }
        | Family::Cauchy { location, scale }
        | Family::Laplace { location, scale } => numbers(&[*location, *scale]),
        Family::Pareto { shape, min } => numbers(&[*shape, *min]),
        Family::ChiSquared { df } => numbers(&[*df]),
        Family::Rayleigh { scale } => numbers(&[*scale]),
        Family::Discrete { outcomes } => pairs(outcomes),
        Family::Bernoulli { p } | Family::Geometric { p } => numbers(&[*p]),
        Family::Binomial { n, p } => numbers(&[*n, *p]),
        Family::NegativeBinomial { r, p } => numbers(&[*r, *p]),
        Family::Hypergeometric { n, marked, total } => numbers(&[*n, *marked, *total]),
        Family::Histogram { min, max, weights } => {
            vec![min.to_string(), max.to_string(), list(weights)]
        }
        Family::Cumulative { points } | Family::General { points } => pairs(points),
        Family::Empirical { values } | Family::Resample { values } => numbers(values),
    }
}
