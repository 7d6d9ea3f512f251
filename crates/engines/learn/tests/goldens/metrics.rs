//! Every metric, plain and weighted.

use std::collections::BTreeMap;

use gantry_learn::metrics::{self, Average, ConfusionMatrix};
use gantry_learn::{Matrix, derive_labels};
use serde::Deserialize;
use serde_json::Value;

use crate::tables::{assert_close, read_text};

#[derive(Deserialize)]
struct Goldens {
    classification: Classification,
    regression: Regression,
}

#[derive(Deserialize)]
struct Classification {
    truth: Vec<u32>,
    score: Vec<f64>,
    weights: Vec<f64>,
    many: Vec<u32>,
    probability: Vec<Vec<f64>>,
    plain: BTreeMap<String, Value>,
    weighted: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Regression {
    truth: Vec<f64>,
    predicted: Vec<f64>,
    weights: Vec<f64>,
    plain: BTreeMap<String, f64>,
    weighted: BTreeMap<String, f64>,
}

fn goldens() -> Goldens {
    serde_json::from_str(&read_text("metrics.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

#[test]
fn classification() {
    let c = goldens().classification;
    let p = Matrix::from_rows(&c.probability.concat(), 4).unwrap();
    let pair: Vec<f64> = c.score.iter().flat_map(|s| [1.0 - s, *s]).collect();
    let pair = Matrix::from_rows(&pair, 2).unwrap();
    let guesses = derive_labels(&p);
    let at_half: Vec<u32> = c.score.iter().map(|s| u32::from(*s >= 0.5)).collect();
    for (expected, w) in [(&c.plain, None), (&c.weighted, Some(c.weights.as_slice()))] {
        let many = ConfusionMatrix::new(&c.many, &guesses, 4, w).unwrap();
        let binary = ConfusionMatrix::new(&c.truth, &at_half, 2, w).unwrap();
        let roc = metrics::roc_curve(&c.truth, &c.score, w).unwrap();
        let pr = metrics::precision_recall_curve(&c.truth, &c.score, w).unwrap();
        let mut found = BTreeMap::from([
            ("accuracy", vec![many.accuracy()]),
            ("balanced_accuracy", vec![many.balanced_accuracy()]),
            ("matthews", vec![many.matthews()]),
            ("roc_auc", vec![metrics::roc_auc(&c.truth, &c.score, w).unwrap()]),
            ("average_precision", vec![metrics::average_precision(&c.truth, &c.score, w).unwrap()]),
            ("log_loss", vec![metrics::log_loss(&c.many, &p, w).unwrap()]),
            ("brier", vec![metrics::brier(&c.truth, &pair, w).unwrap()]),
            ("brier_many", vec![metrics::brier(&c.many, &p, w).unwrap()]),
            ("confusion", many.rows().flatten().copied().collect()),
            ("fpr", roc.false_positive_rate),
            ("tpr", roc.true_positive_rate),
            ("precision_curve", pr.precision),
            ("recall_curve", pr.recall),
        ]);
        let positive = Average::Binary { positive: 1 };
        for (name, matrix, average) in [
            ("binary", &binary, positive),
            ("macro", &many, Average::Macro),
            ("weighted", &many, Average::Weighted),
        ] {
            let scores = [matrix.precision(average), matrix.recall(average), matrix.f1(average)];
            for (metric, score) in ["precision", "recall", "f1"].iter().zip(scores) {
                found.insert(format!("{metric}_{name}").leak(), vec![score]);
            }
        }
        if w.is_none() {
            found.insert("roc_auc_ovr", vec![metrics::roc_auc_ovr(&c.many, &p, w).unwrap()]);
        }
        let asked = expected.iter().filter(|(_, value)| !value.is_null());
        for (name, value) in asked {
            assert_close(&found[name.as_str()], &numbers(value), 1e-8, name);
        }
    }
}

#[test]
fn regression() {
    let r = goldens().regression;
    let (t, p) = (&r.truth, &r.predicted);
    for (expected, w) in [(&r.plain, None), (&r.weighted, Some(r.weights.as_slice()))] {
        for (name, value) in expected {
            let found = match name.as_str() {
                "rmse" => metrics::rmse(t, p, w),
                "mae" => metrics::mae(t, p, w),
                "r2" => metrics::r2(t, p, w),
                "mape" => metrics::mape(t, p, w),
                "explained_variance" => metrics::explained_variance(t, p, w),
                "pinball" => metrics::pinball(t, p, 0.3, w),
                "median_absolute_error" => metrics::median_absolute_error(t, p),
                other => panic!("no metric {other}"),
            };
            assert_close(&[found.unwrap()], &[*value], 1e-8, name);
        }
    }
}
