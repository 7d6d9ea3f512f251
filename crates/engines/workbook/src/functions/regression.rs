//! Least squares: LINEST, LOGEST, TREND and GROWTH. Columns that others explain get the
//! coefficient 0, as in Excel.

use super::{Function, eager};
use crate::coerce::compare_numbers;
use crate::eval::{Eval, Operand, Outcome};
use crate::value::{Array, ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    eager("LINEST", (1, 4), "aass", |e, a| statistics(e, a, false)),
    eager("LOGEST", (1, 4), "aass", |e, a| statistics(e, a, true)),
    eager("TREND", (1, 4), "aaas", |e, a| predicted(e, a, false)),
    eager("GROWTH", (1, 4), "aaas", |e, a| predicted(e, a, true)),
];

/// Observations: y, and for every variable its values.
struct Data {
    y: Vec<f64>,
    x: Vec<Vec<f64>>,
    /// Whether variables stand in rows of the array.
    across: bool,
}

struct Fit {
    /// Coefficients of the variables, then the constant.
    coefficients: Vec<f64>,
    errors: Vec<f64>,
    rest: f64,
    explained: f64,
    freedom: f64,
}

fn numbers(array: &Array) -> Result<Vec<f64>, ErrorKind> {
    let read = |v: &Value| match v {
        Value::Number(x) => Ok(*x),
        Value::Error(e) => Err(*e),
        Value::Empty | Value::Text(_) | Value::Bool(_) => Err(ErrorKind::Value),
    };
    array.values().iter().map(read).collect()
}

/// The variables of an array that belongs to y: rows, columns, or one of the same shape.
fn variables(x: &Array, y: (usize, usize), across: bool) -> Result<Vec<Vec<f64>>, ErrorKind> {
    let values = numbers(x)?;
    if (x.rows(), x.cols()) == y {
        return Ok(vec![values]);
    }
    Ok(if across {
        values.chunks(x.cols()).map(<[f64]>::to_vec).collect()
    } else {
        (0..x.cols()).map(|c| values.iter().skip(c).step_by(x.cols()).copied().collect()).collect()
    })
}

fn given(args: &[Operand], i: usize) -> Option<&Operand> {
    args.get(i).filter(|a| !a.is_omitted())
}

fn data(e: &mut Eval<'_, '_>, args: &[Operand], logarithm: bool) -> Result<Data, ErrorKind> {
    let array = e.array_of(&args[0])?;
    let mut y = numbers(&array)?;
    if logarithm {
        if y.iter().any(|v| *v <= 0.0) {
            return Err(ErrorKind::Num);
        }
        y.iter_mut().for_each(|v| *v = v.ln());
    }
    let across = array.rows() == 1 && array.cols() > 1;
    let x = match given(args, 1) {
        Some(x) => variables(e.array_of(x)?.as_ref(), (array.rows(), array.cols()), across)?,
        None => vec![(1..=y.len()).map(|i| i as f64).collect()],
    };
    if x.iter().any(|v| v.len() != y.len()) {
        return Err(ErrorKind::Ref);
    }
    Ok(Data { y, x, across })
}

/// Least squares by Gram–Schmidt on centred variables, in the order given.
fn fit(data: &Data, constant: bool) -> Fit {
    let n = data.y.len();
    let centre = |v: &[f64]| if constant { v.iter().sum::<f64>() / n as f64 } else { 0.0 };
    let means: Vec<f64> = data.x.iter().map(|v| centre(v)).collect();
    let my = centre(&data.y);
    let columns: Vec<Vec<f64>> =
        data.x.iter().zip(&means).map(|(v, m)| v.iter().map(|x| x - m).collect()).collect();
    let y: Vec<f64> = data.y.iter().map(|v| v - my).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let k = columns.len();
    let mut q: Vec<Vec<f64>> = Vec::new();
    let mut r = vec![vec![0.0; k]; k];
    let mut kept = vec![false; k];
    for j in 0..k {
        let mut v = columns[j].clone();
        for _ in 0..2 {
            for i in 0..j {
                let share = if kept[i] { dot(&q[i], &v) } else { 0.0 };
                r[i][j] += share;
                v.iter_mut().zip(&q[i]).for_each(|(a, b)| *a -= share * b);
            }
        }
        let length = dot(&v, &v).sqrt();
        let bound = 1e-10 * dot(&data.x[j], &data.x[j]).sqrt().max(1e-300);
        kept[j] = compare_numbers(length, bound).is_gt();
        r[j][j] = if kept[j] { length } else { 1.0 };
        q.push(v.iter().map(|x| if kept[j] { x / length } else { 0.0 }).collect());
    }
    let mut b = vec![0.0; k];
    for j in (0..k).rev() {
        let above: f64 = (j + 1..k).map(|i| r[j][i] * b[i]).sum();
        b[j] = if kept[j] { (dot(&q[j], &y) - above) / r[j][j] } else { 0.0 };
    }
    let predicted: Vec<f64> = (0..n).map(|i| (0..k).map(|j| columns[j][i] * b[j]).sum()).collect();
    let rest: f64 = y.iter().zip(&predicted).map(|(a, p)| (a - p) * (a - p)).sum();
    let total = dot(&y, &y);
    let rank = kept.iter().filter(|k| **k).count();
    let freedom = n as f64 - rank as f64 - f64::from(u8::from(constant));
    let errors = standard_errors(&r, &kept, &means, (n, constant, rest / freedom));
    b.push(if constant { my - b.iter().zip(&means).map(|(c, m)| c * m).sum::<f64>() } else { 0.0 });
    Fit { coefficients: b, errors, rest, explained: total - rest, freedom }
}

/// Errors of the coefficients from the inverse of R, the constant's last.
fn standard_errors(
    r: &[Vec<f64>],
    kept: &[bool],
    means: &[f64],
    (n, constant, variance): (usize, bool, f64),
) -> Vec<f64> {
    let k = r.len();
    let mut inverse = vec![vec![0.0; k]; k];
    for c in (0..k).filter(|c| kept[*c]) {
        for j in (0..=c).rev() {
            let above: f64 = (j + 1..=c).map(|i| r[j][i] * inverse[i][c]).sum();
            let unit = f64::from(u8::from(j == c));
            inverse[j][c] = if kept[j] { (unit - above) / r[j][j] } else { 0.0 };
        }
    }
    let square = |row: &[f64]| row.iter().map(|x| x * x).sum::<f64>();
    let mut errors: Vec<f64> = inverse.iter().map(|row| (variance * square(row)).sqrt()).collect();
    let weighted: Vec<f64> =
        (0..k).map(|c| (0..k).map(|j| means[j] * inverse[j][c]).sum()).collect();
    let of_constant = (variance * (1.0 / n as f64 + square(&weighted))).sqrt();
    errors.push(if constant { of_constant } else { f64::NAN });
    errors
}

fn statistics(e: &mut Eval<'_, '_>, args: &[Operand], logarithm: bool) -> Outcome {
    let data = data(e, args, logarithm)?;
    let constant = e.bool_or(args, 2, true)?;
    let fit = fit(&data, constant);
    let show = |x: f64| if logarithm { x.exp() } else { x };
    let k = data.x.len();
    // The coefficients stand in reverse order, the constant last.
    let place = |c: usize| if c < k { k - 1 - c } else { k };
    if !e.bool_or(args, 3, false)? {
        return Ok(Array::build(1, k + 1, |_, c| show(fit.coefficients[place(c)]).into())?.into());
    }
    let variables = data.y.len() as f64 - fit.freedom - f64::from(u8::from(constant));
    let value =
        |x: f64| if x.is_finite() { Value::Number(x) } else { Value::Error(ErrorKind::Num) };
    let error = |c: usize| {
        let x = fit.errors[place(c)];
        if x.is_nan() && c == k { Value::Error(ErrorKind::Na) } else { value(x) }
    };
    let table = Array::build(5, k + 1, |r, c| match (r, c) {
        (0, _) => show(fit.coefficients[place(c)]).into(),
        (1, _) => error(c),
        (2, 0) => value(fit.explained / (fit.explained + fit.rest)),
        (2, 1) => value((fit.rest / fit.freedom).max(0.0).sqrt()),
        (3, 0) => value(fit.explained / variables / (fit.rest / fit.freedom)),
        (3, 1) => value(fit.freedom),
        (4, 0) => value(fit.explained),
        (4, 1) => value(fit.rest),
        _ => ErrorKind::Na.into(),
    })?;
    Ok(table.into())
}

fn predicted(e: &mut Eval<'_, '_>, args: &[Operand], logarithm: bool) -> Outcome {
    let data = data(e, args, logarithm)?;
    let constant = e.bool_or(args, 3, true)?;
    let fit = fit(&data, constant);
    let at = match given(args, 2).or(given(args, 1)) {
        Some(x) => e.array_of(x)?,
        None if data.across => {
            Array::build(1, data.y.len(), |_, c| (c as f64 + 1.0).into())?.into()
        }
        None => Array::build(data.y.len(), 1, |r, _| (r as f64 + 1.0).into())?.into(),
    };
    let k = data.x.len();
    let values = numbers(&at)?;
    let (rows, cols) = match (k, data.across) {
        (1, _) => (at.rows(), at.cols()),
        (_, true) => (1, at.cols()),
        (_, false) => (at.rows(), 1),
    };
    if k > 1 && (if data.across { at.rows() } else { at.cols() }) != k {
        return Err(ErrorKind::Ref);
    }
    let array = Array::build(rows, cols, |r, c| {
        let x = |j: usize| match (k, data.across) {
            (1, _) => values[r * at.cols() + c],
            (_, true) => values[j * at.cols() + c],
            (_, false) => values[r * at.cols() + j],
        };
        let y = fit.coefficients[k] + (0..k).map(|j| fit.coefficients[j] * x(j)).sum::<f64>();
        Value::number(if logarithm { y.exp() } else { y })
    })?;
    Ok(array.into())
}
