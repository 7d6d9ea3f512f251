//! The elementary functions in C, for code that is compiled where it runs: the same operations on
//! the same constants in the same order, so that a compiler that contracts nothing gives the same
//! bits.

use std::fmt::Write;

use super::{elementary as e, normal as n};

/// A number in C, to the bit.
#[must_use]
pub fn number(x: f64) -> String {
    if x.is_finite() { format!("{x:e}") } else { format!("of_bits({:#x}ULL)", x.to_bits()) }
}

/// How bits and numbers become each other, and the random numbers of a counter.
const BASE: &str = include_str!("base.c");
/// The functions, with names in place of constants.
const FUNCTIONS: &str = include_str!("functions.c");

/// Everything that the code of draws calls. `FN` stands before every function and `TABLE` before
/// every array; both may be defined before.
#[must_use]
pub fn functions() -> String {
    let mut code = BASE.to_owned();
    let numbers = [
        ("LN_2_HIGH", e::LN_2_HIGH),
        ("LN_2_LOW", e::LN_2_LOW),
        ("LOG2_E", std::f64::consts::LOG2_E),
        ("SQRT_2", std::f64::consts::SQRT_2),
        ("HALF_PI", std::f64::consts::FRAC_PI_2),
        ("ROUNDING", e::ROUNDING),
        ("CENTRE", n::CENTRE),
        ("FAR", n::FAR),
    ];
    for (name, x) in numbers {
        let _ = writeln!(code, "#define {name} ({})", number(x));
    }
    for (name, mut terms) in
        [("exp_sum", e::FACTORS.to_vec()), ("artanh_sum", e::ODD_PARTS.to_vec())]
    {
        terms.reverse();
        polynomial(&mut code, name, &terms);
    }
    for (name, terms) in [
        ("centre_above", n::CENTRE_ABOVE),
        ("centre_below", n::CENTRE_BELOW),
        ("tail_above", n::TAIL_ABOVE),
        ("tail_below", n::TAIL_BELOW),
        ("far_above", n::FAR_ABOVE),
        ("far_below", n::FAR_BELOW),
    ] {
        polynomial(&mut code, name, &terms);
    }
    code.push_str("FN void sine_cosine(double angle, double *sine_out, double *cosine_out) {\n");
    code.push_str("  double square = angle * angle, sine = 0.0, cosine = 0.0;\n");
    for (even, odd) in e::STEPS {
        let _ = writeln!(code, "  sine = (1.0 - sine) * (square * {});", number(odd));
        let _ = writeln!(code, "  cosine = (1.0 - cosine) * (square * {});", number(even));
    }
    code.push_str("  *sine_out = angle * (1.0 - sine);\n  *cosine_out = 1.0 - cosine;\n}\n");
    code.push_str(FUNCTIONS);
    code
}

/// Adds a function that computes a polynomial; the highest power stands first.
pub fn polynomial(code: &mut String, name: &str, terms: &[f64]) {
    let _ = write!(code, "FN double {name}(double x) {{\n  double sum = 0.0;\n");
    for (i, term) in terms.iter().map(|term| number(*term)).enumerate() {
        let step = if i == 0 { term } else { format!("sum * x + {term}") };
        let _ = writeln!(code, "  sum = {step};");
    }
    code.push_str("  return sum;\n}\n");
}
