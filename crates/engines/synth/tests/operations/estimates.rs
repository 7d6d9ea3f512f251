//! What jobs count, as plans limit it: rows that are read and drawn, and epochs of networks.

use gantry_engine_api::{DeviceNeed, InputMeta};
use serde_json::{Value, json};

use crate::support::operation;

fn table(slot: &str, rows: Option<u64>) -> InputMeta {
    InputMeta {
        slot: slot.to_owned(),
        name: format!("{slot}.csv"),
        media_type: "text/csv".to_owned(),
        bytes: 100_000,
        sha256: String::new(),
        rows,
        columns: vec!["age".to_owned(), "city".to_owned()],
    }
}

fn count(id: &str, (params, inputs): (&Value, &[InputMeta]), meter: &str) -> u64 {
    let estimate = operation(id).estimate(params, inputs).unwrap();
    estimate.meters[&meter.parse().unwrap()]
}

#[test]
fn networks_count_the_epochs_that_are_asked_for() {
    for id in ["synth.generate", "synth.fit"] {
        let data = [table("data", Some(5_000))];
        let of = |params: &Value| count(id, (params, &data), "epochs");
        let mut asked = json!({
            "tier": "deep", "epochs_vae": 10, "epochs_gnn": 10, "epochs_diffusion": 1,
        });
        assert_eq!(of(&asked), 21, "{id}");
        asked["tier"] = json!("mixture");
        assert_eq!(of(&asked), 0, "{id}: only networks have epochs");
        assert_eq!(of(&json!({})), 0, "{id}");
        // A free choice: 400,000 visits of the 4,000 rows that are left at least, 60, and 300.
        assert_eq!(of(&json!({ "tier": "deep" })), 100 + 60 + 300, "{id}");
        let half = json!({ "tier": "deep", "epochs_vae": 10, "epochs_gnn": 0 });
        assert_eq!(of(&half), 10 + 300, "{id}");
        // Of a table that nobody counted it may be as many as ever.
        let unknown = [table("data", None)];
        let params = json!({ "tier": "deep" });
        assert_eq!(count(id, (&params, &unknown), "epochs"), 300 + 60 + 300, "{id}");
    }
}

#[test]
fn every_tier_that_is_tried_counts_its_epochs() {
    let data = [table("data", Some(5_000))];
    let of = |params: &Value| count("synth.auto", (params, &data), "epochs");
    assert_eq!(of(&json!({})), 0, "no network is among the usual tiers");
    assert_eq!(of(&json!({ "tiers": ["instant", "deep"] })), 460);
    assert_eq!(of(&json!({ "tiers": ["deep", "deep"] })), 920);
}

#[test]
fn several_tables_count_the_rows_that_are_read_or_drawn() {
    let tables = [table("table_1", Some(40)), table("table_2", Some(100))];
    let of =
        |scale: f64| count("synth.generate_tables", (&json!({ "scale": scale }), &tables), "rows");
    assert_eq!(of(1.0), 140);
    assert_eq!(of(0.1), 140, "what is read counts");
    assert_eq!(of(1_000.0), 140_000, "and what is drawn");
}

#[test]
fn networks_of_several_tables_count_for_each_and_prefer_a_graphics_processor() {
    let tables = [table("table_1", Some(5_000)), table("table_2", Some(5_000))];
    let of = |params: &Value| operation("synth.generate_tables").estimate(params, &tables).unwrap();
    let epochs = "epochs".parse().unwrap();
    let (instant, deep) = (of(&json!({})), of(&json!({ "tier": "deep" })));
    assert_eq!(instant.meters[&epochs], 0);
    assert_eq!(deep.meters[&epochs], 2 * 460);
    assert_eq!(instant.device, DeviceNeed::Cpu);
    assert_eq!(deep.device, DeviceNeed::PrefersGpu);
    assert!(deep.memory_bytes > instant.memory_bytes);
    let asked = json!({
        "tier": "deep", "epochs_vae": 10, "epochs_gnn": 10, "epochs_diffusion": 1,
    });
    assert_eq!(of(&asked).meters[&epochs], 2 * 21);
}
