//! What every operation does to one lane: the meaning that columns must keep to the last bit. The
//! kernels are those of the workbook; here is only how lanes reach them.

use std::cmp::Ordering;

use gantry_workbook::coerce::{compare, compare_numbers, to_text};
use gantry_workbook::functions::{self, FunctionId};
use gantry_workbook::kernels::{self, fail, finance, find_error, map1, map2};
use gantry_workbook::{ErrorKind, Value};

use crate::chain;
use crate::lane::{
    Texts, is_error, lane_to_bool, lane_to_number, pack, pack_bool, pack_empty, unpack,
};
use crate::ssa::{Comparison, Op, Snap};

/// Applies an operation to the lanes of one draw.
pub fn apply(op: &Op, args: &[f64], texts: &mut Texts) -> f64 {
    let arg = |i: usize| args.get(i).copied().unwrap_or(0.0);
    match op {
        Op::Constant(bits) => f64::from_bits(*bits),
        Op::Input(_) | Op::Call { .. } | Op::Fallback { .. } => fail(ErrorKind::Ref),
        Op::Add(_) | Op::Subtract(_) | Op::Multiply | Op::Divide | Op::Power | Op::Kernel2(_) => {
            two(find_kernel2(op), arg(0), arg(1))
        }
        Op::PowerInteger(n) => one(|a| kernels::power(a, f64::from(*n)), arg(0)),
        Op::Round(digits) => one(|a| kernels::rounding::round(a, f64::from(*digits)), arg(0)),
        Op::Negate => one(|a| -a, arg(0)),
        Op::Percent => one(|a| a / 100.0, arg(0)),
        Op::Kernel1(id) => functions::get(*id)
            .find_kernel1()
            .map_or_else(|| fail(ErrorKind::Name), |f| one(f, arg(0))),
        Op::Scalar { id, truths, date1904, is_truth } => {
            scalar((*id, *truths, *date1904), *is_truth, args, texts)
        }
        Op::Compare(how) => {
            first_error(&args[..2]).unwrap_or_else(|| holds(*how, compare_numbers(arg(0), arg(1))))
        }
        Op::CompareAny(how) => compare_any(*how, (arg(0), arg(1)), texts),
        Op::Not => one(|a| f64::from(u8::from(a == 0.0)), arg(0)),
        Op::And => {
            first_error(args).unwrap_or_else(|| f64::from(u8::from(args.iter().all(|x| *x != 0.0))))
        }
        Op::Or => {
            first_error(args).unwrap_or_else(|| f64::from(u8::from(args.iter().any(|x| *x != 0.0))))
        }
        Op::Select if arg(0).is_nan() => arg(0),
        Op::Select => arg(if arg(0) == 0.0 { 2 } else { 1 }),
        Op::IfError => arg(usize::from(is_error(arg(0)))),
        Op::IfNa => arg(usize::from(arg(0).to_bits() == fail(ErrorKind::Na).to_bits())),
        Op::Box => {
            if arg(0).is_nan() {
                arg(0)
            } else {
                pack_bool(arg(0) != 0.0)
            }
        }
        Op::ToNumber => lane_to_number(arg(0), texts),
        Op::ToBool => lane_to_bool(arg(0), texts),
        Op::Settle => {
            if arg(0).to_bits() == pack_empty().to_bits() {
                0.0
            } else {
                arg(0)
            }
        }
        Op::Sum => first_error(args).unwrap_or_else(|| settle(args.iter().sum())),
        Op::Min => reduce(args, kernels::least),
        Op::Max => reduce(args, kernels::greatest),
        Op::NetPresent => net_present(args),
        Op::Rate => rate(args),
        Op::Pick { base, before, behind } => pick(args, *base, (*before, *behind)),
        Op::FindBelow(keys) => one(|x| find_below(keys, x), arg(0)),
        Op::FindEqual(keys) => one(|x| find_equal(keys, x), arg(0)),
        Op::Join => join(arg(0), arg(1), texts),
        Op::Chain(links) => chain::apply(links, args, texts),
    }
}

/// The most arguments of a function of single values.
pub const MAX_SCALARS: usize = 8;

/// A function of single values on the lanes of its arguments.
fn scalar(
    (id, truths, date1904): (FunctionId, u32, bool),
    is_truth: bool,
    args: &[f64],
    texts: &mut Texts,
) -> f64 {
    let values: [Value; MAX_SCALARS] = std::array::from_fn(|i| {
        args.get(i).map_or(Value::Empty, |lane| unpack(*lane, truths >> i & 1 == 1, texts))
    });
    let given = &values[..args.len().min(MAX_SCALARS)];
    match functions::call_scalar(id, given, date1904) {
        Some(Value::Number(x)) => settle(x),
        Some(Value::Error(e)) => fail(e),
        Some(Value::Bool(b)) if is_truth => f64::from(u8::from(b)),
        Some(other) => pack(&other, texts),
        None => fail(ErrorKind::Name),
    }
}

/// A kernel of one number on a lane.
fn one(f: impl Fn(f64) -> f64, a: f64) -> f64 {
    map1(f, &[a])[0]
}

/// A kernel of two numbers on lanes.
fn two(f: fn(f64, f64) -> f64, a: f64, b: f64) -> f64 {
    map2(f, &[a], &[b])[0]
}

fn find_kernel2(op: &Op) -> fn(f64, f64) -> f64 {
    match op {
        Op::Add(Snap::No) => kernels::add,
        Op::Add(Snap::Yes) => kernels::add_snapped,
        Op::Subtract(Snap::No) => kernels::subtract,
        Op::Subtract(Snap::Yes) => kernels::subtract_snapped,
        Op::Multiply => kernels::multiply,
        Op::Divide => kernels::divide,
        Op::Power => kernels::power,
        Op::Kernel2(id) => {
            functions::get(*id).find_kernel2().unwrap_or(|_, _| fail(ErrorKind::Name))
        }
        _ => |_, _| fail(ErrorKind::Name),
    }
}

/// What is not finite as the error that it is.
pub fn settle(x: f64) -> f64 {
    find_error(x).map_or(x, fail)
}

fn first_error(args: &[f64]) -> Option<f64> {
    args.iter().copied().find(|x| x.is_nan())
}

fn reduce(args: &[f64], f: fn(f64, f64) -> f64) -> f64 {
    first_error(args).unwrap_or_else(|| args.iter().copied().reduce(f).unwrap_or(0.0))
}

/// Whether an order is what a comparison asks for, as 0 or 1.
pub fn holds(how: Comparison, order: Ordering) -> f64 {
    let holds = match how {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::Greater => order.is_gt(),
        Comparison::LessEqual => order.is_le(),
        Comparison::GreaterEqual => order.is_ge(),
    };
    f64::from(u8::from(holds))
}

fn compare_any(how: Comparison, (a, b): (f64, f64), texts: &Texts) -> f64 {
    if is_error(a) {
        return a;
    }
    if is_error(b) {
        return b;
    }
    holds(how, compare(&unpack(a, false, texts), &unpack(b, false, texts)))
}

fn join(a: f64, b: f64, texts: &mut Texts) -> f64 {
    let text = to_text(&unpack(a, false, texts))
        .and_then(|a| Ok(format!("{a}{}", to_text(&unpack(b, false, texts))?)));
    match text {
        Ok(text) => pack(&Value::from(text), texts),
        Err(e) => fail(e),
    }
}

fn net_present(args: &[f64]) -> f64 {
    let [rate, flows @ ..] = args else { return fail(ErrorKind::Value) };
    if rate.is_nan() {
        return *rate;
    }
    if *rate == -1.0 {
        return fail(ErrorKind::Div0);
    }
    first_error(flows).unwrap_or_else(|| settle(finance::net_present(*rate, flows)))
}

/// IRR of flows with a guess behind them.
pub fn rate(args: &[f64]) -> f64 {
    let [flows @ .., guess] = args else { return fail(ErrorKind::Value) };
    first_error(args).unwrap_or_else(|| settle(finance::internal_rate(flows, *guess)))
}

fn pick(args: &[f64], base: i32, (before, behind): (ErrorKind, ErrorKind)) -> f64 {
    let [index, values @ ..] = args else { return fail(behind) };
    if index.is_nan() {
        return *index;
    }
    let place = index.trunc() - f64::from(base);
    if place < 0.0 {
        return fail(before);
    }
    if place >= values.len() as f64 { fail(behind) } else { values[place as usize] }
}

fn find_below(keys: &[u64], x: f64) -> f64 {
    let place = keys.partition_point(|k| compare_numbers(f64::from_bits(*k), x).is_le());
    if place == 0 { fail(ErrorKind::Na) } else { place as f64 }
}

fn find_equal(keys: &[u64], x: f64) -> f64 {
    let place = keys.iter().position(|k| compare_numbers(f64::from_bits(*k), x).is_eq());
    place.map_or_else(|| fail(ErrorKind::Na), |i| i as f64 + 1.0)
}
