//! The code for graphics processors, compiled by the machine's C compiler: the same bits as columns,
//! lane by lane, drawn and computed.

use std::path::Path;
use std::process::{Command, Stdio};

use gantry_engine_api::{Operation, Step};
use gantry_engine_testkit::MemoryHost;
use gantry_montecarlo::{
    Code, Column, EngineChoice, Gpu, Machine, OutputAt, Question, Request, Runner, Simulate,
    SimulateParams, Study, Unspoken, WIDTH, compile, emit, read_path,
};
use gantry_sampling::Design;
use gantry_workbook::{CellRef, SheetId, Workbook, cell};

use super::columns::{draw, outputs_of};
use super::workbooks::{self, Cells, write};

/// What a device has by itself, and a main function that computes lane after lane.
const BEFORE: &str = "#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n\
                      struct place { unsigned x; };\n\
                      static struct place blockIdx, blockDim = {1}, threadIdx;\n";
const AFTER: &str = "
int main(int argc, char **argv) {
  u64 first = strtoull(argv[1], 0, 10);
  u32 count = (u32)atoi(argv[2]), outputs = (u32)atoi(argv[3]), inputs = (u32)atoi(argv[4]);
  u64 seed = strtoull(argv[5], 0, 10), draws = strtoull(argv[6], 0, 10);
  double *given = calloc((size_t)count * inputs + 1, 8), *out = calloc((size_t)count * outputs, 8);
  u32 *marks = calloc(count, 4);
  if (argc != 7 || fread(given, 8, (size_t)count * inputs, stdin) != (size_t)count * inputs)
    return 1;
  for (u32 i = 0; i < count; i++) {
    blockIdx.x = i;
    simulate(first, count, count, seed, draws, given, out, marks);
  }
  fwrite(out, 8, (size_t)count * outputs, stdout);
  fwrite(marks, 4, count, stdout);
  return 0;
}
";

/// The outputs and marks of some lanes.
struct Computed {
    columns: Vec<Vec<u64>>,
    marks: Vec<u32>,
}

/// The seed and iterations of all plans here.
const NUMBERS: (u64, u64) = (11, 5_000);

fn run(folder: &Path, code: &Code, (first, count): (u64, usize), io: (usize, &[u8])) -> Computed {
    let (outputs, given) = io;
    let (source, program) = (folder.join("lanes.c"), folder.join("lanes"));
    std::fs::write(&source, format!("{BEFORE}{}{AFTER}", code.text)).unwrap();
    let compiled = Command::new("cc")
        .args(["-std=gnu11", "-O1", "-w", "-ffp-contract=off", "-o"])
        .arg(&program)
        .arg(&source)
        .arg("-lm")
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    std::fs::write(folder.join("given"), given).unwrap();
    let (seed, draws) = NUMBERS;
    let inputs = code.given.len() as u64;
    let numbers = [first, count as u64, outputs as u64, inputs, seed, draws];
    let done = Command::new(&program)
        .args(numbers.map(|n| n.to_string()))
        .stdin(Stdio::from(std::fs::File::open(folder.join("given")).unwrap()))
        .output()
        .unwrap();
    assert!(done.status.success() && done.stdout.len() == count * (outputs * 8 + 4));
    let (values, marks) = done.stdout.split_at(count * outputs * 8);
    let values: Vec<u64> =
        values.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect();
    Computed {
        columns: values.chunks(count).map(<[u64]>::to_vec).collect(),
        marks: marks.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect(),
    }
}

/// Compares the code of all formulas with columns on edges and ordinary numbers; gives the share of
/// lanes that the code leaves undecided.
fn compared(cells: Cells<'_>, inputs: &[&str]) -> Result<f64, Unspoken> {
    let folder = tempfile::tempdir().unwrap();
    let book = read_path(&write(folder.path(), &[("Sheet1", cells)])).unwrap();
    let inputs: Vec<CellRef> = inputs.iter().map(|i| at(i)).collect();
    let outputs = outputs_of(&book);
    let request = Request { inputs: &inputs, outputs: &outputs, now: None, is_chance: &|_| false };
    let program = compile(&book, &request).unwrap().program;
    let code = emit(&program, &[])?;
    let columns: Vec<[f64; WIDTH]> =
        (0..inputs.len()).map(|i| std::array::from_fn(|lane| draw(lane, i))).collect();
    let bytes: Vec<u8> = columns.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
    let computed = run(folder.path(), &code, (0, WIDTH), (outputs.len(), &bytes));
    let mut machine = Machine::new(&program, &book, None);
    let mut results = vec![Column::default(); outputs.len()];
    machine.run(&columns, WIDTH, &mut results);
    for (output, (column, found)) in outputs.iter().zip(results.iter().zip(&computed.columns)) {
        for lane in (0..WIDTH).filter(|lane| computed.marks[*lane] == 0) {
            let (want, got) = (column.0[lane], f64::from_bits(found[lane]));
            let place = spelled(&book, output);
            assert_eq!(want.to_bits(), got.to_bits(), "{place}, lane {lane}: {got} is not {want}");
        }
    }
    Ok(computed.marks.iter().filter(|m| **m != 0).count() as f64 / WIDTH as f64)
}

fn at(place: &str) -> CellRef {
    cell::find_position(place).map(|(row, col)| CellRef::new(SheetId(0), row, col)).unwrap()
}

fn spelled(book: &Workbook, output: &OutputAt) -> String {
    match output {
        OutputAt::Cell(cell) => book.spell(*cell),
        OutputAt::Formula(_) => "a formula".to_owned(),
    }
}

#[test]
fn code_has_the_bits_of_columns() {
    let undecided = compared(
        &[
            ("A1", "2"),
            ("A2", "5"),
            ("A3", "9"),
            ("B1", "=A1+A2*3-A1/A2"),
            ("B2", "=A1^2+A2^-3+A1^3%"),
            ("B3", "=ABS(A1)^0.5+A2^A3"),
            ("B4", "=A1-A1*1.000000000000001"),
            ("B5", "=0.5-A1-0.2"),
            ("B6", "=A1=A2"),
            ("B7", "=IF(A1=0,0,A2/A1)"),
            ("B8", "=IF(A1>0.3,A2,B4)"),
            ("B11", "=IFERROR(1/A1,-1)+IFERROR(SQRT(A2),0)"),
            ("B12", "=AND(A1>0,A2>0,B6)"),
            ("B13", "=OR(A1>0,A2)+NOT(A1)"),
            ("B14", "=IF(A1>1,TRUE)"),
            ("B15", "=B14*2"),
            ("B16", "=IF(A1>1,C99,3)+1"),
            ("B17", "=CHOOSE(A1,10,20,A2)"),
            ("B18", "=INDEX(D1:D4,A2)"),
            ("B20", "=1E308*A1*10"),
            ("B21", "=-A1%"),
            ("B22", "=SUM(A1:A3,B7,B20)"),
            ("B23", "=SUM(A1:A3)-AVERAGE(A1:A3)"),
            ("B24", "=MIN(A1:A3,3)-MAX(A1:A3,B7)"),
            ("B25", "=NPV(A1/100,A2,3,A1,4)"),
            ("B26", "=IRR(C1:C4)"),
            ("C1", "=-100-A1"),
            ("C2", "=60+A2"),
            ("C3", "=50"),
            ("C4", "=20+A3"),
            ("B27", "=ROUND(A1*1.15,1)+ROUNDUP(A2,0)+MOD(A1,3)+INT(A2)+ROUNDDOWN(A3,2)"),
            ("D1", "0"),
            ("D2", "1"),
            ("D3", "2.5"),
            ("D4", "4"),
            ("E1", "10"),
            ("E2", "20"),
            ("E3", "=A2*2"),
            ("E4", "30"),
            ("B28", "=VLOOKUP(A1,D1:E4,2,TRUE)"),
            ("B29", "=IFERROR(VLOOKUP(ROUND(A1,0),D1:E4,2,FALSE),0)"),
            ("B30", "=IFNA(MATCH(A2,D1:D4),-1)"),
            ("B31", "=EXP(A1/10)+LN(ABS(A2)+1)+LOG10(A3)+SIGN(A1)+ABS(A3)"),
            ("B32", "=ROUND(A1,-1)+MOD(A1,A2)"),
        ],
        &["A1", "A2", "A3"],
    );
    // Rates that Newton's method does not find alone.
    assert!(undecided.unwrap() < 0.25);
}

#[test]
fn what_a_device_cannot_do_is_said() {
    let reason = |formula: &str| {
        let cells = [("A1", "2"), ("A2", "5"), ("B1", formula)];
        compared(&cells, &["A1", "A2"]).unwrap_err().to_string()
    };
    assert_eq!(reason("=A1&\"!\""), "formulas make text");
    assert_eq!(reason("=MEDIAN(A1,A2,3)"), "MEDIAN is computed draw by draw");
    assert!(reason("=SUM(OFFSET(A1,0,0,MAX(1,MIN(2,A2)),1))").contains("in the workbook"));
}

const DRAWN: &[&str] = &[
    "uniform(-3, 7)",
    "normal(mean=10, sd=2, min=9, shift=3)",
    "normal(0, 1, lower=2, upper=4)",
    "lognormal(mu=1, sigma=0.4)",
    "triangular(80, 100, 150)",
    "triangular(0, 1, 1, lower=0.5)",
    "pert(80, 100, 150)",
    "beta(0.3, 4, min=10, max=20)",
    "gamma(2, 3)",
    "gamma(0.2, 1)",
    "exponential(mean=5)",
    "weibull(0.7, 1, upper=3)",
    "student_t(3, 5, 2)",
    "logistic(10, 2)",
    "loglogistic(3, 10)",
    "pareto(5, 10)",
    "gumbel(10, 2)",
    "gumbel_min(10, 2)",
    "cauchy(0, 1)",
    "laplace(0, 1)",
    "rayleigh(2)",
    "loguniform(1, 1000)",
    "discrete(10:0.2, 20:0.5, 30:0.3)",
    "binomial(40, 0.3)",
    "poisson(4.5)",
    "geometric(0.2)",
    "discrete_uniform(-2, 6)",
    "histogram(0, 30, weights=[1, 4, 0, 2])",
    "cumulative(0:0, 5:0.3, 20:1)",
    "general(0:1, 1:1, 2:5)",
    "empirical(3, 5, 8, 13)",
    "resample(3, 5, 5, 8, 13)",
];

#[test]
fn draws_have_the_bits_of_chunks_in_every_design() {
    const COUNT: usize = 3 * WIDTH;
    let folder = tempfile::tempdir().unwrap();
    let places: Vec<(String, String)> = (1..=DRAWN.len())
        .flat_map(|i| [(format!("A{i}"), "1".into()), (format!("B{i}"), format!("=A{i}*1"))])
        .collect();
    let cells: Vec<(&str, &str)> = places.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let path = write(folder.path(), &[("Sheet1", &cells)]);
    let question = Question {
        inputs: DRAWN.iter().enumerate().map(|(i, d)| format!("A{}={d}", i + 1)).collect(),
        outputs: (1..=DRAWN.len()).map(|i| format!("B{i}")).collect(),
        now: None,
    };
    let study = Study::new(read_path(&path).unwrap(), &question).unwrap();
    for design in [Design::MonteCarlo, Design::LatinHypercube, Design::Sobol] {
        let plan = study.plan(NUMBERS.0, NUMBERS.1, design).unwrap();
        let spelled: Vec<_> = (0..DRAWN.len()).map(|i| plan.spell(i)).collect();
        let missing: Vec<_> = (0..DRAWN.len()).filter(|i| spelled[*i].is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let code = emit(&study.compiled.program, &spelled).unwrap();
        assert!(code.given.is_empty());
        let first = 17 * WIDTH as u64;
        let computed = run(folder.path(), &code, (first, COUNT), (DRAWN.len(), &[]));
        let mut chunk = vec![[0.0; WIDTH]; DRAWN.len()];
        for at in 0..COUNT / WIDTH {
            plan.fill_chunk(17 + at as u64, &mut chunk).unwrap();
            for (i, column) in chunk.iter().enumerate() {
                let found = &computed.columns[i][at * WIDTH..][..WIDTH];
                let wrong = (0..WIDTH).find(|lane| column[*lane].to_bits() != found[*lane]);
                let said = wrong.map(|lane| (column[lane], f64::from_bits(found[lane])));
                assert_eq!(said, None, "{} by {design:?}, chunk {at}", DRAWN[i]);
            }
        }
    }
}

#[test]
fn correlated_inputs_are_handed_to_the_device() {
    let folder = tempfile::tempdir().unwrap();
    let cells = [("A1", "1"), ("A2", "2"), ("A3", "3"), ("B1", "=A1+A2-A3")];
    let path = write(folder.path(), &[("Sheet1", &cells)]);
    let inputs = ["A1=normal(0,1)", "A2=uniform(0,1)", "A3=normal(5,1)"].map(String::from);
    let question = Question { inputs: inputs.into(), outputs: vec!["B1".into()], now: None };
    let mut study = Study::new(read_path(&path).unwrap(), &question).unwrap();
    study.correlate(&["A1~A3=0.5".into()], "").unwrap();
    let plan = study.plan(NUMBERS.0, NUMBERS.1, Design::MonteCarlo).unwrap();
    let spelled: Vec<_> = (0..3).map(|i| plan.spell(i)).collect();
    let code = emit(&study.compiled.program, &spelled).unwrap();
    assert_eq!(code.given, [0, 2]);
    let mut chunk = vec![[0.0; WIDTH]; 3];
    plan.fill_chunk(0, &mut chunk).unwrap();
    let given = [chunk[0], chunk[2]];
    let bytes: Vec<u8> = given.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
    let computed = run(folder.path(), &code, (0, WIDTH), (1, &bytes));
    for (lane, found) in computed.columns[0].iter().enumerate() {
        let want = chunk[0][lane] + chunk[1][lane] - chunk[2][lane];
        assert_eq!(f64::from_bits(*found), want);
    }
}

fn project(folder: &Path) -> Study {
    let question = Question {
        inputs: vec!["Inputs!B1=triangular(80,100,150)".into(), "Inputs!B2=normal(1000,90)".into()],
        outputs: vec!["Summary!B1".into(), "Summary!B3".into()],
        now: None,
    };
    Study::new(read_path(&workbooks::project(folder)).unwrap(), &question).unwrap()
}

#[test]
fn a_device_gives_what_the_processor_gives_or_says_why_there_is_none() {
    const DRAWS: u64 = 300_000;
    let folder = tempfile::tempdir().unwrap();
    let study = project(folder.path());
    let plan = study.plan(5, DRAWS, Design::LatinHypercube).unwrap();
    let draws = study.set(&plan, &[]);
    let runner = study.runner(&draws, 2);
    match Gpu::prepare(&study.compiled.program, &draws) {
        Ok(gpu) => {
            let on_device = Runner { gpu: Some(&gpu), ..runner };
            let found = on_device.collect(DRAWS, &|| false).unwrap();
            assert_eq!(gpu.trouble(), None);
            assert!(found == runner.collect(DRAWS, &|| false).unwrap());
        }
        Err(reason) => assert!(
            ["is not installed on this machine", "this machine shows no CUDA device"]
                .iter()
                .any(|known| reason.contains(known)),
            "{reason}"
        ),
    }
}

#[tokio::test]
async fn enhanced_is_power_wherever_it_is_computed() {
    let folder = tempfile::tempdir().unwrap();
    let path = workbooks::project(folder.path());
    let params = |engine| SimulateParams {
        input: vec!["Inputs!B1=triangular(80,100,150)".into()],
        output: vec!["Summary!B1".into()],
        iterations: 5_000,
        engine,
        ..SimulateParams::default()
    };
    let run = async |engine| {
        let host =
            MemoryHost::builder().with_input("workbook", &path).with_threads(2).build().unwrap();
        match Simulate.run(params(engine), host.context()).await.unwrap() {
            Step::Done(report) => report,
            Step::Fork { .. } => panic!("it forked"),
        }
    };
    let (power, enhanced) = (run(EngineChoice::Power).await, run(EngineChoice::Enhanced).await);
    assert_eq!(power.result_hash, enhanced.result_hash);
    assert_eq!((power.device.name.as_str(), power.device.note), ("processor", None));
    let note = enhanced.device.note.unwrap();
    assert!(note.contains("`gpu = true`"), "{note}");
    assert!(enhanced.warnings.iter().any(|w| w.contains(&note)));
}
