//! What a fitted generator is good for besides drawing: filling, scoring, learning on.

use std::collections::HashSet;
use std::sync::Arc;

use gantry_kit::{Frame, ReadOptions, read_frame};
use serde_json::{Value, json};

use crate::support::{Files, MemoryHost, cells, host, numbers, people, run, share, table};

/// Age, score, city and country of people, of whom every fourth lacks the country and every fifth the
/// score.
fn with_gaps(rows: usize) -> String {
    let mut text = String::new();
    for (row, line) in people(rows).lines().enumerate() {
        let cells: Vec<&str> = line.split(',').collect();
        let score = if row > 0 && row % 5 == 0 { "" } else { cells[4] };
        let country = if row > 0 && row % 4 == 0 { "" } else { cells[6] };
        text.push_str(&format!("{},{score},{},{country}\n", cells[2], cells[5]));
    }
    text
}

async fn fit(files: &Files, text: String, tier: &str) -> std::path::PathBuf {
    let path = files.write("learned.csv", text);
    let fitted = host(&path, 2, 3);
    run("synth.fit", json!({"tier": tier}), &fitted).await.unwrap();
    files.write(&format!("{tier}.gantry"), fitted.read_artifact("generator.gantry").unwrap())
}

fn with_model(data: &std::path::Path, model: &std::path::Path) -> Arc<MemoryHost> {
    let builder = MemoryHost::builder().with_input("data", data).with_input("model", model);
    builder.with_threads(2).with_seed(5).build().unwrap()
}

fn read(host: &MemoryHost, name: &str) -> Frame {
    let bytes = host.read_artifact(name).unwrap();
    read_frame(std::io::Cursor::new(bytes), &ReadOptions::default()).unwrap().0
}

fn of_city(city: &str) -> &'static str {
    if ["Oslo", "Bergen"].contains(&city) { "Norway" } else { "Peru" }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_cells_are_filled_from_the_others_which_stay() {
    let files = Files::new();
    let path = files.write("gaps.csv", with_gaps(2_000));
    let before =
        read_frame(std::fs::File::open(&path).unwrap(), &ReadOptions::default()).unwrap().0;
    for fill in ["draw", "likely"] {
        let host = host(&path, 2, 3);
        let report = run("synth.impute", json!({"fill": fill}), &host).await.unwrap();
        let filled = read(&host, "imputed.csv");
        let columns = report["columns"].as_array().unwrap();
        assert_eq!(columns.len(), 2, "{report}");
        assert!(columns.iter().all(|column| column["missing"] == column["filled"]), "{report}");
        for column in before.columns() {
            let after = cells(&filled, column.name());
            let known = cells(&before, column.name()).into_iter().zip(&after);
            assert!(known.into_iter().all(|(cell, after)| cell.is_none() || cell == *after));
        }
        let pairs = cells(&filled, "city").into_iter().zip(cells(&filled, "country"));
        let right = pairs
            .enumerate()
            .filter(|(row, _)| (row + 1) % 4 == 0)
            .filter(|(_, (city, country))| {
                country.as_deref() == Some(of_city(city.as_ref().unwrap()))
            })
            .count();
        assert!(right > 400, "{fill}: {right} of 500");
        let (ages, scores) = (numbers(&filled, "age"), numbers(&filled, "score"));
        let near =
            ages.iter().zip(&scores).filter(|(age, score)| (*score - 2.0 * *age).abs() < 30.0);
        assert!(near.count() > 1_900, "{fill}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_fillings_differ_and_are_the_same_on_any_number_of_threads() {
    let files = Files::new();
    let path = files.write("gaps.csv", with_gaps(400));
    let mut made = Vec::new();
    for threads in [1, 2] {
        let host = host(&path, threads, 3);
        let params = json!({"copies": 2, "format": "parquet"});
        run("synth.impute", params, &host).await.unwrap();
        let bytes = |name: &str| host.read_artifact(name).unwrap();
        made.push((bytes("imputed-1.parquet"), bytes("imputed-2.parquet")));
    }
    assert!(made[0] == made[1] && made[0].0 != made[0].1);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_rows_are_unlikely_and_drift_shows() {
    let files = Files::new();
    let model = fit(&files, people(3_000), "mixture").await;
    // The second row has a city in the wrong country.
    let mut lines: Vec<String> = people(300).lines().map(str::to_owned).collect();
    lines[2] = "2,x@mail.example,20,young,41,Lima,Norway,2024-01-05,2024-01-09,500,20,520".into();
    let usual = files.write("usual.csv", lines.join("\n"));
    let host = with_model(&usual, &model);
    let report = run("synth.score", json!({}), &host).await.unwrap();
    assert_eq!(report["least_likely"][0]["row"], 2, "{report}");
    let scores = numbers(&read(&host, "scores.csv"), "log_likelihood");
    assert_eq!(scores.len(), 300);
    let mean = |report: &Value| report["mean_log_likelihood"].as_f64().unwrap();
    let learned = report["learned_log_likelihood"].as_f64().unwrap();
    assert!((mean(&report) - learned).abs() < 1.0, "{report}");
    let old: String = people(300)
        .lines()
        .enumerate()
        .map(|(row, line)| match row {
            0 => format!("{line}\n"),
            _ => format!("{}\n", line.replace("Norway", "Peru").replace("young", "old")),
        })
        .collect();
    let moved = with_model(&files.write("moved.csv", old), &model);
    let moved = run("synth.score", json!({}), &moved).await.unwrap();
    assert!(mean(&moved) < learned - 1.0, "{moved}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generator_learns_on() {
    let files = Files::new();
    for tier in ["instant", "mixture"] {
        let model = fit(&files, people(1_500), tier).await;
        // New rows are of Peru alone, and older than all before.
        let mut new = String::new();
        for (row, line) in people(1_500).lines().enumerate() {
            let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            if row > 0 {
                cells[2] = (80 + row % 10).to_string();
                cells[5] = "Lima".into();
                cells[6] = "Peru".into();
            }
            new.push_str(&format!("{}\n", cells.join(",")));
        }
        let tuned = with_model(&files.write("new.csv", new), &model);
        let report = run("synth.tune", json!({}), &tuned).await.unwrap();
        assert_eq!((&report["learned_rows"], &report["rows"]), (&json!(1_500), &json!(3_000)));
        let model = files.write("tuned.gantry", tuned.read_artifact("generator.gantry").unwrap());
        let later = MemoryHost::builder().with_input("model", model).with_seed(9).build().unwrap();
        run("synth.sample", json!({"rows": 4000}), &later).await.unwrap();
        let made = table(&later);
        let peru = share(&made, "country", "Peru");
        assert!((peru - 0.75).abs() < 0.05, "{tier}: {peru}");
        let old = numbers(&made, "age").iter().filter(|age| **age >= 80.0).count();
        assert!((1_700..2_300).contains(&old), "{tier}: {old}");
        let places: HashSet<_> = cells(&made, "city").into_iter().collect();
        assert_eq!(places.len(), 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tier_cannot_do_is_said() {
    let files = Files::new();
    let data = files.write("people.csv", people(300));
    let refuse = async |operation: &str, params: Value, tier: &str| {
        let model = fit(&files, people(300), tier).await;
        let error = run(operation, params, &with_model(&data, &model)).await.unwrap_err();
        assert!(error.next_step.is_some());
        error.message
    };
    let score = refuse("synth.score", json!({}), "instant").await;
    assert!(score.contains("tier `instant`") && score.contains("--tier mixture"), "{score}");
    let fill = refuse("synth.impute", json!({}), "private").await;
    assert!(fill.contains("tier `private`"), "{fill}");
    let tune = refuse("synth.tune", json!({}), "private").await;
    assert!(tune.contains("privacy budget"), "{tune}");
    let memory = refuse("synth.tune", json!({"memory": 0.5}), "instant").await;
    assert!(memory.contains("memory"), "{memory}");
    let other = files.write("other.csv", "a,b\n1,2\n3,4\n");
    let model = fit(&files, people(300), "mixture").await;
    let error = run("synth.score", json!({}), &with_model(&other, &model)).await.unwrap_err();
    assert!(error.message.contains("is not in the table"), "{}", error.message);
}
