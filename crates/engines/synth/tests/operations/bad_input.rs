//! What is wrong is said with its cause and the next step, and what is odd is handled as stated.

use gantry_engine_api::EngineError;
use gantry_types::EngineErrorKind;
use serde_json::{Value, json};

use crate::support::{Files, MemoryHost, cells, generate_text, host, people, run, table};

async fn refuse(text: &str, params: Value) -> EngineError {
    let error = generate_text(text, params).await.unwrap_err();
    assert!(error.next_step.is_some(), "{error:?}");
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_say_nothing_are_refused() {
    let one = refuse("a,b\n1,x\n", json!({})).await;
    assert_eq!(one.kind, EngineErrorKind::Input);
    assert!(one.message.contains("1 rows"), "{}", one.message);
    let keys: String = (1..=30).map(|row| format!("{row}\n")).collect();
    let keys = refuse(&format!("id\n{keys}"), json!({})).await;
    assert!(keys.message.contains("No column"), "{}", keys.message);
    let header: Vec<String> = (0..5_000).map(|column| format!("c{column}")).collect();
    let row = vec!["1"; 5_000].join(",");
    let wide = format!("{}\n{}", header.join(","), format!("{row}\n").repeat(12));
    let wide = refuse(&wide, json!({})).await;
    assert!(wide.message.contains("5000 columns"), "{}", wide.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_columns_are_handled_as_stated() {
    let mut text = String::from("empty,same,mixed,note,x\n");
    for row in 0..80 {
        let mixed = if row == 5 { "n.a.".to_owned() } else { (row * 3).to_string() };
        let words = ["called", "wrote", "paid", "again", "later", "twice"];
        let note: Vec<&str> = (0..3 + row % 9).map(|at| words[(row * 7 + at * at) % 6]).collect();
        let note = format!("{} secret{row}", note.join(" "));
        text.push_str(&format!(",one,{mixed},{note},{}\n", row % 5));
    }
    let made = generate_text(&text, json!({"rows": 200})).await.unwrap();
    assert!(cells(&made, "empty").iter().all(Option::is_none));
    assert!(cells(&made, "same").iter().all(|cell| cell.as_deref() == Some("one")));
    assert!(made.get_column("mixed").unwrap().find_numbers().is_some());
    let notes = cells(&made, "note");
    assert!(notes.iter().flatten().all(|note| note.split(' ').all(|word| !word.is_empty())));
    assert!(!notes.iter().flatten().any(|note| note.contains("secret")));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_wishes_are_refused_with_the_next_step() {
    let text = people(300);
    for (params, said) in [
        (json!({"given": "nobody=1"}), "`nobody` is not in the table"),
        (json!({"given": "city=Paris"}), "no value `Paris`"),
        (json!({"given": "age>old"}), "`old` is no number"),
        (json!({"given": "age>50,age<40"}), "together with the other conditions"),
        (json!({"given": "age"}), "column=value"),
        (json!({"given": "city>Oslo"}), "labels have no order"),
        (json!({"given": "email=x"}), "made anew"),
        (json!({"balance": "age"}), "no labels to balance"),
        (json!({"leaf": 3}), "20 is the least"),
        (json!({"trees": 99}), "1 to 16"),
        (json!({"tier": "private", "epsilon": -1}), "above 0"),
        (json!({"constraints": ["age ~ 3"]}), "none of the known kinds"),
        (json!({"constraints": ["start <= city"]}), "holds labels"),
        (json!({"constraints": ["start <= end", "end <= start"]}), "circle"),
        (json!({"constraints": ["gross = net + gross"]}), "uses the column that it gives"),
        (json!({"constraints": ["range(age, 9)"]}), "least and the largest"),
        (json!({"constraints": ["unique(city)"]}), "finds no new values"),
    ] {
        let error = refuse(&text, params.clone()).await;
        assert!(error.message.contains(said), "{params}: {}", error.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_overrules_and_is_checked() {
    let files = Files::new();
    let data = files.write("people.csv", people(300));
    let with = |metadata: &str| {
        let metadata = files.write("metadata.json", metadata);
        MemoryHost::builder()
            .with_input("data", &data)
            .with_input("metadata", metadata)
            .with_threads(2)
            .build()
            .unwrap()
    };
    let host = with(r#"{"columns": {"city": {"role": "company"}, "id": {"role": "integer"}}}"#);
    let report = run("synth.generate", json!({}), &host).await.unwrap();
    let columns = report["columns"].as_array().unwrap();
    let find = |name: &str| columns.iter().find(|column| column["name"] == name).unwrap();
    assert_eq!(find("city"), &json!({"name": "city", "role": "company", "modelled": false}));
    assert_eq!(find("id")["modelled"], true);
    assert!(!cells(&table(&host), "city").iter().flatten().any(|city| city == "Lima"));
    let shown: Value =
        serde_json::from_slice(&host.read_artifact("metadata.json").unwrap()).unwrap();
    assert_eq!(shown["columns"]["email"]["role"], "email");
    for (wrong, said) in [
        ("{", "cannot be read"),
        (r#"{"columns": {"nobody": {"role": "id"}}}"#, "`nobody` is not in the table"),
        (r#"{"columns": {"city": {"role": "shoe"}}}"#, "shoe"),
        (r#"{"min_count": 0}"#, "`min_count` is 0"),
        (r#"{"columns": {"city": {"role": "ordinal", "order": ["Oslo"]}}}"#, "lacks the value"),
    ] {
        let error = run("synth.generate", json!({}), &with(wrong)).await.unwrap_err();
        assert!(error.message.contains(said), "{wrong}: {}", error.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_no_generators_are_refused() {
    let files = Files::new();
    let fitted = host(&files.write("people.csv", people(100)), 1, 1);
    run("synth.fit", json!({}), &fitted).await.unwrap();
    let good = fitted.read_artifact("generator.gantry").unwrap();
    let mut changed = good.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    for (bytes, said) in [
        (b"hello".to_vec(), "not a generator"),
        (Vec::new(), "not a generator"),
        (good[..good.len() / 2].to_vec(), "cut off"),
        (changed, "damaged"),
    ] {
        let model = files.write("broken.gantry", bytes);
        let host = MemoryHost::builder().with_input("model", model).build().unwrap();
        let error = run("synth.sample", json!({}), &host).await.unwrap_err();
        assert!(error.message.contains(said), "{}", error.message);
        assert_eq!(error.kind, EngineErrorKind::Input);
    }
    let nothing = MemoryHost::builder().build().unwrap();
    let error = run("synth.generate", json!({}), &nothing).await.unwrap_err();
    assert!(error.message.contains("Neither"), "{}", error.message);
}
