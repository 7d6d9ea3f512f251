//! Fitted learners as nodes of a graph: from the matrix of features to predictions of double
//! precision, rows × classes or rows × 1.

use gantry_learn::bayes::{BayesModel, GaussianView};
use gantry_learn::linear::{LogisticModel, RidgeModel};
use gantry_learn::math;
use gantry_learn::network::LayerView;

use super::graph::{Attribute, Element, Graph};
use super::trees::{Fold, add_trees};
use super::{neighbors, svm};
use crate::error::AutomlError;
use crate::model::FittedLearner;

/// The format's number for floats of single precision.
const SINGLE: i64 = 1;
/// A score below every other.
const NEVER: f64 = -1e300;
pub(super) const DOUBLE: Attribute<'static> = Attribute::Int(Element::Double.code());

/// Adds a learner, and returns the name of its predictions.
pub(super) fn add_learner(
    graph: &mut Graph,
    learner: &FittedLearner,
    features: &str,
) -> Result<String, AutomlError> {
    Ok(match learner {
        FittedLearner::Logistic(model) => add_logistic(graph, model, features)?,
        FittedLearner::Ridge(model) => add_ridge(graph, model, features),
        FittedLearner::ForestClassifier(model) => {
            let view = model.view();
            let means = add_trees(graph, &view, Fold::Mean, features);
            let means = graph.node("Cast", &[&means], &[("to", DOUBLE)]);
            if view.width() == 1 { add_complement(graph, &means) } else { means }
        }
        FittedLearner::ForestRegressor(model) => {
            let means = add_trees(graph, &model.view(), Fold::Mean, features);
            graph.node("Cast", &[&means], &[("to", DOUBLE)])
        }
        FittedLearner::BoostingClassifier(model) => {
            let scores = add_boosted(graph, (&model.view(), model.base()), features);
            add_probabilities(graph, &scores, model.base().len())
        }
        FittedLearner::BoostingRegressor(model) => {
            add_boosted(graph, (&model.view(), model.base()), features)
        }
        FittedLearner::NetworkClassifier(model) => {
            let logits = add_network(graph, &model.layers(), features);
            graph.node("Softmax", &[&logits], &[("axis", Attribute::Int(1))])
        }
        FittedLearner::NetworkRegressor(model) => {
            let scaled = add_network(graph, &model.layers(), features);
            let (mean, scale) = model.scaling();
            let [mean, scale] = [mean, scale].map(|value| graph.doubles(&[1], &[value]));
            let scaled = graph.node("Mul", &[&scaled, &scale], &[]);
            graph.node("Add", &[&scaled, &mean], &[])
        }
        FittedLearner::Bayes(model) => add_bayes(graph, model, features)?,
        FittedLearner::SvmClassifier(model) => svm::add_classifier(graph, model, features)?,
        FittedLearner::SvmRegressor(model) => svm::add_regressor(graph, model, features),
        FittedLearner::NeighborsClassifier(model) => {
            let classes = gantry_learn::Classifier::classes(model);
            neighbors::add_classifier(graph, (&model.view(), classes), features)
        }
        FittedLearner::NeighborsRegressor(model) => {
            neighbors::add_regressor(graph, &model.view(), features)
        }
    })
}

/// The last layer's numbers. Inputs are rounded as the network rounds them; the sums are of double
/// precision, which is nearer to the truth than ours.
fn add_network(graph: &mut Graph, layers: &[LayerView<'_>], features: &str) -> String {
    let rounded = graph.node("Cast", &[features], &[("to", Attribute::Int(SINGLE))]);
    let mut values = graph.node("Cast", &[&rounded], &[("to", DOUBLE)]);
    for (place, layer) in layers.iter().enumerate() {
        let outputs = layer.biases.len();
        let weight = |at: usize| {
            let (input, output) = (at / outputs.max(1), at % outputs.max(1));
            layer.weights.get(output * layer.inputs + input).copied().map(f64::from)
        };
        let weights: Vec<f64> = (0..layer.inputs * outputs).filter_map(weight).collect();
        let weights = graph.doubles(&[layer.inputs as i64, outputs as i64], &weights);
        let biases: Vec<f64> = layer.biases.iter().map(|bias| f64::from(*bias)).collect();
        let biases = graph.doubles(&[1, outputs as i64], &biases);
        let products = graph.node("MatMul", &[&values, &weights], &[]);
        values = graph.node("Add", &[&products, &biases], &[]);
        if place + 1 < layers.len() {
            values = graph.node("Relu", &[&values], &[]);
        }
    }
    values
}

fn add_bayes(graph: &mut Graph, model: &BayesModel, features: &str) -> Result<String, AutomlError> {
    let GaussianView { log_shares, means, variances } =
        model.find_gaussian().ok_or_else(|| AutomlError::inconsistent("Bayes is not Gaussian."))?;
    let mut scores: Vec<String> = Vec::with_capacity(log_shares.len());
    for (share, (means, variances)) in log_shares.iter().zip(means.iter().zip(variances)) {
        let width = means.len() as i64;
        let constants = variances.iter().map(|v| 0.5 * math::ln(std::f64::consts::TAU * v));
        // What a class without rows scores leaves it no probability.
        let start = share.map_or(NEVER, |share| share - constants.sum::<f64>());
        let factors: Vec<f64> = variances.iter().map(|v| -0.5 / v).collect();
        let means = graph.doubles(&[1, width], means);
        let factors = graph.doubles(&[width, 1], &factors);
        let start = graph.doubles(&[1], &[start]);
        let distances = graph.node("Sub", &[features, &means], &[]);
        let squares = graph.node("Mul", &[&distances, &distances], &[]);
        let sums = graph.node("MatMul", &[&squares, &factors], &[]);
        scores.push(graph.node("Add", &[&sums, &start], &[]));
    }
    let names: Vec<&str> = scores.iter().map(String::as_str).collect();
    let together = graph.node("Concat", &names, &[("axis", Attribute::Int(1))]);
    Ok(graph.node("Softmax", &[&together], &[("axis", Attribute::Int(1))]))
}

fn add_boosted(
    graph: &mut Graph,
    (view, base): (&gantry_learn::TreesView<'_>, &[f64]),
    features: &str,
) -> String {
    let sums = add_trees(graph, view, Fold::Sum { outputs: base.len() }, features);
    let sums = graph.node("Cast", &[&sums], &[("to", DOUBLE)]);
    let base = graph.doubles(&[1, base.len() as i64], base);
    graph.node("Add", &[&sums, &base], &[])
}

fn add_ridge(graph: &mut Graph, model: &RidgeModel, features: &str) -> String {
    add_linear(graph, &[model.coefficients()], &[model.intercept()], features)
}

fn add_logistic(
    graph: &mut Graph,
    model: &LogisticModel,
    features: &str,
) -> Result<String, AutomlError> {
    let present = model.present_classes();
    if present.len() < 2 {
        return Err(AutomlError::inconsistent("The model knows only one class."));
    }
    let outputs = model.coefficients();
    let scores = add_linear(graph, &outputs, &model.intercepts(), features);
    let probabilities = add_probabilities(graph, &scores, outputs.len());
    let classes = gantry_learn::Classifier::classes(model);
    if present.len() == classes {
        return Ok(probabilities);
    }
    // Classes without rows get a column of zeros.
    let mut places = vec![0.0; present.len() * classes];
    for (row, class) in present.iter().enumerate() {
        if let Some(place) = places.get_mut(row * classes + class) {
            *place = 1.0;
        }
    }
    let places = graph.doubles(&[present.len() as i64, classes as i64], &places);
    Ok(graph.node("MatMul", &[&probabilities, &places], &[]))
}

/// Sums of weighted features, rows × outputs.
fn add_linear(graph: &mut Graph, outputs: &[&[f64]], intercepts: &[f64], features: &str) -> String {
    let width = outputs.first().map_or(0, |output| output.len());
    let count = outputs.len();
    let value = |at: usize| {
        let output = outputs.get(at % count.max(1));
        output.and_then(|output| output.get(at / count.max(1)).copied()).unwrap_or_default()
    };
    let weights: Vec<f64> = (0..width * count).map(value).collect();
    let weights = graph.doubles(&[width as i64, count as i64], &weights);
    let products = graph.node("MatMul", &[features, &weights], &[]);
    let intercepts = graph.doubles(&[1, count as i64], intercepts);
    graph.node("Add", &[&products, &intercepts], &[])
}

/// Probabilities of scores: one score is that of the second of two classes.
fn add_probabilities(graph: &mut Graph, scores: &str, outputs: usize) -> String {
    if outputs > 1 {
        return graph.node("Softmax", &[scores], &[("axis", Attribute::Int(1))]);
    }
    let second = graph.node("Sigmoid", &[scores], &[]);
    add_complement(graph, &second)
}

/// The probabilities of both classes from that of the second.
pub(super) fn add_complement(graph: &mut Graph, second: &str) -> String {
    let one = graph.doubles(&[1], &[1.0]);
    let first = graph.node("Sub", &[&one, second], &[]);
    graph.node("Concat", &[&first, second], &[("axis", Attribute::Int(1))])
}
