//! Evaluation of made tables, and the search for the best tier.

use serde_json::json;

use crate::support::{Files, MemoryHost, example, host, people, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_evaluation_withholds_rows_and_leaves_a_report() {
    let host = host(&example("german_credit.csv"), 2, 7);
    let params = json!({"evaluation": "full", "target": "risk"});
    let report = run("synth.generate", params, &host).await.unwrap();
    assert_eq!(report["learned_rows"], 900);
    let figures = &report["figures"];
    assert!(figures["shape"].as_f64().unwrap() > 0.95, "{figures}");
    assert!(figures["trend"].as_f64().unwrap() > 0.9, "{figures}");
    assert!(figures["c2st"].as_f64().unwrap() > 0.5, "{figures}");
    assert!(figures["membership_auc"].as_f64().unwrap() < 0.62, "{figures}");
    let page = String::from_utf8(host.read_artifact("report.html").unwrap()).unwrap();
    assert!(page.starts_with("<!doctype html>"));
    assert!(host.find_artifact("evaluation.json").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_are_told_from_made_rows() {
    let files = Files::new();
    let text = people(900);
    let lines: Vec<&str> = text.lines().collect();
    let table = |from: usize, to: usize| format!("{}\n{}\n", lines[0], lines[from..to].join("\n"));
    let real = files.write("real.csv", table(1, 601));
    let held = files.write("held.csv", table(601, 901));
    let judge = async |made: &std::path::Path| {
        let host = MemoryHost::builder()
            .with_input("real", &real)
            .with_input("synthetic", made)
            .with_input("holdout", &held)
            .with_threads(2)
            .build()
            .unwrap();
        run("synth.evaluate", json!({"targets": ["group"]}), &host).await.unwrap()
    };
    let copied = judge(&real).await;
    assert!(copied["figures"]["membership_auc"].as_f64().unwrap() > 0.9, "{copied}");
    let maker = host(&real, 2, 3);
    run("synth.generate", json!({}), &maker).await.unwrap();
    let made = files.write("made.csv", maker.read_artifact("synthetic.csv").unwrap());
    let made = judge(&made).await;
    assert!(made["figures"]["membership_auc"].as_f64().unwrap() < 0.6, "{made}");
    assert_eq!(made["holdout_rows"], 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_best_tier_is_left_and_all_are_shown() {
    let host = host(&example("german_credit.csv"), 2, 7);
    let params = json!({"rows": 400, "tiers": ["private", "instant"]});
    let report = run("synth.auto", params, &host).await.unwrap();
    assert_eq!(report["best"], "instant");
    let tiers = report["tiers"].as_array().unwrap();
    assert_eq!(tiers.len(), 2);
    assert!(tiers[1]["guarantee"].as_str().unwrap().contains("differential privacy"));
    assert!(tiers[0]["score"].as_f64() > tiers[1]["score"].as_f64());
    for name in ["synthetic.csv", "generator.gantry", "tradeoff.svg", "report.html", "tiers.json"] {
        assert!(host.find_artifact(name).is_some(), "{name}");
    }
}
