//! Code beside the meaning of operations: made-up programs, every lane, every bit.

use std::sync::Arc;

use gantry_workbook::{ErrorKind, functions};

use super::*;
use crate::lane::{Kinds, Texts};
use crate::machine::Isa;
use crate::semantics;
use crate::ssa::{Comparison, Graph, NodeId, Op, Snap};

const INPUTS: usize = 5;

/// A sequence of numbers that looks random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// A graph that grows.
struct Garden {
    graph: Graph,
    texts: Texts,
    numbers: Numbers,
    nodes: Vec<NodeId>,
}

impl Garden {
    fn new(seed: u64) -> Self {
        let mut garden = Self {
            graph: Graph::default(),
            texts: Texts::default(),
            numbers: Numbers(seed),
            nodes: Vec::new(),
        };
        for input in 0..INPUTS {
            garden.add(Op::Input(input as u32), &[]);
        }
        for x in [0.0, 1.0, -2.5, 0.3, 1e6] {
            let constant = garden.graph.constant(x, Kinds::NUMBER);
            garden.nodes.push(constant);
        }
        garden
    }

    fn add(&mut self, op: Op, args: &[NodeId]) -> NodeId {
        let node = self.graph.add(op, args, Kinds::NUMBER, &mut self.texts);
        self.nodes.push(node);
        node
    }

    fn some(&mut self, count: usize) -> Vec<NodeId> {
        (0..count).map(|_| self.numbers.of(&self.nodes)).collect()
    }

    fn grow(&mut self) {
        let how = [Comparison::Equal, Comparison::NotEqual, Comparison::Less, Comparison::Greater]
            [self.numbers.below(4)];
        let snap = self.numbers.of(&[true, false]);
        let snap = if snap { Snap::Yes } else { Snap::No };
        let kernels = ["ABS", "SQRT"].map(|name| functions::find(name).unwrap());
        let many = 1 + self.numbers.below(6);
        let (op, count) = match self.numbers.below(23) {
            0 | 1 => (Op::Add(snap), 2),
            2 | 3 => (Op::Subtract(snap), 2),
            4 | 5 => (Op::Multiply, 2),
            6 => (Op::Divide, 2),
            7 => (Op::Min, many),
            8 => (Op::Max, many),
            9 => (Op::Compare(how), 2),
            10 | 11 => (Op::Select, 3),
            12 => (Op::Negate, 1),
            13 => (Op::Percent, 1),
            14 => (Op::Not, 1),
            15 => (Op::Round(self.numbers.below(4) as i32), 1),
            16 => (Op::And, many),
            17 => (Op::Or, many),
            18 => (Op::Sum, many),
            19 => (Op::PowerInteger(self.numbers.of(&[-3, -1, 2, 5])), 1),
            20 => (Op::NetPresent, 1 + many),
            21 => (Op::Kernel1(self.numbers.of(&kernels)), 1),
            _ => return self.grow_table(),
        };
        let args = self.some(count);
        self.add(op, &args);
    }

    fn grow_table(&mut self) {
        let keys = [0.3f64, 1.0, 2.5, 7.0].map(f64::to_bits);
        let x = self.some(1);
        let place = self.add(Op::FindBelow(Arc::from(keys.as_slice())), &x);
        let args = [vec![place], self.some(4)].concat();
        let (before, behind) = (ErrorKind::Value, ErrorKind::Ref);
        self.add(Op::Pick { base: 1, before, behind }, &args);
    }

    /// What a draw comes to, node by node.
    fn draw(&self, inputs: &[f64]) -> Vec<f64> {
        let mut values: Vec<f64> = Vec::new();
        for node in self.graph.nodes() {
            let args: Vec<f64> = node.args.iter().map(|a| values[*a as usize]).collect();
            values.push(match node.op {
                Op::Input(place) => inputs[place as usize],
                _ => semantics::apply(&node.op, &args, &mut self.texts.clone()),
            });
        }
        values
    }

    fn program(&self, outputs: &[NodeId]) -> Program {
        let rest = (Vec::new(), self.texts.clone());
        Program::assemble(&self.graph, outputs, rest, vec![None; INPUTS])
    }
}

fn columns() -> Vec<Column> {
    let values = [1.0, 0.3, 0.1 + 0.2, 2.5, 2.5 * (1.0 + 2e-16), 7.5, -1.25, 0.75, 3.0];
    let mut numbers = Numbers(9);
    (0..INPUTS)
        .map(|_| {
            let mut column = Column::default();
            column.0 = std::array::from_fn(|_| {
                let smooth = numbers.below(1_000_000) as f64 / 250_000.0 + 0.01;
                if numbers.below(5) == 0 { numbers.of(&values) } else { smooth }
            });
            column
        })
        .collect()
}

/// The outputs of a program by its code; nothing where it cannot tell.
fn run(native: &Native, inputs: &[Column], constants: &[f64]) -> Option<Vec<Column>> {
    let mut columns = inputs.to_vec();
    columns.resize(native.columns(), Column::default());
    let mut slots = native.slots();
    for part in native.parts() {
        let Part::Code(code) = part else { return None };
        if !native.run(code, &mut columns, &mut slots) {
            return None;
        }
    }
    let outputs = native.outputs().iter().map(|output| match output {
        Source::Input(place) | Source::Register(place) => columns[*place as usize],
        Source::Constant(place) => Column::splat(constants[*place as usize]),
    });
    Some(outputs.collect())
}

#[test]
fn code_gives_the_bits_of_the_operations() {
    let inputs = columns();
    let mut ran = 0;
    for seed in 0..400 {
        let mut garden = Garden::new(seed);
        (0..8 + seed as usize % 120).for_each(|_| garden.grow());
        let outputs: Vec<NodeId> = garden.nodes.iter().rev().step_by(3).copied().collect();
        let program = garden.program(&outputs);
        let isa = if seed % 2 == 0 { Isa::Avx512 } else { Isa::Avx2 };
        let Some(native) = Native::find(&program, isa) else { continue };
        if !isa.is_here() {
            ran += 1;
            continue;
        }
        let Some(found) = run(&native, &inputs, &program.constants) else { continue };
        ran += 1;
        for lane in 0..WIDTH {
            let drawn: Vec<f64> = inputs.iter().map(|column| column.0[lane]).collect();
            let expected = garden.draw(&drawn);
            for (node, column) in outputs.iter().zip(&found) {
                let (want, got) = (expected[*node as usize], column.0[lane]);
                assert_eq!(want.to_bits(), got.to_bits(), "seed {seed}, lane {lane}: {want} {got}");
            }
        }
    }
    assert!(ran > 40, "{ran}");
}

#[test]
fn values_that_find_no_register_go_to_slots() {
    let mut garden = Garden::new(1);
    let inputs = garden.nodes[..INPUTS].to_vec();
    let mut all = Vec::new();
    for i in 0..90 {
        let factor = garden.graph.constant(1.0 + f64::from(i), Kinds::NUMBER);
        all.push(garden.add(Op::Multiply, &[inputs[i as usize % INPUTS], factor]));
    }
    let sums: Vec<NodeId> =
        (0..90).map(|i| garden.add(Op::Add(Snap::No), &[all[i], all[89 - i]])).collect();
    let total = garden.add(Op::Sum, &[all.as_slice(), &sums].concat());
    let program = garden.program(&[total]);
    for isa in [Isa::Avx2, Isa::Avx512] {
        let native = Native::find(&program, isa).unwrap();
        assert!(native.slots > emit::FIRST_VALUE as usize + 10);
        if !isa.is_here() {
            continue;
        }
        let inputs = columns();
        let found = run(&native, &inputs, &program.constants).unwrap();
        for lane in 0..WIDTH {
            let drawn: Vec<f64> = inputs.iter().map(|column| column.0[lane]).collect();
            let expected = garden.draw(&drawn)[total as usize];
            assert_eq!(found[0].0[lane].to_bits(), expected.to_bits());
        }
    }
}

#[test]
fn what_is_not_finite_is_told() {
    let mut garden = Garden::new(1);
    let [a, b] = [garden.nodes[0], garden.nodes[1]];
    let quotient = garden.add(Op::Divide, &[a, b]);
    let mut last = quotient;
    for _ in 0..10 {
        last = garden.add(Op::Min, &[last, a]);
        last = garden.add(Op::Add(Snap::Yes), &[last, b]);
    }
    let program = garden.program(&[last]);
    for isa in [Isa::Avx2, Isa::Avx512] {
        let native = Native::find(&program, isa).unwrap();
        if !isa.is_here() {
            continue;
        }
        let mut inputs = vec![Column::splat(2.0); INPUTS];
        assert!(run(&native, &inputs, &program.constants).is_some());
        inputs[1].0[77] = 0.0;
        assert!(run(&native, &inputs, &program.constants).is_none());
        inputs[1].0[77] = 1.0;
        inputs[0].0[255] = f64::NAN;
        assert!(run(&native, &inputs, &program.constants).is_none());
    }
}

/// A program that looks the first input up, with the place of the key as an output of its own or not.
fn table(garden: &mut Garden, keys: &[f64], tells_place: bool) -> Vec<NodeId> {
    let x = garden.nodes[0];
    let bits: Vec<u64> = keys.iter().map(|key| key.to_bits()).collect();
    let place = garden.add(Op::FindBelow(bits.into()), &[x]);
    let entries = keys.iter().map(|key| garden.graph.constant(key * 10.0 + 3.0, Kinds::NUMBER));
    let args: Vec<NodeId> = [place].into_iter().chain(entries).collect();
    let (before, behind) = (ErrorKind::Value, ErrorKind::Ref);
    let mut last = garden.add(Op::Pick { base: 1, before, behind }, &args);
    for _ in 0..LEAST_VALUES {
        last = garden.add(Op::Multiply, &[last, x]);
    }
    if tells_place { vec![last, place] } else { vec![last] }
}

#[test]
fn a_table_gives_the_entry_of_the_last_key_that_is_not_above() {
    let few: &[f64] = &[0.0, 1.0, 2.5];
    let many: &[f64] = &[-4.0, -1.0, 0.0, 0.3, 1.0, 2.5, 7.0, 9.0, 11.0];
    for (keys, tells_place) in [(few, false), (few, true), (many, false), (many, true)] {
        let mut garden = Garden::new(1);
        let outputs = table(&mut garden, keys, tells_place);
        let program = garden.program(&outputs);
        let mut inputs = vec![Column::splat(1.0); INPUTS];
        for (lane, x) in inputs[0].0.iter_mut().enumerate() {
            let is_key = lane % 3 == 0;
            *x = if is_key { keys[lane % keys.len()] } else { keys[0] + lane as f64 * 0.0517 };
        }
        for isa in [Isa::Avx2, Isa::Avx512] {
            let native = Native::find(&program, isa).unwrap();
            if !isa.is_here() {
                continue;
            }
            let found = run(&native, &inputs, &program.constants).unwrap();
            for lane in 0..WIDTH {
                let drawn: Vec<f64> = inputs.iter().map(|column| column.0[lane]).collect();
                let expected = garden.draw(&drawn);
                for (node, column) in outputs.iter().zip(&found) {
                    assert_eq!(column.0[lane].to_bits(), expected[*node as usize].to_bits());
                }
            }
            for unclear in [keys[1] * (1.0 + 4e-16), keys[0] - 1.0, f64::NAN] {
                let mut inputs = inputs.clone();
                inputs[0].0[77] = unclear;
                assert!(run(&native, &inputs, &program.constants).is_none(), "{unclear}");
            }
        }
    }
}

#[test]
fn code_reads_what_the_code_before_it_computed_of_all_draws() {
    let mut garden = Garden::new(1);
    let half = garden.graph.constant(0.5, Kinds::NUMBER);
    let mut means = garden.nodes[..INPUTS].to_vec();
    for i in 0..PART_VALUES {
        let pair = [means[means.len() - 1], means[i * 7 % means.len()]];
        let sum = garden.add(Op::Add(Snap::No), &pair);
        means.push(garden.add(Op::Multiply, &[sum, half]));
    }
    let outputs: Vec<NodeId> = means.iter().rev().step_by(50).copied().collect();
    let program = garden.program(&outputs);
    let inputs = columns();
    for isa in [Isa::Avx2, Isa::Avx512] {
        let native = Native::find(&program, isa).unwrap();
        assert!(matches!(native.parts(), [Part::Code(Routine(codes))] if codes.len() > 1));
        if !isa.is_here() {
            continue;
        }
        let found = run(&native, &inputs, &program.constants).unwrap();
        for lane in 0..WIDTH {
            let drawn: Vec<f64> = inputs.iter().map(|column| column.0[lane]).collect();
            let expected = garden.draw(&drawn);
            for (node, column) in outputs.iter().zip(&found) {
                assert_eq!(column.0[lane].to_bits(), expected[*node as usize].to_bits());
            }
        }
    }
}
