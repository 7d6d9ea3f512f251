//! What is drawn is like what was learned, and is the same on any machine.

use gantry_engine_api::Engine;
use gantry_kit::Frame;
use serde_json::json;

use crate::support::{
    Files, MemoryHost, cells, example, generate, host, numbers, operation, people, run, share,
    table,
};

#[test]
fn every_operation_and_service_is_registered() {
    let engine = gantry_synth::engine();
    let ids: Vec<String> = engine.operations().iter().map(|op| op.spec().id.clone()).collect();
    assert_eq!(
        ids,
        [
            "synth.generate",
            "synth.fit",
            "synth.sample",
            "synth.evaluate",
            "synth.auto",
            "synth.generate_tables",
            "synth.impute",
            "synth.score",
            "synth.tune"
        ]
    );
    let services: Vec<String> = engine.services().iter().map(|one| one.spec().id.clone()).collect();
    assert_eq!(services, ["synth.generator"]);
    assert!(operation("synth.generate").spec().params_schema["properties"]["given"].is_object());
}

/// Largest difference between the shares of any label.
fn differ(real: &Frame, made: &Frame, column: &str) -> f64 {
    let labels: std::collections::HashSet<String> =
        cells(real, column).into_iter().flatten().collect();
    let gap = |label: &String| (share(real, column, label) - share(made, column, label)).abs();
    labels.iter().map(gap).fold(0.0, f64::max)
}

fn correlate(frame: &Frame, a: &str, b: &str) -> f64 {
    let (a, b) = (numbers(frame, a), numbers(frame, b));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (of_a, of_b) = (mean(&a), mean(&b));
    let product = |x: &[f64], m: f64, y: &[f64], n: f64| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - m) * (y - n)).sum()
    };
    product(&a, of_a, &b, of_b) / (product(&a, of_a, &a, of_a) * product(&b, of_b, &b, of_b)).sqrt()
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_and_relations_are_kept_by_every_tier() {
    let files = Files::new();
    let path = files.write("people.csv", people(3_000));
    let real = table_of(&path);
    for (tier, near, least) in
        [("instant", 0.03, 0.95), ("mixture", 0.04, 0.45), ("private", 0.1, 0.5)]
    {
        let params = json!({"tier": tier, "epsilon": 8.0});
        let (made, _) = generate(&path, params).await.unwrap();
        assert_eq!(made.rows(), 3_000);
        for column in ["group", "city", "country"] {
            let gap = differ(&real, &made, column);
            assert!(gap < near, "{tier}: {column} differs by {gap}");
        }
        let (wanted, found) = (correlate(&real, "age", "score"), correlate(&made, "age", "score"));
        assert!(wanted > 0.99 && found > least, "{tier}: {found}");
    }
}

fn table_of(path: &std::path::Path) -> Frame {
    let file = std::fs::File::open(path).unwrap();
    gantry_kit::read_frame(file, &gantry_kit::ReadOptions::default()).unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_cells_are_as_frequent_as_in_the_table() {
    let real = table_of(&example("titanic.csv"));
    let (made, _) = generate(&example("titanic.csv"), json!({"rows": 5000})).await.unwrap();
    let gaps = |frame: &Frame| {
        let column = frame.get_column("age").unwrap();
        column.missing().count() as f64 / frame.rows() as f64
    };
    assert!(gaps(&real) > 0.1);
    assert!((gaps(&real) - gaps(&made)).abs() < 0.03, "{} {}", gaps(&real), gaps(&made));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_thread_and_two_make_the_same_bytes() {
    for tier in ["instant", "mixture", "private"] {
        let mut made = Vec::new();
        for threads in [1, 2] {
            let host = host(&example("german_credit.csv"), threads, 5);
            run("synth.fit", json!({"tier": tier}), &host).await.unwrap();
            let model = host.read_artifact("generator.gantry").unwrap();
            let host = self::host(&example("german_credit.csv"), threads, 5);
            run("synth.generate", json!({"tier": tier, "rows": 9000}), &host).await.unwrap();
            made.push((model, host.read_artifact("synthetic.csv").unwrap()));
        }
        assert!(made[0] == made[1], "{tier}");
        let other = host(&example("german_credit.csv"), 2, 6);
        run("synth.generate", json!({"tier": tier, "rows": 9000}), &other).await.unwrap();
        assert!(made[0].1 != other.read_artifact("synthetic.csv").unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fitted_generator_draws_later_what_generate_draws_at_once() {
    let at_once = host(&example("german_credit.csv"), 2, 7);
    run("synth.generate", json!({}), &at_once).await.unwrap();
    let fitted = host(&example("german_credit.csv"), 2, 7);
    run("synth.fit", json!({}), &fitted).await.unwrap();
    let files = Files::new();
    let model = files.write("generator.gantry", fitted.read_artifact("generator.gantry").unwrap());
    let later = MemoryHost::builder().with_input("model", model).with_seed(7).build().unwrap();
    run("synth.sample", json!({}), &later).await.unwrap();
    let bytes = |host: &MemoryHost| host.read_artifact("synthetic.csv").unwrap();
    assert!(bytes(&at_once) == bytes(&later));
}

#[tokio::test(flavor = "multi_thread")]
async fn selection_brings_small_tables_nearer() {
    let shape = async |selection: bool| {
        let host = host(&example("german_credit.csv"), 2, 7);
        let params = json!({"selection": selection});
        let report = run("synth.generate", params, &host).await.unwrap();
        assert_eq!(table(&host).rows(), 1_000);
        (report["figures"]["shape"].as_f64().unwrap(), report["figures"]["trend"].as_f64().unwrap())
    };
    let (plain, chosen) = (shape(false).await, shape(true).await);
    assert!(chosen.0 > plain.0 + 0.003 && chosen.1 > plain.1, "{plain:?} {chosen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_dataset_needs_no_file() {
    let host = MemoryHost::builder().with_threads(2).build().unwrap();
    let report =
        run("synth.generate", json!({"dataset": "AIDS", "rows": 500}), &host).await.unwrap();
    assert_eq!(report["learned_rows"], 2139);
    let made = table(&host);
    assert_eq!((made.rows(), made.columns().len()), (500, 24));
    assert!(report["guarantee"].as_str().unwrap().contains("no formal guarantee"));
    assert!(host.charged().get() >= 1);
}
