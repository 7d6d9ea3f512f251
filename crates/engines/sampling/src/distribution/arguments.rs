//! The arguments of a distribution as they were written, before they mean anything.

use super::FamilyInfo;
use crate::error::{Result, SamplingError};

/// One argument.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Number(f64),
    /// `value:weight`.
    Pair(f64, f64),
    List(Vec<f64>),
}

/// The arguments of one distribution, taken out one after the other by the family that reads them.
#[derive(Debug)]
pub(super) struct Arguments {
    info: &'static FamilyInfo,
    unnamed: Vec<Value>,
    named: Vec<(String, Value)>,
}

impl Arguments {
    pub(super) fn new(
        info: &'static FamilyInfo,
        unnamed: Vec<Value>,
        named: Vec<(String, Value)>,
    ) -> Self {
        Self { info, unnamed, named }
    }

    pub(super) fn info(&self) -> &'static FamilyInfo {
        self.info
    }

    /// Gives the arguments without names the names of the family's parameters.
    pub(super) fn name_in_order(&mut self) -> Result<()> {
        let parameters = self.info.parameters;
        if self.unnamed.len() > parameters.len() {
            let problem = format!(
                "takes at most {} arguments ({}), not {}",
                parameters.len(),
                parameters.join(", "),
                self.unnamed.len()
            );
            return Err(self.refuse(problem));
        }
        for (name, value) in parameters.iter().zip(std::mem::take(&mut self.unnamed)) {
            if self.has(name) {
                return Err(self.refuse(format!("`{name}` is given twice")));
            }
            self.named.push(((*name).to_owned(), value));
        }
        Ok(())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.named.iter().any(|(n, _)| n == name)
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.named.iter().position(|(n, _)| n == name)?;
        Some(self.named.remove(at).1)
    }

    /// A number that must be there.
    pub(super) fn number(&mut self, name: &str) -> Result<f64> {
        match self.find_number(name)? {
            Some(value) => Ok(value),
            None => Err(self.refuse(format!("`{name}` is missing"))),
        }
    }

    /// A number that may be there.
    pub(super) fn number_or(&mut self, name: &str, default: f64) -> Result<f64> {
        Ok(self.find_number(name)?.unwrap_or(default))
    }

    pub(super) fn find_number(&mut self, name: &str) -> Result<Option<f64>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Number(value)) => Ok(Some(value)),
            Some(Value::Pair(..) | Value::List(_)) => {
                Err(self.refuse(format!("`{name}` must be one number")))
            }
        }
    }

    /// A list of numbers under its name.
    pub(super) fn list(&mut self, name: &str) -> Result<Vec<f64>> {
        match self.take(name) {
            Some(Value::List(values)) => Ok(values),
            Some(Value::Number(_) | Value::Pair(..)) => {
                Err(self.refuse(format!("`{name}` must be a list such as [1, 2, 3]")))
            }
            None => Err(self.refuse(format!("`{name}` is missing"))),
        }
    }

    /// All arguments without names as one list of numbers, or one list in brackets.
    pub(super) fn all_numbers(&mut self) -> Result<Vec<f64>> {
        let mut all = Vec::new();
        for value in std::mem::take(&mut self.unnamed) {
            match value {
                Value::Number(number) => all.push(number),
                Value::List(numbers) => all.extend(numbers),
                Value::Pair(..) => return Err(self.refuse("takes numbers, not pairs".to_owned())),
            }
        }
        Ok(all)
    }

    /// All arguments without names as pairs, or two lists under the names `values` and `weights`.
    pub(super) fn all_pairs(&mut self) -> Result<Vec<(f64, f64)>> {
        if self.has("values") {
            let values = self.list("values")?;
            let weights = self.list("weights")?;
            if values.len() != weights.len() {
                let problem = format!("has {} values but {} weights", values.len(), weights.len());
                return Err(self.refuse(problem));
            }
            return Ok(values.into_iter().zip(weights).collect());
        }
        let mut all = Vec::new();
        for value in std::mem::take(&mut self.unnamed) {
            match value {
                Value::Pair(value, weight) => all.push((value, weight)),
                Value::Number(_) | Value::List(_) => {
                    return Err(self.refuse("takes pairs of a value and its weight".to_owned()));
                }
            }
        }
        Ok(all)
    }

    /// The percentiles given by names such as `p10` or `p2.5`, as (probability, value) in order.
    pub(super) fn take_percentiles(&mut self) -> Result<Vec<(f64, f64)>> {
        let mut found = Vec::new();
        let names: Vec<String> = self.named.iter().map(|(name, _)| name.clone()).collect();
        for name in names {
            let Some(percent) = name.strip_prefix('p').and_then(|p| p.parse::<f64>().ok()) else {
                continue;
            };
            if !(percent > 0.0 && percent < 100.0) {
                return Err(self.refuse(format!("`{name}` is not between p0 and p100")));
            }
            found.push((percent / 100.0, self.number(&name)?));
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(found)
    }

    /// Refuses what nobody took.
    pub(super) fn finish(self) -> Result<()> {
        if let Some((name, _)) = self.named.first() {
            let known = self.info.parameters.join("`, `");
            let problem = format!(
                "has no parameter `{name}` here; it has `{known}`, and `lower`, `upper` and `shift`"
            );
            return Err(self.refuse(problem));
        }
        if !self.unnamed.is_empty() {
            return Err(self.refuse("has arguments without names that it does not take".to_owned()));
        }
        Ok(())
    }

    pub(super) fn refuse(&self, problem: String) -> SamplingError {
        SamplingError::Arguments { distribution: self.info.name, problem, usage: self.info.usage }
    }
}
