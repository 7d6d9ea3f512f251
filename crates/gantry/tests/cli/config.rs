//! Settings: precedence, refusals, masking, schema; and what stands beside them.

use super::support::Place;

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let mut place = Place::new();
    let text = "[worker]\nslots = 3\nlease_s = 11\n[log]\nlevel = \"debug\"\n";
    std::fs::write(place.path("gantry.toml"), text).unwrap();
    let shown = place.run(&["config", "show", "--json"]).require(0).json();
    assert_eq!((&shown["worker"]["slots"], &shown["log"]["level"]), (&3.into(), &"debug".into()));
    place.set("GANTRY__WORKER__SLOTS", "5");
    let shown = place.run(&["config", "show", "--json"]).require(0).json();
    assert_eq!((&shown["worker"]["slots"], &shown["worker"]["lease_s"]), (&5.into(), &11.into()));
    place.set("GANTRY__SERVER__DATA_DIR", "from-environment");
    let words = ["doctor", "--json", "--data-dir", "from-flag"];
    let findings = place.run(&words).require(0).json();
    let folder =
        findings["checks"].as_array().unwrap().iter().find(|check| check["name"] == "data folder");
    assert!(folder.unwrap()["detail"].as_str().unwrap().contains("from-flag"), "{findings}");
}

#[test]
fn what_is_shown_can_be_read_again_and_secrets_are_masked() {
    let mut place = Place::new();
    place.set("GANTRY__STORE__URL", "postgres://user:hunter2@127.0.0.1/gantry");
    for words in [&["config", "show"][..], &["config", "show", "--json"]] {
        let shown = place.run(words).require(0).stdout;
        assert!(shown.contains("********") && !shown.contains("hunter2"), "{shown}");
    }
    let place = Place::new();
    let shown = place.run(&["config", "show"]).require(0).stdout;
    std::fs::write(place.path("gantry.toml"), &shown).unwrap();
    assert_eq!(place.run(&["config", "show"]).require(0).stdout, shown);
}

#[test]
fn unknown_and_wrong_settings_name_their_place() {
    let mut place = Place::new();
    std::fs::write(place.path("gantry.toml"), "[server]\nlisen = \"127.0.0.1:1\"\n").unwrap();
    let ended = place.run(&["config", "check"]).require(2);
    assert!(ended.stderr.contains("gantry.toml: there is no setting `server.lisen`"), "{ended:?}");
    assert!(ended.stderr.contains("did you mean `server.listen`?"), "{ended:?}");
    std::fs::write(place.path("gantry.toml"), "").unwrap();
    place.run(&["config", "check"]).require(0);
    place.set("GANTRY__WORKER__SLOTS", "many");
    let ended = place.run(&["config", "check"]).require(2);
    assert!(
        ended.stderr.contains("GANTRY__WORKER__SLOTS: `worker.slots` has a wrong value"),
        "{ended:?}"
    );
    let mut place = Place::new();
    place.set("GANTRY__WORKR__SLOTS", "1");
    let ended = place.run(&["config", "check"]).require(2);
    assert!(ended.stderr.contains("did you mean `worker`?"), "{ended:?}");
}

#[test]
fn the_schema_knows_every_section() {
    let schema = Place::new().run(&["config", "schema"]).require(0).json();
    for section in ["server", "store", "blobs", "auth", "worker", "limits", "log", "plan"] {
        assert!(schema["properties"][section].is_object(), "{section}");
    }
}

#[test]
fn completions_version_and_the_interface_are_printed() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(place.run(&["completions", shell]).require(0).stdout.contains("gantry"));
    }
    assert_eq!(place.run(&["version", "--json"]).require(0).json()["name"], "gantry");
    let interface = place.run(&["openapi"]).require(0).json();
    assert!(interface["paths"]["/api/v1/jobs"]["post"].is_object());
    let help = place.run(&["--help"]).require(0).stdout;
    for word in ["run", "serve", "demo", "jobs", "datasets", "login", "doctor"] {
        assert!(help.contains(word), "{help}");
    }
}
