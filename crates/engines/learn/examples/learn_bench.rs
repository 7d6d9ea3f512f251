//! Fits one learner to a table and prints its predictions' score and what the fit cost, as one
//! line of JSON. `bench/learn/run` calls it beside the peer.
//!
//! `learn_bench LEARNER TASK TRAIN.csv TEST.csv THREADS SEED`: tables of numbers with a header whose
//! names end in `:category` for codes; the target comes last. For the task `groups` the target is
//! not read, nor the test table.
//!
//! `learn_bench boosting million TABLE.f32 COLUMNS THREADS SEED`: single precision numbers, column
//! after column, the target (0 or 1) last.

use std::io::Write;
use std::time::Instant;

use anyhow::{Context, Result, bail};
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
use gantry_learn::{Classifier, Column, Control, Matrix, Regressor, Target, TrainingSet, metrics};
use rustix::time::{ClockId, clock_gettime};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [learner, task, train, test, threads, seed] = args.as_slice() else {
        bail!("usage: learn_bench LEARNER TASK TRAIN.csv TEST.csv THREADS SEED");
    };
    let chosen = (learner.as_str(), seed.parse()?);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build()?;
    let report = pool.install(|| match task.as_str() {
        "million" => million(train, test.parse()?, chosen.1),
        "groups" => group(chosen, &read(train)?.0),
        "regression" => regress(chosen, &read(train)?, &read(test)?),
        _ => classify(chosen, &read(train)?, &read(test)?),
    })?;
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}

fn read(path: &str) -> Result<(Matrix, Vec<f64>)> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().context("no header")?.split(',').collect();
    let mut columns = vec![Vec::new(); names.len()];
    for line in lines {
        for (column, value) in columns.iter_mut().zip(line.split(',')) {
            column.push(if value.is_empty() { f64::NAN } else { value.parse()? });
        }
    }
    let y = columns.pop().context("no columns")?;
    let make = |(name, values): (&&str, Vec<f64>)| {
        if name.ends_with(":category") { Column::category(values) } else { Column::numeric(values) }
    };
    Ok((Matrix::new(names.iter().zip(columns).map(make).collect())?, y))
}

/// Processor seconds of all threads of this process so far.
fn cpu_seconds() -> f64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

/// What `fit` returns, with its processor and wall seconds.
fn timed<M>(fit: impl FnOnce() -> Result<M>) -> Result<(M, f64, f64)> {
    let (start, before) = (Instant::now(), cpu_seconds());
    let model = fit()?;
    Ok((model, cpu_seconds() - before, start.elapsed().as_secs_f64()))
}

type Table = (Matrix, Vec<f64>);
/// A learner and its seed.
type Chosen<'a> = (&'a str, u64);

fn classify((learner, seed): Chosen<'_>, train: &Table, test: &Table) -> Result<String> {
    let codes: Vec<u32> = train.1.iter().map(|v| *v as u32).collect();
    let truth: Vec<u32> = test.1.iter().map(|v| *v as u32).collect();
    let count = codes.iter().max().map_or(0, |c| *c as usize + 1);
    let data = TrainingSet::new(&train.0, Target::Classes { codes: &codes, count })?;
    let control = Control::unlimited();
    let (model, cpu, wall) = timed(|| {
        let model: Box<dyn Classifier> = match learner {
            "boosting" => Box::new(boosting(seed).fit_classifier(&data, None, &control)?),
            "forest" => {
                let params = ForestParams::classifier().with_seed(seed);
                Box::new(params.fit_classifier(&data, &control)?)
            }
            "extra_trees" => {
                let params = ForestParams::extra_classifier().with_seed(seed);
                Box::new(params.fit_classifier(&data, &control)?)
            }
            "tree" => {
                let params = ForestParams::decision_tree().with_seed(seed);
                Box::new(params.fit_classifier(&data, &control)?)
            }
            "svm" => Box::new(svm(seed).fit_classifier(&data, &control)?),
            "linear_svm" => Box::new(linear_svm(seed).fit_classifier(&data, &control)?),
            "network" => Box::new(network(seed).fit_classifier(&data, &control)?),
            "multinomial_bayes" => {
                Box::new(BayesParams::Multinomial { alpha: 1.0 }.fit(&data, &control)?)
            }
            "bernoulli_bayes" => {
                Box::new(BayesParams::Bernoulli { alpha: 1.0 }.fit(&data, &control)?)
            }
            "logistic" => Box::new(LogisticParams::default().fit(&data, &control)?),
            "gaussian_bayes" => Box::new(BayesParams::Gaussian.fit(&data, &control)?),
            "neighbors" => Box::new(NeighborsParams::default().fit_classifier(&data, &control)?),
            other => bail!("no classifier {other}"),
        };
        Ok(model)
    })?;
    let (p, predict_cpu, _) = timed(|| Ok(model.predict_proba(&test.0)?))?;
    let auc = if count == 2 {
        metrics::roc_auc(&truth, p.column(1), None)?
    } else {
        metrics::roc_auc_ovr(&truth, &p, None)?
    };
    Ok(report(auc, cpu, wall, predict_cpu))
}

fn regress((learner, seed): Chosen<'_>, train: &Table, test: &Table) -> Result<String> {
    let data = TrainingSet::new(&train.0, Target::Values(&train.1))?;
    let control = Control::unlimited();
    let (model, cpu, wall) = timed(|| {
        let model: Box<dyn Regressor> = match learner {
            "boosting" => Box::new(boosting(seed).fit_regressor(&data, None, &control)?),
            "forest" => {
                let params = ForestParams::regressor().with_seed(seed);
                Box::new(params.fit_regressor(&data, &control)?)
            }
            "extra_trees" => {
                let params = ForestParams::extra_regressor().with_seed(seed);
                Box::new(params.fit_regressor(&data, &control)?)
            }
            "tree" => {
                let params = ForestParams::decision_tree().with_seed(seed);
                Box::new(params.fit_regressor(&data, &control)?)
            }
            "svm" => Box::new(svm(seed).fit_regressor(&data, &control)?),
            "linear_svm" => Box::new(linear_svm(seed).fit_regressor(&data, &control)?),
            "network" => Box::new(network(seed).fit_regressor(&data, &control)?),
            "linear" => Box::new(RidgeParams::default().fit(&data, &control)?),
            "elastic_net" => Box::new(
                ElasticNetParams { alpha: 0.01, ..Default::default() }.fit(&data, &control)?,
            ),
            "neighbors" => Box::new(NeighborsParams::default().fit_regressor(&data, &control)?),
            other => bail!("no regressor {other}"),
        };
        Ok(model)
    })?;
    let (p, predict_cpu, _) = timed(|| Ok(model.predict(&test.0)?))?;
    Ok(report(metrics::rmse(&test.1, &p, None)?, cpu, wall, predict_cpu))
}

fn boosting(seed: u64) -> BoostingParams {
    BoostingParams { seed, ..BoostingParams::default() }
}

fn svm(seed: u64) -> SvmParams {
    SvmParams { seed, ..SvmParams::default() }
}

fn linear_svm(seed: u64) -> SvmParams {
    SvmParams { kernel: SvmKernel::Linear, ..svm(seed) }
}

/// One layer of 64 units, as the peer.
fn network(seed: u64) -> NetworkParams {
    NetworkParams { hidden: vec![64], seed, ..NetworkParams::default() }
}

/// Learners without a target, each with the number that tells whether it did as the peer.
fn group((learner, seed): Chosen<'_>, x: &Matrix) -> Result<String> {
    let control = Control::unlimited();
    let (score, cpu, wall) = timed(|| {
        Ok(match learner {
            "kmeans" => {
                KMeansParams { seed, ..KMeansParams::default() }.fit(x, &control)?.inertia()
            }
            "dbscan" => {
                let labels = DbscanParams { radius: 2.0, min_neighbors: 5 }.fit(x, &control)?;
                labels.iter().filter(|label| label.is_none()).count() as f64 / x.rows() as f64
            }
            "pca" => Pca::fit(x, 2, &control)?.shares().iter().sum(),
            "isolation" => {
                let params = IsolationParams { seed, ..IsolationParams::default() };
                let scores = params.fit(x, &control)?.scores(x, &control)?;
                scores.iter().sum::<f64>() / scores.len() as f64
            }
            other => bail!("no learner without a target {other}"),
        })
    })?;
    Ok(report(score, cpu, wall, 0.0))
}

/// Trains boosting on a large table; the score is its AUC on the first tenth of the rows.
fn million(path: &str, columns: usize, seed: u64) -> Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {path}"))?;
    let rows = bytes.len() / 4 / (columns + 1);
    let column = |j: usize| -> Vec<f64> {
        let values = bytes[4 * rows * j..4 * rows * (j + 1)].chunks_exact(4);
        values.map(|b| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]]))).collect()
    };
    let x = Matrix::new((0..columns).map(|j| Column::numeric(column(j))).collect())?;
    let codes: Vec<u32> = column(columns).iter().map(|v| *v as u32).collect();
    drop(bytes);
    let data = TrainingSet::new(&x, Target::Classes { codes: &codes, count: 2 })?;
    let fit = || Ok(boosting(seed).fit_classifier(&data, None, &Control::unlimited())?);
    let (model, cpu, wall) = timed(fit)?;
    let some: Vec<usize> = (0..rows / 10).collect();
    let (p, predict_cpu, _) = timed(|| Ok(model.predict_proba(&x.take_rows(&some))?))?;
    let auc = metrics::roc_auc(&codes[..rows / 10], p.column(1), None)?;
    Ok(report(auc, cpu, wall, predict_cpu))
}

/// Most memory that this process had, in MiB.
fn peak_rss_mb() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

fn report(score: f64, cpu: f64, wall: f64, predict_cpu: f64) -> String {
    let peak = peak_rss_mb().unwrap_or(0.0);
    format!(
        "{{\"score\":{score},\"cpu_s\":{cpu},\"wall_s\":{wall},\"predict_cpu_s\":{predict_cpu},\
         \"peak_rss_mb\":{peak}}}"
    )
}
