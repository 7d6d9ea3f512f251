//! `gantry serve`, `gantry admin` and `gantry migrate` on data folders.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::support::{Place, Server, create_administrator};

/// What the project promises for an empty folder.
const PROMISED_START: Duration = Duration::from_millis(500);

#[test]
fn a_server_starts_quickly_on_an_empty_folder_and_stops_when_asked() {
    // The fastest of a few, since tests run side by side.
    let fastest = (0..5)
        .map(|_| {
            let place = Place::new();
            let start = Instant::now();
            let server = Server::start(&place);
            assert_eq!(server.get("/readyz").0, 200);
            let took = start.elapsed();
            assert_eq!(server.stop(), Some(0));
            took
        })
        .min()
        .unwrap();
    assert!(fastest < PROMISED_START, "{fastest:?}");
}

#[test]
fn the_first_start_shows_how_to_set_up_and_later_ones_do_not() {
    let place = Place::new();
    let server = Server::start(&place);
    let setup_url = server.setup_url.clone().unwrap();
    assert!(setup_url.starts_with(&format!("{}/setup?token=", server.url)), "{setup_url}");
    let (status, page) = server.get(setup_url.strip_prefix(&server.url).unwrap());
    assert_eq!(status, 200);
    assert!(page.contains("<form"), "{page}");
    assert_eq!(server.stop(), Some(0));
    create_administrator(&place).require(0);
    let server = Server::start(&place);
    assert_eq!(server.setup_url, None);
    let meta: Value = serde_json::from_str(&server.get("/api/v1/meta").1).unwrap();
    assert_eq!(meta["setup_required"], false);
}

#[test]
fn a_folder_has_one_server_and_one_first_administrator() {
    let place = Place::new();
    create_administrator(&place).require(0);
    let again = create_administrator(&place).require(1);
    assert!(again.stderr.contains("has its first administrator already"), "{again:?}");
    let _server = Server::start(&place);
    let second = place.run(&["serve", "--data-dir", "data", "--listen", "127.0.0.1:0"]).require(1);
    assert!(second.stderr.contains("another gantry server uses"), "{second:?}");
    place.run(&["migrate", "--data-dir", "data"]).require(1);
    let findings = place.run(&["doctor", "--data-dir", "data"]).require(0);
    assert!(findings.stdout.contains("a server uses it now"), "{findings:?}");
}

#[test]
fn weak_passwords_and_wrong_addresses_are_refused() {
    let place = Place::new();
    for (email, password, words) in [
        ("nobody", "correct-horse-battery", "e-mail"),
        ("ada@example.org", "short", "password"),
        ("ada@example.org", "", "nothing was given on standard input"),
    ] {
        let command =
            ["admin", "create", "--data-dir", "data", "--email", email, "--password-stdin"];
        let ended = place.run_with_input(&command, password).require(2);
        assert!(ended.stderr.contains(words), "{ended:?}");
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let place = Place::new();
    let server = Server::start(&place);
    let address = server.url.strip_prefix("http://").unwrap();
    let other = Place::new();
    let ended = other.run(&["serve", "--data-dir", "data", "--listen", address]).require(1);
    assert!(ended.stderr.contains(address) && ended.stderr.contains("--listen"), "{ended:?}");
}

#[test]
fn migrating_makes_and_keeps_a_database() {
    let place = Place::new();
    place.run(&["migrate", "--data-dir", "data"]).require(0);
    assert!(place.path("data/gantry.db").is_file());
    place.run(&["migrate", "--data-dir", "data"]).require(0);
}
