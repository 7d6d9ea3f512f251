//! Support vector machines as nodes of a graph: coordinates of all rows, decisions, and for
//! classes the probabilities of pairs and what they agree on.

use gantry_learn::svm::{MachineView, PairView, SpaceView, SvmClassifier, SvmRegressor};

use super::graph::{Attribute, Graph, Scalar};
use super::learner::add_complement;
use crate::error::AutomlError;

/// Predictions, rows × 1.
pub(super) fn add_regressor(graph: &mut Graph, model: &SvmRegressor, features: &str) -> String {
    let (space, machines) = model.view();
    let decisions = add_decisions(graph, (space, &machines), features);
    let axes = graph.ints(&[1], &[1]);
    graph.node("ReduceSum", &[&decisions, &axes], &[("keepdims", Attribute::Int(1))])
}

/// Probabilities, rows × classes.
pub(super) fn add_classifier(
    graph: &mut Graph,
    model: &SvmClassifier,
    features: &str,
) -> Result<String, AutomlError> {
    let (space, machines, pairs) = model.view();
    if pairs.is_empty() {
        return Err(AutomlError::inconsistent("The model knows only one class."));
    }
    let decisions = add_decisions(graph, (space, &machines), features);
    let upper = add_pairs(graph, &pairs, &decisions);
    let mut present: Vec<usize> = pairs.iter().flat_map(|pair| [pair.lower, pair.upper]).collect();
    present.sort_unstable();
    present.dedup();
    let shares = if present.len() == 2 {
        add_complement(graph, &upper)
    } else {
        Coupling { pairs: &pairs, present: &present }.add(graph, &upper)
    };
    let classes = gantry_learn::Classifier::classes(model);
    if present.len() == classes {
        return Ok(shares);
    }
    // Classes without rows get a column of zeros.
    let place = |at: usize| f64::from(u8::from(present.get(at / classes) == Some(&(at % classes))));
    let places: Vec<f64> = (0..present.len() * classes).map(place).collect();
    let places = graph.doubles(&[present.len() as i64, classes as i64], &places);
    Ok(graph.node("MatMul", &[&shares, &places], &[]))
}

/// Rows × machines.
fn add_decisions(
    graph: &mut Graph,
    (space, machines): (SpaceView<'_>, &[MachineView]),
    features: &str,
) -> String {
    let coordinates = add_coordinates(graph, space, features);
    let size = machines.first().map_or(0, |machine| machine.weights.len());
    let weight = |at: usize| {
        let machine = machines.get(at % machines.len().max(1));
        machine.and_then(|m| m.weights.get(at / machines.len().max(1)).copied()).unwrap_or_default()
    };
    let weights: Vec<f64> = (0..size * machines.len()).map(weight).collect();
    let count = machines.len() as i64;
    let biases: Vec<f64> = machines.iter().map(|machine| machine.bias).collect();
    let biases = graph.doubles(&[1, count], &biases);
    let weights = graph.doubles(&[size as i64, count], &weights);
    let products = graph.node("MatMul", &[&coordinates, &weights], &[]);
    graph.node("Add", &[&products, &biases], &[])
}

/// Rows × coordinates.
fn add_coordinates(graph: &mut Graph, space: SpaceView<'_>, features: &str) -> String {
    match space {
        SpaceView::Linear { .. } => features.to_owned(),
        SpaceView::Rbf { gamma, support } => {
            let (rows, width) = (support.rows(), support.width());
            let mut flat = Vec::with_capacity(rows * width);
            let mut squares = vec![0.0; rows];
            for column in support.columns() {
                flat.extend_from_slice(column.values());
                squares.iter_mut().zip(column.values()).for_each(|(sum, v)| *sum += v * v);
            }
            // |a − b|² = |a|² + |b|² − 2ab, which is a little below 0 where a row meets itself.
            let axes = graph.ints(&[1], &[1]);
            let own = graph.node("Mul", &[features, features], &[]);
            let own = graph.node("ReduceSum", &[&own, &axes], &[("keepdims", Attribute::Int(1))]);
            let flat = graph.doubles(&[width as i64, rows as i64], &flat);
            let products = graph.node("MatMul", &[features, &flat], &[]);
            let two = graph.doubles(&[1], &[2.0]);
            let products = graph.node("Mul", &[&products, &two], &[]);
            let squares = graph.doubles(&[1, rows as i64], &squares);
            let both = graph.node("Add", &[&own, &squares], &[]);
            let distances = graph.node("Sub", &[&both, &products], &[]);
            let none = graph.doubles(&[1], &[0.0]);
            let distances = graph.node("Max", &[&distances, &none], &[]);
            let gamma = graph.doubles(&[1], &[-gamma]);
            let scaled = graph.node("Mul", &[&distances, &gamma], &[]);
            graph.node("Exp", &[&scaled], &[])
        }
        SpaceView::Fourier { directions } => add_fourier(graph, directions, features),
    }
}

/// Sines alone, as runtimes know no cosine of double precision: a quarter of a turn ahead for every
/// other coordinate.
fn add_fourier(graph: &mut Graph, directions: &[Vec<f64>], features: &str) -> String {
    let (count, width) = (2 * directions.len(), directions.first().map_or(0, Vec::len));
    let mut flat = Vec::with_capacity(count * width);
    for column in 0..width {
        for direction in directions {
            let value = direction.get(column).copied().unwrap_or_default();
            flat.extend([value, value]);
        }
    }
    let ahead: Vec<f64> =
        directions.iter().flat_map(|_| [std::f64::consts::FRAC_PI_2, 0.0]).collect();
    let flat = graph.doubles(&[width as i64, count as i64], &flat);
    let ahead = graph.doubles(&[1, count as i64], &ahead);
    let scale = graph.doubles(&[1], &[(1.0 / directions.len().max(1) as f64).sqrt()]);
    let angles = graph.node("MatMul", &[features, &flat], &[]);
    let angles = graph.node("Add", &[&angles, &ahead], &[]);
    let sines = graph.node("Sin", &[&angles], &[]);
    graph.node("Mul", &[&sines, &scale], &[])
}

/// Probabilities of the upper class of each pair, rows × pairs.
fn add_pairs(graph: &mut Graph, pairs: &[PairView], decisions: &str) -> String {
    let count = pairs.len() as i64;
    let slopes: Vec<f64> = pairs.iter().map(|pair| pair.slope).collect();
    let offsets: Vec<f64> = pairs.iter().map(|pair| pair.offset).collect();
    let slopes = graph.doubles(&[1, count], &slopes);
    let offsets = graph.doubles(&[1, count], &offsets);
    let scaled = graph.node("Mul", &[decisions, &slopes], &[]);
    let moved = graph.node("Add", &[&scaled, &offsets], &[]);
    let p = graph.node("Sigmoid", &[&moved], &[]);
    let least = PairView::LEAST_SHARE;
    let [low, high] = [least, 1.0 - least].map(|edge| graph.doubles(&[], &[edge]));
    graph.node("Clip", &[&p, &low, &high], &[])
}

/// Pairs of more than two classes.
struct Coupling<'a> {
    pairs: &'a [PairView],
    /// Classes with rows, rising.
    present: &'a [usize],
}

/// What the steps of a coupling read.
struct Given {
    /// Rows × classes × classes.
    q: String,
    /// Their diagonals, rows × classes.
    diagonal: String,
    worst: String,
    axes: String,
}

impl Coupling<'_> {
    /// The distributions that agree best with the pairs, rows × classes with rows: the steps that
    /// the model itself takes, each row until its own end.
    fn add(&self, graph: &mut Graph, upper: &str) -> String {
        let k = self.present.len();
        let (steps, worst) = PairView::derive_coupling(k);
        let given = self.add_given(graph, upper, worst);
        // As many rows as there are decisions.
        let column = add_column(graph, upper, 0);
        let start = add_filled(graph, &column, &vec![1.0 / k as f64; k]);
        let trips = graph.ints(&[], &[steps as i64]);
        let [trip, go, before] = ["trip", "go", "before"].map(|name| graph.reserve(name));
        let inputs = [(&*trip, Scalar::Int), (&*go, Scalar::Bool), (&*before, Scalar::Double)];
        let body = graph.body(&inputs, &[Scalar::Bool, Scalar::Double], |graph| {
            let after = add_step(graph, &given, (&before, k));
            vec![graph.node("Identity", &[&go], &[]), after]
        });
        graph.node("Loop", &[&trips, "", &start], &[("body", Attribute::Body(&body))])
    }

    fn add_given(&self, graph: &mut Graph, upper: &str, worst: f64) -> Given {
        let k = self.present.len();
        let one = graph.doubles(&[1], &[1.0]);
        let lower = graph.node("Sub", &[&one, upper], &[]);
        let products = graph.node("Mul", &[upper, &lower], &[]);
        let at = |class: usize| self.present.partition_point(|c| *c < class);
        // Squares of what speaks for the other class, and products off the diagonal.
        let size = k * k;
        let mut maps = [(); 3].map(|()| vec![0.0; self.pairs.len() * size]);
        for (place, pair) in self.pairs.iter().enumerate() {
            let (low, high) = (at(pair.lower), at(pair.upper));
            maps[0][place * size + low * k + low] = 1.0;
            maps[1][place * size + high * k + high] = 1.0;
            maps[2][place * size + low * k + high] = -1.0;
            maps[2][place * size + high * k + low] = -1.0;
        }
        let squares = [upper, &lower].map(|share| graph.node("Mul", &[share, share], &[]));
        let [for_upper, for_lower] = squares;
        let mut parts = Vec::new();
        for (values, map) in [&for_upper, &for_lower, &products].into_iter().zip(&maps) {
            let map = graph.doubles(&[self.pairs.len() as i64, size as i64], map);
            parts.push(graph.node("MatMul", &[values, &map], &[]));
        }
        let names: Vec<&str> = parts.iter().map(String::as_str).collect();
        let flat = graph.node("Sum", &names, &[]);
        let places: Vec<i64> = (0..k).map(|t| (t * k + t) as i64).collect();
        let places = graph.ints(&[k as i64], &places);
        let diagonal = graph.node("Gather", &[&flat, &places], &[("axis", Attribute::Int(1))]);
        let shape = graph.ints(&[3], &[-1, k as i64, k as i64]);
        let q = graph.node("Reshape", &[&flat, &shape], &[]);
        Given { q, diagonal, worst: graph.doubles(&[1], &[worst]), axes: graph.ints(&[1], &[1]) }
    }
}

fn add_column(graph: &mut Graph, values: &str, place: usize) -> String {
    let place = graph.ints(&[1], &[place as i64]);
    graph.node("Gather", &[values, &place], &[("axis", Attribute::Int(1))])
}

/// One row of numbers for each row of a column.
fn add_filled(graph: &mut Graph, column: &str, values: &[f64]) -> String {
    let none = graph.doubles(&[1], &[0.0]);
    let zeros = graph.node("Mul", &[column, &none], &[]);
    let values = graph.doubles(&[1, values.len() as i64], values);
    graph.node("Add", &[&zeros, &values], &[])
}

fn add_sum(graph: &mut Graph, given: &Given, values: &str) -> String {
    graph.node("ReduceSum", &[values, &given.axes], &[("keepdims", Attribute::Int(1))])
}

/// One step for all rows; those at their end stay as they are.
fn add_step(graph: &mut Graph, given: &Given, (before, k): (&str, usize)) -> String {
    let last = graph.ints(&[1], &[2]);
    let upright = graph.node("Unsqueeze", &[before, &last], &[]);
    let qp = graph.node("MatMul", &[&given.q, &upright], &[]);
    let mut qp = graph.node("Squeeze", &[&qp, &last], &[]);
    let weighed = graph.node("Mul", &[before, &qp], &[]);
    let mut pqp = add_sum(graph, given, &weighed);
    let apart = graph.node("Sub", &[&qp, &pqp], &[]);
    let apart = graph.node("Abs", &[&apart], &[]);
    let attributes = [("axes", Attribute::Ints(&[1])), ("keepdims", Attribute::Int(1))];
    let largest = graph.node("ReduceMax", &[&apart], &attributes);
    let is_ended = graph.node("Less", &[&largest, &given.worst], &[]);
    let one = graph.doubles(&[1], &[1.0]);
    let two = graph.doubles(&[1], &[2.0]);
    let mut p = before.to_owned();
    for t in 0..k {
        let (own, part) = (add_column(graph, &given.diagonal, t), add_column(graph, &qp, t));
        let missing = graph.node("Sub", &[&pqp, &part], &[]);
        let step = graph.node("Div", &[&missing, &own], &[]);
        let norm = graph.node("Add", &[&one, &step], &[]);
        let unit: Vec<f64> = (0..k).map(|at| f64::from(u8::from(at == t))).collect();
        let unit = graph.doubles(&[1, k as i64], &unit);
        let moved = graph.node("Mul", &[&step, &unit], &[]);
        let moved = graph.node("Add", &[&p, &moved], &[]);
        p = graph.node("Div", &[&moved, &norm], &[]);
        let curve = graph.node("Mul", &[&step, &own], &[]);
        let twice = graph.node("Mul", &[&two, &part], &[]);
        let slope = graph.node("Add", &[&curve, &twice], &[]);
        let rise = graph.node("Mul", &[&step, &slope], &[]);
        let risen = graph.node("Add", &[&pqp, &rise], &[]);
        let square = graph.node("Mul", &[&norm, &norm], &[]);
        pqp = graph.node("Div", &[&risen, &square], &[]);
        let place = graph.ints(&[], &[t as i64]);
        let line = graph.node("Gather", &[&given.q, &place], &[("axis", Attribute::Int(1))]);
        let line = graph.node("Mul", &[&step, &line], &[]);
        let line = graph.node("Add", &[&qp, &line], &[]);
        qp = graph.node("Div", &[&line, &norm], &[]);
    }
    graph.node("Where", &[&is_ended, before, &p], &[])
}
