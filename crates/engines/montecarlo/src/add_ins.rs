//! Functions of Excel add-ins that stand for uncertain numbers, such as `RiskNormal(100,10)` and
//! `PsiTriangular(80,100,150)`, spelled as our own distributions.

use gantry_workbook::Value;

use crate::compile::Chance;

/// Names behind `risk` or `psi`, and how their arguments are spelled here.
const FUNCTIONS: &[(&str, &str)] = &[
    ("normal", "normal"),
    ("uniform", "uniform"),
    ("triang", "triangular"),
    ("triangular", "triangular"),
    ("pert", "pert"),
    ("lognorm", "lognormal"),
    ("lognormal", "lognormal"),
    ("expon", "exponential"),
    ("exponential", "exponential"),
    ("weibull", "weibull"),
    ("gamma", "gamma"),
    ("beta", "beta"),
    ("binomial", "binomial"),
    ("poisson", "poisson"),
    ("bernoulli", "bernoulli"),
    ("geomet", "geometric"),
    ("geometric", "geometric"),
    ("logistic", "logistic"),
    ("pareto", "pareto"),
    ("student", "student"),
    ("discrete", "discrete"),
];

/// Functions around a distribution that change it.
const MODIFIERS: &[&str] = &["truncate", "shift", "name", "static"];

fn short(name: &str) -> Option<&str> {
    let name = name.trim_start_matches("_xll.").trim_start_matches("_xludf.");
    name.strip_prefix("risk").or_else(|| name.strip_prefix("psi"))
}

/// Whether a function, in lower case, is one that this module reads.
#[must_use]
pub fn is_distribution(name: &str) -> bool {
    short(name).is_some_and(|s| FUNCTIONS.iter().any(|f| f.0 == s) || MODIFIERS.contains(&s))
}

/// A function with its arguments as a distribution of ours is spelled.
///
/// # Errors
/// Why it cannot be.
pub fn spell(name: &str, arguments: &[Chance]) -> Result<String, String> {
    let wanted = short(name).unwrap_or_default();
    let Some((_, family)) = FUNCTIONS.iter().find(|f| f.0 == wanted) else {
        return Err(format!("{name} is not a distribution by itself"));
    };
    let mut parts = Vec::new();
    let mut lists = Vec::new();
    for argument in arguments {
        match argument {
            Chance::Values(values) => match values.as_slice() {
                [] => {}
                [Value::Number(x)] => parts.push(x.to_string()),
                [Value::Text(_)] => {}
                many => lists.push(numbers(many)?),
            },
            Chance::Function(name, arguments) => modifier(name, arguments, &mut parts)?,
            Chance::Uniform => return Err("an argument is uncertain itself".into()),
        }
    }
    if let [values, weights] = lists.as_slice() {
        let pairs = values.iter().zip(weights).map(|(v, w)| format!("{v}:{w}"));
        parts.splice(0..0, pairs);
    }
    Ok(format!("{family}({})", parts.join(", ")))
}

fn modifier(name: &str, arguments: &[Chance], parts: &mut Vec<String>) -> Result<(), String> {
    let mut values = arguments.iter().map(|a| match a {
        Chance::Values(values) => match values.as_slice() {
            [Value::Number(x)] => Ok(Some(*x)),
            [] | [Value::Empty] | [Value::Text(_)] => Ok(None),
            _ => Err(format!("{name} takes numbers")),
        },
        Chance::Function(..) | Chance::Uniform => Err(format!("{name} takes numbers")),
    });
    match short(name) {
        Some("truncate") => {
            for key in ["lower", "upper"] {
                if let Some(x) = values.next().transpose()?.flatten() {
                    parts.push(format!("{key}={x}"));
                }
            }
        }
        Some("shift") => {
            if let Some(x) = values.next().transpose()?.flatten() {
                parts.push(format!("shift={x}"));
            }
        }
        Some("name" | "static") => {}
        _ => return Err(format!("{name} is no modifier that is known")),
    }
    Ok(())
}

fn numbers(values: &[Value]) -> Result<Vec<f64>, String> {
    let read = |v: &Value| match v {
        Value::Number(x) => Ok(*x),
        _ => Err("a list holds something else than numbers".to_owned()),
    };
    values.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use gantry_sampling::Distribution;

    use super::*;

    fn number(x: f64) -> Chance {
        Chance::Values(vec![Value::Number(x)])
    }

    #[test]
    fn functions_become_distributions() {
        let cut = Chance::Function("risktruncate".into(), vec![number(0.0), number(200.0)]);
        let text = spell("risknormal", &[number(100.0), number(10.0), cut]).unwrap();
        assert_eq!(text, "normal(100, 10, lower=0, upper=200)");
        let x = Chance::Values(vec![Value::Number(1.0), Value::Number(2.0)]);
        let p = Chance::Values(vec![Value::Number(0.25), Value::Number(0.75)]);
        let text = spell("_xll.psidiscrete", &[x, p]).unwrap();
        assert_eq!(text, "discrete(1:0.25, 2:0.75)");
        for (name, arguments) in [("riskpert", 3), ("risktriang", 3), ("psiuniform", 2)] {
            let arguments: Vec<Chance> = (0..arguments).map(|i| number(f64::from(i))).collect();
            Distribution::parse(&spell(name, &arguments).unwrap()).unwrap();
        }
        assert!(is_distribution("_xll.risknormal") && !is_distribution("riskoutput"));
    }
}
