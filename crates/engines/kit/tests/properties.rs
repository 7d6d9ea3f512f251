//! What must hold for every table: it reads back as it was written, in every encoding and with
//! every delimiter, and no damaged file does worse than an error.

#![expect(clippy::unwrap_used, reason = "a test ends where one of these fails")]

use std::io::Cursor;
use std::ops::ControlFlow;

use gantry_kit::{
    Column, ColumnData, ColumnKind, DateFormat, DateLayout, Encoding, Format, Frame, Header,
    ReadOptions, TableError, WriteOptions, preview, profile, read_frame, sniff, write_csv,
};
use proptest::prelude::*;

fn write(frame: &Frame, delimiter: char) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = WriteOptions { delimiter, ..WriteOptions::default() };
    write_csv(frame, &mut bytes, &options).unwrap();
    bytes
}

/// A label without blanks at its ends that is no missing marker.
fn label() -> impl Strategy<Value = String> {
    "[A-Za-zäß0-9,;|\"'=.]{1,8}( [a-zé]{1,4})?".prop_filter("a marker", |text| {
        !matches!(text.as_str(), "NA" | "nan" | "NaN" | "null" | "NULL" | "None" | "Null" | "NAN")
    })
}

fn text() -> impl Strategy<Value = String> {
    "[ a-z,;|\"\n\r\tü]{0,12}x[a-z \"]{0,6}"
}

fn layout() -> impl Strategy<Value = DateLayout> {
    prop_oneof![
        Just(DateLayout::Iso),
        Just(DateLayout::Compact),
        Just(DateLayout::DayMonthDot),
        Just(DateLayout::DayMonthSlash),
        Just(DateLayout::MonthDaySlash),
        Just(DateLayout::MonthDayDash),
        Just(DateLayout::DayMonthName),
        Just(DateLayout::MonthNameDay),
    ]
}

/// Days of 1901 to 2099, with a time of day when `time` is set.
fn date_column(rows: usize) -> impl Strategy<Value = Column> {
    let day = prop::option::weighted(0.9, -25_000..47_000_i64);
    (prop::collection::vec(day, rows), layout(), any::<bool>()).prop_map(|(days, layout, time)| {
        let format = DateFormat { layout, time, zone: time };
        let offset = if time { 45_296_000_007 } else { 0 };
        let micros = |day: Option<i64>| day.map(|day| day * 86_400_000_000 + offset);
        Column::date("d", &days.into_iter().map(micros).collect::<Vec<_>>(), format)
    })
}

prop_compose! {
    fn frame()(rows in 1..30_usize)(
        numbers in prop::collection::vec(prop::option::weighted(0.9, -1e12..1e12_f64), rows),
        wild in prop::collection::vec(prop::num::f64::NORMAL, rows),
        integers in prop::collection::vec(-(1_i64 << 53)..(1_i64 << 53), rows),
        labels in prop::collection::vec(prop::option::weighted(0.9, label()), rows),
        truths in prop::collection::vec(prop::option::weighted(0.9, any::<bool>()), rows),
        texts in prop::collection::vec(prop::option::weighted(0.9, text()), rows),
        dates in date_column(rows),
    ) -> Frame {
        Frame::new(vec![
            Column::number("n", numbers.iter().map(|n| n.unwrap_or(f64::NAN)).collect()),
            Column::number("w,\"x", wild),
            Column::integer("i", integers.iter().map(|i| *i as f64).collect()),
            Column::labels("c", labels.iter().map(Option::as_deref)),
            Column::boolean("b", &truths, ["no", "yes"]),
            Column::text("t", texts.iter().map(Option::as_deref)),
            dates,
        ]).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_written_reads_back(frame in frame(), delimiter in prop::sample::select(vec![',', ';', '\t', '|', '^'])) {
        let bytes = write(&frame, delimiter);
        let options = ReadOptions {
            format: Some(Format::Delimited),
            delimiter: Some(delimiter),
            header: Header::Present,
            schema: Some(frame.schema()),
            ..ReadOptions::default()
        };
        let (back, warnings) = read_frame(Cursor::new(&bytes), &options).unwrap();
        prop_assert_eq!(&back, &frame);
        prop_assert!(warnings.is_empty(), "{:?}", warnings);
        prop_assert_eq!(write(&back, delimiter), bytes);
    }

    #[test]
    fn every_encoding_and_delimiter_is_found(
        cells in prop::collection::vec((-1e6..1e6_f64, "[a-zäöü]{1,8}", 0..1000_i32), 3..40),
        delimiter in prop::sample::select(vec![',', ';', '\t', '|']),
        encoding in 0..5_usize,
    ) {
        let mut text = ["größe", "wort", "zahl"].join(&delimiter.to_string());
        for (number, word, integer) in &cells {
            text.push_str(&format!("\n{number:?}{delimiter}{word}{delimiter}{integer}"));
        }
        let (bytes, expected): (Vec<u8>, _) = match encoding {
            0 => (text.clone().into_bytes(), Encoding::Utf8),
            1 => (format!("\u{feff}{text}").into_bytes(), Encoding::Utf8),
            2 => (text.encode_utf16().flat_map(u16::to_le_bytes).collect(), Encoding::Utf16Le),
            3 => (text.encode_utf16().flat_map(u16::to_be_bytes).collect(), Encoding::Utf16Be),
            _ => (text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect(), Encoding::Windows1252),
        };
        let found = sniff(&bytes).unwrap();
        prop_assert_eq!((found.encoding, found.delimiter, found.has_header), (expected, Some(delimiter), true));
        let (frame, _) = read_frame(Cursor::new(&bytes), &ReadOptions::default()).unwrap();
        prop_assert_eq!(frame.names().next(), Some("größe"));
        let numbers: Vec<f64> = cells.iter().map(|cell| cell.0).collect();
        prop_assert_eq!(frame.columns()[0].find_numbers(), Some(numbers.as_slice()));
        for (row, cell) in cells.iter().enumerate() {
            let word = frame.columns()[1].find_cell(row).unwrap_or_default().into_owned();
            prop_assert!(word == cell.1 || ["nan", "null"].contains(&cell.1.as_str()));
        }
    }

    #[test]
    fn taking_rows_is_the_same_as_reading_them(frame in frame(), picks in prop::collection::vec(0..30_usize, 0..20)) {
        let taken = frame.take(&picks);
        for (column, source) in taken.columns().iter().zip(frame.columns()) {
            for (row, pick) in picks.iter().enumerate() {
                prop_assert_eq!(column.find_cell(row), source.find_cell(*pick));
            }
        }
    }
}

/// A generator that is the same everywhere (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap()
    }
}

/// Changes a few bytes: flips, insertions of telling bytes, removals, repetitions, a cut.
fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    const TELLING: &[u8] = b"\"\",;\n\r\t{}[]\\\0\xff\xfe\xef\x80-+eE.0/:";
    for _ in 0..=dice.roll(6) {
        if bytes.is_empty() {
            return;
        }
        let at = dice.roll(bytes.len());
        match dice.roll(6) {
            0 => bytes[at] ^= 1 << dice.roll(8),
            1 | 2 => bytes.insert(at, TELLING[dice.roll(TELLING.len())]),
            3 => {
                bytes.remove(at);
            }
            4 => {
                let end = (at + 1 + dice.roll(40)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = dice.roll(bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => bytes.truncate(at),
        }
    }
}

#[test]
fn damaged_files_end_in_tables_or_clear_errors() {
    let seeds: [&[u8]; 6] = [
        include_bytes!("data/semicolon_windows1252.csv"),
        include_bytes!("data/utf16le.tsv"),
        include_bytes!("data/dates.csv"),
        include_bytes!("data/untidy.csv"),
        include_bytes!("data/events.jsonl"),
        b"sep=;\na;\"b\"\n1;\"x\"\"y\"\n2;NA\n",
    ];
    let mut dice = Dice(2024);
    let (mut tables, mut errors) = (0, 0);
    for round in 0..5_000 {
        let mut bytes = seeds[round % seeds.len()].to_vec();
        damage(&mut bytes, &mut dice);
        let options = ReadOptions::default();
        match read_frame(Cursor::new(&bytes), &options) {
            Ok((frame, _)) => {
                tables += 1;
                assert!(frame.rows() > 0 && !frame.columns().is_empty());
                check_invariants(&frame);
                let found =
                    profile(Cursor::new(&bytes), &options, &mut |_| ControlFlow::Continue(()))
                        .unwrap();
                assert_eq!(found.rows, frame.rows() as u64);
                for (column, found) in frame.columns().iter().zip(&found.columns) {
                    assert_eq!(found.missing, column.missing().count() as u64);
                    // A text column keeps blanks around its cells, which a profile does not.
                    if column.kind() != ColumnKind::Text {
                        assert_eq!(found.distinct.value, column.count_distinct() as u64);
                    }
                }
                serde_json::to_string(&found).unwrap();
            }
            Err(error) => {
                errors += 1;
                assert!(!matches!(error, TableError::Io(_) | TableError::Stopped), "{error}");
                assert!(error.to_string().contains([';', ',']), "no next step: {error}");
            }
        }
        let _ = preview(Cursor::new(&bytes), &options, 5);
    }
    assert!(tables > 1_000 && errors > 1_000, "{tables} tables, {errors} errors");
}

fn check_invariants(frame: &Frame) {
    for column in frame.columns() {
        assert_eq!(column.len(), frame.rows());
        assert!(!column.name().is_empty());
        let present = |row: usize| !column.is_missing(row);
        match column.data() {
            ColumnData::Number(values) => {
                assert!(column.kind().is_numeric());
                assert!((0..values.len()).all(|row| values[row].is_finite() == present(row)));
                let whole = |value: &f64| value.is_nan() || value.fract() == 0.0;
                assert!(column.kind() != ColumnKind::Integer || values.iter().all(whole));
            }
            ColumnData::Category { codes, levels } => {
                assert!(column.kind().is_categorical());
                assert!(
                    (0..codes.len())
                        .all(|row| !present(row) || (codes[row] as usize) < levels.len())
                );
            }
            ColumnData::Date { .. } => assert_eq!(column.kind(), ColumnKind::Date),
            ColumnData::Text(texts) => {
                assert!(matches!(column.kind(), ColumnKind::Text | ColumnKind::Id));
                assert_eq!(texts.len(), frame.rows());
            }
        }
    }
}
