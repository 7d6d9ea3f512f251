//! Formulas and estimates that the engine itself makes.

use std::time::{Duration, Instant};

use gantry_types::Credits;
use serde_json::json;

use crate::started::{get_operation, start_odd};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_engine_may_be_asked() {
    let engine = start_odd().await;
    let count = get_operation(&engine, "odd.count");
    // The first question also starts a process, which may take longer than the question.
    let begun = Instant::now();
    let mut answer = count.estimate(&json!({ "n": 4 }), &[]);
    while answer.is_err() && begun.elapsed() < Duration::from_secs(10) {
        answer = count.estimate(&json!({ "n": 4 }), &[]);
    }
    assert_eq!(answer.unwrap().max_credits, Credits::new(8));
    let refusal = count.estimate(&json!({ "n": -1 }), &[]).unwrap_err();
    assert_eq!(
        (refusal.pointer.as_str(), refusal.message.as_str()),
        ("/n", "must not be negative")
    );
    let begun = Instant::now();
    let silence = count.estimate(&json!({ "n": 13 }), &[]).unwrap_err();
    assert!(silence.message.contains("within a second"), "{silence}");
    assert!(begun.elapsed() < Duration::from_millis(1_800));
}

#[tokio::test]
async fn a_formula_needs_no_process() {
    let engine = start_odd().await;
    let doors = get_operation(&engine, "odd.doors");
    assert_eq!(doors.estimate(&json!(null), &[]).unwrap().max_credits, Credits::new(2));
    assert_eq!(doors.estimate(&json!({ "credits": 7 }), &[]).unwrap().max_credits, Credits::new(7));
    assert_eq!(doors.estimate(&json!({ "credits": -7 }), &[]).unwrap_err().pointer, "/credits");
    assert_eq!(doors.estimate(&json!({ "credit": 7 }), &[]).unwrap_err().pointer, "/credit");
}
