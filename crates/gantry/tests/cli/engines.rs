//! Engines of one's own: from `engine new` to a finished job, here and on a server.

use serde_json::json;

use crate::support::Place;

#[test]
fn a_new_engine_is_made_checked_and_run_in_every_language() {
    for (lang, name) in [("python", "hello_py"), ("bash", "hello_sh"), ("js", "hello_js")] {
        let place = Place::new();
        place.run(&["engine", "new", name, "--lang", lang]).require(0);
        let checked = place.run(&["engine", "check", name, "--json"]).require(0).json();
        assert_eq!(checked["conforming"], json!(true), "{lang}: {checked}");
        let listed = place.run(&["engine", "run", name, "--help"]).require(0).stdout;
        let operation = listed
            .split_whitespace()
            .find(|word| word.starts_with(&format!("{name}.")))
            .map(str::to_owned)
            .unwrap_or_default();
        let ran = place.run(&["engine", "run", name, &operation, "--json"]).require(0).json();
        assert_eq!(ran["state"], json!("succeeded"), "{lang}: {ran}");
    }
}

#[test]
fn wrong_words_about_engines_have_their_exit_codes() {
    let place = Place::new();
    place.run(&["engine", "new", "Not A Name"]).require(2);
    place.run(&["engine", "check", "nowhere"]).require(4);
    place.run(&["engine", "run", "nowhere", "a.b"]).require(4);
    place.run(&["engine", "new", "twice"]).require(0);
    place.run(&["engine", "new", "twice"]).require(2);
}
