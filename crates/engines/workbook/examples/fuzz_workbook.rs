//! Throws damaged workbooks and formulas at the loader and the parser:
//! `fuzz_workbook SECONDS SEED WORKBOOK...`. The damage follows from the seed alone. A panic ends
//! the process; an input that takes more than ten seconds, or more than 2 GiB, is a failure. Prints
//! one JSON line.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::io::{Cursor, Read, Write};
use std::time::{Duration, Instant};

use gantry_workbook::book::Table;
use gantry_workbook::formula::{Names, parse};
use gantry_workbook::{CellRef, Limits, SheetId, load};

type Failure = Box<dyn std::error::Error>;
type Parts = Vec<(String, Vec<u8>)>;

const SLOW: Duration = Duration::from_secs(10);
const MEMORY_MB: u64 = 2048;
/// What files and formulas are made of, to get behind the first checks.
const WORDS: &[&str] = &[
    "<f>",
    "</f>",
    "<c r=\"A1\">",
    "t=\"shared\" si=\"0\"",
    "ref=\"A1:XFD1048576\"",
    "r=\"XFE0\"",
    "<v>",
    "1e999",
    "-1",
    "4294967296",
    "<row r=\"1048577\">",
    "t=\"s\"",
    "<!DOCTYPE a [",
    "&a;",
    "Sheet1!",
    "A1:B2",
    "$A$1",
    "#REF!",
    "LAMBDA(",
    "LET(",
    "IF(",
    "SUM(",
    "[1]",
    "[@",
    "{1,2;3}",
    "\"",
    "'",
    "(",
    ")",
    ",",
    ";",
    ":",
    "^",
    "%",
    "-",
    "@",
    "#",
    "1048576:1",
    "XFD:A",
    "OFFSET(",
];
const FORMULAS: &[&str] = &[
    "SUM(A1:B2,Sheet1!C:C)*-2^2%",
    "LET(x,1,LAMBDA(y,x+y)(2))",
    "IF(A1>=\"a\"&\"b\",{1,2;3,4},#N/A)",
    "Table1[[#This Row],[a]:[b]]",
    "'[1]My ''sheet'''!$A$1:INDEX(B:B,3)",
    "@A1:A9 A2:C2,B1#",
];

/// A small generator of whole numbers (Marsaglia's xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }

    /// Damages bytes in some places.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(8) {
            let at = self.below(bytes.len());
            let end = (at + self.below(64)).min(bytes.len());
            match self.below(5) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let part = bytes[at..end].to_vec();
                    let times = 1 + self.below(200);
                    bytes.splice(at..at, part.repeat(times));
                }
                3 => bytes.truncate(at),
                _ => {
                    let word = WORDS[self.below(WORDS.len())].as_bytes();
                    bytes.splice(at..end, word.repeat(1 + self.below(4)));
                }
            }
        }
    }
}

/// One sheet and no table.
struct OneSheet;

impl Names for OneSheet {
    fn find_sheet(&self, name: &str) -> Option<SheetId> {
        (name == "Sheet1").then_some(SheetId(0))
    }

    fn find_table(&self, _: &str, _: CellRef) -> Option<&Table> {
        None
    }
}

fn unpack(bytes: &[u8]) -> Result<Parts, Failure> {
    let mut package = zip::ZipArchive::new(Cursor::new(bytes))?;
    let mut parts = Parts::new();
    for i in 0..package.len() {
        let mut file = package.by_index(i)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        parts.push((file.name()?.into_owned(), content));
    }
    Ok(parts)
}

fn pack(parts: &Parts) -> Result<Vec<u8>, Failure> {
    let mut package = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in parts {
        package.start_file(name.as_str(), options)?;
        package.write_all(content)?;
    }
    Ok(package.finish()?.into_inner())
}

/// A damaged file: as a whole, or within one of its parts.
fn damaged(chance: &mut Chance, (file, parts): &(Vec<u8>, Parts)) -> Result<Vec<u8>, Failure> {
    if chance.below(4) == 0 {
        let mut file = file.clone();
        chance.damage(&mut file);
        return Ok(file);
    }
    let mut parts = parts.clone();
    let place = chance.below(parts.len());
    chance.damage(&mut parts[place].1);
    pack(&parts)
}

/// The most memory that this process ever had, in MB.
fn peak_mb() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|l| l.starts_with("VmHWM")).ok_or("no VmHWM")?;
    Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse::<u64>()? >> 10)
}

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [seconds, seed, files @ ..] = args.as_slice() else {
        return Err("usage: fuzz_workbook SECONDS SEED WORKBOOK...".into());
    };
    let end = Instant::now() + Duration::from_secs(seconds.parse()?);
    let mut chance = Chance(seed.parse::<u64>()?.wrapping_mul(2) + 1);
    let mut seeds = Vec::new();
    for file in files {
        let bytes = std::fs::read(file)?;
        let parts = unpack(&bytes)?;
        seeds.push((bytes, parts));
    }
    let (mut loaded, mut refused, mut read, mut unread) = (0u64, 0u64, 0u64, 0u64);
    let mut slowest = Duration::ZERO;
    while Instant::now() < end {
        let start = Instant::now();
        if let Some(seed) = seeds.get(chance.below(seeds.len())) {
            let file = damaged(&mut chance, seed)?;
            let is_read = load(Cursor::new(file), &Limits::default()).is_ok();
            *(if is_read { &mut loaded } else { &mut refused }) += 1;
        }
        let mut text = FORMULAS[chance.below(FORMULAS.len())].as_bytes().to_vec();
        chance.damage(&mut text);
        let text = String::from_utf8_lossy(&text);
        let is_read = parse(&text, CellRef::new(SheetId(0), 0, 0), &OneSheet).is_ok();
        *(if is_read { &mut read } else { &mut unread }) += 1;
        slowest = slowest.max(start.elapsed());
        if slowest > SLOW {
            return Err(format!("an input took {slowest:?}").into());
        }
    }
    let peak = peak_mb()?;
    if peak > MEMORY_MB {
        return Err(format!("{peak} MB of memory").into());
    }
    println!(
        "{}",
        serde_json::json!({"loaded": loaded, "refused": refused, "formulas_read": read,
            "formulas_refused": unread, "slowest_s": slowest.as_secs_f64(), "peak_mb": peak})
    );
    Ok(())
}
