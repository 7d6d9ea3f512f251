//! What people upload by mistake: every refusal says why and what to do, every repair is said.

use crate::support::train_text;
use gantry_types::EngineErrorKind;
use serde_json::{Value, json};

/// Rows that can be learned, with a place for trouble in each.
fn table(header: &str, rows: usize, row: impl Fn(usize) -> String) -> String {
    let mut text = format!("{header}\n");
    for i in 0..rows {
        text.push_str(&row(i));
        text.push('\n');
    }
    text
}

fn quick(target: &str) -> Value {
    json!({"target": target, "folds": 3, "algorithms": ["decision_tree"]})
}

async fn refuse(text: &str, params: Value, words: &[&str]) {
    let (host, outcome) = train_text(text, params).await;
    let error = outcome.unwrap_err();
    let said = format!("{} {}", error.message, error.next_step.clone().unwrap_or_default());
    for word in words {
        assert!(said.contains(word), "`{word}` is not in: {said}");
    }
    assert!(matches!(error.kind, EngineErrorKind::Input | EngineErrorKind::Params), "{error:?}");
    assert!(error.message.ends_with('.'), "{}", error.message);
    assert!(host.artifact_names().is_empty());
}

async fn accept(text: &str, params: Value, warnings: &[&str]) -> Value {
    let (_, outcome) = train_text(text, params).await;
    let report = outcome.unwrap();
    let said = report["warnings"].to_string();
    for warning in warnings {
        assert!(said.contains(warning), "`{warning}` is not in: {said}");
    }
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_that_cannot_be_learned_are_refused() {
    let good =
        |i: usize| format!("{},{},{}", i % 7, i % 3, if i.is_multiple_of(2) { "a" } else { "b" });
    let text = table("x,z,y", 40, good);
    refuse(&text, quick("Y"), &["`Y`", "`y`", "Choose one of these columns"]).await;
    refuse(&table("x,y", 30, |i| format!("{i}.5,same")), quick("y"), &["only the value `same`"])
        .await;
    refuse(&table("x,y", 30, |i| format!("{i}.5,")), quick("y"), &["no value in any row"]).await;
    refuse(&table("x,y", 2, |i| format!("{i}.5,{i}.25")), quick("y"), &["2 rows", "Add rows"])
        .await;
    let one = table("x,y", 30, |i| format!("{i}.5,{}", if i == 4 { "rare" } else { "often" }));
    refuse(&one, quick("y"), &["`rare`", "only one row"]).await;
    let regression = json!({"target": "y", "task": "regression"});
    refuse(&text, regression, &["Regression needs numbers", "`a`", "multiclass"]).await;
    let binary = json!({"target": "x", "task": "binary"});
    refuse(&text, binary, &["exactly 2", "multiclass"]).await;
    let many = table("x,y", 900, |i| format!("{},w{}x", i % 10, i % 450));
    refuse(&many, quick("y"), &["450 different values", "at most 200"]).await;
    refuse(&text, json!({"target": "y", "metric": "rmse"}), &["`rmse`", "roc_auc"]).await;
    let unfit = json!({"target": "y", "algorithms": ["linear_regression"]});
    refuse(&text, unfit, &["linear_regression", "random_forest"]).await;
    let ignored = json!({"target": "y", "ignore_columns": ["q"]});
    refuse(&text, ignored, &["`q`", "`x`"]).await;
    let nothing = json!({"target": "y", "ignore_columns": ["x", "z"]});
    refuse(&text, nothing, &["no column can be used"]).await;
    let positive = json!({"target": "y", "positive_class": "c"});
    refuse(&text, positive, &["`c`", "`a`, `b`"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_no_tables_are_refused() {
    refuse("", quick("y"), &["empty"]).await;
    refuse("x,y\n", quick("y"), &["only a header"]).await;
    refuse("PK\u{3}\u{4}rest of a workbook", quick("y"), &["ZIP archive", "unpack it"]).await;
    refuse("x,y\n1,2\n3,\"4\n", quick("y"), &["quotation mark", "line 3"]).await;
    refuse("x,y\n1,2\n3,4,5\n", quick("y"), &["line 3", "3 cells"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_columns_are_mended_or_left_out_and_named() {
    let label = |i: usize| if i.is_multiple_of(3) { "a" } else { "b" };
    let text = table("id,x,x,gone,word,,y", 60, |i| {
        let word = format!("w{i}");
        format!("{i},{},{}.5,,{word} and more words {i},{},{}", i % 5, i % 7, i % 4, label(i))
    });
    let warnings = ["occurs twice", "`gone`", "`id`", "`word`", "has no name"];
    let report = accept(&text, quick("y"), &warnings).await;
    let used: Vec<&str> = report["columns_used"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|column| column["used"] == true)
        .map(|column| column["name"].as_str().unwrap())
        .collect();
    assert_eq!(used.len(), 3, "{used:?}");

    let infinite = table("x,y", 60, |i| {
        let cell = if i % 30 == 7 { "inf".to_owned() } else { format!("{i}.5") };
        format!("{cell},{}", label(i))
    });
    let report = accept(&infinite, quick("y"), &["inf"]).await;
    assert_eq!(report["columns_used"][0]["kind"], "number");

    let dates = table("d,e,f,y", 60, |i| {
        let (day, month) = (i % 28 + 1, i % 12 + 1);
        format!(
            "2024-{month:02}-{day:02},{day:02}/{month:02}/2024,{day:02}.{month:02}.2024,{}",
            label(i)
        )
    });
    let report = accept(&dates, quick("y"), &[]).await;
    for place in 0..3 {
        assert_eq!(report["columns_used"][place]["kind"], "date");
    }

    let mixed = table("d,x,y", 60, |i| {
        let (day, month) = (i % 28 + 1, i % 12 + 1);
        let date = match i % 3 {
            0 => format!("2024-{month:02}-{day:02}"),
            1 => format!("{day:02}/{month:02}/2024"),
            _ => format!("{day:02}.{month:02}.2024"),
        };
        format!("{date},{},{}", i % 7, label(i))
    });
    let report = accept(&mixed, quick("y"), &["`d`"]).await;
    assert_eq!(report["columns_used"][0]["name"], "d");
    assert_ne!(report["columns_used"][0]["kind"], "date");

    let gaps = table("x,y", 60, |i| {
        format!("{},{}", i % 9, if i.is_multiple_of(10) { "" } else { label(i) })
    });
    let report = accept(&gaps, quick("y"), &["6 of 60 rows have no value in the target"]).await;
    assert_eq!(report["rows"], 54);
}

#[tokio::test(flavor = "multi_thread")]
async fn tiny_classes_and_few_rows_reduce_folds() {
    let text = table("x,y", 40, |i| format!("{}.5,{}", i % 9, if i < 3 { "few" } else { "many" }));
    let report = accept(&text, json!({"target": "y", "folds": 5}), &["3 folds instead of 5"]).await;
    assert_eq!(report["folds"], 3);
    let text = table("x,y", 40, |i| {
        format!(
            "{}.5,{}",
            i % 9,
            match i {
                0 => "one",
                1 | 2 => "two",
                i if i.is_multiple_of(2) => "a",
                _ => "b",
            }
        )
    });
    let report =
        accept(&text, json!({"target": "y", "folds": 5}), &["fewer rows than", "`one`"]).await;
    assert_eq!(report["task"], "multiclass");
}

#[tokio::test(flavor = "multi_thread")]
async fn extreme_shapes_are_handled() {
    let header = (0..9_999).map(|i| format!("c{i}")).collect::<Vec<_>>().join(",") + ",y";
    let wide = table(&header, 30, |i| {
        let cells = (0..9_999).map(|j| ((i * 7919 + j * 104_729) % 97).to_string());
        format!(
            "{},{}",
            cells.collect::<Vec<_>>().join(","),
            if i.is_multiple_of(2) { "a" } else { "b" }
        )
    });
    let params = json!({"target": "y", "folds": 2});
    let report = accept(&wide, params, &["100 of 9999 columns"]).await;
    assert_eq!(report["importance"].as_array().unwrap().len(), 100);
    assert!(
        report["leaderboard"]["rows"].as_array().unwrap().iter().all(|r| r["status"] == "done")
    );

    let wider = header.clone() + ",z";
    let error = table(&wider, 12, |i| vec![i.to_string(); 10_001].join(","));
    refuse(&error, quick("y"), &["single column", "10,000"]).await;

    let labels = table("city,x,y", 250_000, |i| {
        format!(
            "city {},{},{}",
            (i * 7919) % 100_000,
            i % 10,
            if i.is_multiple_of(3) { "a" } else { "b" }
        )
    });
    let params = json!({"target": "y", "folds": 2, "algorithms": ["logistic_regression"]});
    let report = accept(&labels, params, &[]).await;
    let city = &report["columns_used"][0];
    assert_eq!((&city["kind"], &city["used"]), (&json!("category"), &json!(true)));

    let huge = table("x,y", 40, |i| format!("{}e307,{}", i % 9, i % 2));
    accept(&huge, json!({"target": "y", "folds": 2}), &[]).await;
    let text = table("x,y", 40, |i| format!("{}.5,{}e200", i % 9, i + 1));
    refuse(&text, quick("y"), &["1e100", "Divide"]).await;
}
