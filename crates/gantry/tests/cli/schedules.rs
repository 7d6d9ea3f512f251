//! Schedules, later starts and redrives from the command line.

use super::support::{Place, Server, create_administrator, example, log_in};

#[test]
fn a_schedule_is_made_run_paused_and_deleted() {
    let place = Place::new();
    create_administrator(&place).require(0);
    let server = Server::start(&place);
    log_in(&place, &server).require(0);
    let file = example("iris.csv");
    let words = ["datasets", "upload", file.to_str().unwrap(), "--json"];
    let dataset = place.run(&words).require(0).json();
    let input = format!("data={}", dataset["id"].as_str().unwrap());
    let create = |cron: &str| {
        place.run(&[
            "schedules",
            "create",
            "automl.train",
            "--params",
            r#"{"target": "species"}"#,
            "--input",
            &input,
            "--cron",
            cron,
            "--name",
            "Yearly",
            "--json",
        ])
    };
    let refused = create("0 0 30 2 *");
    assert!(refused.stderr.contains("would never run"), "{refused:?}");
    refused.require(2);
    let schedule = create("0 0 29 2 *").require(0).json();
    let id = schedule["id"].as_str().unwrap();
    assert!(schedule["next_at"].as_str().unwrap().contains("-02-29T00:00:00Z"), "{schedule}");
    let listed = place.run(&["schedules", "list"]).require(0).stdout;
    assert!(listed.contains(id) && listed.contains("Yearly"), "{listed}");
    assert!(place.run(&["schedules", "runs", id]).require(0).stdout.contains("not run yet"));

    let job = place.run(&["schedules", "run", id, "--json"]).require(0).json();
    assert_eq!(job["schedule_id"], schedule["id"]);
    let watched = place.run(&["jobs", "watch", job["id"].as_str().unwrap(), "--json"]).require(0);
    assert_eq!(watched.json()["state"], "succeeded");
    let runs = place.run(&["schedules", "runs", id, "--json"]).require(0).json();
    assert_eq!((&runs["items"][0]["job_id"], &runs["items"][1]), (&job["id"], &().into()));

    let paused = place.run(&["schedules", "pause", id, "--json"]).require(0).json();
    assert_eq!((&paused["paused"], &paused["next_at"]), (&true.into(), &().into()));
    let resumed = place.run(&["schedules", "resume", id, "--json"]).require(0).json();
    assert_eq!(resumed["next_at"], schedule["next_at"]);
    place.run(&["schedules", "delete", id]).require(0);
    place.run(&["schedules", "show", id]).require(4);
}

#[test]
fn a_job_starts_later_is_cancelled_and_a_failed_one_is_redriven() {
    let place = Place::new();
    create_administrator(&place).require(0);
    let server = Server::start(&place);
    log_in(&place, &server).require(0);
    let file = example("iris.csv");
    let words = ["datasets", "upload", file.to_str().unwrap(), "--json"];
    let dataset = place.run(&words).require(0).json();
    let input = format!("data={}@1", dataset["id"].as_str().unwrap());
    let submit = |params: &str, more: &[&str]| {
        let words = ["jobs", "submit", "automl.train", "--params", params, "--input", &input];
        place.run(&[&words[..], more, &["--json"]].concat()).require(0).json()
    };
    let target = r#"{"target": "species"}"#;
    let later = submit(target, &["--start-at", "2999-01-01T00:00:00Z", "--label", "later"]);
    let id = later["id"].as_str().unwrap();
    assert_eq!((&later["state"], &later["label"]), (&"scheduled".into(), &"later".into()));
    let cancelled = place.run(&["jobs", "cancel", id, "--json"]).require(0).json();
    assert_eq!(cancelled["state"], "cancelled");
    // What did not fail is not redriven.
    let refused = place.run(&["jobs", "redrive", id]);
    assert!(refused.stderr.contains("cancelled"), "{refused:?}");
    let none = place.run(&["jobs", "redrive", "--all-dead", "automl.train"]);
    assert!(none.stdout.contains("0 jobs") || none.code == Some(3), "{none:?}");
    place.run(&["jobs", "redrive"]).require(2);
}

#[test]
fn a_database_is_migrated_once() {
    let place = Place::new();
    for words in
        [&["migrate", "--data-dir", "data"][..], &["migrate", "--data-dir", "data", "--no-backup"]]
    {
        place.run(words).require(0);
    }
    let shown = place.run(&["config", "show"]).require(0).stdout;
    assert!(shown.contains("backup_before_upgrade"), "{shown}");
    let copies = std::fs::read_dir(place.path("data")).unwrap().flatten();
    let copies = copies.filter(|file| file.file_name().to_string_lossy().contains("backup"));
    assert_eq!(copies.count(), 0, "an up-to-date database was copied");
}
