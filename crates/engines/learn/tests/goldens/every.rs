//! What every learner promises: equal results for one thread and two, a prompt end when
//! cancelled, a clear word about bad input.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gantry_learn::bayes::BayesParams;
use gantry_learn::boosting::BoostingParams;
use gantry_learn::cluster::{DbscanParams, KMeansParams};
use gantry_learn::forest::ForestParams;
use gantry_learn::isolation::IsolationParams;
use gantry_learn::linear::{ElasticNetParams, LogisticParams, RidgeParams};
use gantry_learn::neighbors::NeighborsParams;
use gantry_learn::network::NetworkParams;
use gantry_learn::pca::Pca;
use gantry_learn::svm::{SvmKernel, SvmParams};
use gantry_learn::{
    Classifier, Column, Control, LearnError, Matrix, Regressor, Rng, Target, TrainingSet,
};

/// Writes down a fitted model and its predictions.
type Written = Box<dyn FnOnce(&Matrix) -> String + Send>;
type Fit = Box<dyn Fn(&Sample, &Control<'_>) -> Result<Written, LearnError> + Sync>;

struct Sample {
    x: Matrix,
    codes: Vec<u32>,
    y: Vec<f64>,
}

impl Sample {
    /// Numbers from 0, such that counts are among them; three classes.
    fn new(rows: usize, width: usize) -> Self {
        let mut rng = Rng::new(51);
        let values: Vec<f64> = (0..rows * width).map(|_| rng.normal().abs()).collect();
        let x = Matrix::from_rows(&values, width).unwrap();
        let noise = |rng: &mut Rng| 0.3 * rng.normal();
        let y: Vec<f64> = (0..rows)
            .map(|row| x.column(0)[row] - 0.5 * x.column(width - 1)[row] + noise(&mut rng))
            .collect();
        let codes = y.iter().map(|v| u32::from(*v > 0.0) + u32::from(*v > 0.8)).collect();
        Self { x, codes, y }
    }

    fn classes(&self) -> Result<TrainingSet<'_>, LearnError> {
        TrainingSet::new(&self.x, Target::Classes { codes: &self.codes, count: 3 })
    }

    fn values(&self) -> Result<TrainingSet<'_>, LearnError> {
        TrainingSet::new(&self.x, Target::Values(&self.y))
    }
}

fn classes<M: Classifier + serde::Serialize + 'static>(
    fit: impl Fn(&TrainingSet<'_>, &Control<'_>) -> Result<M, LearnError> + Sync + 'static,
) -> Fit {
    Box::new(move |sample, control| {
        let model = fit(&sample.classes()?, control)?;
        Ok(Box::new(move |x| {
            let p = model.predict_proba(x).unwrap();
            serde_json::to_string(&(model, p)).unwrap()
        }))
    })
}

fn values<M: Regressor + serde::Serialize + 'static>(
    fit: impl Fn(&TrainingSet<'_>, &Control<'_>) -> Result<M, LearnError> + Sync + 'static,
) -> Fit {
    Box::new(move |sample, control| {
        let model = fit(&sample.values()?, control)?;
        Ok(Box::new(move |x| {
            let p = model.predict(x).unwrap();
            serde_json::to_string(&(model, p)).unwrap()
        }))
    })
}

fn groups<M: serde::Serialize + Send + 'static>(
    fit: impl Fn(&Matrix, &Control<'_>) -> Result<M, LearnError> + Sync + 'static,
) -> Fit {
    Box::new(move |sample, control| {
        let found = fit(&sample.x, control)?;
        Ok(Box::new(move |_| serde_json::to_string(&found).unwrap()))
    })
}

fn svm(kernel: SvmKernel, exact_rows: usize) -> SvmParams {
    SvmParams { kernel, exact_rows, fourier_features: 128, ..SvmParams::default() }
}

fn every_learner() -> Vec<(&'static str, Fit)> {
    let rbf = SvmParams::default().kernel;
    let boosting = BoostingParams { rounds: 20, ..BoostingParams::default() };
    let more_boosting = boosting.clone();
    let network = NetworkParams { epochs: 3, ..NetworkParams::default() };
    let more_network = network.clone();
    let few = |params: ForestParams| params.with_trees(16);
    let elastic = ElasticNetParams { alpha: 0.01, ..ElasticNetParams::default() };
    let kmeans = KMeansParams { starts: 2, ..KMeansParams::default() };
    vec![
        ("boosting", classes(move |d, c| boosting.fit_classifier(d, None, c))),
        ("boosting of numbers", values(move |d, c| more_boosting.fit_regressor(d, None, c))),
        ("forest", classes(move |d, c| few(ForestParams::classifier()).fit_classifier(d, c))),
        (
            "forest of numbers",
            values(move |d, c| few(ForestParams::regressor()).fit_regressor(d, c)),
        ),
        (
            "extra trees",
            classes(move |d, c| few(ForestParams::extra_classifier()).fit_classifier(d, c)),
        ),
        ("tree", values(|d, c| ForestParams::decision_tree().fit_regressor(d, c))),
        ("logistic", classes(|d, c| LogisticParams::default().fit(d, c))),
        ("ridge", values(|d, c| RidgeParams::default().fit(d, c))),
        ("elastic net", values(move |d, c| elastic.fit(d, c))),
        ("neighbours", classes(|d, c| NeighborsParams::default().fit_classifier(d, c))),
        ("neighbours of numbers", values(|d, c| NeighborsParams::default().fit_regressor(d, c))),
        ("gaussian bayes", classes(|d, c| BayesParams::Gaussian.fit(d, c))),
        ("multinomial bayes", classes(|d, c| BayesParams::Multinomial { alpha: 1.0 }.fit(d, c))),
        ("bernoulli bayes", classes(|d, c| BayesParams::Bernoulli { alpha: 1.0 }.fit(d, c))),
        ("network", classes(move |d, c| network.fit_classifier(d, c))),
        ("network of numbers", values(move |d, c| more_network.fit_regressor(d, c))),
        ("svm", classes(move |d, c| svm(rbf, 8_192).fit_classifier(d, c))),
        ("svm of numbers", values(move |d, c| svm(rbf, 8_192).fit_regressor(d, c))),
        ("linear svm", classes(|d, c| svm(SvmKernel::Linear, 8_192).fit_classifier(d, c))),
        ("approximate svm", classes(move |d, c| svm(rbf, 0).fit_classifier(d, c))),
        ("approximate linear svm", values(|d, c| svm(SvmKernel::Linear, 0).fit_regressor(d, c))),
        ("isolation", groups(|x, c| IsolationParams::default().fit(x, c)?.scores(x, c))),
        ("kmeans", groups(move |x, c| kmeans.fit(x, c))),
        ("dbscan", groups(|x, c| DbscanParams::default().fit(x, c))),
        ("pca", groups(|x, c| Pca::fit(x, 2, c))),
    ]
}

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

#[test]
fn one_and_two_threads_give_the_same_bytes() {
    let sample = Sample::new(2_500, 18);
    let (one, two) = (pool(1), pool(2));
    for (name, fit) in every_learner() {
        let write = || fit(&sample, &Control::unlimited()).unwrap()(&sample.x);
        let (alone, together) = (one.install(write), two.install(write));
        assert!(alone == together, "{name} differs");
    }
}

#[test]
fn a_row_by_itself_gets_what_it_gets_among_others() {
    let mut sample = Sample::new(600, 6);
    let mut rng = Rng::new(8);
    let labels = (0..600).map(|_| if rng.below(9) == 0 { f64::NAN } else { rng.below(7) as f64 });
    sample.x = sample.x.with_column(2, Column::category(labels.collect())).unwrap();
    let control = Control::unlimited();
    let boosting = BoostingParams { rounds: 13, ..BoostingParams::default() };
    let (classes, values) = (sample.classes().unwrap(), sample.values().unwrap());
    let classifiers: [Box<dyn Classifier>; 2] = [
        Box::new(boosting.fit_classifier(&classes, None, &control).unwrap()),
        Box::new(
            ForestParams::classifier().with_trees(13).fit_classifier(&classes, &control).unwrap(),
        ),
    ];
    let regressors: [Box<dyn Regressor>; 2] = [
        Box::new(boosting.fit_regressor(&values, None, &control).unwrap()),
        Box::new(
            ForestParams::regressor().with_trees(13).fit_regressor(&values, &control).unwrap(),
        ),
    ];
    let probabilities = classifiers.each_ref().map(|model| model.predict_proba(&sample.x).unwrap());
    let numbers = regressors.each_ref().map(|model| model.predict(&sample.x).unwrap());
    for row in (0..600).step_by(7) {
        let alone = sample.x.take_rows(&[row]);
        for (model, all) in classifiers.iter().zip(&probabilities) {
            assert_eq!(model.predict_proba(&alone).unwrap().row(0), all.row(row));
        }
        for (model, all) in regressors.iter().zip(&numbers) {
            assert_eq!(model.predict(&alone).unwrap()[0], all[row]);
        }
    }
}

#[test]
fn cancelling_ends_every_fit_within_a_second() {
    let sample = Sample::new(16_000, 40);
    for (name, fit) in every_learner() {
        let (is_over, cancelled) = (AtomicBool::new(false), AtomicBool::new(false));
        let check = || cancelled.load(Ordering::Relaxed);
        let ended = std::thread::scope(|scope| {
            let fitting = scope.spawn(|| {
                let found = fit(&sample, &Control::unlimited().with_cancel(&check));
                is_over.store(true, Ordering::Relaxed);
                (found.map(|_| ()), Instant::now())
            });
            let start = Instant::now();
            while !is_over.load(Ordering::Relaxed) && start.elapsed() < Duration::from_millis(30) {
                std::thread::sleep(Duration::from_millis(1));
            }
            let asked = Instant::now();
            cancelled.store(true, Ordering::Relaxed);
            let (found, ended) = fitting.join().unwrap();
            (found, ended.saturating_duration_since(asked))
        });
        assert!(matches!(ended.0, Ok(()) | Err(LearnError::Cancelled)), "{name}: {:?}", ended.0);
        // Fits without a way to stop are over by then themselves.
        assert!(ended.1 < Duration::from_secs(1), "{name} went on for {:?}", ended.1);
        let at_once = fit(&sample, &Control::unlimited().with_cancel(&|| true));
        assert_eq!(at_once.map(|_| ()), Err(LearnError::Cancelled), "{name}");
    }
}

#[test]
fn gaps_and_flat_columns_are_fitted_or_named() {
    let whole = Sample::new(60, 3);
    let with = |column: Column| Sample {
        x: whole.x.with_column(1, column).unwrap(),
        codes: whole.codes.clone(),
        y: whole.y.clone(),
    };
    let missing = with(Column::numeric(vec![f64::NAN; 60]));
    let flat = with(Column::numeric(vec![2.0; 60]));
    let takes_gaps = ["boosting", "forest", "extra trees", "tree", "isolation"];
    for (name, fit) in every_learner() {
        let found = fit(&missing, &Control::unlimited()).map(|_| ());
        if takes_gaps.iter().any(|learner| name.starts_with(learner)) {
            assert_eq!(found, Ok(()), "{name}");
        } else {
            let expected = LearnError::NotFinite { what: "column", index: 1 };
            assert_eq!(found, Err(expected), "{name}");
        }
        let text = fit(&flat, &Control::unlimited()).unwrap()(&flat.x);
        assert!(!text.contains("null") || name == "dbscan", "{name} is not finite");
    }
}

#[test]
fn bad_tables_and_targets_reach_no_learner() {
    let infinite = Matrix::from_rows(&[1.0, f64::INFINITY], 1).unwrap_err();
    assert_eq!(infinite, LearnError::NotFinite { what: "column", index: 0 });
    assert!(matches!(Matrix::from_rows(&[], 2), Err(LearnError::Empty { .. })));
    assert!(matches!(Matrix::new(Vec::new()), Err(LearnError::Empty { .. })));
    let mut sample = Sample::new(4, 1);
    sample.y = vec![1.0, f64::NAN, 2.0, 3.0];
    sample.codes = vec![1; 4];
    let expected = LearnError::NotFinite { what: "target value", index: 1 };
    assert_eq!(sample.values().unwrap_err(), expected);
    assert_eq!(sample.classes().unwrap_err(), LearnError::OneClass);
    sample.codes = vec![0, 1, 3, 1];
    let expected = LearnError::ClassOutOfRange { code: 3, count: 3 };
    assert_eq!(sample.classes().unwrap_err(), expected);
    sample.y.pop();
    assert!(matches!(sample.values(), Err(LearnError::Shape { .. })));
}
