//! Compares the column program of workbooks with a recalculation per draw, bit for bit: up to
//! twelve numbers that formulas read become inputs, every formula that depends on them an output.
//! `cargo run --release --example verify_workbook -- FILE…`; one JSON line for each file.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for developers")]

use std::collections::HashSet;

use gantry_montecarlo::{Column, Isa, Machine, OutputAt, Request, WIDTH, compile};
use gantry_workbook::live::STACK;
use gantry_workbook::{
    CellRef, Content, Limits, Options, SheetId, Value, Workbook, graph, open, recalculate,
};

const INPUTS: usize = 12;
const LANES: usize = 4;

fn main() {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let thread = std::thread::Builder::new().stack_size(STACK);
    thread.spawn(move || paths.iter().for_each(|p| verify(p))).unwrap().join().unwrap();
}

fn verify(path: &str) {
    let Ok(book) = open(path.as_ref(), &Limits::default()) else {
        println!("{}", serde_json::json!({"path": path, "failed": "not loaded"}));
        return;
    };
    let inputs = choose_inputs(&book);
    let outputs = formulas(&book);
    let request = Request { inputs: &inputs, outputs: &outputs, now: None, is_chance: &|_| false };
    let start = std::time::Instant::now();
    let compiled = match compile(&book, &request) {
        Ok(compiled) => compiled,
        Err(e) => {
            println!("{}", serde_json::json!({"path": path, "failed": e.to_string()}));
            return;
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    let program = &compiled.program;
    let mut columns = vec![[0.0; WIDTH]; program.input_count()];
    for (i, cell) in inputs.iter().enumerate() {
        let sheet = book.sheet(cell.sheet);
        let saved = &sheet.find_cell(cell.row, cell.col).unwrap().value;
        let Value::Number(saved) = saved else { continue };
        for (lane, x) in columns[i].iter_mut().enumerate() {
            let shift = ((lane * 7 + i * 3) % 11) as f64 - 5.0;
            *x = saved * (1.0 + 0.013 * shift) + if lane == 3 { 1.0 } else { 0.0 };
        }
    }
    let mut results = vec![Column::default(); outputs.len()];
    let mut machine = Machine::new(program, &book, None);
    machine.run(&columns, LANES, &mut results);
    let is_native = machine.ran_native();
    let mut narrow = vec![Column::default(); outputs.len()];
    let (mut wrong, mut first) = (0, None);
    for lane in 0..LANES {
        let values = inputs.iter().zip(&columns).map(|(c, x)| (*c, Value::Number(x[lane])));
        let options = Options { now: None, inputs: values.collect() };
        let truth = recalculate(&book, &options).unwrap();
        for (output, column) in outputs.iter().zip(&results) {
            let OutputAt::Cell(cell) = output else { continue };
            let (want, got) = (truth.value(&book, *cell), machine.value(column, lane));
            if !identical(want, &got) {
                wrong += 1;
                first.get_or_insert((book.spell(*cell), want.clone(), got));
            }
        }
    }
    if !program.needs_workbook() {
        for (isa, loops_alone) in [(Isa::Baseline, true), (Isa::Avx2, true), (Isa::Avx2, false)] {
            machine.set_isa(isa);
            if loops_alone {
                machine.set_loops_alone();
            }
            machine.run(&columns, LANES, &mut narrow);
            let same = results
                .iter()
                .zip(&narrow)
                .all(|(a, b)| a.0.iter().zip(&b.0).all(|(a, b)| a.to_bits() == b.to_bits()));
            wrong += usize::from(!same);
        }
    }
    let reasons: HashSet<String> = compiled.scalar.iter().map(|s| s.reason.to_string()).collect();
    println!(
        "{}",
        serde_json::json!({
            "path": path, "inputs": inputs.len(), "formulas": compiled.formulas,
            "scalar": compiled.scalar.len(), "reasons": reasons, "native": is_native,
            "instructions": program.instruction_count(), "registers": program.register_count(),
            "seconds": seconds, "wrong": wrong, "first": first.map(|f| format!("{f:?}")),
        })
    );
}

fn identical(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a.to_bits() == b.to_bits() || (*a == 0.0 && *b == 0.0)
        }
        (a, b) => a == b,
    }
}

fn choose_inputs(book: &Workbook) -> Vec<CellRef> {
    let mut read: Vec<CellRef> = Vec::new();
    let mut seen = HashSet::new();
    for (s, sheet) in book.sheets().iter().enumerate() {
        for formula in sheet.formulas() {
            let at = book.place(SheetId(s as u32), &sheet.cells()[formula.cell as usize]);
            for area in graph::precedents(book, book.template(formula.formula), at) {
                if area.is_cell() && seen.insert(area.first()) {
                    read.push(area.first());
                }
            }
        }
    }
    read.retain(|cell| {
        let sheet = book.sheets().get(cell.sheet.index());
        sheet
            .and_then(|s| s.find_cell(cell.row, cell.col))
            .is_some_and(|c| c.content == Content::Constant && matches!(c.value, Value::Number(_)))
    });
    let step = (read.len() / INPUTS).max(1);
    read.into_iter().step_by(step).take(INPUTS).collect()
}

fn formulas(book: &Workbook) -> Vec<OutputAt> {
    let mut outputs = Vec::new();
    for (s, sheet) in book.sheets().iter().enumerate() {
        for formula in sheet.formulas() {
            let cell = book.place(SheetId(s as u32), &sheet.cells()[formula.cell as usize]);
            outputs.push(OutputAt::Cell(cell));
        }
    }
    outputs
}
