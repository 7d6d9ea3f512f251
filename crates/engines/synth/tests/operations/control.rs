//! Conditions, balance and constraints.

use gantry_engine_api::{CallContext, Engine};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{
    Files, MemoryHost, cells, example, generate, generate_text, host, numbers, people, run, share,
    table,
};

#[tokio::test(flavor = "multi_thread")]
async fn conditions_hold_in_every_row_and_the_rest_follows_them() {
    let text = people(3_000);
    for tier in ["instant", "mixture", "private"] {
        let params =
            json!({"tier": tier, "epsilon": 8.0, "given": "age>70,city=Lima", "rows": 400});
        let made = generate_text(&text, params).await.unwrap();
        assert_eq!(made.rows(), 400);
        assert!(numbers(&made, "age").iter().all(|age| *age > 70.0), "{tier}");
        assert_eq!(share(&made, "city", "Lima"), 1.0);
        // Groups see a number that follows another less sharply than trees do.
        let least = match tier {
            "instant" => 0.95,
            "mixture" => 0.45,
            _ => 0.7,
        };
        assert!(share(&made, "country", "Peru") > least, "{tier}");
        let near = numbers(&made, "score").iter().filter(|score| **score > 130.0).count();
        assert!(near as f64 > least * 400.0, "{tier}: {near}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_on_what_is_drawn_late_still_shape_what_is_drawn_early() {
    let files = Files::new();
    let path = files.write("people.csv", people(3_000));
    let fitted = host(&path, 2, 3);
    run("synth.fit", json!({"target": "group"}), &fitted).await.unwrap();
    let model = files.write("generator.gantry", fitted.read_artifact("generator.gantry").unwrap());
    let later = MemoryHost::builder().with_input("model", &model).with_seed(3).build().unwrap();
    let params = json!({"given": "score>=150", "rows": 300});
    run("synth.sample", params, &later).await.unwrap();
    let made = table(&later);
    assert!(numbers(&made, "score").iter().all(|score| *score >= 150.0));
    assert!(share(&made, "group", "old") > 0.97, "{}", share(&made, "group", "old"));
    assert!(numbers(&made, "age").iter().filter(|age| **age > 65.0).count() > 285);
}

#[tokio::test(flavor = "multi_thread")]
async fn balanced_labels_are_equally_frequent() {
    let (made, _) =
        generate(&example("german_credit.csv"), json!({"balance": "risk", "rows": 2000}))
            .await
            .unwrap();
    let bad = share(&made, "risk", "bad");
    assert!((bad - 0.5).abs() < 0.04, "{bad}");
}

#[tokio::test(flavor = "multi_thread")]
async fn constraints_hold_in_every_row() {
    let made = generate_text(
        &people(2_000),
        json!({"constraints": [
            "start <= end", "gross = net + vat", "fixed(city, country)", "range(age, 20, 70)"
        ]}),
    )
    .await
    .unwrap();
    let (starts, ends) = (cells(&made, "start"), cells(&made, "end"));
    assert!(starts.iter().zip(&ends).all(|(start, end)| start <= end));
    let (net, vat, gross) = (numbers(&made, "net"), numbers(&made, "vat"), numbers(&made, "gross"));
    assert!((0..made.rows()).all(|row| net[row] + vat[row] == gross[row]));
    let pairs: std::collections::HashSet<_> =
        cells(&made, "city").into_iter().zip(cells(&made, "country")).collect();
    assert_eq!(pairs.len(), 4);
    assert!(numbers(&made, "age").iter().all(|age| (20.0..=70.0).contains(age)));
}

#[tokio::test(flavor = "multi_thread")]
async fn constraints_can_come_after_learning_and_meet_conditions() {
    let files = Files::new();
    let path = files.write("people.csv", people(2_000));
    let fitted = host(&path, 2, 3);
    let params = json!({"constraints": ["fixed(city, country)", "start <= end"]});
    run("synth.fit", params, &fitted).await.unwrap();
    let model = files.write("generator.gantry", fitted.read_artifact("generator.gantry").unwrap());
    let later = MemoryHost::builder().with_input("model", &model).with_seed(3).build().unwrap();
    let params = json!({
        "rows": 300, "constraints": ["gross = net + vat", "vat < 20", "unique(net)"],
        "given": "country=Peru,end>=2024-01-10"
    });
    run("synth.sample", params, &later).await.unwrap();
    let made = table(&later);
    let (net, vat, gross) = (numbers(&made, "net"), numbers(&made, "vat"), numbers(&made, "gross"));
    assert!((0..made.rows()).all(|row| net[row] + vat[row] == gross[row] && vat[row] < 20.0));
    let different: std::collections::HashSet<u64> = net.iter().map(|net| net.to_bits()).collect();
    assert_eq!(different.len(), 300);
    assert_eq!(share(&made, "country", "Peru"), 1.0);
    assert!(cells(&made, "end").iter().flatten().all(|end| end.as_str() >= "2024-01-10"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_gives_the_rows_of_a_page() {
    let files = Files::new();
    let fitted = host(&example("german_credit.csv"), 2, 7);
    run("synth.fit", json!({}), &fitted).await.unwrap();
    let path = files.write("generator.gantry", fitted.read_artifact("generator.gantry").unwrap());
    let host = MemoryHost::builder().with_input("model", path).build().unwrap();
    let file = host.context().input("model").await.unwrap();
    let loaded = gantry_synth::engine().services()[0].load(file).await.unwrap();
    let call = |input| {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        loaded.call(input, CallContext::new(deadline, CancellationToken::new(), Box::new(|_| {})))
    };
    let all = call(json!({"rows": 20, "seed": 3})).await.unwrap();
    let page = call(json!({"rows": 5, "first": 15, "seed": 3})).await.unwrap();
    assert_eq!(page["rows"].as_array().unwrap(), &all["rows"].as_array().unwrap()[15..]);
    assert!(page["rows"][0]["age"].is_number());
    assert!(call(json!({"rows": 0})).await.is_err());
    assert!(call(json!({"rows": 5, "given": "risk=unknown"})).await.is_err());
}
