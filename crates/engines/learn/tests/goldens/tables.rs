//! The golden tables, their folds and cross-validated scores.

use std::collections::BTreeMap;

use gantry_learn::{
    Classifier, Column, FeatureKind, LearnError, Matrix, Regressor, Target, TrainingSet,
    derive_labels, metrics,
};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Golden {
    pub folds: Vec<Vec<usize>>,
    pub scores: BTreeMap<String, BTreeMap<String, f64>>,
    pub coefficients: BTreeMap<String, Coefficients>,
    /// Error of trees of depth 1, 2, … on their own training rows.
    pub tree_rmse: Vec<f64>,
    pub unsupervised: Option<Unsupervised>,
}

#[derive(Deserialize)]
pub struct Coefficients {
    pub coefficients: Vec<Vec<f64>>,
    pub intercepts: Vec<f64>,
}

#[derive(Deserialize)]
pub struct Unsupervised {
    /// By number of clusters.
    pub kmeans: BTreeMap<usize, KMeans>,
    pub pca: Components,
    pub dbscan: Vec<i64>,
}

#[derive(Deserialize)]
pub struct KMeans {
    pub inertia: f64,
    pub silhouette: f64,
}

#[derive(Deserialize)]
pub struct Components {
    pub variance: Vec<f64>,
    pub ratio: Vec<f64>,
    pub components: Vec<Vec<f64>>,
}

/// What `model_goldens.py` wrote.
#[derive(Deserialize)]
pub struct ModelGoldens {
    /// By table and kernel.
    pub svm: BTreeMap<String, Decisions>,
    pub tree: TreeValues,
    pub isolation: Isolation,
}

/// Shapley values of a tree of depth 4 on the wines.
#[derive(Deserialize)]
pub struct TreeValues {
    pub base: f64,
    /// By row, for the first rows.
    pub values: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
pub struct Isolation {
    /// Of each wine, mean over seeds.
    pub scores: Vec<f64>,
}

#[derive(Deserialize)]
pub struct Decisions {
    pub support: usize,
    /// By pair of classes, for the first rows.
    pub decisions: Vec<Vec<f64>>,
}

impl ModelGoldens {
    pub fn read() -> Self {
        serde_json::from_str(&read_text("models.json")).unwrap()
    }
}

pub struct Table {
    pub x: Matrix,
    pub y: Vec<f64>,
    pub golden: Golden,
}

/// How a learner sees the columns.
#[derive(Clone, Copy)]
pub enum View {
    /// Numbers and category codes as they are.
    Raw,
    /// All columns as numbers.
    Numbers,
    /// One-hot, then standardised by the training rows.
    Encoded,
}

fn folder() -> std::path::PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "goldens"].iter().collect()
}

pub fn read_text(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

impl Table {
    pub fn read(name: &str) -> Self {
        let text = read_text(&format!("{name}.csv"));
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap().split(',').collect();
        let mut columns = vec![Vec::new(); names.len()];
        for line in lines {
            for (column, value) in columns.iter_mut().zip(line.split(',')) {
                column.push(value.parse().unwrap());
            }
        }
        let y = columns.pop().unwrap();
        let make = |(name, values): (&&str, Vec<f64>)| {
            if name.ends_with(":category") {
                Column::category(values)
            } else {
                Column::numeric(values)
            }
        };
        let x = Matrix::new(names.iter().zip(columns).map(make).collect()).unwrap();
        let golden = serde_json::from_str(&read_text(&format!("{name}.json"))).unwrap();
        Self { x, y, golden }
    }

    pub fn codes(&self) -> Vec<u32> {
        self.y.iter().map(|v| *v as u32).collect()
    }

    pub fn classes(&self) -> usize {
        self.codes().into_iter().max().unwrap() as usize + 1
    }

    pub fn view(&self, view: View, train: &[usize]) -> Matrix {
        let mut columns = Vec::new();
        for column in self.x.columns() {
            match (view, column.kind()) {
                (View::Raw, _) => columns.push(column.clone()),
                (View::Encoded, FeatureKind::Category) => {
                    let levels = column.values().iter().copied().fold(0.0, f64::max) as u32;
                    for level in 0..=levels {
                        let hit = |v: &f64| f64::from(u8::from(*v == f64::from(level)));
                        let values: Vec<f64> = column.values().iter().map(hit).collect();
                        columns.push(Column::numeric(standardised(&values, train)));
                    }
                }
                (View::Encoded, FeatureKind::Numeric) => {
                    columns.push(Column::numeric(standardised(column.values(), train)));
                }
                (View::Numbers, _) => columns.push(Column::numeric(column.values().to_vec())),
            }
        }
        Matrix::new(columns).unwrap()
    }

    fn train_rows(&self, test: &[usize]) -> Vec<usize> {
        (0..self.y.len()).filter(|row| !test.contains(row)).collect()
    }

    /// Mean accuracy, AUC and log-loss over the folds.
    pub fn classify<M: Classifier>(
        &self,
        view: View,
        fit: impl Fn(&TrainingSet<'_>, usize) -> Result<M, LearnError>,
    ) -> BTreeMap<&'static str, f64> {
        let (codes, count) = (self.codes(), self.classes());
        let mut sums = BTreeMap::new();
        let folds = self.golden.folds.len() as f64;
        for (fold, test) in self.golden.folds.iter().enumerate() {
            let train = self.train_rows(test);
            let x = self.view(view, &train);
            let (known, truth) = (pick(&codes, &train), pick(&codes, test));
            let x_train = x.take_rows(&train);
            let data =
                TrainingSet::new(&x_train, Target::Classes { codes: &known, count }).unwrap();
            let p = fit(&data, fold).unwrap().predict_proba(&x.take_rows(test)).unwrap();
            let auc = if count == 2 {
                metrics::roc_auc(&truth, p.column(1), None)
            } else {
                metrics::roc_auc_ovr(&truth, &p, None)
            };
            let accuracy = metrics::accuracy(&truth, &derive_labels(&p), None).unwrap();
            *sums.entry("accuracy").or_insert(0.0) += accuracy / folds;
            *sums.entry("auc").or_insert(0.0) += auc.unwrap() / folds;
            let loss = metrics::log_loss(&truth, &p, None).unwrap();
            *sums.entry("log_loss").or_insert(0.0) += loss / folds;
        }
        sums
    }

    /// Mean RMSE, MAE and R² over the folds.
    pub fn regress<M: Regressor>(
        &self,
        view: View,
        fit: impl Fn(&TrainingSet<'_>, usize) -> Result<M, LearnError>,
    ) -> BTreeMap<&'static str, f64> {
        let mut sums = BTreeMap::new();
        let folds = self.golden.folds.len() as f64;
        for (fold, test) in self.golden.folds.iter().enumerate() {
            let train = self.train_rows(test);
            let x = self.view(view, &train);
            let (known, truth) = (pick(&self.y, &train), pick(&self.y, test));
            let x_train = x.take_rows(&train);
            let data = TrainingSet::new(&x_train, Target::Values(&known)).unwrap();
            let p = fit(&data, fold).unwrap().predict(&x.take_rows(test)).unwrap();
            *sums.entry("rmse").or_insert(0.0) += metrics::rmse(&truth, &p, None).unwrap() / folds;
            *sums.entry("mae").or_insert(0.0) += metrics::mae(&truth, &p, None).unwrap() / folds;
            *sums.entry("r2").or_insert(0.0) += metrics::r2(&truth, &p, None).unwrap() / folds;
        }
        sums
    }

    /// Fails unless each named score is at most `slack` (relative) worse than the peer's; lower
    /// is better for losses.
    pub fn assert_scores(
        &self,
        learner: &str,
        ours: &BTreeMap<&'static str, f64>,
        limits: &[(&str, f64)],
    ) {
        let peer = &self.golden.scores[learner];
        println!("{learner}: ours {ours:.4?}, peer {peer:.4?}");
        for (score, slack) in limits {
            let (our, their) = (ours[score], peer[*score]);
            let loss = ["log_loss", "rmse", "mae"].contains(score);
            let worse = if loss { our / their - 1.0 } else { 1.0 - our / their };
            assert!(worse <= *slack, "{learner} {score}: {our} against {their}");
        }
    }
}

fn pick<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|row| values[*row]).collect()
}

fn standardised(values: &[f64], train: &[usize]) -> Vec<f64> {
    let known = pick(values, train);
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    let variance = known.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / known.len() as f64;
    let scale = if variance > 0.0 { variance.sqrt() } else { 1.0 };
    values.iter().map(|v| (v - mean) / scale).collect()
}

/// All rows, for fits on the whole table.
pub fn all_rows(table: &Table) -> Vec<usize> {
    (0..table.y.len()).collect()
}

pub fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance, "{what} {i}: {a} is not {b}");
    }
}
