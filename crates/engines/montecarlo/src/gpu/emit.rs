//! A column program as CUDA C, which is C as well: one thread computes one draw, from the random numbers to the outputs.
//!
//! Invariant: every operation does to a lane what [`crate::semantics`] does, with the same
//! operations in the same order; a lane for which the code cannot tell sets its mark.

use std::collections::HashMap;
use std::fmt::{self, Write};

use gantry_sampling::Spelled;
use gantry_sampling::math::c::{functions, number, polynomial};
use gantry_workbook::ErrorKind;
use gantry_workbook::functions as workbook;
use gantry_workbook::kernels::{elementary, fail};

use super::chain;
use crate::lane;
use crate::program::{Program, Source};
use crate::ssa::{Comparison, Op, Snap};

/// The name of the function in the code.
pub(super) const ENTRY: &str = "simulate";
/// Values that are chosen from one by one.
const MAX_CHOICE: usize = 64;

/// Why a program has no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unspoken {
    /// A function is called draw by draw.
    Function(&'static str),
    /// Cells are computed draw by draw in the workbook.
    Cells,
    /// Text is made.
    Text,
    /// A choice among too many values.
    Choice,
}

impl fmt::Display for Unspoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(name) => write!(f, "{name} is computed draw by draw"),
            Self::Cells => f.write_str("some cells are computed draw by draw in the workbook"),
            Self::Text => f.write_str("formulas make text"),
            Self::Choice => f.write_str("a formula chooses among many cells that change"),
        }
    }
}

/// A program's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// CUDA C; with `blockIdx` and its like defined before it, any C.
    pub text: String,
    /// The inputs that the code reads from memory instead of drawing them.
    pub given: Vec<usize>,
}

/// The code of a program, with the draws of its inputs as far as they have any.
///
/// # Errors
/// What has no code.
pub fn emit(program: &Program, draws: &[Option<Spelled>]) -> Result<Code, Unspoken> {
    let mut emitter = Emitter::new(program);
    let mut text = functions();
    constants(&mut text);
    text.push_str(include_str!("operations.c"));
    let given = emitter.draw(&mut text, draws);
    for (at, instruction) in program.instructions.iter().enumerate() {
        let sources: Vec<String> = instruction.sources.iter().map(|s| emitter.name(*s)).collect();
        emitter.operation(at, &instruction.op, &sources)?;
        emitter.registers.insert(instruction.target, format!("v{at}"));
    }
    for (place, output) in program.outputs.iter().enumerate() {
        let value = emitter.name(*output);
        let _ = writeln!(emitter.body, "out[(u64)stride * {place} + lane] = {value};");
    }
    text.push_str(&emitter.tables);
    let _ = write!(
        text,
        "KERNEL void {ENTRY}(u64 first, u32 count, u32 stride, u64 seed, u64 draws, \
         const double *given, double *out, u32 *marks) {{\n\
         u32 lane = blockIdx.x * blockDim.x + threadIdx.x;\n\
         if (lane >= count) return;\n\
         u64 n = first + lane;\n\
         u32 again = 0;\n{}marks[lane] = again;\n}}\n",
        emitter.body
    );
    Ok(Code { text, given })
}

/// Errors and tags, by the names that the operations use.
fn constants(text: &mut String) {
    let errors = [
        ("E_NUM", ErrorKind::Num),
        ("E_DIV0", ErrorKind::Div0),
        ("E_NA", ErrorKind::Na),
        ("E_VALUE", ErrorKind::Value),
    ];
    for (name, kind) in errors {
        let _ = writeln!(text, "#define {name} ({})", number(fail(kind)));
    }
    let numbers = [
        ("THIRD", elementary::THIRD.0),
        ("THIRD_REST", elementary::THIRD.1),
        ("LOG10_E", std::f64::consts::LOG10_E),
        ("LOG10_E_LOW", elementary::LOG10_E_LOW),
    ];
    for (name, x) in numbers {
        let _ = writeln!(text, "#define {name} ({})", number(x));
    }
    polynomial(text, "near_artanh", &elementary::ODD_PARTS);
    polynomial(text, "near_exp", &elementary::FACTORS);
    for (name, tag) in lane::TAGS {
        let _ = writeln!(text, "#define {name} {tag:#x}ULL");
    }
}

pub(super) struct Emitter<'p> {
    program: &'p Program,
    pub(super) body: String,
    tables: String,
    registers: HashMap<u32, String>,
}

impl<'p> Emitter<'p> {
    fn new(program: &'p Program) -> Self {
        Self { program, body: String::new(), tables: String::new(), registers: HashMap::new() }
    }

    /// The inputs: drawn where there is code for it, and read elsewhere.
    fn draw(&mut self, text: &mut String, draws: &[Option<Spelled>]) -> Vec<usize> {
        let mut given = Vec::new();
        for input in 0..self.program.inputs.len() {
            let value = match draws.get(input).and_then(Option::as_ref) {
                Some(spelled) => {
                    text.push_str(&spelled.before);
                    spelled.call.clone()
                }
                None => {
                    given.push(input);
                    format!("given[(u64)stride * {} + lane]", given.len() - 1)
                }
            };
            let _ = writeln!(self.body, "const double i{input} = {value};");
        }
        given
    }

    fn name(&self, source: Source) -> String {
        match source {
            Source::Register(r) => self.registers.get(&r).cloned().unwrap_or_default(),
            Source::Input(i) => format!("i{i}"),
            Source::Constant(c) => number(self.program.constants[c as usize]),
        }
    }

    /// Declares the value of an instruction.
    pub(super) fn value(&mut self, at: usize, value: &str) {
        let _ = writeln!(self.body, "double v{at} = {value};");
    }

    fn table(&mut self, name: &str, values: impl Iterator<Item = f64>) {
        let values: Vec<String> = values.map(number).collect();
        let _ = writeln!(self.tables, "TABLE double {name}[] = {{{}}};", values.join(", "));
    }

    fn operation(&mut self, at: usize, op: &Op, s: &[String]) -> Result<(), Unspoken> {
        let arg = |i: usize| s.get(i).map_or("0.0", String::as_str);
        let (a, b) = (arg(0), arg(1));
        let value = match op {
            Op::Constant(bits) => number(f64::from_bits(*bits)),
            Op::Input(i) => format!("i{i}"),
            Op::Add(snap) => two("add", *snap, a, b),
            Op::Subtract(snap) => two("subtract", *snap, a, b),
            Op::Multiply => format!("multiply({a}, {b})"),
            Op::Divide => format!("divide({a}, {b})"),
            Op::Power => format!("power({a}, {b})"),
            Op::PowerInteger(n) => {
                let product = self.whole_power(at, a, *n);
                format!("whole_power({a}, {n}, {product})")
            }
            Op::Round(digits) => round("round_half", a, *digits),
            Op::Negate => format!("negate({a})"),
            Op::Percent => format!("percent({a})"),
            Op::Kernel1(id) => kernel1(workbook::get(*id).name, a)?,
            Op::Kernel2(id) => self.kernel2(workbook::get(*id).name, (a, b))?,
            Op::Compare(how) => compare(*how, a, b),
            Op::CompareAny(how) => format!("known({a}, {b}, {}, &again)", compare(*how, a, b)),
            Op::Not => format!("inverted({a})"),
            Op::And => return self.folded(at, "both", ("1.0", s)),
            Op::Or => return self.folded(at, "either", ("0.0", s)),
            Op::Select => format!("chosen({a}, {b}, {})", arg(2)),
            Op::IfError => format!("is_error({a}) ? {b} : {a}"),
            Op::IfNa => format!("if_na({a}, {b})"),
            Op::Box => format!("boxed({a})"),
            Op::ToNumber => format!("unboxed({a}, &again)"),
            Op::ToBool => format!("to_bool({a}, &again)"),
            Op::Settle => format!("settle({a})"),
            Op::Min => return self.folded(at, "least", (a, s.get(1..).unwrap_or_default())),
            Op::Max => return self.folded(at, "greatest", (a, s.get(1..).unwrap_or_default())),
            Op::Sum => return self.sum(at, s),
            Op::NetPresent => return self.net_present(at, s),
            Op::Rate => return self.rate(at, s),
            Op::Pick { base, before, behind } => {
                return self.pick(at, s, (*base, *before, *behind));
            }
            Op::FindBelow(keys) => self.find(at, "find_below", keys, a),
            Op::FindEqual(keys) => self.find(at, "find_equal", keys, a),
            Op::Join => return Err(Unspoken::Text),
            Op::Call { id, .. } | Op::Scalar { id, .. } => {
                return Err(Unspoken::Function(workbook::get(*id).name));
            }
            Op::Fallback { .. } => return Err(Unspoken::Cells),
            Op::Chain(links) => {
                chain::emit(self, at, links, s);
                return Ok(());
            }
        };
        self.value(at, &value);
        Ok(())
    }

    /// A whole power by repeated squaring, in the order of the kernel.
    fn whole_power(&mut self, at: usize, a: &str, n: i32) -> String {
        let mut rest = n.unsigned_abs();
        let (mut square, mut result) = (a.to_owned(), "1.0".to_owned());
        let mut step = 0;
        while rest > 0 {
            if rest & 1 == 1 {
                result =
                    if result == "1.0" { square.clone() } else { format!("{result} * {square}") };
            }
            rest >>= 1;
            if rest > 0 {
                let next = format!("s{at}_{step}");
                let _ = writeln!(self.body, "const double {next} = {square} * {square};");
                square = next;
                step += 1;
            }
        }
        if n < 0 { format!("1.0 / ({result})") } else { result }
    }

    fn folded(
        &mut self,
        at: usize,
        function: &str,
        (first, others): (&str, &[String]),
    ) -> Result<(), Unspoken> {
        self.value(at, first);
        for x in others {
            let _ = writeln!(self.body, "v{at} = {function}(v{at}, {x});");
        }
        Ok(())
    }

    fn sum(&mut self, at: usize, s: &[String]) -> Result<(), Unspoken> {
        let Some((first, others)) = s.split_first() else { return Err(Unspoken::Cells) };
        self.value(at, first);
        for x in others {
            let _ = writeln!(self.body, "v{at} += {x};");
        }
        self.or_first_error(at, s);
        Ok(())
    }

    /// Where a value is not finite, the first error of some others instead, or `#NUM!`.
    fn or_first_error(&mut self, at: usize, s: &[String]) {
        let _ = writeln!(self.body, "if (is_odd(v{at})) {{ v{at} = E_NUM;");
        for x in s.iter().rev() {
            let _ = writeln!(self.body, "if (is_nan({x})) v{at} = {x};");
        }
        self.body.push_str("}\n");
    }

    fn net_present(&mut self, at: usize, s: &[String]) -> Result<(), Unspoken> {
        let Some((rate, flows)) = s.split_first() else { return Err(Unspoken::Cells) };
        self.value(at, "0.0");
        let _ = writeln!(self.body, "{{ const double discount = 1.0 / (1.0 + {rate});");
        for flow in flows.iter().rev() {
            let _ = writeln!(self.body, "v{at} = (v{at} + {flow}) * discount;");
        }
        self.body.push_str("}\n");
        self.or_first_error(at, flows);
        let _ = writeln!(
            self.body,
            "v{at} = is_nan({rate}) ? {rate} : {rate} == -1.0 ? E_DIV0 : v{at};"
        );
        Ok(())
    }

    fn rate(&mut self, at: usize, s: &[String]) -> Result<(), Unspoken> {
        let Some((guess, flows)) = s.split_last().filter(|(_, flows)| !flows.is_empty()) else {
            return Err(Unspoken::Cells);
        };
        let (all, count) = (flows.join(", "), flows.len());
        let _ = writeln!(self.body, "const double f{at}[{count}] = {{{all}}};");
        self.value(at, &format!("rate_of_return(f{at}, {count}, {guess}, &again)"));
        Ok(())
    }

    fn pick(
        &mut self,
        at: usize,
        s: &[String],
        (base, before, behind): (i32, ErrorKind, ErrorKind),
    ) -> Result<(), Unspoken> {
        let Some((index, values)) = s.split_first() else { return Err(Unspoken::Cells) };
        let (before, behind) = (number(fail(before)), number(fail(behind)));
        let (base, count) = (number(f64::from(base)), values.len());
        self.value(at, "0.0");
        let _ = writeln!(
            self.body,
            "{{ int place = place_of({index}, {base}, {count}, {before}, {behind}, &v{at});"
        );
        let known: Vec<f64> = values.iter().filter_map(|v| v.parse().ok()).collect();
        if known.len() == count {
            self.table(&format!("list{at}"), known.into_iter());
            let _ = writeln!(self.body, "if (place >= 0) v{at} = list{at}[place]; }}");
            return Ok(());
        }
        if count > MAX_CHOICE {
            return Err(Unspoken::Choice);
        }
        for (place, value) in values.iter().enumerate() {
            let _ = writeln!(self.body, "if (place == {place}) v{at} = {value};");
        }
        self.body.push_str("}\n");
        Ok(())
    }

    fn find(&mut self, at: usize, function: &str, keys: &[u64], x: &str) -> String {
        self.table(&format!("keys{at}"), keys.iter().map(|k| f64::from_bits(*k)));
        format!("{function}(keys{at}, {}, {x}, &again)", keys.len())
    }

    fn kernel2(&self, name: &'static str, (a, b): (&str, &str)) -> Result<String, Unspoken> {
        let function = match name {
            "MOD" => return Ok(format!("modulo({a}, {b})")),
            "ROUND" => "round_half",
            "ROUNDUP" => "round_up",
            "ROUNDDOWN" => "round_down",
            _ => return Err(Unspoken::Function(name)),
        };
        match b.parse::<f64>().map(f64::trunc) {
            Ok(digits) if digits.abs() <= 22.0 => Ok(round(function, a, digits as i32)),
            _ => Err(Unspoken::Function(name)),
        }
    }
}

fn kernel1(name: &'static str, a: &str) -> Result<String, Unspoken> {
    let function = match name {
        "ABS" => "magnitude",
        "SQRT" => "square_root",
        "EXP" => "exponential",
        "LN" => "natural_log",
        "LOG10" => "decimal_log",
        "SIGN" => "sign",
        "INT" => "whole",
        _ => return Err(Unspoken::Function(name)),
    };
    Ok(format!("{function}({a})"))
}

/// A sum or difference.
pub(super) fn two(name: &str, snap: Snap, a: &str, b: &str) -> String {
    match snap {
        Snap::No => format!("{name}({a}, {b})"),
        Snap::Yes => format!("{name}_snapped({a}, {b}, &again)"),
    }
}

/// A number rounded to so many digits.
pub(super) fn round(function: &str, a: &str, digits: i32) -> String {
    let scale = number(10f64.powi(digits.abs()));
    let one = number(1.0);
    let (up, down) = if digits >= 0 { (scale, one) } else { (one, scale) };
    format!("{function}({a}, {up}, {down})")
}

/// A comparison of numbers.
pub(super) fn compare(how: Comparison, a: &str, b: &str) -> String {
    let name = match how {
        Comparison::Equal => "equal",
        Comparison::NotEqual => "not_equal",
        Comparison::Less => "less",
        Comparison::Greater => "greater",
        Comparison::LessEqual => "less_equal",
        Comparison::GreaterEqual => "greater_equal",
    };
    format!("{name}({a}, {b}, &again)")
}
