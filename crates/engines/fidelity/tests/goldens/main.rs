//! Every deterministic metric equals that of `sdmetrics` 0.32.0 to 1e-9. `bench/synth/goldens.py`
//! makes the tables and the numbers.

#![expect(clippy::unwrap_used, reason = "a test ends where a golden file is not as expected")]

mod relations;
mod single;
mod tables;

const TOLERANCE: f64 = 1e-9;

/// Whether two scores agree, and both or neither are there.
#[track_caller]
fn assert_score(what: &str, found: Option<f64>, expected: Option<f64>) {
    let agree = match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() <= TOLERANCE,
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    assert!(agree, "{what}: {found:?} instead of {expected:?}");
}
