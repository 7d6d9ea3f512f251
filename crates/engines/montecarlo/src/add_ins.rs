//! Functions of Excel add-ins that stand for uncertain numbers, such as `RiskNormal(100,10)` and
//! `PsiTriangular(80,100,150)`: from what a formula holds to the distribution.

use gantry_sampling::{
    Argument, Distribution, Modifier, derive_distribution, derive_modifier,
    is_distribution_function,
};
use gantry_workbook::Value;

use crate::compile::Chance;

/// Whether a function is one that this module reads: a distribution, or what changes one.
#[must_use]
pub fn is_distribution(name: &str) -> bool {
    is_distribution_function(name) || !matches!(derive_modifier(name, &[]), Ok(None))
}

/// The distribution that a function with these arguments stands for.
///
/// # Errors
/// Why it cannot be read.
pub fn read(name: &str, arguments: &[Chance]) -> Result<Distribution, String> {
    let arguments: Vec<Argument> = arguments.iter().map(read_argument).collect::<Result<_, _>>()?;
    derive_distribution(name, &arguments)
        .map_err(|error| error.to_string())?
        .ok_or_else(|| format!("{name} is not a distribution by itself"))
}

fn read_argument(argument: &Chance) -> Result<Argument, String> {
    match argument {
        Chance::Uniform => Err("an argument is uncertain itself".to_owned()),
        Chance::Function(name, arguments) => read_modifier(name, arguments),
        Chance::Values(values) => match values.as_slice() {
            [] | [Value::Empty] => Ok(Argument::Missing),
            [Value::Number(x)] => Ok(Argument::Number(*x)),
            [Value::Text(text)] => Ok(Argument::Text(text.to_string())),
            many => many.iter().map(read_number).collect::<Result<_, _>>().map(Argument::List),
        },
    }
}

fn read_modifier(name: &str, arguments: &[Chance]) -> Result<Argument, String> {
    let arguments: Vec<Argument> = arguments.iter().map(read_argument).collect::<Result<_, _>>()?;
    match derive_modifier(name, &arguments).map_err(|error| error.to_string())? {
        Some(Modifier::NotRead(name)) => {
            Err(format!("{name} changes what is drawn, and is not read"))
        }
        Some(modifier) => Ok(Argument::Modifier(modifier)),
        None => Err("an argument is uncertain itself".to_owned()),
    }
}

fn read_number(value: &Value) -> Result<f64, String> {
    match value {
        Value::Number(x) => Ok(*x),
        _ => Err("a list holds something else than numbers".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(x: f64) -> Chance {
        Chance::Values(vec![Value::Number(x)])
    }

    #[test]
    fn functions_become_distributions() {
        let cut = Chance::Function("risktruncate".into(), vec![number(0.0), number(200.0)]);
        let normal = read("risknormal", &[number(100.0), number(10.0), cut.clone()]).unwrap();
        assert_eq!(normal, Distribution::parse("normal(100, 10, lower=0, upper=200)").unwrap());
        let x = Chance::Values(vec![Value::Number(1.0), Value::Number(2.0)]);
        let p = Chance::Values(vec![Value::Number(0.25), Value::Number(0.75)]);
        let discrete = read("_xll.psidiscrete", &[x, p]).unwrap();
        assert_eq!(discrete, Distribution::parse("discrete(1:0.25, 2:0.75)").unwrap());
        // @RISK gives the mean of an exponential distribution.
        assert_eq!(read("riskexpon", &[number(4.0)]).unwrap().mean(), 4.0);
        assert!(read("risktruncate", &[number(0.0)]).is_err());
        assert!(read("risknormal", &[number(1.0), Chance::Uniform]).is_err());
        let correlated = Chance::Function("riskcorrmat".into(), vec![number(1.0)]);
        assert!(read("risknormal", &[number(1.0), number(1.0), correlated]).is_err());
        assert!(is_distribution("_xll.risknormal") && is_distribution("RiskTruncate"));
        assert!(!is_distribution("riskoutput") && !is_distribution("sum"));
    }
}
