//! `gantry demo`: the whole path over HTTP, on a folder and port of its own.

use super::support::Place;

#[test]
fn the_demo_trains_on_its_own_server_and_ends_when_told_to() {
    let mut place = Place::new();
    place.set("DEMO_EXIT", "1");
    let result = place.run(&["demo", "--json", "--port", "18200"]).require(0).json();
    assert_eq!(result["job"]["state"], "succeeded");
    assert_eq!(result["job"]["operation"], "automl.train");
    let rows = result["job"]["report"]["leaderboard"]["rows"].as_array().unwrap();
    assert!(rows.len() >= 2, "{rows:?}");
    assert!(rows[0]["score"].as_f64().unwrap() > 0.7, "{rows:?}");
    assert!(result["job"]["cost"].as_i64().unwrap() > 0, "the job was paid for");
    let artifacts = result["artifacts"].as_array().unwrap();
    assert!(artifacts.iter().any(|artifact| artifact["name"] == "report.html"), "{artifacts:?}");
    assert!(place.path("gantry-demo-1/gantry.db").is_file());
}

#[test]
fn the_demo_takes_no_folder_that_is_in_use() {
    let place = Place::new();
    std::fs::create_dir(place.path("full")).unwrap();
    std::fs::write(place.path("full/a"), "b").unwrap();
    let ended = place.run(&["demo", "--data-dir", "full"]).require(2);
    assert!(ended.stderr.contains("full is not empty"), "{ended:?}");
}
