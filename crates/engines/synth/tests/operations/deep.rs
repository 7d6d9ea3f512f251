//! The tier `deep`: its epochs, conditions, files, and going on after an interruption.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Files, MemoryHost, host, numbers, people, run, share, table};

/// Few epochs, which is enough for everything but likeness.
fn params(more: &Value) -> Value {
    let mut params =
        json!({"tier": "deep", "epochs_vae": 2, "epochs_gnn": 2, "epochs_diffusion": 4});
    if let (Some(params), Some(more)) = (params.as_object_mut(), more.as_object()) {
        params.extend(more.clone());
    }
    params
}

async fn made(host: &Arc<MemoryHost>, params: Value) -> (Value, Vec<u8>) {
    let report = run("synth.generate", params, host).await.unwrap();
    (report, host.read_artifact("synthetic.csv").unwrap())
}

fn again(path: &Path, host: &MemoryHost, place: usize) -> Arc<MemoryHost> {
    let builder = MemoryHost::builder().with_input("data", path).with_threads(2).with_seed(7);
    builder.with_checkpoint(host.checkpoints()[place].clone()).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_training_goes_on_to_the_same_rows_on_any_number_of_threads() {
    let files = Files::new();
    let path = files.write("people.csv", people(400));
    let whole = host(&path, 2, 7);
    let (report, rows) = made(&whole, params(&json!({}))).await;
    assert_eq!(report["tier"], "deep");
    assert!(report["notes"].to_string().contains("2 of the autoencoder, 2 of the graph network"));
    assert_eq!(whole.checkpoints().len(), 3);
    for place in 0..3 {
        let later = again(&path, &whole, place);
        let (told, same) = made(&later, params(&json!({}))).await;
        assert!(same == rows, "other rows after checkpoint {place}");
        assert_eq!(told["notes"], report["notes"]);
        assert!(later.log_lines().iter().any(|line| line.contains("Goes on after epoch")));
    }
    // A state of other options is of no use, and does no harm.
    let other = again(&path, &whole, 2);
    made(&other, params(&json!({"epochs_diffusion": 3}))).await;
    let (_, single) = made(&host(&path, 1, 7), params(&json!({}))).await;
    assert!(single == rows, "other rows with one thread");
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_and_balance_hold_in_a_generator_that_is_read_back() {
    let files = Files::new();
    let path = files.write("people.csv", people(1_000));
    let fitted = host(&path, 2, 7);
    run("synth.fit", params(&json!({})), &fitted).await.unwrap();
    let model = files.write("generator.gantry", fitted.read_artifact("generator.gantry").unwrap());
    let later = || MemoryHost::builder().with_input("model", &model).with_seed(3).build().unwrap();
    let host = later();
    let wanted = json!({"rows": 300, "given": "age>60,city=Lima"});
    run("synth.sample", wanted, &host).await.unwrap();
    let rows = table(&host);
    assert!(numbers(&rows, "age").iter().all(|age| *age > 60.0));
    assert_eq!(share(&rows, "city", "Lima"), 1.0);
    assert!(share(&rows, "country", "Peru") > 0.6, "{}", share(&rows, "country", "Peru"));
    let host = later();
    run("synth.sample", json!({"rows": 2_000, "balance": "group"}), &host).await.unwrap();
    let old = share(&table(&host), "group", "old");
    assert!((old - 0.5).abs() < 0.05, "{old}");
}

#[tokio::test(flavor = "multi_thread")]
async fn epochs_out_of_range_are_refused() {
    let files = Files::new();
    let path = files.write("people.csv", people(200));
    for (more, said) in [
        (json!({"epochs_vae": 0}), "`epochs_vae` is 0, and 1 to 1000"),
        (json!({"epochs_gnn": 1_001}), "`epochs_gnn` is 1001, and 0 to 1000"),
        (json!({"epochs_diffusion": 0}), "`epochs_diffusion` is 0, and 1 to 1000"),
    ] {
        let host = host(&path, 2, 7);
        let error = run("synth.generate", params(&more), &host).await.unwrap_err();
        assert!(error.message.contains(said), "{more}: {}", error.message);
    }
}
