//! Profiles against plain computations over the whole column.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where one of these fails")]

use std::io::Cursor;
use std::ops::ControlFlow;

use gantry_kit::profile::{ColumnNote, ColumnProfile, NumberSummary, Summary};
use gantry_kit::{ColumnKind, Profile, ReadOptions, TableError, preview, profile};

fn profile_text(text: &str) -> Profile {
    profile(Cursor::new(text), &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap()
}

fn numbers(column: &ColumnProfile) -> &NumberSummary {
    match &column.summary {
        Summary::Numbers(summary) => summary,
        other => panic!("{other:?}"),
    }
}

/// Values without order, from -250 to 750.
fn values(count: u64) -> Vec<f64> {
    (0..count).map(|i| ((i * 7_919) % 100_003) as f64 / 100.0 - 250.0).collect()
}

fn table(values: &[f64]) -> String {
    let rows = values.iter().enumerate().map(|(i, v)| {
        let level = ["a", "b", "c"][(i * i) % 3];
        let gap = if i % 10 == 0 { "NA".to_owned() } else { format!("{}", i % 13) };
        format!("{v:?},{level},{gap},same,row-{i:07}\n")
    });
    std::iter::once("x,level,gap,constant,key\n".to_owned()).chain(rows).collect()
}

fn check_moments(found: &NumberSummary, values: &[f64]) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let std = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    assert!((found.mean.unwrap() - mean).abs() < 1e-9 * mean.abs().max(1.0));
    assert!((found.std.unwrap() - std).abs() < 1e-9 * std);
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    assert_eq!((found.min, found.max), (sorted.first().copied(), sorted.last().copied()));
    assert_eq!(found.negatives, values.iter().filter(|v| **v < 0.0).count() as u64);
    assert_eq!(found.zeros, values.iter().filter(|v| **v == 0.0).count() as u64);
    let counts = &found.histogram.counts;
    for (bin, count) in counts.iter().enumerate() {
        let (from, to) = (found.histogram.edges[bin], found.histogram.edges[bin + 1]);
        let inside = |v: &f64| *v >= from && (*v < to || (bin + 1 == counts.len() && *v <= to));
        let exact = values.iter().filter(|v| inside(v)).count() as i64;
        // A value on a border may fall on either side of it by rounding.
        assert!((exact - i64::try_from(*count).unwrap()).abs() <= 2, "bin {bin}");
    }
    assert_eq!(counts.iter().sum::<u64>(), values.len() as u64);
    assert!(counts.len() <= 40);
    for (share, value) in &found.quantiles.points {
        let below = sorted.iter().filter(|v| *v <= value).count() as f64 / n;
        let tolerance = if found.quantiles.approximate { 0.003 } else { 1.0 / n };
        assert!((below - share).abs() <= tolerance, "{share}: {below}");
    }
}

#[test]
fn small_files_are_profiled_exactly() {
    let values = values(3_000);
    let found = profile_text(&table(&values));
    assert_eq!((found.rows, found.columns.len()), (3_000, 5));
    let [x, level, gap, constant, key] = &found.columns[..] else { panic!() };
    check_moments(numbers(x), &values);
    assert!(!numbers(x).quantiles.approximate && !x.distinct.approximate);
    assert_eq!(x.distinct.value, 3_000);
    let Summary::Levels(levels) = &level.summary else { panic!() };
    assert_eq!((levels.top[0].label.as_str(), levels.top[0].count), ("b", 2_000));
    assert_eq!((levels.top.len(), levels.other), (2, 0));
    assert_eq!((gap.missing, gap.distinct.value), (300, 13));
    assert_eq!(numbers(gap).histogram.counts.len(), 13, "one bin per whole number");
    assert_eq!(constant.notes, [ColumnNote::Constant]);
    assert_eq!((key.kind, key.notes.as_slice()), (ColumnKind::Id, [ColumnNote::IdLike].as_slice()));
    assert_eq!(found.sample.len(), 20);
    assert_eq!(found.sample[0][2], None);
    assert_eq!(found.sample[1][4].as_deref(), Some("row-0000001"));
}

#[test]
fn large_files_are_profiled_closely_and_say_so() {
    let values = values(60_000);
    let found = profile_text(&table(&values));
    let x = &found.columns[0];
    check_moments(numbers(x), &values);
    assert!(numbers(x).quantiles.approximate && x.distinct.approximate);
    let error = (x.distinct.value as f64 - 60_000.0).abs() / 60_000.0;
    assert!(error < 0.06, "{:?}", x.distinct);
}

#[test]
fn the_json_reads_back() {
    let text = "when,n,t,empty\n2024-01-01,1e308,some words here,\n2024-03-01,-1e308,others,\n";
    let found = profile_text(text);
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Profile>(&json).unwrap(), found);
    assert!(json.contains("\"type\":\"dates\""), "{json}");
    let Summary::Dates(dates) = &found.columns[0].summary else { panic!() };
    assert_eq!(dates.min.as_deref(), Some("2024-01-01"));
    assert_eq!(dates.histogram.edges.last().map(String::as_str), Some("2024-03-01"));
    assert_eq!(found.columns[3].notes, [ColumnNote::Empty]);
}

#[test]
fn progress_is_told_and_stopping_works() {
    let text = table(&values(20_000));
    let mut last = None;
    profile(Cursor::new(&text), &ReadOptions::default(), &mut |progress| {
        if let Some(before) = last.replace(progress) {
            assert!(before.bytes_read <= progress.bytes_read);
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    let last = last.unwrap();
    assert_eq!(last.bytes_total, 2 * text.len() as u64);
    assert!(last.bytes_read * 10 > last.bytes_total * 9);
    let mut calls = 0;
    let stopped = profile(Cursor::new(&text), &ReadOptions::default(), &mut |_| {
        calls += 1;
        if calls == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped, Err(TableError::Stopped)));
    assert_eq!(calls, 3);
}

#[test]
fn a_preview_and_a_profile_agree_on_small_files() {
    let text = table(&values(50));
    let seen = preview(Cursor::new(&text), &ReadOptions::default(), 20).unwrap();
    let found = profile_text(&text);
    assert_eq!(seen.rows, found.sample);
    let kinds: Vec<_> = found.columns.iter().map(|column| column.kind).collect();
    assert_eq!(seen.columns.iter().map(|column| column.kind).collect::<Vec<_>>(), kinds);
}
