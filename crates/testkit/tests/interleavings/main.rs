//! Any interleaving of jobs, purchases, refunds that arrive or fail, disputes, trials, changes of
//! plans, messages of the provider (late, twice, in another order), pages that are left open and
//! crashes keeps the books: on the real store, with the sandbox. A crash falls between two steps or
//! within one: before or after any call of the store or the provider, whose answer is lost then.
//!
//! Invariants: after every step the ledger sums to zero and no balance is below zero or other than
//! its lots; nothing was given twice, nor given back twice under one key; the plan is what the
//! messages that were taken say. In the end nothing is held, no second subscription is left, and
//! what is known of a subscription is what was said of it last. `GANTRY_INTERLEAVINGS=2000` plays so
//! many histories of chance on SQLite, and a tenth of it on PostgreSQL; without it the same few are
//! played each time.

mod bank;
mod books;
mod checks;
mod frail_provider;
mod frail_store;
mod fuse;
mod jobs;
mod messages;
mod model;
mod purchases;
mod server;
mod steps;
mod world;

use anyhow::{Context, Result, anyhow};
use gantry_testkit::postgres;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use steps::{Turn, histories};
use world::{Database, World};

/// Histories that are played each time. They are few, because each of them begins a database, and
/// each crash opens it again.
const CASES: u32 = 16;
const CASES_ON_POSTGRES: u32 = 4;
/// How many histories of chance are played on SQLite for one on PostgreSQL.
const SHARE: u32 = 10;
/// How often a history that fails is made shorter.
const SHORTENINGS: u32 = 64;

async fn play(database: Database, turns: &[Turn]) -> Result<()> {
    let mut world = World::begin(database).await?;
    for (number, turn) in turns.iter().enumerate() {
        let told = || format!("step {number}, {turn:?}");
        world = world.take(*turn).await.with_context(told)?;
        world.check().await.with_context(told)?;
    }
    world.come_to_rest().await.context("at rest")
}

fn play_all(database: Database) -> Result<()> {
    let asked = std::env::var_os("GANTRY_INTERLEAVINGS");
    let asked = asked.and_then(|text| text.to_str()?.parse::<u32>().ok());
    let (usual, chosen) = match database {
        Database::Sqlite => (CASES, asked),
        Database::Postgres => (CASES_ON_POSTGRES, asked.map(|cases| cases.div_ceil(SHARE))),
    };
    let config = Config {
        cases: chosen.unwrap_or(usual),
        max_shrink_iters: SHORTENINGS,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = match chosen {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let played = runner.run(&histories(), |turns| {
        let played = runtime.block_on(play(database, &turns));
        played.map_err(|error| TestCaseError::fail(format!("{error:#}")))
    });
    played.map_err(|error| anyhow!("{error}"))
}

#[test]
fn any_interleaving_keeps_the_books() -> Result<()> {
    play_all(Database::Sqlite)
}

#[test]
fn any_interleaving_keeps_the_books_on_postgres() -> Result<()> {
    // One server for all histories.
    let _server = postgres::share()?;
    play_all(Database::Postgres)
}
