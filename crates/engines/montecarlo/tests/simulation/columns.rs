//! Columns beside recalculations: every formula of each model, every draw, every bit, on every
//! instruction set that this machine has.

use gantry_montecarlo::{
    Column, Compiled, Isa, Machine, OutputAt, Request, WIDTH, compile, is_in_columns,
};
use gantry_workbook::functions::{self, Function};
use gantry_workbook::live::STACK;
use gantry_workbook::{
    CellRef, Limits, Options, SheetId, Value, Workbook, cell, open, recalculate,
};

use super::workbooks::{Cells, write};

/// Draws that are compared.
const LANES: usize = 24;

pub fn draw(lane: usize, input: usize) -> f64 {
    // Includes zeros, negatives, and numbers that differ only behind the 15th digit.
    match (lane + input) % 12 {
        0 => 0.0,
        1 => -3.0,
        2 => 0.1 + 0.2,
        3 => 0.3,
        n => (n as f64 - 5.0) * (1.7 + input as f64 * 0.31) + lane as f64 * 0.01,
    }
}

pub fn outputs_of(book: &Workbook) -> Vec<OutputAt> {
    let sheet = book.sheet(SheetId(0));
    let all = sheet.formulas().iter();
    all.map(|f| OutputAt::Cell(book.place(SheetId(0), &sheet.cells()[f.cell as usize]))).collect()
}

/// Compares, and gives what was compiled.
fn compared(cells: Cells<'_>, inputs: &[&str]) -> Compiled {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &[("Sheet1", cells)]);
    let inputs: Vec<CellRef> = inputs
        .iter()
        .map(|i| cell::find_position(i).map(|(r, c)| CellRef::new(SheetId(0), r, c)).unwrap())
        .collect();
    std::thread::scope(|scope| {
        let work = || on_thread(&path, &inputs);
        let thread = std::thread::Builder::new().stack_size(STACK);
        thread.spawn_scoped(scope, work).unwrap().join().unwrap()
    })
}

fn on_thread(path: &std::path::Path, inputs: &[CellRef]) -> Compiled {
    let book = open(path, &Limits::default()).unwrap();
    let outputs = outputs_of(&book);
    let request = Request { inputs, outputs: &outputs, now: None, is_chance: &|_| false };
    let compiled = compile(&book, &request).unwrap();
    let mut columns = vec![[0.0; WIDTH]; inputs.len()];
    for (i, column) in columns.iter_mut().enumerate() {
        for (lane, x) in column.iter_mut().enumerate() {
            *x = draw(lane, i);
        }
    }
    let mut truths = Vec::new();
    for lane in 0..LANES {
        let values = inputs.iter().enumerate();
        let values = values.map(|(i, cell)| (*cell, Value::Number(draw(lane, i)))).collect();
        truths.push(recalculate(&book, &Options { now: None, inputs: values }).unwrap());
    }
    let sets = [Isa::Baseline, Isa::Avx2, Isa::Avx512].into_iter().filter(|isa| isa.is_here());
    for (isa, loops_alone) in sets.flat_map(|isa| [(isa, true), (isa, false)]) {
        let mut machine = Machine::new(&compiled.program, &book, None);
        machine.set_isa(isa);
        if loops_alone {
            machine.set_loops_alone();
        }
        let mut results = vec![Column::default(); outputs.len()];
        machine.run(&columns, LANES, &mut results);
        for (output, column) in outputs.iter().zip(&results) {
            let OutputAt::Cell(cell) = output else { continue };
            for (lane, truth) in truths.iter().enumerate() {
                let (want, got) = (truth.value(&book, *cell), machine.value(column, lane));
                let place = book.spell(*cell);
                assert!(same_bits(want, &got), "{place}, draw {lane}: {got:?} is not {want:?}");
            }
        }
    }
    compiled
}

fn same_bits(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.to_bits() == b.to_bits(),
        (a, b) => a == b,
    }
}

#[track_caller]
fn all_in_columns(cells: Cells<'_>, inputs: &[&str]) {
    let scalar = compared(cells, inputs).scalar;
    assert!(scalar.is_empty(), "{scalar:?}");
}

#[test]
fn operators_errors_and_kinds() {
    all_in_columns(
        &[
            ("A1", "2"),
            ("A2", "5"),
            ("B1", "=A1+A2*3-A1/A2"),
            ("B2", "=A1^2+A2^-3+A1^3%"),
            ("B3", "=A1^0.5"),
            ("B4", "=A1-A1*1.000000000000001"),
            ("B5", "=0.5-A1-0.2"),
            ("B6", "=A1=A2"),
            ("B7", "=IF(A1>0,A2,\"none\")"),
            ("B8", "=B7+1"),
            ("B9", "=B7&\"!\"&A1"),
            ("B10", "=IF(B7=\"none\",1,2)"),
            ("B11", "=IFERROR(1/A1,-1)+IFERROR(SQRT(A2),0)"),
            ("B12", "=AND(A1>0,A2>0,B6)"),
            ("B13", "=OR(A1>0,A2)+NOT(A1)"),
            ("B14", "=IF(A1>1,TRUE)"),
            ("B15", "=B14*2"),
            ("B16", "=IF(A1>1,C99,3)"),
            ("B17", "=CHOOSE(A1,10,20,A2)"),
            ("B18", "=SWITCH(ROUND(A1,0),0,\"zero\",1,A2,\"other\")"),
            ("B19", "=LEN(B18)&LEFT(B18,2)"),
            ("B20", "=1E308*A1*10"),
            ("B21", "=-A1%"),
            ("B22", "=_xlfn.TEXTAFTER(A1&\"\",\"r\",1,0,0,C99)"),
            ("B23", "=LEN(B22)&ISTEXT(B22)"),
        ],
        &["A1", "A2"],
    );
}

#[test]
fn sums_tables_and_money() {
    all_in_columns(
        &[
            ("A1", "2"),
            ("A2", "5"),
            ("A3", "text"),
            ("A5", "7"),
            ("B1", "=SUM(A1:A5)+AVERAGE(A1:A5)"),
            ("B2", "=MIN(A1:A5,3)-MAX(A1:A5,-1)"),
            ("B3", "=COUNT(A1:A5)+SUMPRODUCT(A1:A2,A2:A3)"),
            ("B4", "=SUMPRODUCT((A1:A5>1)*A1:A5)"),
            ("B5", "=NPV(A1/100,A2,3,A1,4)"),
            ("B6", "=IRR(B7:B10)"),
            ("B7", "=-100-A1"),
            ("B8", "=60+A2"),
            ("B9", "=50"),
            ("B10", "=20+A1"),
            ("B11", "=PMT(0.05+A1/1000,12,1000*A2)+FV(0.01,10,A1,A2)"),
            ("B12", "=ROUND(A1*1.15,1)+ROUNDUP(A2,0)+MOD(A1,3)+INT(A2)"),
            ("D1", "0"),
            ("D2", "1"),
            ("D3", "2.5"),
            ("D4", "4"),
            ("E1", "10"),
            ("E2", "20"),
            ("E3", "=A2*2"),
            ("E4", "text"),
            ("B13", "=VLOOKUP(A1,D1:E4,2,TRUE)"),
            ("B14", "=IFERROR(VLOOKUP(ROUND(A1,0),D1:E4,2,FALSE),0)"),
            ("B15", "=INDEX(E1:E4,A1)"),
            ("B16", "=MATCH(A2,D1:D4)"),
            ("B17", "=LOOKUP(A1,D1:D4,E1:E4)"),
            ("B18", "=SUMIF(D1:D4,\">1\",E1:E4)"),
            ("B19", "=MEDIAN(A1:A5)+STDEV(A1,A2,1)+LARGE(A1:A5,1)"),
            ("B20", "=NORM.DIST(A1,0,2,TRUE)+EXP(A1/10)+LN(ABS(A2)+1)"),
        ],
        &["A1", "A2"],
    );
}

#[test]
fn conditions_and_straight_lines() {
    all_in_columns(
        &[
            ("A1", "2"),
            ("A2", "5"),
            ("A3", "0.3"),
            ("B1", "=SUMIF(D1:D5,\">0.5\",E1:E5)"),
            ("B2", "=SUMIF(D1:D5,0.3,E1:E5)+SUMIF(D1:D5,\"=-3\")"),
            ("B3", "=SUMIFS(E1:E5,D1:D5,\">=0\",E1:E5,\"<30\")"),
            ("B4", "=COUNTIF(D1:D5,\"<=0.3\")+COUNTIFS(D1:D5,\">0\",F1:F5,\"b*\")"),
            ("B5", "=SUMIF(F1:F4,A3,E1:E4)+SUMIF(D1:D3,A1,E1:E3)"),
            ("B6", "=TREND(E1:E3,G1:G3,A1)"),
            ("B7", "=TREND(E1:E3,D1:D3,A2)*2"),
            ("B8", "=TREND(D1:D2,H1:H2,4)"),
            ("B9", "=SUM(TRANSPOSE(D1:D3)*I1:K1)"),
            ("B10", "=IFERROR(SUMIF(D1:D5,\">1\",D1:D5),-1)"),
            ("D1", "=A1"),
            ("D2", "=A2*2"),
            ("D3", "=A3"),
            ("D4", "1"),
            ("D5", "=1/A1"),
            ("E1", "10"),
            ("E2", "=A3*3"),
            ("E3", "30"),
            ("E4", "text"),
            ("E5", "7"),
            ("F1", "0.3"),
            ("F2", "b"),
            ("F3", "bee"),
            ("F4", "TRUE"),
            ("F5", "b1"),
            ("G1", "1"),
            ("G2", "2"),
            ("G3", "4"),
            ("H1", "3"),
            ("H2", "3"),
            ("I1", "1"),
            ("J1", "2"),
            ("K1", "=A2"),
        ],
        &["A1", "A2", "A3"],
    );
}

#[test]
fn what_has_no_column_form_is_computed_draw_by_draw() {
    let compiled = compared(
        &[
            ("A1", "2"),
            ("A2", "5"),
            ("A3", "9"),
            ("B1", "=SUM(OFFSET(A1,0,0,MAX(1,MIN(3,A2)),1))"),
            ("B2", "=B1*2+A1"),
            ("B3", "=AGGREGATE(9,6,A1:A3)"),
            ("B4", "=B3-B2"),
        ],
        &["A1", "A2"],
    );
    let reasons: Vec<String> = compiled.scalar.iter().map(|s| s.reason.to_string()).collect();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons.iter().any(|r| r.contains("OFFSET")), "{reasons:?}");
    assert!(reasons.iter().any(|r| r.contains("AGGREGATE")), "{reasons:?}");
}

/// Arguments as they stand in a formula: edges, small shares, dates and times, whole numbers.
const ARGUMENTS: [&[&str]; 4] = [
    &["A1", "A2", "A3"],
    &["ABS(A1)/20+0.05", "A2/10", "ABS(A3)+1"],
    &["A1*300+40000", "A2*100+40200", "ABS(A3)/7"],
    &["INT(ABS(A1)*5)", "INT(ABS(A2))+1", "INT(A3)"],
];

#[test]
fn every_function_of_numbers_is_the_same_in_columns() {
    let drawn = |f: &&Function| f.min > 0 && f.name != "RANDBETWEEN";
    let all = functions::all().iter().filter(|f| f.is_scalar() && is_in_columns(f));
    let all = all.filter(drawn);
    let mut formulas = Vec::new();
    for function in all {
        for count in [function.min, function.max.min(function.min + 2)] {
            for arguments in ARGUMENTS {
                let list: Vec<&str> = arguments.iter().copied().cycle().take(count).collect();
                formulas.push(format!("={}({})", function.name, list.join(",")));
                // Many distributions end with whether they are cumulative.
                let list = [&list[..count - 1], &["TRUE"]].concat();
                formulas.push(format!("={}({})", function.name, list.join(",")));
            }
        }
    }
    assert!(formulas.len() > 1_000);
    let places: Vec<String> = (1..=formulas.len()).map(|i| format!("C{i}")).collect();
    let inputs = ["A1", "A2", "A3"];
    let cells = places.iter().map(String::as_str).zip(formulas.iter().map(String::as_str));
    let cells: Vec<(&str, &str)> = inputs.map(|i| (i, "1")).into_iter().chain(cells).collect();
    let compiled = compared(&cells, &inputs);
    assert!(compiled.scalar.is_empty(), "{:?}", compiled.scalar);
    assert!(compiled.called.is_empty(), "{:?}", compiled.called);
}
