//! A distribution's draws in C.
//!
//! Invariant: the operations of [`Law::apply`](super::Law), in their order.

use std::fmt::Write;

use super::{Law, Sampler};
use crate::distribution::pieces::Piece;
use crate::math::c::number;
use crate::score_table::ScoreTable;

/// Numbers in one table, at most.
const MOST: usize = 20_000;

impl Sampler {
    /// Statements that turn `u`, a uniform number, into a draw, and what must stand before the
    /// function in which they stand; nothing where there is no such code. `name` is part of the
    /// names of tables.
    pub(crate) fn spell(&self, name: &str) -> Option<(String, String)> {
        let mut tables = String::new();
        let window = self.window;
        let mut code = format!("u = {} + {} * u;\n", number(window.from), number(window.span));
        code.push_str(&self.law.spell(name, &mut tables)?);
        let (lower, upper) = (number(window.lower), number(window.upper));
        let _ = writeln!(code, "u = u < {lower} ? {lower} : u;");
        let _ = writeln!(code, "u = (u > {upper} ? {upper} : u) + {};", number(window.shift));
        Some((tables, code))
    }
}

impl Law {
    fn spell(&self, name: &str, tables: &mut String) -> Option<String> {
        const DECAYED: &str = "u = -own_ln(1.0 - u);\n";
        let power = |power: f64, scale: f64| {
            format!("u = {} * own_exp({} * u);\n", number(scale), number(power))
        };
        Some(match self {
            Self::Uniform { min, width } => linear(*min, *width, "u"),
            Self::Normal { mean, sd } => linear(*mean, *sd, "inverse_normal(u)"),
            Self::LogNormal { mu, sigma } => {
                format!("{}u = own_exp(u);\n", linear(*mu, *sigma, "inverse_normal(u)"))
            }
            Self::Triangular(t) => {
                let all = [t.split, t.rise, t.fall, t.min, t.max].map(number).join(", ");
                format!("u = triangular(u, {all});\n")
            }
            Self::Exponential { mean } => format!("u = {} * -own_ln(1.0 - u);\n", number(*mean)),
            Self::Weibull { power: p, scale } => {
                format!("{DECAYED}u = own_ln(u);\n{}", power(*p, *scale))
            }
            Self::Logistic { location, scale } => {
                linear(*location, *scale, "own_ln(u / (1.0 - u))")
            }
            Self::LogLogistic { power: p, scale } => {
                format!("u = own_ln(u / (1.0 - u));\n{}", power(*p, *scale))
            }
            Self::Pareto { power: p, min } => format!("{DECAYED}{}", power(*p, *min)),
            Self::Gumbel { location, scale } => {
                let (location, scale) = (number(*location), number(*scale));
                format!("u = -own_ln(u);\nu = {location} - {scale} * own_ln(u);\n")
            }
            Self::GumbelMin { location, scale } => {
                format!("{DECAYED}{}", linear(*location, *scale, "own_ln(u)"))
            }
            Self::Cauchy { location, scale } => {
                linear(*location, *scale, "tan_half_pi(2.0 * u - 1.0)")
            }
            Self::Laplace { location, scale } => {
                format!("u = laplace(u, {}, {});\n", number(*location), number(*scale))
            }
            Self::LogUniform { log_min, log_width } => {
                format!("{}u = own_exp(u);\n", linear(*log_min, *log_width, "u"))
            }
            Self::Whole { min, count } => {
                format!("u = {} + own_floor(u * {});\n", number(*min), number(*count))
            }
            Self::Geometric { log_failure } => {
                format!("u = own_ln(1.0 - u);\nu = own_floor(u / {});\n", number(*log_failure))
            }
            Self::Table { table, place } => {
                format!("u = inverse_normal(u);\n{}", table.spell(name, tables, *place))
            }
            Self::Listed { values, guide } => {
                let ends = guide.ends();
                list(tables, &format!("{name}_values"), values)?;
                list(tables, &format!("{name}_ends"), ends)?;
                format!("u = {name}_values[interval(u, {name}_ends, {})];\n", ends.len())
            }
            Self::Pieces { pieces, guide } => spell_pieces(name, tables, pieces, guide.ends())?,
            Self::Exact { .. } => return None,
        })
    }
}

impl ScoreTable {
    fn spell(&self, name: &str, tables: &mut String, (location, scale): (f64, f64)) -> String {
        let (powers, cells, terms, reach) = self.parts();
        let _ = write!(tables, "TABLE double {name}_powers[] = {{");
        for x in powers {
            let _ = write!(tables, "{},", number(x));
        }
        tables.push_str("};\n");
        let reach = number(reach);
        let found = format!("u = score_table(u, {name}_powers, {cells}, {terms}, {reach});\n");
        let value = if self.is_logarithmic() { "u = own_exp(u);\n" } else { "" };
        format!("{found}{value}{}", linear(location, scale, "u"))
    }
}

fn spell_pieces(name: &str, tables: &mut String, pieces: &[Piece], ends: &[f64]) -> Option<String> {
    let starts: Vec<f64> =
        std::iter::once(0.0).chain(ends.iter().copied()).take(ends.len()).collect();
    let flat: Vec<f64> = pieces.iter().flat_map(|p| [p.start, p.width, p.d0, p.d1]).collect();
    list(tables, &format!("{name}_pieces"), &flat)?;
    list(tables, &format!("{name}_starts"), &starts)?;
    list(tables, &format!("{name}_ends"), ends)?;
    Some(format!(
        "{{ int k = interval(u, {name}_ends, {});\n\
         u = piece(u, {name}_starts[k], {name}_ends[k], {name}_pieces + 4 * k); }}\n",
        ends.len()
    ))
}

/// `u = a + b * x;`
fn linear(a: f64, b: f64, x: &str) -> String {
    format!("u = {} + {} * {x};\n", number(a), number(b))
}

/// An array of numbers, unless it is too long.
fn list(tables: &mut String, name: &str, values: &[f64]) -> Option<()> {
    if values.len() > MOST || values.is_empty() {
        return None;
    }
    let all: Vec<String> = values.iter().map(|x| number(*x)).collect();
    let _ = writeln!(tables, "TABLE double {name}[] = {{{}}};", all.join(","));
    Some(())
}
