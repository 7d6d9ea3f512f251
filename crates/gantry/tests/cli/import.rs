//! `gantry admin import-people` on a data folder.

use super::support::{Place, create_administrator};

const HASH: &str = "$2b$05$H7FhKUX9cnvp.VLZuEcMu.dqM1nOA7U/OwoLM8wrzVPVPRVpwyWP6";

fn import(place: &Place, rows: &str, more: &[&str]) -> super::support::Ended {
    let text = format!("email,name,password_hash,verified\n{rows}");
    assert!(std::fs::write(place.path("people.csv"), text).is_ok(), "the file is written");
    let mut words = vec!["admin", "import-people", "--json", "--data-dir", "data", "people.csv"];
    words.extend(more);
    place.run(&words)
}

#[test]
fn people_are_imported_whole_or_not_at_all() {
    let place = Place::new();
    let ada = format!("ada.b@example.org,Ada,{HASH},yes\n");
    let early = import(&place, &ada, &[]).require(1);
    assert!(early.stderr.contains("not set up yet"), "{early:?}");
    create_administrator(&place).require(0);
    let wrong = format!("{ada}nobody,Nobody,{HASH},no\neve@example.org,Eve,secret,no\n");
    let refused = import(&place, &wrong, &[]).require(2);
    for part in ["nobody was imported", "line 3: ", "line 4: password_hash"] {
        assert!(refused.stderr.contains(part), "{refused:?}");
    }
    let done = import(&place, &ada, &[]).require(0).json();
    assert_eq!(done["imported"], 1);
    let again = import(&place, &ada, &[]).require(2);
    assert!(again.stderr.contains("has an account here already"), "{again:?}");
    let eve = format!("{ada}eve@example.org,Eve,{HASH},no\n");
    let rest = import(&place, &eve, &["--skip-known"]).require(0).json();
    assert_eq!((&rest["imported"], &rest["known"][0]["line"]), (&1.into(), &2.into()));
}

#[test]
fn a_broken_list_of_stolen_passwords_stops_the_start() {
    let mut place = Place::new();
    std::fs::write(place.path("pwned.txt"), "password123\n").unwrap();
    place.set("GANTRY__AUTH__BREACHED_PASSWORDS", "pwned.txt");
    let refused = create_administrator(&place).require(2);
    assert!(refused.stderr.contains("auth.breached_passwords"), "{refused:?}");
    // SHA-1 of the password that tests use.
    let known = "E2CECF98F18ACB966C81AE1E49DEB1156EF77A46:3\n";
    std::fs::write(place.path("pwned.txt"), known).unwrap();
    let refused = create_administrator(&place).require(2);
    assert!(refused.stderr.contains("stolen from another service"), "{refused:?}");
}
