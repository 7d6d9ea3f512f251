//! The commands that talk to a server.

use super::support::{EMAIL, Place, Server, create_administrator, example, log_in};

fn start() -> (Place, Server) {
    let place = Place::new();
    create_administrator(&place).require(0);
    let server = Server::start(&place);
    log_in(&place, &server).require(0);
    (place, server)
}

#[test]
fn a_dataset_is_uploaded_profiled_shown_and_deleted() {
    let (place, _server) = start();
    let file = example("iris.csv");
    let words = ["datasets", "upload", file.to_str().unwrap(), "--name", "Flowers", "--json"];
    let dataset = place.run(&words).require(0).json();
    assert_eq!((&dataset["name"], &dataset["latest"]["version"]), (&"Flowers".into(), &1.into()));
    let id = dataset["id"].as_str().unwrap();
    let job = dataset["latest"]["profile_job_id"].as_str().unwrap();

    let watched = place.run(&["jobs", "watch", job, "--json"]).require(0).json();
    assert_eq!(watched["state"], "succeeded");
    place.run(&["jobs", "logs", job]).require(0);
    let shown = place.run(&["jobs", "show", job]).require(0).stdout;
    assert!(shown.contains("datasets.profile") && shown.contains("150"), "{shown}");

    let shown = place.run(&["datasets", "show", id, "--json"]).require(0).json();
    assert_eq!(shown["latest"]["rows"], 150);
    assert_eq!(shown["profile"]["columns"].as_array().unwrap().len(), 5);
    let again =
        place.run(&["datasets", "upload", file.to_str().unwrap(), "--dataset", id, "--json"]);
    assert_eq!(again.require(0).json()["latest"]["version"], 2);
    let listed = place.run(&["datasets", "list", "--query", "flow"]).require(0).stdout;
    assert!(listed.contains(id) && listed.contains("Flowers"), "{listed}");

    place.run(&["datasets", "delete", id]).require(0);
    place.run(&["datasets", "show", id]).require(4);
    assert!(place.run(&["datasets", "list"]).require(0).stdout.contains("no datasets"));
}

#[test]
fn a_dataset_is_kept_from_others_and_shown_again() {
    let (place, _server) = start();
    let file = example("iris.csv");
    let dataset =
        place.run(&["datasets", "upload", file.to_str().unwrap(), "--json"]).require(0).json();
    let id = dataset["id"].as_str().unwrap();
    let shown = place.run(&["access", "show", "dataset", id, "--json"]).require(0).json();
    assert_eq!(shown["visibility"], "organization");
    let maker = shown["made_by"].as_str().unwrap();
    let kept = place.run(&["access", "restrict", "dataset", id, "--editor", maker]).require(0);
    assert!(kept.stdout.contains("restricted") && kept.stdout.contains("editor"), "{kept:?}");
    let stranger = "0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f";
    place.run(&["access", "restrict", "dataset", id, "--viewer", stranger]).require(2);
    place.run(&["access", "show", "model", stranger]).require(4);
    place.run(&["access", "show", "chair", id]).require(2);
    let open = place.run(&["access", "open", "dataset", id, "--json"]).require(0).json();
    assert_eq!(open["grants"].as_array().unwrap().len(), 0);
    assert_eq!(open["visibility"], "organization");
}

#[test]
fn strangers_and_unknown_jobs_have_their_exit_codes() {
    let (mut place, server) = start();
    let unknown = "0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f";
    for verb in ["show", "watch", "cancel", "logs"] {
        place.run(&["jobs", verb, unknown]).require(4);
    }
    let listed = place.run(&["jobs", "list"]).require(0).stdout;
    assert!(listed.contains("There are no jobs"), "{listed}");
    let ended = place
        .run_with_input(&["login", "--server", &server.url, "--email", EMAIL], "wrong-password");
    ended.require(3);
    place.run_with_input(&["login", "--server", &server.url], "gk_wrong").require(3);
    place.set("GANTRY_API_KEY", "gk_wrong");
    let refused = place.run(&["jobs", "list"]).require(3);
    assert!(refused.stderr.contains("next:"), "{refused:?}");
}

#[test]
fn a_key_is_kept_for_its_owner_alone() {
    let (place, server) = start();
    let file = place.path(".config/gantry/credentials.toml");
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.contains(&server.url) && kept.contains("gk_"), "{kept}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let data = std::fs::metadata(place.path("data")).unwrap().permissions().mode();
        assert_eq!(data & 0o777, 0o700);
    }
}

#[test]
fn a_plan_that_allows_little_ends_in_its_own_exit_code() {
    let mut place = Place::new();
    place.set("GANTRY__PLAN__REQUESTS_PER_MINUTE", "1");
    place.set("GANTRY__PLAN__REQUEST_BURST", "3");
    create_administrator(&place).require(0);
    let server = Server::start(&place);
    log_in(&place, &server).require(0);
    let codes: Vec<Option<i32>> = (0..6).map(|_| place.run(&["jobs", "list"]).code).collect();
    assert_eq!(codes.last(), Some(&Some(5)), "{codes:?}");
}
