//! The files that tables are left as.

use gantry_kit::{ColumnKind, Frame, ReadOptions, read_frame};
use serde_json::json;

use crate::support::{Files, MemoryHost, cells, host, people, run, table};

fn read(host: &MemoryHost, name: &str) -> Frame {
    let bytes = host.read_artifact(name).unwrap();
    read_frame(std::io::Cursor::new(bytes), &ReadOptions::default()).unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn parquet_holds_what_csv_holds_and_keeps_the_types() {
    let files = Files::new();
    let path = files.write("people.csv", people(500));
    let text = host(&path, 2, 7);
    run("synth.generate", json!({"rows": 70_000}), &text).await.unwrap();
    let typed = host(&path, 1, 7);
    run("synth.generate", json!({"rows": 70_000, "format": "parquet"}), &typed).await.unwrap();
    assert_eq!(typed.artifact_names(), ["metadata.json", "synthetic.parquet"]);
    let (text, typed) = (table(&text), read(&typed, "synthetic.parquet"));
    assert_eq!(typed.rows(), 70_000);
    for column in text.columns() {
        assert_eq!(cells(&text, column.name()), cells(&typed, column.name()), "{}", column.name());
        assert_eq!(typed.get_column(column.name()).unwrap().kind(), column.kind());
    }
    let kind = |name: &str| typed.get_column(name).unwrap().kind();
    assert_eq!((kind("start"), kind("age")), (ColumnKind::Date, ColumnKind::Integer));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parquet_file_is_learned_and_sampled_as_a_csv_file_is() {
    let files = Files::new();
    let path = files.write("people.csv", people(500));
    let first = host(&path, 2, 7);
    run("synth.generate", json!({"format": "parquet", "selection": true}), &first).await.unwrap();
    let bytes = first.read_artifact("synthetic.parquet").unwrap();
    let path = files.write("table.parquet", &bytes);
    let second = host(&path, 2, 7);
    run("synth.fit", json!({}), &second).await.unwrap();
    let model = files.write("generator.gantry", second.read_artifact("generator.gantry").unwrap());
    let later = MemoryHost::builder().with_input("model", model).build().unwrap();
    run("synth.sample", json!({"rows": 40, "format": "parquet"}), &later).await.unwrap();
    let made = read(&later, "synthetic.parquet");
    assert_eq!((made.rows(), made.columns().len()), (40, 12));
    let broken = files.write("broken.parquet", &bytes[..bytes.len() / 2]);
    let error = run("synth.fit", json!({}), &host(&broken, 1, 1)).await.unwrap_err();
    assert!(error.message.contains("Parquet"), "{}", error.message);
}
