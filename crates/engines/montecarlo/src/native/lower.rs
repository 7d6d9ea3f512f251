//! A column program as values: each is computed once, by code or by a step of the machine, from
//! values before it. Chains are taken apart again, and operations on many columns become operations
//! on two, in the same order.
//!
//! Invariant: a value that code computes has the bits of the machine's fast loops, or is marked.

use gantry_workbook::functions;
use gantry_workbook::kernels::MAX_INTEGER_POWER;

use super::fuse::fuse;
use crate::chain::{Act, Link, Side, derive_links};
use crate::program::{Instruction, Program, Source};
use crate::ssa::{Comparison, Keys, Op, Snap};

/// Keys and values of tables that are looked at one by one.
const MAX_CHAIN: usize = 32;

/// What a value is made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Arg {
    Constant(f64),
    /// An input, or behind them a node.
    Value(u32),
}

/// Operations that have code.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Work {
    Add,
    Subtract,
    Multiply,
    Divide,
    /// A quotient whose divisor may be infinite.
    DivideByAny,
    /// A sum whose result near zero is zero.
    AddSnapped,
    SubtractSnapped,
    Least,
    Greatest,
    Negate,
    Magnitude,
    Root,
    Not,
    Round(i32),
    Compare(Comparison),
    All,
    Any,
    /// By a test one of two.
    Choose,
    /// By a comparison of two one of two others.
    ChooseBy(Comparison),
    CountBelow(Keys),
    Pick(i32),
    /// The constant, of those behind the number, that stands with the last key not above it.
    LookUp(Keys),
    /// No value: marks lanes whose argument is not finite.
    Require,
}

/// How a value is computed.
#[derive(Debug, Clone)]
pub(super) enum Way {
    Code(Work),
    /// By the machine.
    Step(Op),
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) way: Way,
    pub(super) args: Vec<Arg>,
}

/// A program as values.
#[derive(Debug)]
pub(super) struct Values {
    pub(super) inputs: u32,
    pub(super) nodes: Vec<Node>,
    pub(super) outputs: Vec<Arg>,
}

/// Takes a program apart.
pub(super) fn lower(program: &Program) -> Values {
    let inputs = program.inputs.len() as u32;
    let nothing = Arg::Constant(0.0);
    let mut lowering = Lowering {
        program,
        registers: vec![nothing; program.registers],
        values: Values { inputs, nodes: Vec::new(), outputs: Vec::new() },
    };
    for instruction in &program.instructions {
        let value = lowering.instruction(instruction);
        lowering.registers[instruction.target as usize] = value;
    }
    let outputs = program.outputs.iter().map(|o| lowering.arg(*o)).collect();
    lowering.values.outputs = outputs;
    fuse(lowering.values)
}

struct Lowering<'p> {
    program: &'p Program,
    registers: Vec<Arg>,
    values: Values,
}

impl Lowering<'_> {
    fn arg(&self, source: Source) -> Arg {
        match source {
            Source::Register(r) => self.registers[r as usize],
            Source::Input(i) => Arg::Value(i),
            Source::Constant(c) => Arg::Constant(self.program.constants[c as usize]),
        }
    }

    fn add(&mut self, way: Way, args: Vec<Arg>) -> Arg {
        self.values.nodes.push(Node { way, args });
        Arg::Value(self.values.inputs + self.values.nodes.len() as u32 - 1)
    }

    fn code(&mut self, work: Work, args: &[Arg]) -> Arg {
        self.add(Way::Code(work), args.to_vec())
    }

    fn instruction(&mut self, step: &Instruction) -> Arg {
        let args: Vec<Arg> = step.sources.iter().map(|s| self.arg(*s)).collect();
        let is_plain = |arg: &Arg| !matches!(arg, Arg::Constant(x) if !x.is_finite());
        let found = if args.iter().all(is_plain) { self.find_code(&step.op, &args) } else { None };
        found.unwrap_or_else(|| self.add(Way::Step(step.op.clone()), args))
    }

    fn find_code(&mut self, op: &Op, args: &[Arg]) -> Option<Arg> {
        match (op, args) {
            (Op::Chain(links), args) => Some(self.chain(links, args)),
            (Op::PowerInteger(n), [a]) => self.find_power(*a, *n),
            (Op::Kernel1(id), [_]) => match functions::get(*id).name {
                "ABS" => Some(self.code(Work::Magnitude, args)),
                "SQRT" => Some(self.code(Work::Root, args)),
                _ => None,
            },
            (Op::And, [_, ..]) => Some(self.code(Work::All, args)),
            (Op::Or, [_, ..]) => Some(self.code(Work::Any, args)),
            (Op::ToNumber | Op::Settle, [a]) | (Op::IfError, [a, _]) => {
                self.code(Work::Require, &[*a]);
                Some(*a)
            }
            (Op::Sum, [first, others @ ..]) => Some(self.fold(&Work::Add, *first, others)),
            (Op::Min, [first, others @ ..]) => Some(self.folded(&Work::Least, *first, others)),
            (Op::Max, [first, others @ ..]) => Some(self.folded(&Work::Greatest, *first, others)),
            (Op::NetPresent, [rate, flows @ ..]) if !flows.is_empty() => {
                Some(self.net_present(*rate, flows))
            }
            (Op::FindBelow(keys), [_]) if keys.len() <= MAX_CHAIN => {
                Some(self.code(Work::CountBelow(keys.clone()), args))
            }
            (Op::Pick { base, .. }, [_, values @ ..])
                if (1..=MAX_CHAIN).contains(&values.len()) =>
            {
                Some(self.code(Work::Pick(*base), args))
            }
            _ => {
                let (_, link) = *derive_links(op, args.len()).first()?;
                Some(self.chain(&[link], args))
            }
        }
    }

    fn fold(&mut self, work: &Work, first: Arg, others: &[Arg]) -> Arg {
        others.iter().fold(first, |all, other| self.code(work.clone(), &[all, *other]))
    }

    /// As [`Self::fold`]; one alone must be sound as well.
    fn folded(&mut self, work: &Work, first: Arg, others: &[Arg]) -> Arg {
        if others.is_empty() {
            self.code(Work::Require, &[first]);
        }
        self.fold(work, first, others)
    }

    /// A whole power by repeated squaring.
    fn find_power(&mut self, a: Arg, n: i32) -> Option<Arg> {
        if n == 0 || f64::from(n).abs() > MAX_INTEGER_POWER {
            return None;
        }
        if n < 0 {
            // A quotient would hide an infinite divisor.
            self.code(Work::Require, &[a]);
        }
        let (mut square, mut rest, mut result) = (a, n.unsigned_abs(), None);
        while rest > 0 {
            if rest & 1 == 1 {
                result = Some(match result {
                    Some(product) => self.code(Work::Multiply, &[product, square]),
                    None => square,
                });
            }
            rest >>= 1;
            if rest > 0 {
                square = self.code(Work::Multiply, &[square, square]);
            }
        }
        let result = result?;
        if n > 0 {
            return Some(result);
        }
        Some(self.code(Work::DivideByAny, &[Arg::Constant(1.0), result]))
    }

    fn net_present(&mut self, rate: Arg, flows: &[Arg]) -> Arg {
        self.code(Work::Require, &[rate]);
        let one_more = self.code(Work::Add, &[Arg::Constant(1.0), rate]);
        let discount = self.code(Work::DivideByAny, &[Arg::Constant(1.0), one_more]);
        flows.iter().rev().fold(Arg::Constant(0.0), |later, flow| {
            let sum = self.code(Work::Add, &[later, *flow]);
            self.code(Work::Multiply, &[sum, discount])
        })
    }

    fn chain(&mut self, links: &[Link], args: &[Arg]) -> Arg {
        let (mut carried, mut rest) = (args[0], &args[1..]);
        for link in links {
            let (own, later) = rest.split_at(link.act.operands().min(rest.len()));
            rest = later;
            carried = match own {
                [] => self.alone(link.act, carried),
                [x] => self.with_one(*link, carried, *x),
                [x, y, ..] => self.with_two(link.act, carried, (*x, *y)),
            };
        }
        carried
    }

    fn alone(&mut self, act: Act, a: Arg) -> Arg {
        match act {
            Act::Negate => self.code(Work::Negate, &[a]),
            Act::Percent => self.code(Work::Divide, &[a, Arg::Constant(100.0)]),
            Act::Not => self.code(Work::Not, &[a]),
            Act::Round(digits) => self.code(Work::Round(digits), &[a]),
            Act::Add(_)
            | Act::Subtract(_)
            | Act::Multiply
            | Act::Divide
            | Act::Least
            | Act::Greatest
            | Act::Compare(_)
            | Act::AddProduct(_)
            | Act::SubtractProduct(_)
            | Act::Select
            | Act::Yes
            | Act::No => a,
        }
    }

    fn with_one(&mut self, link: Link, carried: Arg, x: Arg) -> Arg {
        let pair = match link.side {
            Side::Left => [carried, x],
            Side::Right => [x, carried],
        };
        let work = match link.act {
            Act::Add(snap) => sum(snap),
            Act::Subtract(snap) => difference(snap),
            Act::Multiply => Work::Multiply,
            Act::Divide => Work::Divide,
            Act::Least => Work::Least,
            Act::Greatest => Work::Greatest,
            Act::Compare(how) => Work::Compare(how),
            Act::AddProduct(_)
            | Act::SubtractProduct(_)
            | Act::Select
            | Act::Yes
            | Act::No
            | Act::Negate
            | Act::Not
            | Act::Percent
            | Act::Round(_) => return carried,
        };
        self.code(work, &pair)
    }

    fn with_two(&mut self, act: Act, carried: Arg, (x, y): (Arg, Arg)) -> Arg {
        match act {
            Act::AddProduct(snap) => {
                let product = self.code(Work::Multiply, &[x, y]);
                self.code(sum(snap), &[carried, product])
            }
            Act::SubtractProduct(snap) => {
                let product = self.code(Work::Multiply, &[x, y]);
                self.code(difference(snap), &[carried, product])
            }
            Act::Select => self.code(Work::Choose, &[carried, x, y]),
            Act::Yes => self.code(Work::Choose, &[x, carried, y]),
            Act::No => self.code(Work::Choose, &[x, y, carried]),
            Act::Add(_)
            | Act::Subtract(_)
            | Act::Multiply
            | Act::Divide
            | Act::Least
            | Act::Greatest
            | Act::Compare(_)
            | Act::Negate
            | Act::Not
            | Act::Percent
            | Act::Round(_) => carried,
        }
    }
}

const fn sum(snap: Snap) -> Work {
    match snap {
        Snap::Yes => Work::AddSnapped,
        Snap::No => Work::Add,
    }
}

const fn difference(snap: Snap) -> Work {
    match snap {
        Snap::Yes => Work::SubtractSnapped,
        Snap::No => Work::Subtract,
    }
}
