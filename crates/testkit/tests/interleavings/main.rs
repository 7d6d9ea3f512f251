//! Any interleaving of jobs, purchases, refunds, cancellations, messages of the provider (late,
//! twice, in another order), pages that are left open and crashes keeps the books: on the real store, with the sandbox.
//!
//! Invariants: after every step the ledger sums to zero and no balance is below zero or other than
//! its lots; nothing was given twice; the plan is what the messages that were taken say. In the end
//! nothing is held, and no second subscription is left. `GANTRY_INTERLEAVINGS=2000` plays so many histories of chance; without it the
//! same few are played each time.

mod books;
mod checks;
mod model;
mod server;
mod subscriptions;
mod world;

use anyhow::{Context, Result, anyhow};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use world::World;

/// Histories that are played each time, and the steps of one at most.
const CASES: u32 = 16;
const MOST_STEPS: usize = 48;
/// How often a history that fails is made shorter.
const SHORTENINGS: u32 = 64;

/// How a job ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    Succeeds { charged: i64 },
    Fails,
    FailsForNow,
}

/// What the provider does with a page for a plan when another one is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Older {
    Closes,
    Stays,
}

/// What somebody does, or what happens. Numbers choose among what there is at that time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Submit { credits: i64 },
    Claim,
    Settle { claim: usize, end: End },
    CancelJob { job: usize },
    BuyCredits,
    BuyPlan { pays_again: bool },
    OpenPage { older: Older },
    PayOnPage { page: usize },
    EndPlan,
    KeepPlan,
    Refund { payment: usize, percent: i64 },
    Deliver { event: usize },
    DeliverAsFirstSigned { event: usize },
    Reconcile,
    Reap,
    Release,
    Pass { seconds: u64 },
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = 0..64_usize;
    let end = prop_oneof![
        3 => (0..50_i64).prop_map(|charged| End::Succeeds { charged }),
        1 => Just(End::Fails),
        1 => Just(End::FailsForNow),
    ];
    let seconds = prop::sample::select(vec![61_u64, 400, 10_800, 86_400, 8 * 86_400, 31 * 86_400]);
    let step = prop_oneof![
        4 => (0..60_i64).prop_map(|credits| Step::Submit { credits }),
        4 => Just(Step::Claim),
        4 => (place.clone(), end).prop_map(|(claim, end)| Step::Settle { claim, end }),
        2 => place.clone().prop_map(|job| Step::CancelJob { job }),
        3 => Just(Step::BuyCredits),
        3 => any::<bool>().prop_map(|pays_again| Step::BuyPlan { pays_again }),
        2 => prop_oneof![Just(Older::Closes), Just(Older::Stays)]
            .prop_map(|older| Step::OpenPage { older }),
        3 => place.clone().prop_map(|page| Step::PayOnPage { page }),
        1 => Just(Step::EndPlan),
        1 => Just(Step::KeepPlan),
        2 => (place.clone(), 1..=100_i64)
            .prop_map(|(payment, percent)| Step::Refund { payment, percent }),
        9 => place.clone().prop_map(|event| Step::Deliver { event }),
        2 => place.prop_map(|event| Step::DeliverAsFirstSigned { event }),
        1 => Just(Step::Reconcile),
        2 => Just(Step::Reap),
        1 => Just(Step::Release),
        3 => seconds.prop_map(|seconds| Step::Pass { seconds }),
        2 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..MOST_STEPS)
}

async fn play(steps: &[Step]) -> Result<()> {
    let mut world = World::begin().await?;
    for (number, step) in steps.iter().enumerate() {
        let told = || format!("step {number}, {step:?}");
        world = world.take(*step).await.with_context(told)?;
        world.check().await.with_context(told)?;
    }
    world.come_to_rest().await.context("at rest")
}

#[test]
fn any_interleaving_keeps_the_books() -> Result<()> {
    let asked = std::env::var_os("GANTRY_INTERLEAVINGS");
    let asked = asked.and_then(|text| text.to_str()?.parse::<u32>().ok());
    let config = Config {
        cases: asked.unwrap_or(CASES),
        max_shrink_iters: SHORTENINGS,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = match asked {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let played = runner.run(&steps(), |steps| {
        let played = runtime.block_on(play(&steps));
        played.map_err(|error| TestCaseError::fail(format!("{error:#}")))
    });
    played.map_err(|error| anyhow!("{error}"))
}
