//! The preprocessing as nodes of a graph: from one input a column to the matrix of the learner.
//!
//! Invariant: the matrix equals that of [`Preprocessor::transform`], but for codes of categories,
//! which count from 1 so that 0 can stand for a missing or unknown one.

use super::graph::{Attribute, Element, Graph};
use super::joint;
use crate::preprocess::{
    CategoryColumn, DateColumn, DatePart, Encoding, Fitted, LIMIT, NumberColumn, Preprocessor,
    TargetColumn, TreatedColumn,
};

/// What stands for a missing date.
pub(super) const MISSING_DATE: i64 = i64::MIN;
const DOUBLE: Attribute<'static> = Attribute::Int(Element::Double.code());
const MICROS_PER_DAY: i64 = 86_400_000_000;
const MICROS_PER_HOUR: i64 = 3_600_000_000;

/// What the input of a column holds.
pub(super) fn derive_element(fitted: &Fitted) -> Element {
    match fitted {
        Fitted::Number(_) | Fitted::Treated(_) => Element::Double,
        Fitted::Category(_)
        | Fitted::Target(_)
        | Fitted::OneHot(_)
        | Fitted::Ordinal(_)
        | Fitted::Text(_) => Element::Text,
        Fitted::Date(_) => Element::Int,
    }
}

/// Adds the preprocessing of all columns, and returns the name of the matrix, rows × features.
pub(super) fn add_features(
    graph: &mut Graph,
    preprocessor: &Preprocessor,
    inputs: &[&str],
) -> String {
    let encoding = preprocessor.encoding();
    let mut features: Vec<String> = Vec::new();
    let filled = joint::add_filled(graph, preprocessor, inputs);
    for ((fitted, input), filled) in preprocessor.fitted().iter().zip(inputs).zip(&filled) {
        match fitted {
            Fitted::Number(fitted) => add_number(graph, fitted, encoding, input, &mut features),
            Fitted::Category(fitted) => {
                features.extend(add_category(graph, fitted, encoding, input));
            }
            Fitted::Date(fitted) => add_date(graph, fitted, encoding, input, &mut features),
            Fitted::Treated(fitted) => {
                add_treated(graph, fitted, (input, filled), &mut features);
            }
            // Refused before anything is written.
            Fitted::Text(_) => {}
            Fitted::Target(fitted) => add_target(graph, fitted, input, &mut features),
            Fitted::OneHot(fitted) => {
                features.extend(add_category(graph, fitted, Encoding::OneHot, input));
            }
            Fitted::Ordinal(fitted) => {
                // Codes count from 1 and gaps are 0: one less is what the learner knows.
                let codes = add_category(graph, fitted, Encoding::Codes, input);
                let one = graph.doubles(&[1], &[1.0]);
                features.extend(codes.map(|codes| graph.node("Sub", &[&codes, &one], &[])));
            }
        }
    }
    let names: Vec<&str> = features.iter().map(String::as_str).collect();
    graph.node("Concat", &names, &[("axis", Attribute::Int(1))])
}

fn add_number(
    graph: &mut Graph,
    fitted: &NumberColumn,
    encoding: Encoding,
    input: &str,
    features: &mut Vec<String>,
) {
    match encoding {
        Encoding::Codes => features.push(graph.node("Identity", &[input], &[])),
        Encoding::OneHot => {
            let gap = graph.node("IsNaN", &[input], &[]);
            features.push(add_standardised(graph, fitted, &gap, input));
            if fitted.has_gaps {
                features.push(graph.node("Cast", &[&gap], &[("to", DOUBLE)]));
            }
        }
    }
}

/// `(filled / scale − mean / scale)` within limits, or 0 for a constant.
fn add_standardised(graph: &mut Graph, fitted: &NumberColumn, gap: &str, input: &str) -> String {
    let median = graph.doubles(&[1], &[fitted.median]);
    let filled = graph.node("Where", &[gap, &median, input], &[]);
    if fitted.scale == 0.0 {
        return graph.node("Sub", &[&filled, &filled], &[]);
    }
    let scale = graph.doubles(&[1], &[fitted.scale]);
    let shift = graph.doubles(&[1], &[fitted.mean / fitted.scale]);
    let divided = graph.node("Div", &[&filled, &scale], &[]);
    let shifted = graph.node("Sub", &[&divided, &shift], &[]);
    add_limits(graph, (-LIMIT, LIMIT), &shifted)
}

fn add_limits(graph: &mut Graph, (low, high): (f64, f64), value: &str) -> String {
    let [low, high] = [low, high].map(|limit| graph.doubles(&[], &[limit]));
    graph.node("Clip", &[value, &low, &high], &[])
}

/// A number that is treated as the caller asked: filled, limited, scaled, its gaps marked.
/// `filled` is the input without the gaps that other columns fill.
fn add_treated(
    graph: &mut Graph,
    fitted: &TreatedColumn,
    (input, filled): (&str, &Option<String>),
    features: &mut Vec<String>,
) {
    let gap = graph.node("IsNaN", &[input], &[]);
    let mut value = match fitted.fill {
        _ if filled.is_some() => filled.clone().unwrap_or_default(),
        Some(fill) => {
            let fill = graph.doubles(&[1], &[fill]);
            graph.node("Where", &[&gap, &fill, input], &[])
        }
        None => graph.node("Identity", &[input], &[]),
    };
    if let Some((low, high)) = fitted.limits {
        // By comparison, as limits must leave gaps alone.
        for (limit, operator) in [(low, "Less"), (high, "Greater")] {
            let limit = graph.doubles(&[1], &[limit]);
            let beyond = graph.node(operator, &[&value, &limit], &[]);
            value = graph.node("Where", &[&beyond, &limit, &value], &[]);
        }
    }
    if !fitted.quantiles.is_empty() {
        value = add_shares(graph, &fitted.quantiles, &value);
    } else if fitted.shift != 0.0 || fitted.scale != 1.0 {
        let scale = graph.doubles(&[1], &[fitted.scale]);
        let shift = graph.doubles(&[1], &[fitted.shift / fitted.scale]);
        let divided = graph.node("Div", &[&value, &scale], &[]);
        let shifted = graph.node("Sub", &[&divided, &shift], &[]);
        value = add_limits(graph, (-LIMIT, LIMIT), &shifted);
    }
    features.push(value);
    if fitted.has_mark {
        features.push(graph.node("Cast", &[&gap], &[("to", DOUBLE)]));
    }
}

/// The middle of the shares of quantiles that are below a value and up to it.
fn add_shares(graph: &mut Graph, quantiles: &[f64], value: &str) -> String {
    let count = quantiles.len();
    let quantiles = graph.doubles(&[1, count as i64], quantiles);
    let axes = graph.ints(&[1], &[1]);
    let sums = ["Greater", "GreaterOrEqual"].map(|operator| {
        let is_above = graph.node(operator, &[value, &quantiles], &[]);
        let numbers = graph.node("Cast", &[&is_above], &[("to", DOUBLE)]);
        graph.node("ReduceSum", &[&numbers, &axes], &[("keepdims", Attribute::Int(1))])
    });
    let [below, upto] = &sums;
    let both = graph.node("Add", &[below, upto], &[]);
    let whole = graph.doubles(&[1], &[2.0 * count as f64]);
    graph.node("Div", &[&both, &whole], &[])
}

/// Labels as their mean target: one table of numbers an output, of which the last is for new ones.
fn add_target(graph: &mut Graph, fitted: &TargetColumn, input: &str, features: &mut Vec<String>) {
    let mut keys: Vec<&str> = fitted.labels().iter().map(String::as_str).collect();
    let new = keys.len() as i64;
    let mut values: Vec<i64> = (0..new).collect();
    if keys.is_empty() {
        keys.push("");
        values.push(new);
    }
    let attributes = [
        ("keys_strings", Attribute::Texts(&keys)),
        ("values_int64s", Attribute::Ints(&values)),
        ("default_int64", Attribute::Int(new)),
    ];
    let place = graph.node("LabelEncoder", &[input], &attributes);
    for mut table in fitted.derive_tables() {
        table.push(0.0);
        let size = table.len() as i64;
        let table = graph.doubles(&[size], &table);
        features.push(graph.node("Gather", &[&table, &place], &[("axis", Attribute::Int(0))]));
    }
}

/// The features of labels; none where the fit saw no label and no gap.
fn add_category(
    graph: &mut Graph,
    fitted: &CategoryColumn,
    encoding: Encoding,
    input: &str,
) -> Option<String> {
    let (first, nowhere) = match encoding {
        Encoding::OneHot => (0, fitted.width(encoding) as i64),
        Encoding::Codes => (1, 0),
    };
    let levels = fitted.levels();
    let other = first + levels.len() as i64;
    let missing = match encoding {
        Encoding::OneHot if fitted.has_gaps() => other + i64::from(fitted.has_other()),
        Encoding::OneHot | Encoding::Codes => nowhere,
    };
    let labels = levels.iter().map(String::as_str);
    // An empty text is a gap; no label is empty.
    let keys: Vec<&str> = labels.chain(std::iter::once("")).collect();
    let values: Vec<i64> = (first..other).chain(std::iter::once(missing)).collect();
    let default = if fitted.has_other() { other } else { nowhere };
    let attributes = [
        ("keys_strings", Attribute::Texts(&keys)),
        ("values_int64s", Attribute::Ints(&values)),
        ("default_int64", Attribute::Int(default)),
    ];
    let place = graph.node("LabelEncoder", &[input], &attributes);
    match encoding {
        Encoding::Codes => Some(graph.node("Cast", &[&place], &[("to", DOUBLE)])),
        Encoding::OneHot if nowhere == 0 => None,
        Encoding::OneHot => {
            let places: Vec<i64> = (0..nowhere).collect();
            let places = graph.ints(&[1, nowhere], &places);
            let equal = graph.node("Equal", &[&place, &places], &[]);
            Some(graph.node("Cast", &[&equal], &[("to", DOUBLE)]))
        }
    }
}

fn add_date(
    graph: &mut Graph,
    fitted: &DateColumn,
    encoding: Encoding,
    input: &str,
    features: &mut Vec<String>,
) {
    let missing = graph.ints(&[1], &[MISSING_DATE]);
    let gap = graph.node("Equal", &[input, &missing], &[]);
    // Arithmetic on the marker itself would overflow.
    let origin = graph.ints(&[1], &[0]);
    let micros = graph.node("Where", &[&gap, &origin, input], &[]);
    let mut calendar = Calendar { graph, micros };
    for (part, number) in fitted.parts() {
        let whole = calendar.part(*part);
        let not_a_number = calendar.graph.doubles(&[1], &[f64::NAN]);
        let value = calendar.graph.node("Where", &[&gap, &not_a_number, &whole], &[]);
        features.push(match encoding {
            Encoding::Codes => value,
            Encoding::OneHot => add_standardised(calendar.graph, number, &gap, &value),
        });
    }
    if encoding == Encoding::OneHot && fitted.has_gaps() {
        features.push(calendar.graph.node("Cast", &[&gap], &[("to", DOUBLE)]));
    }
}

/// Whole-number arithmetic on microseconds since 1970, as in the preprocessing of dates.
struct Calendar<'a> {
    graph: &'a mut Graph,
    micros: String,
}

impl Calendar<'_> {
    /// A part of the date as a double, rows × 1.
    fn part(&mut self, part: DatePart) -> String {
        let micros = self.micros.clone();
        let whole = match part {
            DatePart::DayNumber => {
                let micros = self.graph.node("Cast", &[&micros], &[("to", DOUBLE)]);
                let day = self.graph.doubles(&[1], &[MICROS_PER_DAY as f64]);
                return self.graph.node("Div", &[&micros, &day], &[]);
            }
            DatePart::Hour => {
                let in_day = self.with("Mod", &micros, MICROS_PER_DAY);
                self.with("Div", &in_day, MICROS_PER_HOUR)
            }
            DatePart::Weekday => {
                let day = self.floor_div(&micros, MICROS_PER_DAY);
                let from_monday = self.with("Add", &day, 3);
                self.with("Mod", &from_monday, 7)
            }
            DatePart::Year | DatePart::Month | DatePart::DayOfMonth => self.civil(part),
        };
        self.graph.node("Cast", &[&whole], &[("to", DOUBLE)])
    }

    /// Year, month or day of the month, counted from March of the year 0.
    fn civil(&mut self, part: DatePart) -> String {
        let day = self.floor_div(&self.micros.clone(), MICROS_PER_DAY);
        let from_march = self.with("Add", &day, 719_468);
        let era = self.floor_div(&from_march, 146_097);
        let in_era = self.with("Mod", &from_march, 146_097);
        let [leap, century, last] =
            [1_460, 36_524, 146_096].map(|days| self.with("Div", &in_era, days));
        let without_leap = self.both("Sub", &in_era, &leap);
        let with_century = self.both("Add", &without_leap, &century);
        let even = self.both("Sub", &with_century, &last);
        let year_of_era = self.with("Div", &even, 365);
        let in_year = {
            let days = self.with("Mul", &year_of_era, 365);
            let leap = self.with("Div", &year_of_era, 4);
            let century = self.with("Div", &year_of_era, 100);
            let before = self.both("Add", &days, &leap);
            let before = self.both("Sub", &before, &century);
            self.both("Sub", &in_era, &before)
        };
        let month_from_march = {
            let scaled = self.with("Mul", &in_year, 5);
            let shifted = self.with("Add", &scaled, 2);
            self.with("Div", &shifted, 153)
        };
        if part == DatePart::DayOfMonth {
            let scaled = self.with("Mul", &month_from_march, 153);
            let shifted = self.with("Add", &scaled, 2);
            let before = self.with("Div", &shifted, 5);
            let from_zero = self.both("Sub", &in_year, &before);
            return self.with("Add", &from_zero, 1);
        }
        let from_february = self.with("Add", &month_from_march, 2);
        let month_from_zero = self.with("Mod", &from_february, 12);
        let month = self.with("Add", &month_from_zero, 1);
        if part == DatePart::Month {
            return month;
        }
        let years = self.with("Mul", &era, 400);
        let year = self.both("Add", &years, &year_of_era);
        // January and February are the months 10 and 11 from March, of the year before.
        let next = self.with("Div", &month_from_march, 10);
        self.both("Add", &year, &next)
    }

    fn with(&mut self, operator: &str, value: &str, constant: i64) -> String {
        let constant = self.graph.ints(&[1], &[constant]);
        self.graph.node(operator, &[value, &constant], &[])
    }

    fn both(&mut self, operator: &str, left: &str, right: &str) -> String {
        self.graph.node(operator, &[left, right], &[])
    }

    /// Division that rounds down, also below zero; the operator rounds towards zero.
    fn floor_div(&mut self, value: &str, by: i64) -> String {
        let rest = self.with("Mod", value, by);
        let whole = self.both("Sub", value, &rest);
        self.with("Div", &whole, by)
    }
}
