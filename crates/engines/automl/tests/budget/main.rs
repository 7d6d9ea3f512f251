//! Time budgets by the clock, in a program of its own: beside other tests they would measure those.

#![expect(clippy::unwrap_used, reason = "the functions of a test")]

#[path = "../operations/support.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
#[cfg(test)]
mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{example, train, train_text};

fn rows(report: &Value) -> &[Value] {
    report["leaderboard"]["rows"].as_array().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn time_is_used_and_never_exceeded_by_a_twentieth() {
    require_time_is_used().await;
    require_folds_are_given_up().await;
}

/// Tables on which many models fit into the time.
async fn require_time_is_used() {
    for (file, target, seconds) in
        [("german_credit.csv", "risk", 4), ("wine_quality_white.csv", "quality", 4)]
    {
        let begin = Instant::now();
        let params = json!({"target": target, "time": format!("{seconds}s")});
        let (host, report) = train(&example(file), params).await;
        let taken = begin.elapsed();
        let report = report.unwrap();
        let log = host.log_lines().join("\n");
        let limit = Duration::from_secs(seconds);
        assert!(taken < limit + limit / 20, "{file}: {taken:?}\n{log}");
        assert!(taken > limit / 2, "{file}: {taken:?}\n{log}");
        let done = rows(&report).iter().filter(|row| row["status"] == "done").count();
        assert!(done >= 3, "{file}: {done} models");
    }
}

/// A table on which all folds of one model take more than the time.
async fn require_folds_are_given_up() {
    let mut text = String::from("a,b,c,d,e,f,g,h,y\n");
    let mut state = 1_u64;
    for _ in 0..60_000 {
        let mut sum = 0.0;
        for _ in 0..8 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let value = (state >> 40) as f64 / 16_777_216.0;
            sum += value;
            text.push_str(&format!("{value:.4},"));
        }
        text.push_str(if sum + (state >> 60) as f64 / 16.0 > 4.5 { "x\n" } else { "z\n" });
    }
    let begin = Instant::now();
    let (host, report) = train_text(&text, json!({"target": "y", "time": 4})).await;
    let report = report.unwrap();
    assert!(begin.elapsed() < Duration::from_millis(4_200), "{:?}", begin.elapsed());
    assert_eq!(report["rows"], 60_000);
    assert!(report["best"]["score"].as_f64().unwrap() > 0.85);
    assert!(host.artifact_names().contains(&"predictions.csv".to_owned()));
}
