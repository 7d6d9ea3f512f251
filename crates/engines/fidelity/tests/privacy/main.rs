//! Leaked rows are found, and nobody is accused where nothing leaked: the yardstick of everything
//! that the report says about people.

#![expect(clippy::unwrap_used, reason = "a test ends where one of these fails")]

mod population;

use gantry_fidelity::{
    Attack, EvaluateOptions, Membership, Pair, TableMetadata, copies, membership,
};
use gantry_kit::Frame;
use gantry_learn::{Control, Rng};
use population::{draw, leak, perturbed, wines};

fn attack(real: &Frame, synthetic: &Frame, holdout: &Frame, seed: u64) -> Membership {
    let metadata = TableMetadata::derive(real);
    let pair = Pair::new(real, synthetic, &metadata).with_holdout(holdout);
    let options = EvaluateOptions { seed, ..EvaluateOptions::default() };
    membership(&pair, &options, &Control::unlimited()).unwrap()
}

/// What the attacks found, for messages.
fn rates(found: &Membership) -> String {
    let rate = |attack: &Attack| format!("{:?} {} ", attack.kind, attack.tpr_at_1_percent);
    found.attacks.iter().map(rate).collect()
}

/// Five in a hundred of the real rows leak.
const LEAKED: f64 = 0.05;

#[test]
fn planted_copies_are_found_and_a_perfect_generator_is_not_accused() {
    for seed in 0..3 {
        let mut rng = Rng::new(seed);
        let (real, holdout) = (draw(&mut rng, 4_000), draw(&mut rng, 4_000));
        let honest = draw(&mut rng, 4_000);
        let found = attack(&real, &honest, &holdout, seed);
        assert!(found.tpr_at_1_percent <= 0.02, "honest, seed {seed}: {}", rates(&found));
        assert!((found.auc - 0.5).abs() < 0.02, "seed {seed}: {}", found.auc);
        let leaking = leak(&mut rng, &honest, &real, LEAKED);
        let found = attack(&real, &leaking, &holdout, seed);
        assert!(found.tpr_at_1_percent >= 0.04, "leaking, seed {seed}: {}", rates(&found));
    }
}

#[test]
fn leaks_are_found_in_real_tables_too() {
    for seed in 0..3 {
        let mut rng = Rng::new(seed);
        // A perfect generator is one that returns other rows of the same table.
        let [real, honest, holdout] = wines(&mut rng);
        let found = attack(&real, &honest, &holdout, seed);
        assert!(found.tpr_at_1_percent <= 0.02, "honest, seed {seed}: {}", rates(&found));
        let leaking = leak(&mut rng, &honest, &real, LEAKED);
        let found = attack(&real, &leaking, &holdout, seed);
        assert!(found.tpr_at_1_percent >= 0.04, "leaking, seed {seed}: {}", rates(&found));
    }
}

#[test]
fn a_generator_that_moves_real_rows_a_little_is_caught() {
    let mut rng = Rng::new(9);
    let (real, holdout) = (draw(&mut rng, 2_000), draw(&mut rng, 2_000));
    let found = attack(&real, &perturbed(&mut rng, &real), &holdout, 0);
    assert!(found.auc > 0.75, "{}", found.auc);
    assert!(found.tpr_at_1_percent > 0.2, "{}", rates(&found));
}

#[test]
fn the_records_that_leaked_are_named() {
    let mut rng = Rng::new(4);
    let (real, holdout) = (draw(&mut rng, 1_500), draw(&mut rng, 1_500));
    let honest = draw(&mut rng, 1_500);
    let leaking = leak(&mut rng, &honest, &real, 0.02);
    let metadata = TableMetadata::derive(&real);
    let pair = Pair::new(&real, &leaking, &metadata).with_holdout(&holdout);
    let options = EvaluateOptions { listed_records: 1_000, ..EvaluateOptions::default() };
    let found = membership(&pair, &options, &Control::unlimited()).unwrap();
    assert!(found.vulnerable_total as f64 > found.vulnerable_by_chance);
    assert_eq!(found.vulnerable.len(), found.vulnerable_total);
    let copied: Vec<_> = found.vulnerable.iter().filter(|record| record.distance == 0.0).collect();
    assert_eq!(copied.len(), 30, "every leaked record stands out");
    for record in copied {
        let cells = |frame: &Frame, row: usize| {
            frame.cells(row).map(|cell| cell.map(String::from)).collect::<Vec<_>>()
        };
        assert_eq!(cells(&real, record.row), cells(&leaking, record.synthetic_row));
    }
    let copied = copies(&pair).unwrap();
    assert_eq!(copied.synthetic_rows, 30);
    assert!((copied.real_share - 0.02).abs() < 1e-12);
    assert_eq!(copied.holdout_share, Some(0.0));
}
