//! Shows what the reader makes of files: `cargo run -p gantry-kit --example inspect -- FILE...`

use std::fs::File;
use std::io::{self, Write};
use std::time::Instant;

use gantry_kit::{ReadOptions, read_frame};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for path in std::env::args().skip(1) {
        let start = Instant::now();
        match read_frame(File::open(&path)?, &ReadOptions::default()) {
            Ok((frame, warnings)) => {
                let (rows, columns) = (frame.rows(), frame.columns().len());
                writeln!(out, "{path}: {rows} rows, {columns} columns, {:?}", start.elapsed())?;
                for column in frame.columns() {
                    let missing = column.missing().count();
                    let distinct = column.count_distinct();
                    let sample: Vec<_> = (0..3)
                        .map(|row| column.find_cell(row).unwrap_or("·".into()).into_owned())
                        .collect();
                    writeln!(
                        out,
                        "  {:<28} {:<9} missing {missing:<6} distinct {distinct:<6} {}",
                        column.name(),
                        format!("{:?}", column.kind()),
                        sample.join(" | ")
                    )?;
                }
                for warning in warnings {
                    writeln!(out, "  note: {warning}")?;
                }
            }
            Err(error) => writeln!(out, "{path}: {error}")?,
        }
    }
    Ok(())
}
