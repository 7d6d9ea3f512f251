//! Reading whole files: kinds, encodings, repairs and refusals.

#![expect(clippy::unwrap_used, reason = "a test ends where one of these fails")]

use std::io::Cursor;
use std::ops::ControlFlow;

use gantry_kit::{
    ColumnKind, DateFormat, DateLayout, DateOrder, Encoding, FileKind, Format, Frame, Header,
    NumberFormat, ReadLimits, ReadOptions, ReadWarning, ShortRows, TableError, read_frame,
    read_frame_watched,
};

fn read(bytes: &[u8]) -> (Frame, Vec<ReadWarning>) {
    read_frame(Cursor::new(bytes), &ReadOptions::default()).unwrap()
}

fn refuse(bytes: &[u8]) -> TableError {
    read_frame(Cursor::new(bytes), &ReadOptions::default()).unwrap_err()
}

fn kinds(frame: &Frame) -> Vec<ColumnKind> {
    frame.columns().iter().map(|column| column.kind()).collect()
}

fn kind_of(name: &str, cells: impl IntoIterator<Item = String>) -> ColumnKind {
    let text: String = std::iter::once(name.to_owned())
        .chain(cells)
        .map(|cell| format!("\"{cell}\",z\n"))
        .collect();
    let options = ReadOptions { header: Header::Present, ..ReadOptions::default() };
    let (frame, _) = read_frame(Cursor::new(text), &options).unwrap();
    frame.columns()[0].kind()
}

#[test]
fn a_german_spreadsheet() {
    let (frame, warnings) = read(include_bytes!("data/semicolon_windows1252.csv"));
    use ColumnKind::{Boolean, Category, Date, Integer, Number};
    assert_eq!(kinds(&frame), [Category, Integer, Number, Date, Boolean, Category]);
    assert_eq!(
        warnings,
        [ReadWarning::EncodingAssumed { encoding: Encoding::Windows1252 }],
        "{warnings:?}"
    );
    let price = frame.get_column("Preis").unwrap();
    assert_eq!(price.find_numbers().unwrap()[1], 1037.5);
    assert_eq!(price.missing().count(), 5);
    assert_eq!(frame.get_column("Gültig ab").unwrap().find_cell(1).unwrap(), "02.02.2024");
    assert_eq!(frame.get_column("Aktiv").unwrap().find_levels().unwrap().1, ["nein", "ja"]);
    let note = frame.get_column("Bemerkung").unwrap();
    assert_eq!(note.find_cell(0).unwrap(), "Straße gesperrt; Umweg");
}

#[test]
fn sixteen_bit_characters() {
    let (frame, warnings) = read(include_bytes!("data/utf16le.tsv"));
    assert_eq!(kinds(&frame), [ColumnKind::Category, ColumnKind::Number, ColumnKind::Date]);
    assert!(warnings.is_empty());
    let cells: Vec<_> = frame.cells(1).map(Option::unwrap).collect();
    assert_eq!(cells, ["näme 1", "1.5", "2024-01-02T10:00:00Z"]);
}

#[test]
fn dates_are_resolved_over_the_column_and_the_file() {
    let (frame, warnings) = read(include_bytes!("data/dates.csv"));
    assert_eq!(kinds(&frame), [ColumnKind::Date; 6]);
    let layout = |name: &str| frame.get_column(name).unwrap().spec().date_format.layout;
    assert_eq!(layout("iso"), DateLayout::Iso);
    assert_eq!(layout("us"), DateLayout::MonthDaySlash);
    // Nothing in these columns tells day from month, but the column beside them does.
    assert_eq!(layout("open"), DateLayout::MonthDaySlash);
    assert_eq!(layout("opens_us"), DateLayout::MonthDaySlash);
    assert_eq!(layout("named"), DateLayout::DayMonthName);
    assert_eq!(layout("compact"), DateLayout::Compact);
    let named: Vec<_> = warnings
        .iter()
        .map(|warning| match warning {
            ReadWarning::AmbiguousDates { column, layout: DateLayout::MonthDaySlash } => column,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(named, ["open", "opens_us"]);
}

#[test]
fn ambiguous_dates_follow_the_option_and_the_schema() {
    let text = "d\n03/04/2024\n05/06/2024\n";
    let month_of_first = |options: &ReadOptions| {
        let (frame, _) = read_frame(Cursor::new(text), options).unwrap();
        frame.columns()[0].spec().date_format.layout
    };
    assert_eq!(month_of_first(&ReadOptions::default()), DateLayout::DayMonthSlash);
    let month_first =
        ReadOptions { ambiguous_dates: DateOrder::MonthFirst, ..ReadOptions::default() };
    assert_eq!(month_of_first(&month_first), DateLayout::MonthDaySlash);
    let (us, _) = read(b"d\n12/31/2024\n");
    let trained = ReadOptions { schema: Some(us.schema()), ..ReadOptions::default() };
    assert_eq!(month_of_first(&trained), DateLayout::MonthDaySlash);
}

#[test]
fn untidy_files_are_repaired_and_say_so() {
    let (frame, warnings) = read(include_bytes!("data/untidy.csv"));
    let names: Vec<_> = frame.names().collect();
    assert_eq!(names, ["x", "x_3", "column_3", "amount", "x_2"]);
    assert_eq!(frame.rows(), 40);
    let text: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert!(text.iter().any(|w| w.contains("\"x\" occurs twice")), "{text:?}");
    assert!(text.iter().any(|w| w.contains("column 3 has no name")), "{text:?}");
    assert!(warnings.contains(&ReadWarning::ShortRows { count: 1, first_line: 7 }));
    assert!(warnings.contains(&ReadWarning::TrailingCells { count: 1, first_line: 22 }));
    let stray = ReadWarning::MostlyNumbers {
        column: "amount".into(),
        count: 1,
        first_line: 11,
        example: "about 12".into(),
    };
    assert!(warnings.contains(&stray), "{warnings:?}");
}

#[test]
fn json_lines() {
    let bytes = include_bytes!("data/events.jsonl");
    let (frame, warnings) = read(bytes);
    assert!(warnings.is_empty());
    assert_eq!(frame.names().collect::<Vec<_>>(), ["at", "kind", "value", "tags"]);
    assert_eq!(
        kinds(&frame),
        [ColumnKind::Date, ColumnKind::Category, ColumnKind::Number, ColumnKind::Category]
    );
    assert_eq!(frame.get_column("value").unwrap().missing().count(), 6);
    let tags = frame.get_column("tags").unwrap();
    assert!(tags.is_missing(0));
    assert_eq!(tags.find_cell(7).unwrap(), "[\"a\", {\"b\": 7}]");
}

#[test]
fn kinds_of_columns() {
    let many = |f: fn(usize) -> String| (0..60).map(f);
    assert_eq!(kind_of("x", many(|i| format!("{}", i % 7))), ColumnKind::Integer);
    assert_eq!(kind_of("x", many(|i| format!("{i}.0"))), ColumnKind::Number);
    assert_eq!(kind_of("customer_id", many(|i| format!("{}", i * 3))), ColumnKind::Id);
    assert_eq!(kind_of("count", many(|i| format!("{}", i * 3))), ColumnKind::Integer);
    assert_eq!(kind_of("", many(|i| format!("{}", i + 1))), ColumnKind::Id);
    assert_eq!(kind_of("key", many(|i| format!("AB-{i:05}"))), ColumnKind::Id);
    assert_eq!(kind_of("zip", many(|i| format!("0{}", 1000 + i % 20))), ColumnKind::Category);
    assert_eq!(kind_of("big", many(|i| format!("{}", (1_u64 << 60) + i as u64))), ColumnKind::Id);
    assert_eq!(kind_of("say", many(|i| format!("sentence number {i}"))), ColumnKind::Text);
    assert_eq!(kind_of("bool", many(|i| ["TRUE", "False"][i % 2].into())), ColumnKind::Boolean);
    assert_eq!(kind_of("flag", many(|i| format!("{}", i % 2))), ColumnKind::Integer);
    assert_eq!(kind_of("nothing", many(|_| "NA".into())), ColumnKind::Category);
    assert_eq!(kind_of("sum", many(|i| format!("{},250.5", i + 1))), ColumnKind::Number);
}

#[test]
fn numbers_with_commas_in_tab_files_are_doubtful() {
    let (frame, warnings) = read(b"a\tb\n1,234\tx\n5,678\ty\n");
    assert_eq!(frame.columns()[0].find_numbers().unwrap(), [1234.0, 5678.0]);
    let format = NumberFormat::GroupedComma;
    assert_eq!(warnings, [ReadWarning::AmbiguousNumbers { column: "a".into(), format }]);
    let (frame, warnings) = read(b"a\tb\n1,2\tx\n5,67\ty\n");
    assert_eq!(frame.columns()[0].find_numbers().unwrap(), [1.2, 5.67]);
    assert!(warnings.is_empty());
}

#[test]
fn a_second_file_is_read_as_the_first() {
    let (train, _) = read(b"size,when,ok,city\n1.5,31.01.2024,yes,Oslo\n2.5,01.02.2024,no,Rome\n");
    let options = ReadOptions { schema: Some(train.schema()), ..ReadOptions::default() };
    let later = "city;when;size;new\nRome;05.06.2024;3,5;1\nLima;;big;2\n";
    let (frame, warnings) = read_frame(Cursor::new(later), &options).unwrap();
    use ColumnKind::{Category, Date, Integer, Number};
    assert_eq!(kinds(&frame), [Category, Date, Number, Integer]);
    let (codes, levels) = frame.columns()[0].find_levels().unwrap();
    assert_eq!(
        (codes, levels),
        ([1, 2].as_slice(), ["Oslo", "Rome", "Lima"].map(String::from).as_slice())
    );
    assert_eq!(frame.columns()[2].find_numbers().unwrap()[0], 3.5, "another spelling, same kind");
    assert!(frame.columns()[2].is_missing(1));
    let told: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("no column \"ok\""), "{told:?}");
    assert!(told[1].contains("1 new labels (first: \"Lima\")"), "{told:?}");
    assert!(told[2].contains("1 cells of \"size\"") && told[2].contains("line 3"), "{told:?}");
    assert_eq!(
        frame.columns()[1].spec().date_format,
        DateFormat { layout: DateLayout::DayMonthDot, ..DateFormat::default() }
    );
}

#[test]
fn kinds_can_be_forced() {
    let kinds = [("a".to_owned(), ColumnKind::Category), ("b".to_owned(), ColumnKind::Boolean)];
    let options = ReadOptions { kinds: kinds.into(), ..ReadOptions::default() };
    let (frame, warnings) = read_frame(Cursor::new("a,b\n1,1\n2,0\n1,x\n"), &options).unwrap();
    assert_eq!(frame.columns()[0].find_levels().unwrap().1, ["1", "2"]);
    let (codes, words) = frame.columns()[1].find_levels().unwrap();
    assert_eq!((codes, words[1].as_str()), ([1, 0, 0].as_slice(), "1"));
    assert!(frame.columns()[1].is_missing(2));
    assert!(matches!(warnings[..], [ReadWarning::UnreadableCells { count: 1, first_line: 4, .. }]));
}

#[test]
fn what_is_no_table_is_refused_with_the_next_step() {
    assert!(matches!(refuse(b""), TableError::Empty));
    assert!(matches!(refuse(b"\n\r\n\n"), TableError::Empty));
    assert!(matches!(refuse(b"a,b\n"), TableError::OnlyHeader { line: 1 }));
    let kind = FileKind::Spreadsheet;
    let error = refuse(b"PK\x03\x04\x14\0\x06\0[Content_Types].xml");
    assert!(matches!(error, TableError::NotText { kind: found } if found == kind));
    assert!(error.to_string().contains("save the sheet as CSV"), "{error}");
    assert!(matches!(
        refuse(b"a,b\n1,2\n3,4,5\n"),
        TableError::LongRow { line: 3, expected: 2, found: 3 }
    ));
    assert!(matches!(refuse(b"a,b\n1,\"2\n"), TableError::UnterminatedQuote { line: 2 }));
    assert!(matches!(refuse(b"{\"a\": 1}\n{\"a\"\n"), TableError::InvalidJson { line: 2, .. }));
    let options = ReadOptions { short_rows: ShortRows::Refuse, ..ReadOptions::default() };
    let short = read_frame(Cursor::new("a,b\n1,2\n3\n"), &options).unwrap_err();
    assert_eq!(short.find_line(), Some(3));
}

#[test]
fn a_late_byte_decides_the_encoding() {
    let mut bytes = b"name,x\n".to_vec();
    for i in 0..60_000 {
        bytes.extend_from_slice(format!("plain,{i}\n").as_bytes());
    }
    bytes.extend_from_slice(b"caf\xE9,1\n");
    let (frame, warnings) = read(&bytes);
    assert_eq!(frame.find_column("name").unwrap().find_cell(60_000).unwrap(), "café");
    assert_eq!(warnings, [ReadWarning::EncodingAssumed { encoding: Encoding::Windows1252 }]);
    let options = ReadOptions { encoding: Some(Encoding::Utf8), ..ReadOptions::default() };
    let forced = read_frame(Cursor::new(&bytes), &options).unwrap_err();
    assert!(matches!(forced, TableError::InvalidUtf8 { line: 60_002 }), "{forced}");
}

#[test]
fn limits_and_stopping() {
    let text: String =
        std::iter::once("a\n".to_owned()).chain((0..9_000).map(|i| format!("{i}\n"))).collect();
    let limits = ReadLimits { max_rows: 100, ..ReadLimits::default() };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    let error = read_frame(Cursor::new(&text), &options).unwrap_err();
    assert!(matches!(error, TableError::TooManyRows { limit: 100 }));
    let mut seen = Vec::new();
    let stopped = read_frame_watched(&mut Cursor::new(&text), &ReadOptions::default(), &mut |p| {
        seen.push(p);
        if p.rows >= 4_096 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped, Err(TableError::Stopped)));
    let last = seen.last().unwrap();
    assert_eq!((last.rows, last.bytes_total), (4_096, 2 * text.len() as u64));
    assert!(last.bytes_read > 0 && last.bytes_read <= text.len() as u64);
}

#[test]
fn files_without_header_and_with_a_stated_delimiter() {
    let (frame, _) = read(b"5.1,3.5,setosa\n4.9,3.0,setosa\n6.0,2.0,other\n");
    assert_eq!(frame.names().collect::<Vec<_>>(), ["column_1", "column_2", "column_3"]);
    assert_eq!(frame.rows(), 3);
    let (frame, _) = read(b"sep=;\na;b\n1;2\n");
    assert_eq!(frame.names().collect::<Vec<_>>(), ["a", "b"]);
    let options = ReadOptions {
        format: Some(Format::Delimited),
        delimiter: Some('^'),
        ..ReadOptions::default()
    };
    let (frame, _) = read_frame(Cursor::new("a^b\n1^2\n"), &options).unwrap();
    assert_eq!(frame.columns().len(), 2);
}

#[test]
fn the_example_tables_have_sensible_kinds() {
    let read_example = |name: &str| {
        let path = format!("{}/../../../examples/{name}.csv", env!("CARGO_MANIFEST_DIR"));
        read(&std::fs::read(path).unwrap())
    };
    let count = |frame: &Frame, kind| kinds(frame).iter().filter(|k| **k == kind).count();
    let (iris, _) = read_example("iris");
    assert_eq!((iris.rows(), count(&iris, ColumnKind::Number)), (150, 4));
    let (german, _) = read_example("german_credit");
    let found =
        (german.rows(), count(&german, ColumnKind::Integer), count(&german, ColumnKind::Category));
    assert_eq!(found, (1_000, 7, 14));
    let (titanic, _) = read_example("titanic");
    assert_eq!(titanic.get_column("age").unwrap().missing().count(), 263);
    assert_eq!(titanic.get_column("sex").unwrap().kind(), ColumnKind::Category);
    let (wine, warnings) = read_example("wine_quality_white");
    assert_eq!((wine.rows(), count(&wine, ColumnKind::Number)), (4_898, 11));
    assert!(warnings.is_empty());
}
