//! What must not come through.

use std::collections::HashSet;

use serde_json::json;

use crate::support::{Files, cells, generate, generate_text, host, numbers, people, run, table};

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_people_are_made_anew() {
    let made = generate_text(&people(500), json!({"rows": 800})).await.unwrap();
    let ids: HashSet<_> = cells(&made, "id").into_iter().collect();
    assert_eq!(ids.len(), 800);
    assert!(
        cells(&made, "email")
            .iter()
            .flatten()
            .all(|mail| { mail.contains("@example.") && !mail.starts_with("person") })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rare_labels_and_single_numbers_are_never_given() {
    let mut text = String::from("kind,income,age\n");
    for row in 0..600 {
        let kind = if row == 7 { "duke" } else { ["a", "b"][row % 2] };
        text.push_str(&format!("{kind},{}.25,{}\n", 1_000 + row * 37, 20 + row % 9));
    }
    let real: HashSet<u64> =
        (0..600_u32).map(|row| f64::from(1_000 + row * 37) + 0.25).map(f64::to_bits).collect();
    let made = generate_text(&text, json!({"rows": 3000})).await.unwrap();
    assert!(cells(&made, "kind").iter().flatten().all(|kind| kind != "duke"));
    let incomes = numbers(&made, "income");
    let given = incomes.iter().filter(|income| real.contains(&income.to_bits())).count();
    assert!(given < 30, "{given} of 3,000 incomes are those of somebody");
    let ages: HashSet<u64> = numbers(&made, "age").iter().map(|age| age.to_bits()).collect();
    assert_eq!(ages.len(), 9, "values that many share stay as they are");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rare_row_is_repeated() {
    let path = crate::support::example("german_credit.csv");
    let (made, _) = generate(&path, json!({"rows": 3000})).await.unwrap();
    let row = |frame: &gantry_kit::Frame, row: usize| -> Vec<Option<String>> {
        frame.cells(row).map(|cell| cell.map(|cell| cell.into_owned())).collect()
    };
    let file = std::fs::File::open(path).unwrap();
    let real = gantry_kit::read_frame(file, &gantry_kit::ReadOptions::default()).unwrap().0;
    let known: HashSet<_> = (0..real.rows()).map(|at| row(&real, at)).collect();
    assert_eq!((0..made.rows()).filter(|at| known.contains(&row(&made, *at))).count(), 0);
}

/// An attacker who knows all rows but one guesses from the made table whether that one was there.
/// With (ε, δ) no guess is right more than `e^ε` times as often as it is wrong, give or take δ.
#[tokio::test(flavor = "multi_thread")]
async fn the_private_tier_passes_an_audit_on_neighbouring_tables() {
    audit(json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_it_does_where_rows_are_selected_by_noised_counts() {
    audit(json!({"selection": true})).await;
}

async fn audit(extra: serde_json::Value) {
    let mut without = String::from("a,b,x\n");
    for row in 0..120 {
        without.push_str(&format!(
            "{},{},{}\n",
            ["p", "q"][row % 2],
            ["r", "s"][row / 2 % 2],
            row % 8
        ));
    }
    // The row in question stands out in its number.
    let with = format!("{without}p,s,1000\n");
    let files = Files::new();
    let (without, with) = (files.write("without.csv", without), files.write("with.csv", with));
    let (epsilon, trials) = (1.0_f64, 150);
    let mut caught = [0_u32; 2];
    for (place, path) in [&without, &with].into_iter().enumerate() {
        for seed in 0..trials {
            let host = host(path, 2, 1_000 + seed);
            let mut params =
                json!({"tier": "private", "epsilon": epsilon, "delta": 1e-5, "rows": 60});
            params.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            let report = run("synth.generate", params, &host).await.unwrap();
            assert!(report["guarantee"].as_str().unwrap().contains("(1, 0.00001)"), "{report}");
            let largest = numbers(&table(&host), "x").into_iter().fold(f64::NAN, f64::max);
            caught[place] += u32::from(largest > 100.0);
        }
    }
    let rate = |count: u32| f64::from(count) / trials as f64;
    let (wrong, right) = (rate(caught[0]), rate(caught[1]));
    // Three standard errors of either rate.
    let slack = 3.0 * (0.25 / trials as f64).sqrt();
    assert!(right <= epsilon.exp() * (wrong + slack) + 1e-5, "{right} against {wrong}");
    assert!(right - wrong <= epsilon.exp_m1() / (epsilon.exp() + 1.0) + slack, "{right} {wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn selection_by_noised_counts_brings_private_rows_nearer_to_pairs_beside_the_tree() {
    // Three columns of which each two tell the third: no tree holds all three pairs.
    let mut text = String::from("a,b,c\n");
    for row in 0..6_000 {
        let (a, b) = (row % 4, row / 4 % 4);
        let c = if row % 3 == 0 { a } else { (a + b) / 2 };
        text.push_str(&format!("a{a},b{b},c{c}\n"));
    }
    let files = Files::new();
    let path = files.write("three.csv", text);
    let mut trends = [0.0; 2];
    for seed in 0..3 {
        for (place, selection) in [false, true].into_iter().enumerate() {
            let host = host(&path, 2, seed);
            let params = json!({"tier": "private", "epsilon": 4.0, "selection": selection});
            let report = run("synth.generate", params, &host).await.unwrap();
            trends[place] += report["figures"]["trend"].as_f64().unwrap() / 3.0;
        }
    }
    assert!(trends[1] > trends[0] + 0.005, "{trends:?}");
    let refuse = async |params: serde_json::Value| {
        run("synth.generate", params, &host(&path, 1, 1)).await.unwrap_err().message
    };
    let given = refuse(json!({"selection": true, "given": "a=a1"})).await;
    assert!(given.contains("neither with `given`"), "{given}");
    let ruled = json!({"selection": true, "tier": "private", "constraints": ["unique(a)"]});
    assert!(refuse(ruled).await.contains("does not go with `constraints`"));
}
