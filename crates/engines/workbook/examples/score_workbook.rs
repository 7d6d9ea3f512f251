//! Recalculates one workbook and compares it with the values that Excel saved: one JSON line.
//! `--differences N` shows the first N cells that differ on standard error, `--cells FILE` lists
//! the compared cells with their saved values, one JSON line each, for judging other engines.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use gantry_workbook::formula::spell;
use gantry_workbook::{Comparison, Limits, Options, Value, Workbook, compare, open, recalculate};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let path = PathBuf::from(
        args.first().ok_or("usage: score_workbook FILE [--differences N] [--cells FILE]")?,
    );
    let option = |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1));
    let start = Instant::now();
    let book = open(&path, &Limits::default())?;
    let result = recalculate(&book, &Options::default())?;
    let seconds = start.elapsed().as_secs_f64();
    let comparison = compare(&book, &result);
    show(&book, &comparison, option("--differences").and_then(|n| n.parse().ok()).unwrap_or(0));
    if let Some(file) = option("--cells") {
        list(&book, &comparison, std::fs::File::create(file)?)?;
    }
    let skipped: BTreeMap<&str, usize> =
        comparison.skipped.iter().map(|(s, n)| (s.as_str(), *n)).collect();
    let line = serde_json::json!({
        "formulas": book.formula_count(),
        "cells": comparison.cells.len(),
        "equal": comparison.equal,
        "skipped": skipped,
        "seconds": seconds,
    });
    println!("{line}");
    Ok(())
}

fn show(book: &Workbook, comparison: &Comparison, count: usize) {
    for d in comparison.differences.iter().take(count) {
        let text = book.find_formula(d.cell).map(|f| spell(book, book.template(f), d.cell));
        let place = book.spell(d.cell);
        eprintln!(
            "{place}: {:?} saved, {:?} computed: ={}",
            d.saved,
            d.computed,
            text.unwrap_or_default()
        );
    }
}

fn list(book: &Workbook, comparison: &Comparison, file: std::fs::File) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::new(file);
    for at in &comparison.cells {
        let sheet = book.sheet(at.sheet);
        let saved = sheet.find_cell(at.row, at.col).map_or(&Value::Empty, |c| &c.value);
        let saved = match saved {
            Value::Empty => serde_json::Value::Null,
            Value::Number(x) => (*x).into(),
            Value::Text(t) => t.as_ref().into(),
            Value::Bool(b) => (*b).into(),
            Value::Error(e) => e.as_str().into(),
        };
        let cell = serde_json::json!({
            "sheet": sheet.name, "row": at.row + 1, "col": at.col + 1, "saved": saved,
        });
        writeln!(out, "{cell}")?;
    }
    Ok(out.flush()?)
}
