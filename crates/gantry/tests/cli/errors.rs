//! Every way to fail has its exit code, its cause, and a next step.

use super::support::{Ended, Place, example};

/// A failure in words: exit code, then what standard error says.
fn require(ended: &Ended, code: i32, words: &str) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert!(ended.stderr.contains(words), "{words}\n{}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

#[test]
fn wrong_words_are_usage_errors() {
    let place = Place::new();
    for (words, cause) in [
        (&["run"][..], "no operation is named"),
        (&["run", "automl.train", "--fold", "3"], "--folds"),
        (&["run", "automl.train", "--folds", "x", "--data", "a"], "`x` is not an integer"),
        (&["run", "automl.train", "--data", "a.csv"], "--target is missing"),
        (&["run", "automl.train", "--target", "a"], "--data is missing"),
        (&["run", "automl.train", "--params", "{"], "--params: this is not a JSON object"),
        (&["run", "automl.train", "--task", "binry"], "did you mean `binary`?"),
        (&["jobs", "show", "not-an-id"], "not an identifier"),
        (&["frobnicate"], "unrecognized subcommand"),
        (&["serve", "--listen", "nowhere"], "invalid"),
        (&["--config", "none.toml", "config", "check"], "there is no configuration file none.toml"),
    ] {
        require(&place.run(words), 2, cause);
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let place = Place::new();
    require(&place.run(&["run", "automl.trian"]), 4, "did you mean `gantry run automl.train`?");
    let words = ["run", "automl.train", "--data", "none.csv", "--target", "a"];
    require(&place.run(&words), 4, "none.csv cannot be read");
    let words = ["run", "automl.train", "--params", "@none.json"];
    require(&place.run(&words), 4, "none.json cannot be read");
}

#[test]
fn wrong_data_is_refused_before_or_by_the_job() {
    let place = Place::new();
    require(&place.train("iris.csv", "specis", &[]), 2, "--target: `specis` is no column");
    require(&place.train("iris.csv", "species", &["--folds", "1"]), 2, "--folds:");
    let train = |file: &str, target: &str| {
        place.run(&["run", "automl.train", "--data", file, "--target", target])
    };
    require(&train(".", "a"), 2, "is not a file");
    std::fs::write(place.path("empty.csv"), "").unwrap();
    require(&train("empty.csv", "a"), 2, "empty");
    std::fs::write(place.path("picture.csv"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0").unwrap();
    require(&train("picture.csv", "a"), 2, "picture.csv");
    std::fs::write(place.path("same.csv"), "a,b\n1,x\n2,x\n3,x\n4,x\n5,x\n6,x\n").unwrap();
    require(&train("same.csv", "b"), 1, "error:");
    assert!(!place.path("out").exists());
}

#[test]
fn an_unwritable_place_for_artifacts_is_named() {
    let place = Place::new();
    std::fs::write(place.path("taken"), "a file").unwrap();
    let ended = place.train("iris.csv", "species", &["--out", "taken", "--folds", "2"]);
    require(&ended, 1, "taken cannot be made");
    assert!(ended.stderr.contains("name another folder with --out"), "{}", ended.stderr);
}

#[test]
fn servers_that_are_not_there_and_keys_that_are_missing_differ() {
    let mut place = Place::new();
    require(&place.run(&["jobs", "list"]), 3, "gantry login");
    place.set("GANTRY_API_KEY", "gk_wrong");
    require(&place.run(&["jobs", "list", "--server", "nowhere"]), 2, "not a server's address");
    let away = place.run(&["jobs", "list", "--server", "http://127.0.0.1:9"]);
    require(&away, 6, "does not answer");
    let missing = example("none.csv");
    let words = ["datasets", "upload", missing.to_str().unwrap()];
    require(&place.run(&words), 4, "none.csv cannot be read");
}

#[test]
fn programs_get_failures_as_json() {
    let place = Place::new();
    let ended = place.run(&["--json", "run", "automl.trian"]).require(4);
    let error = ended.json()["error"].clone();
    assert_eq!(error["exit_code"], 4);
    assert!(error["message"].as_str().unwrap().contains("automl.trian"), "{error}");
    assert!(error["next_step"].as_str().unwrap().contains("automl.train"), "{error}");
}
