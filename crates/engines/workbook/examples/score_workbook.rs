//! Recalculates one workbook and compares it with the values that Excel saved: one JSON line, and
//! with `--differences N` the first N cells that differ, on standard error.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use gantry_workbook::{Comparison, Limits, Options, Workbook, compare, open, recalculate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let path = PathBuf::from(args.next().ok_or("usage: score_workbook FILE [--differences N]")?);
    let shown = args.nth(1).and_then(|n| n.parse().ok()).unwrap_or(0usize);
    let start = Instant::now();
    let book = open(&path, &Limits::default())?;
    let result = recalculate(&book, &Options::default())?;
    let seconds = start.elapsed().as_secs_f64();
    let comparison = compare(&book, &result);
    show(&book, &comparison, shown);
    let skipped: BTreeMap<&str, usize> =
        comparison.skipped.iter().map(|(s, n)| (s.as_str(), *n)).collect();
    let line = serde_json::json!({
        "formulas": book.formula_count(),
        "cells": comparison.cells,
        "equal": comparison.equal,
        "skipped": skipped,
        "seconds": seconds,
    });
    println!("{line}");
    Ok(())
}

fn show(book: &Workbook, comparison: &Comparison, count: usize) {
    for d in comparison.differences.iter().take(count) {
        let sheet = book.sheet(d.cell.sheet);
        let formula = sheet.formulas().iter().find(|f| {
            let cell = &sheet.cells()[f.cell as usize];
            (cell.row, cell.col) == (d.cell.row, d.cell.col)
        });
        let text = formula.map(|f| gantry_workbook::formula::spell(book, book.template(f.formula), d.cell));
        let place = book.spell(d.cell);
        eprintln!("{place}: {:?} saved, {:?} computed: ={}", d.saved, d.computed, text.unwrap_or_default());
    }
}
