//! Quantiles, probabilities, densities and moments beside SciPy's, from `distributions.json`
//! (`bench/montecarlo/distributions.py` writes it).

use gantry_sampling::Distribution;

#[derive(serde::Deserialize)]
struct Goldens {
    at: Vec<f64>,
    distributions: Vec<Row>,
}

#[derive(serde::Deserialize)]
struct Row {
    text: String,
    mean: Option<f64>,
    sd: Option<f64>,
    quantiles: Vec<f64>,
    probabilities: Vec<f64>,
    densities: Vec<Option<f64>>,
}

fn near(what: &str, found: f64, expected: f64, tolerance: f64) {
    let error = (found - expected).abs();
    assert!(error <= tolerance * expected.abs().max(1e-5), "{what}: {found}, not {expected}");
}

#[test]
fn distributions_agree_with_scipy() {
    let goldens: Goldens = serde_json::from_str(include_str!("distributions.json")).unwrap();
    assert!(goldens.distributions.len() > 30);
    for row in &goldens.distributions {
        let distribution = Distribution::parse(&row.text).unwrap();
        let text = &row.text;
        for (i, (p, quantile)) in goldens.at.iter().zip(&row.quantiles).enumerate() {
            near(&format!("quantile of {text} at {p}"), distribution.quantile(*p), *quantile, 2e-9);
            let found = distribution.cdf(*quantile);
            near(&format!("cdf of {text} at {quantile}"), found, row.probabilities[i], 1e-9);
            if let Some(density) = row.densities[i] {
                let found = distribution.density(*quantile);
                near(&format!("density of {text} at {quantile}"), found, density, 1e-8);
            }
        }
        if let Some(mean) = row.mean {
            near(&format!("mean of {text}"), distribution.mean(), mean, 1e-9);
        }
        if let Some(sd) = row.sd {
            near(&format!("sd of {text}"), distribution.sd(), sd, 1e-8);
        }
    }
}
