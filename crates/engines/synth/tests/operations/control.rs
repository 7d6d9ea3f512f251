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

/// Purchases of which one in a hundred is fraud, which is by night and large.
fn purchases(rows: usize) -> String {
    let mut text = String::from("amount,hour,country,fraud\n");
    let mut state = 99_u64;
    let mut next = |bound: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    for row in 0..rows {
        let fraud = row % 100 == 7;
        let amount = if fraud { 900 + next(200) } else { 5 + next(300) };
        let hour = if fraud { next(5) } else { 7 + next(16) };
        let country = ["NO", "SE", "DK", "FI"][next(4) as usize];
        text.push_str(&format!(
            "{amount},{hour},{country},{}\n",
            ["no", "yes"][usize::from(fraud)]
        ));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn rare_labels_can_be_asked_for_and_balanced_with_what_goes_with_them() {
    let text = purchases(8_000);
    for tier in ["instant", "mixture"] {
        let wanted = json!({"tier": tier, "given": "fraud=yes,country=NO", "rows": 1000});
        let made = generate_text(&text, wanted).await.unwrap();
        assert_eq!(made.rows(), 1_000);
        assert_eq!((share(&made, "fraud", "yes"), share(&made, "country", "NO")), (1.0, 1.0));
        let amounts = numbers(&made, "amount");
        // A mixture tells numbers apart by bins, of which the highest holds other purchases, too.
        let large = amounts.iter().filter(|amount| **amount >= 900.0).count();
        assert!(large > if tier == "instant" { 950 } else { 300 }, "{tier}: {large}");
        // Many rows for one in four hundred are no copies of a few.
        let different: std::collections::HashSet<u64> =
            amounts.iter().map(|amount| amount.to_bits()).collect();
        assert!(different.len() > 40, "{tier}: {}", different.len());
        let balanced = json!({"tier": tier, "balance": "fraud", "rows": 4000});
        let made = generate_text(&text, balanced).await.unwrap();
        let fraud = share(&made, "fraud", "yes");
        assert!((fraud - 0.5).abs() < 0.03, "{tier}: {fraud}");
        let night = numbers(&made, "hour").iter().filter(|hour| **hour < 6.0).count();
        let expected = if tier == "instant" { 1_850..2_150 } else { 400..2_150 };
        assert!(expected.contains(&night), "{tier}: {night}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_dates_and_a_range_can_be_added_to_conditions_after_learning() {
    let files = Files::new();
    let fitted = host(&files.write("people.csv", people(2_000)), 2, 3);
    run("synth.fit", json!({}), &fitted).await.unwrap();
    let model = files.write("generator.gantry", fitted.read_artifact("generator.gantry").unwrap());
    let later = MemoryHost::builder().with_input("model", &model).with_seed(3).build().unwrap();
    let params = json!({
        "rows": 500, "constraints": ["start < end", "range(age, 30, 40)"],
        "given": "city=Cusco,start>=2024-01-15"
    });
    run("synth.sample", params, &later).await.unwrap();
    let made = table(&later);
    let (starts, ends) = (cells(&made, "start"), cells(&made, "end"));
    assert!(starts.iter().zip(&ends).all(|(start, end)| start < end));
    assert!(starts.iter().flatten().all(|start| start.as_str() >= "2024-01-15"));
    assert!(numbers(&made, "age").iter().all(|age| (30.0..=40.0).contains(age)));
    assert_eq!(share(&made, "city", "Cusco"), 1.0);
    assert!(share(&made, "country", "Peru") > 0.95);
}
