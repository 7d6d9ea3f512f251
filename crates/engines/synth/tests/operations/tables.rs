//! Several tables whose rows name rows of each other.

use std::collections::{HashMap, HashSet};

use gantry_kit::{Frame, ReadOptions, read_frame};
use serde_json::{Value, json};

use crate::support::{Files, MemoryHost, MemoryHostBuilder, cells, run};

/// Shops in towns, people in towns, and visits of people to shops: large shops have more visits,
/// and old people spend more.
fn town() -> [(&'static str, String); 4] {
    let mut towns = String::from("town_id,land\n");
    for town in 0..40 {
        towns.push_str(&format!("T{town:02},{}\n", ["north", "south"][town % 2]));
    }
    let mut shops = String::from("shop_id,town_id,size\n");
    for shop in 0..120 {
        let size = ["small", "large"][usize::from(shop % 3 == 0)];
        shops.push_str(&format!("{},T{:02},{size}\n", 500 + shop, shop % 40));
    }
    let mut people = String::from("person_id,town_id,age\n");
    let mut visits = String::from("visit_id,person_id,shop_id,day,spent\n");
    let mut visit = 0;
    for person in 0..400_usize {
        let age = 20 + person * 37 % 60;
        people.push_str(&format!("{},T{:02},{age}\n", person + 1, person * 7 % 40));
        for turn in 0..1 + person % 4 {
            visit += 1;
            let shop = 500 + (person * 13 + turn * 29) % 120;
            let spent = age + turn * 100;
            visits.push_str(&format!("{visit},{},{shop},{},{spent}\n", person + 1, turn * 10));
        }
    }
    [("town", towns), ("shop", shops), ("person", people), ("visit", visits)]
}

fn host_of(
    tables: &[(&str, String)],
    metadata: Option<&str>,
    threads: u16,
) -> (std::sync::Arc<MemoryHost>, Files) {
    let (builder, files) = builder_of(tables, metadata, threads);
    (builder.build().unwrap(), files)
}

fn builder_of(
    tables: &[(&str, String)],
    metadata: Option<&str>,
    threads: u16,
) -> (MemoryHostBuilder, Files) {
    let files = Files::new();
    let mut builder = MemoryHost::builder().with_threads(threads).with_seed(5);
    for (place, (name, text)) in tables.iter().enumerate() {
        let path = files.write(&format!("{name}.csv"), text);
        builder = builder.with_input(&format!("table_{}", place + 1), path);
    }
    if let Some(metadata) = metadata {
        builder = builder.with_input("metadata", files.write("metadata.json", metadata));
    }
    (builder, files)
}

fn read(host: &MemoryHost, name: &str) -> Frame {
    let bytes = host.read_artifact(name).unwrap();
    read_frame(std::io::Cursor::new(bytes), &ReadOptions::default()).unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_leads_somewhere_and_rows_follow_their_parents() {
    let (host, _files) = host_of(&town(), None, 2);
    let report = run("synth.generate_tables", json!({}), &host).await.unwrap();
    assert_eq!(report["integrity"], 1.0);
    assert_eq!(report["relations"].as_array().unwrap().len(), 4, "{report}");
    assert!(report["quality"].as_f64().unwrap() > 0.8, "{report}");
    let (share, visits) = (share_of_followers(&host), read(&host, "visit.csv"));
    assert!(share > 0.7, "{share}");
    let ids: HashSet<_> = cells(&visits, "visit_id").into_iter().collect();
    assert_eq!(ids.len(), visits.rows());
}

/// Visits alone are many enough for networks.
fn deep() -> Value {
    json!({"tier": "deep", "epochs_vae": 4, "epochs_gnn": 4, "epochs_diffusion": 30})
}

/// The share of visits whose spending is that of somebody as old as the visitor.
fn share_of_followers(host: &MemoryHost) -> f64 {
    let (people, visits) = (read(host, "person.csv"), read(host, "visit.csv"));
    let ages: HashMap<_, _> =
        cells(&people, "person_id").into_iter().zip(cells(&people, "age")).collect();
    let number = |cell: &Option<String>| cell.as_ref().unwrap().parse::<f64>().unwrap();
    let follows = |person: &Option<String>, spent: &Option<String>| {
        let turn = (number(spent) / 100.0).floor();
        (number(spent) - turn * 100.0 - number(&ages[person])).abs() < 12.0
    };
    let spent = cells(&visits, "spent");
    let both = cells(&visits, "person_id").into_iter().zip(&spent);
    let near = both.filter(|(person, spent)| follows(person, spent)).count();
    near as f64 / visits.rows() as f64
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_draw_children_given_their_parents_and_go_on_where_they_stopped() {
    let (host, _files) = host_of(&town(), None, 2);
    let report = run("synth.generate_tables", deep(), &host).await.unwrap();
    assert_eq!(report["integrity"], 1.0);
    assert!(report["quality"].as_f64().unwrap() > 0.8, "{report}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("`visit`: Epochs: 4 of the autoencoder, 4 of the graph"), "{notes}");
    assert!(notes.contains("`person` was learned as in the tier `instant`"), "{notes}");
    let share = share_of_followers(&host);
    assert!(share > 0.6, "{share}");
    let rows = host.read_artifact("visit.csv").unwrap();
    let places = host.checkpoints().len();
    assert_eq!(places, 4);
    for place in 0..places {
        let (builder, _files) = builder_of(&town(), None, 1);
        let later = builder.with_checkpoint(host.checkpoints()[place].clone()).build().unwrap();
        let told = run("synth.generate_tables", deep(), &later).await.unwrap();
        assert_eq!(told["notes"], report["notes"]);
        let same = later.read_artifact("visit.csv").unwrap();
        assert!(same == rows, "other rows after checkpoint {place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_thread_and_two_make_the_same_tables() {
    let bytes = async |threads: u16| {
        let (host, _files) = host_of(&town(), None, threads);
        run("synth.generate_tables", json!({"scale": 2.0}), &host).await.unwrap();
        host.artifact_names()
            .iter()
            .map(|name| host.read_artifact(name).unwrap())
            .collect::<Vec<_>>()
    };
    assert!(bytes(1).await == bytes(2).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_lead_nowhere_are_said_or_refused() {
    let declared = |column: &str| {
        format!(
            r#"{{"relations": [{{"parent": "shop", "key": "shop_id", "child": "visit", "column": "{column}"}}]}}"#
        )
    };
    let refuse = async |tables: &[(&str, String)], metadata: Option<&str>| -> String {
        let (host, _files) = host_of(tables, metadata, 1);
        run("synth.generate_tables", json!({}), &host).await.unwrap_err().message
    };
    let good = town();
    let lost = refuse(&good, Some(&declared("nothing"))).await;
    assert!(lost.contains("no column `nothing`"), "{lost}");
    let wrong = refuse(&good, Some(&declared("spent"))).await;
    assert!(wrong.contains("is a key of `shop`"), "{wrong}");
    let mut twice = town();
    twice[1].1.push_str("500,T01,small\n");
    let twice = refuse(&twice, Some(&declared("shop_id"))).await;
    assert!(twice.contains("stands twice"), "{twice}");
    let mut broken = town();
    broken[3].1.push_str("9999,1,77777,5,40\n");
    let (host, _files) = host_of(&broken, Some(&declared("shop_id")), 1);
    let report: Value = run("synth.generate_tables", json!({}), &host).await.unwrap();
    assert_eq!(report["integrity"], 1.0);
    assert!(
        host.log_lines().iter().any(|line| line.contains("are no keys")),
        "{:?}",
        host.log_lines()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_few_parents_come_out_as_large_as_they_were() {
    // Sixty towns, of which a few have most of the people.
    let mut towns = String::from("town_id,size,income\n");
    let mut people = String::from("person_id,town_id,age\n");
    let mut person = 0;
    for town in 0..60 {
        let size = if town % 10 == 0 { 400 } else { 10 + town };
        towns.push_str(&format!("{town},{},{}\n", size * 20, 100 + size + town % 7));
        for _ in 0..size {
            person += 1;
            people.push_str(&format!("{person},{town},{}\n", 20 + person * 37 % 60));
        }
    }
    let (host, _files) = host_of(&[("town", towns), ("person", people)], None, 2);
    let report = run("synth.generate_tables", json!({}), &host).await.unwrap();
    let made = read(&host, "person.csv").rows() as f64;
    assert!((made / f64::from(person) - 1.0).abs() < 0.02, "{made} of {person}");
    assert!(report["cardinality"].as_f64().unwrap() > 0.9, "{report}");
    assert!(report["trend"].as_f64().unwrap() > 0.9, "{report}");
    let page = String::from_utf8(host.read_artifact("report.html").unwrap()).unwrap();
    assert!(page.contains("Children: person.town_id → town.town_id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_can_be_left_as_parquet_with_keys_as_numbers() {
    let (host, _files) = host_of(&town(), None, 2);
    run("synth.generate_tables", json!({"format": "parquet"}), &host).await.unwrap();
    let visits = read(&host, "visit.parquet");
    assert!(visits.get_column("person_id").unwrap().find_numbers().is_some());
    let people: HashSet<_> =
        cells(&read(&host, "person.parquet"), "person_id").into_iter().collect();
    assert!(cells(&visits, "person_id").iter().all(|person| people.contains(person)));
}
