//! `automl.predict` and the service: files, calls, damaged models, other tables.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::{MemoryHost, example, run, train, train_text};
use gantry_engine_api::{CallContext, CancellationToken, Engine, EngineError, WarmArtifact};
use gantry_types::EngineErrorKind;
use serde_json::{Value, json};

struct Trained {
    folder: tempfile::TempDir,
    report: Value,
}

impl Trained {
    async fn new(table: &str, params: Value) -> Self {
        let (host, report) = train(&example(table), params).await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("model.gantry"),
            host.read_artifact("model.gantry").unwrap(),
        )
        .unwrap();
        Self { folder, report: report.unwrap() }
    }

    fn model(&self) -> PathBuf {
        self.folder.path().join("model.gantry")
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

async fn predict(
    model: &Path,
    data: &Path,
    params: Value,
) -> (Arc<MemoryHost>, Result<Value, EngineError>) {
    let host =
        MemoryHost::builder().with_input("model", model).with_input("data", data).build().unwrap();
    let report = run("automl.predict", params, &host).await;
    (host, report)
}

fn lines(host: &MemoryHost) -> Vec<String> {
    let bytes = host.read_artifact("predictions.csv").unwrap();
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_applied_to_its_table_scores_well_and_twice_the_same() {
    let trained = Trained::new("titanic.csv", json!({"target": "survived", "folds": 3})).await;
    let data = example("titanic.csv");
    let (host, report) = predict(&trained.model(), &data, json!({})).await;
    let report = report.unwrap();
    assert_eq!((&report["rows"], &report["scored_rows"]), (&json!(1309), &json!(1309)));
    // A model knows the rows that it was fitted on better than held-out ones.
    let held_out = trained.report["best"]["score"].as_f64().unwrap();
    assert!(report["metrics"]["roc_auc"].as_f64().unwrap() > held_out);
    assert_eq!(report["new_levels"], json!([]));
    let counts = &report["classes"];
    assert_eq!(counts["0"].as_u64().unwrap() + counts["1"].as_u64().unwrap(), 1309);
    assert_eq!(lines(&host)[0], "row,prediction,probability_0,probability_1");

    let (again, _) = predict(&trained.model(), &data, json!({})).await;
    assert_eq!(lines(&host), lines(&again));
    let (wide, report) = predict(&trained.model(), &data, json!({"include_inputs": true})).await;
    report.unwrap();
    let header = "survived,pclass,sex,age,sibsp,parch,fare,embarked,prediction";
    assert!(lines(&wide)[0].starts_with(header));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_predicted_alone_and_in_any_order_of_columns() {
    let params = json!({"target": "survived", "folds": 2, "algorithms": ["logistic_regression"]});
    let trained = Trained::new("titanic.csv", params).await;
    let (host, _) = predict(&trained.model(), &example("titanic.csv"), json!({})).await;
    let all = lines(&host);
    // Row 1 of the file: 1,1,female,29,0,0,211,S.
    let one = trained.write(
        "one.csv",
        "embarked,extra,fare,sex,age,sibsp,parch,pclass\nS,9,211,female,29,0,0,1\n",
    );
    let (host, report) = predict(&trained.model(), &one, json!({})).await;
    let report = report.unwrap();
    assert_eq!(lines(&host)[1], all[1]);
    assert!(report.get("metrics").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_columns_new_labels_and_wrong_cells_are_named() {
    let params = json!({"target": "survived", "folds": 2, "algorithms": ["random_forest"]});
    let trained = Trained::new("titanic.csv", params).await;
    let few = trained.write("few.csv", "age,sex\n20,male\n");
    let error = predict(&trained.model(), &few, json!({})).await.1.unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Input);
    assert!(error.message.contains("`fare`") && !error.message.contains("`age`"), "{error:?}");
    assert!(error.next_step.unwrap().contains("Add these columns"));

    let odd = "pclass,sex,age,sibsp,parch,fare,embarked\n1,other,old,0,0,7,X\n1,male,3,0,0,7,X\n";
    let odd = trained.write("odd.csv", odd);
    let report = predict(&trained.model(), &odd, json!({})).await.1.unwrap();
    let names: Vec<&str> = report["new_levels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["column"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["sex", "embarked"]);
    assert_eq!(report["new_levels"][1]["cells"], 2);
    let said = report["warnings"].to_string();
    assert!(said.contains("age") && said.contains("old"), "{said}");
}

/// A small table with a number, a label and a date for each row, and a class.
fn mixed(rows: usize) -> String {
    let row = |i: usize| {
        let class = if (i * 7).is_multiple_of(3) { "yes" } else { "no" };
        format!("{}.5,c{},2024-{:02}-{:02},{class}\n", i % 17, i % 5, i % 12 + 1, i % 28 + 1)
    };
    format!("x,city,day,y\n{}", (0..rows).map(row).collect::<String>())
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_in_trouble_are_predicted_or_refused_in_words() {
    let params = json!({"target": "y", "folds": 2, "algorithms": ["gradient_boosting"]});
    let (host, report) = train_text(&mixed(120), params).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model.gantry"), host.read_artifact("model.gantry").unwrap())
        .unwrap();
    let trained = Trained { folder, report: report.unwrap() };

    let many = (0..100_000).map(|i| format!("1.5,new{i},2024-01-02\n")).collect::<String>();
    let wide = (0..9_990).map(|i| format!("extra{i}")).collect::<Vec<_>>().join(",");
    let cells = vec!["7"; 9_990].join(",");
    let accepted = [
        ("no value in any cell", "x,city,day\n,,\n,,\n".to_owned(), 2, ""),
        ("infinite", "x,city,day\ninf,c1,2024-01-02\n-inf,c1,2024-01-02\n".to_owned(), 2, "inf"),
        ("other dates", "x,city,day\n1.5,c1,31/01/2024\n".to_owned(), 1, ""),
        ("new labels", format!("x,city,day\n{many}"), 100_000, "city"),
        ("two names alike", "x,x,city,day\n1.5,9,c1,2024-01-02\n".to_owned(), 1, "occurs twice"),
        ("wide", format!("x,city,day,{wide}\n1.5,c1,2024-01-02,{cells}\n"), 1, ""),
        ("one value of the target", "x,city,day,y\n1,c1,2024-01-02,yes\n".to_owned(), 1, ""),
        ("two rows", "x,city,day\n1,c1,2024-01-02\n2,c2,2024-01-03\n".to_owned(), 2, ""),
    ];
    for (what, text, rows, words) in accepted {
        let data = trained.write("later.csv", text);
        let (host, report) = predict(&trained.model(), &data, json!({})).await;
        let report = report.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        assert_eq!(report["rows"], json!(rows), "{what}");
        assert_eq!(lines(&host).len(), rows + 1, "{what}");
        let said = format!("{} {}", report["warnings"], report["new_levels"]);
        assert!(said.contains(words), "{what}: {said}");
    }
    let refused = [
        ("no rows", "x,city,day\n".to_owned(), "header"),
        ("nothing", String::new(), "empty"),
        ("a column less", "x,city\n1,c1\n".to_owned(), "`day`"),
        ("too many columns", format!("{wide},{wide}\n{cells},{cells}\n"), "column"),
    ];
    for (what, text, words) in refused {
        let data = trained.write("later.csv", text);
        let error = predict(&trained.model(), &data, json!({})).await.1.unwrap_err();
        assert_eq!(error.kind, EngineErrorKind::Input, "{what}: {error:?}");
        assert!(error.message.contains(words), "{what}: {}", error.message);
        assert!(error.message.ends_with('.'), "{what}: {}", error.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_models_are_refused() {
    let params = json!({"target": "species", "folds": 2, "algorithms": ["decision_tree"]});
    let trained = Trained::new("iris.csv", params).await;
    let whole = std::fs::read(trained.model()).unwrap();
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let mut newer = whole.clone();
    newer[11] = 9;
    let cases: [(&str, &[u8], &str); 6] = [
        ("empty", &[], "not a Gantry model"),
        ("other", b"PK\x03\x04 something else", "not a Gantry model"),
        ("start", &whole[..9], "cut off"),
        ("cut", &whole[..whole.len() - 5], "cut off"),
        ("changed", &changed, "damaged"),
        ("newer", &newer, "version 9"),
    ];
    for (name, bytes, words) in cases {
        let path = trained.write(name, bytes);
        let error = predict(&path, &example("iris.csv"), json!({})).await.1.unwrap_err();
        assert_eq!(error.kind, EngineErrorKind::Input, "{name}: {error:?}");
        assert!(error.message.contains(words), "{name}: {}", error.message);
        assert!(error.next_step.is_some(), "{name}");
    }
    for length in (0..200).chain([whole.len() - 40, whole.len() - 1]) {
        let path = trained.write("prefix", &whole[..length]);
        let error = predict(&path, &example("iris.csv"), json!({})).await.1.unwrap_err();
        assert_eq!(error.kind, EngineErrorKind::Input, "{length}: {error:?}");
    }
}

async fn load(path: &Path) -> Result<Arc<dyn WarmArtifact>, EngineError> {
    let host = MemoryHost::builder().with_input("model", path).build().unwrap();
    let file = host.context().input("model").await.unwrap();
    let services = gantry_automl::engine().services();
    assert_eq!(services[0].spec().id, "automl.model");
    services[0].load(file).await
}

async fn call(model: &dyn WarmArtifact, input: Value) -> Result<Value, EngineError> {
    let deadline = Instant::now() + Duration::from_secs(10);
    let context = CallContext::new(deadline, CancellationToken::new(), Box::new(|_| {}));
    model.call(input, context).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_answers_as_the_file_operation_does() {
    let params = json!({"target": "species", "folds": 2, "algorithms": ["random_forest"]});
    let trained = Trained::new("iris.csv", params).await;
    let (host, _) = predict(&trained.model(), &example("iris.csv"), json!({})).await;
    let file = lines(&host);
    let model = load(&trained.model()).await.unwrap();
    let row = json!({
        "sepal_length_cm": 5.1, "sepal_width_cm": 3.5, "petal_length_cm": 1.4, "petal_width_cm": 0.2
    });
    let answer = call(model.as_ref(), json!({"rows": [row, row]})).await.unwrap();
    assert_eq!(answer["predictions"].as_array().unwrap().len(), 2);
    let mut times = Vec::new();
    for _ in 0..101 {
        let begun = Instant::now();
        call(model.as_ref(), json!({"rows": [row]})).await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    println!("one row in this process: p50 {:?}", times[50]);
    assert!(times[50] < Duration::from_millis(100), "{:?}", times[50]);
    let first = &answer["predictions"][0];
    assert_eq!(first["prediction"], "setosa");
    let cells: Vec<&str> = file[1].split(',').collect();
    assert_eq!(cells[1], "setosa");
    for (class, cell) in ["setosa", "versicolor", "virginica"].iter().zip(&cells[2..]) {
        let answered = first["probabilities"][class].as_f64().unwrap();
        assert_eq!(answered, cell.parse::<f64>().unwrap());
    }
    let spelled = json!({
        "sepal_length_cm": "5.1", "sepal_width_cm": " 3.5 ", "petal_length_cm": 1.4,
        "petal_width_cm": "0.2"
    });
    let again = call(model.as_ref(), json!({"rows": [spelled]})).await.unwrap();
    assert_eq!(&again["predictions"][0], first);
    for (input, words) in [
        (json!({"rows": []}), "0 rows"),
        (json!({"row": [row]}), "`rows`"),
        (json!({"rows": [1]}), "Row 1 is not an object"),
        (
            json!({"rows": [row, {
            "sepal_length_cm": 5.1, "sepal_width_cm": [3.5], "petal_length_cm": 1.4,
            "petal_width_cm": 0.2}]}),
            "Row 2: `sepal_width_cm` is a list",
        ),
        (json!({"rows": [{"sepal_length_cm": 1}]}), "`petal_width_cm`"),
        (
            json!({"rows": [{
            "sepal_length_cm": "long", "sepal_width_cm": 3.5, "petal_length_cm": 1.4,
            "petal_width_cm": 0.2}]}),
            "sepal_length_cm",
        ),
    ] {
        let error = call(model.as_ref(), input).await.unwrap_err();
        assert_eq!(error.kind, EngineErrorKind::Params);
        assert!(error.message.contains(words), "{}", error.message);
    }
    let other = trained.write("no.gantry", "nothing");
    assert_eq!(load(&other).await.err().unwrap().kind, EngineErrorKind::Input);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_reads_every_kind_of_column_as_a_file_is_read() {
    let params = json!({"target": "y", "folds": 2});
    let (host, report) = train_text(&mixed(120), params).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model.gantry"), host.read_artifact("model.gantry").unwrap())
        .unwrap();
    let trained = Trained { folder, report: report.unwrap() };
    let rows = [
        ("1.5,c1,2024-01-02", json!({"x": 1.5, "city": "c1", "day": "2024-01-02"})),
        (",,", json!({"x": null, "city": "", "day": null})),
        ("9,new,2024-05-06", json!({"x": "9", "city": "new", "day": "2024-05-06"})),
        ("NA,?,05.12.2024", json!({"x": "NA", "city": "?", "day": "05.12.2024"})),
    ];
    let model = load(&trained.model()).await.unwrap();
    for (line, row) in rows {
        let data = trained.write("later.csv", format!("x,city,day\n{line}\n"));
        let (host, report) = predict(&trained.model(), &data, json!({})).await;
        let cells: Vec<String> = lines(&host)[1].split(',').skip(1).map(str::to_owned).collect();
        let answer = call(model.as_ref(), json!({"rows": [row]})).await.unwrap();
        let first = &answer["predictions"][0];
        assert_eq!(first["prediction"], cells[0].as_str(), "{line}");
        for (class, cell) in ["no", "yes"].iter().zip(&cells[1..]) {
            let answered = first["probabilities"][class].as_f64().unwrap();
            assert_eq!(answered, cell.parse::<f64>().unwrap(), "{line}");
        }
        let new_labels = report.unwrap()["new_levels"].as_array().unwrap().len();
        assert_eq!(answer["warnings"].as_array().unwrap().len(), new_labels, "{line}");
    }
}
