//! `gantry run`: reports, artifacts, repeatability, Ctrl-C.

use std::io::{BufRead, BufReader, Read};

use super::support::{Place, example, send_signal};

#[test]
fn training_prints_one_object_and_leaves_files() {
    let place = Place::new();
    let ended = place.train("iris.csv", "species", &["--json", "--folds", "3"]).require(0);
    let result = ended.json();
    assert_eq!(result["state"], "succeeded");
    let report = &result["report"];
    assert_eq!(report["task"], "multiclass");
    assert_eq!(report["rows"], 150);
    assert_eq!(report["folds"], 3);
    assert!(report["best"]["score"].as_f64().unwrap() > 0.9, "{report}");
    let artifacts = result["artifacts"].as_array().unwrap();
    let names: Vec<&str> =
        artifacts.iter().map(|artifact| artifact["name"].as_str().unwrap()).collect();
    for name in ["model.gantry", "report.html", "leaderboard.csv"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for artifact in artifacts {
        let path = place.folder.path().join(artifact["path"].as_str().unwrap());
        let bytes = std::fs::metadata(&path).unwrap().len();
        assert_eq!(Some(bytes), artifact["bytes"].as_u64(), "{}", path.display());
    }
    // Nothing is left but the artifacts.
    let left: Vec<_> = std::fs::read_dir(place.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["out"]);
}

#[test]
fn the_same_seed_gives_the_same_model() {
    let place = Place::new();
    let model_of = |out: &str, seed: &str| {
        let words = ["--seed", seed, "--out", out, "--quiet", "--algorithms", "random_forest"];
        place.train("iris.csv", "species", &words).require(0);
        std::fs::read(place.path(out).join("model.gantry")).unwrap()
    };
    let first = model_of("a", "7");
    assert_eq!(first, model_of("b", "7"));
    assert_ne!(first, model_of("c", "8"));
}

#[test]
fn a_generator_draws_scores_and_learns_on() {
    let place = Place::new();
    let data = example("iris.csv");
    let data = data.to_str().unwrap();
    let run = |words: &[&str]| place.run(&[&["run"], words].concat()).require(0);
    run(&["synth.fit", "--data", data, "--tier", "mixture", "--out", "fit"]);
    let model = ["--model", "fit/generator.gantry"];
    run(&[&["synth.sample", "--rows", "40", "--out", "drawn"], &model[..]].concat());
    let drawn = std::fs::read_to_string(place.path("drawn/synthetic.csv")).unwrap();
    assert_eq!(drawn.lines().count(), 41);
    run(&[&["synth.score", "--data", data, "--out", "scored"], &model[..]].concat());
    let scores = std::fs::read_to_string(place.path("scored/scores.csv")).unwrap();
    assert_eq!(scores.lines().count(), 151);
    run(&[&["synth.tune", "--data", data, "--out", "tuned"], &model[..]].concat());
    assert!(place.path("tuned/generator.gantry").is_file());
}

#[test]
fn a_model_predicts_what_it_learnt() {
    let place = Place::new();
    place.train("iris.csv", "species", &["--algorithms", "logistic_regression"]).require(0);
    let data = example("iris.csv");
    let words = [
        "run",
        "automl.predict",
        "--model",
        "out/model.gantry",
        "--data",
        data.to_str().unwrap(),
        "--include-inputs",
        "--out",
        "predicted",
        "--json",
    ];
    let report = place.run(&words).require(0).json()["report"].clone();
    assert_eq!(report["rows"], 150);
    assert!(report["metrics"]["accuracy"].as_f64().unwrap() > 0.9, "{report}");
    let table = std::fs::read_to_string(place.path("predicted/predictions.csv")).unwrap();
    assert_eq!(table.lines().count(), 151);
    assert!(table.lines().next().unwrap().contains("petal_length_cm"));
}

#[test]
fn people_get_a_leaderboard_and_quiet_means_quiet() {
    let place = Place::new();
    let loud = place.train("iris.csv", "species", &["--folds", "2"]).require(0);
    assert!(loud.stdout.contains("leaderboard\n  rank  title"), "{}", loud.stdout);
    assert!(loud.stdout.contains("model.gantry"), "{}", loud.stdout);
    assert!(loud.stderr.contains("[1/"), "{}", loud.stderr);
    assert!(!loud.stdout.contains('\u{1b}'), "colours are for terminals");
    let quiet = place.train("iris.csv", "species", &["--folds", "2", "-q"]).require(0);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn ctrl_c_cancels_the_job() {
    let place = Place::new();
    let data = example("wine_quality_white.csv");
    let words = [
        "run",
        "automl.train",
        "--data",
        data.to_str().unwrap(),
        "--target",
        "quality",
        "--folds",
        "20",
    ];
    let mut child = place.command(&words).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("[3/") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended before it was stopped");
    }
    send_signal(&child, "-INT");
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.contains("cancelled"), "{rest}");
    assert!(!place.path("out").exists(), "a cancelled job leaves nothing");
}

#[test]
fn parameters_come_from_a_file_too_and_flags_win() {
    let place = Place::new();
    std::fs::write(place.path("p.json"), "{\"target\": \"species\", \"folds\": 4}").unwrap();
    let data = example("iris.csv");
    let words = [
        "run",
        "--json",
        "automl.train",
        "--data",
        data.to_str().unwrap(),
        "--params",
        "@p.json",
        "--folds",
        "2",
        "--algorithms",
        "decision_tree,logistic_regression",
    ];
    let report = place.run(&words).require(0).json()["report"].clone();
    assert_eq!(report["folds"], 2);
    assert_eq!(report["leaderboard"]["rows"].as_array().unwrap().len(), 2);
}
