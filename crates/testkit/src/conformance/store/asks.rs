//! What jobs asked of language models: summed by model, by job, and gone with its organization.

use std::time::Duration;

use anyhow::ensure;
use gantry_ports::StoreError;
use gantry_ports::store::{AskFilter, AskSums, ErasedRows, ModelAsk, StoreExt};
use gantry_types::{AskId, Currency, JobId, Nanos, OrganizationId, TokenUse};

use super::World;
use crate::conformance::Outcome;

/// A line of a job that is its own root: ten tokens in, one out, for 25 billionths.
fn ask(account: OrganizationId, job_id: JobId, seconds: u64) -> ModelAsk {
    ModelAsk {
        id: AskId::generate(),
        organization_id: account,
        job_id,
        root_id: job_id,
        operation: "story.run".to_owned(),
        model: "small".to_owned(),
        tokens: TokenUse { input_tokens: 10, output_tokens: 1 },
        currency: Currency::usd(),
        cost: Some(Nanos::new(25)),
        at: World::at(seconds),
    }
}

async fn insert(world: &World, ask: ModelAsk) -> Outcome {
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let ask = ask.clone();
            Box::pin(async move { tx.asks().insert_ask(&ask).await })
        })
        .await?;
    Ok(())
}

fn all(organization_id: Option<OrganizationId>) -> AskFilter {
    AskFilter { from: World::at(0), to: World::at(100), organization_id }
}

/// So many lines of [`ask`], and what some of them cost.
fn sums(requests: u64, unpriced: u64) -> AskSums {
    AskSums {
        requests,
        unpriced,
        tokens: TokenUse { input_tokens: 10 * requests, output_tokens: requests },
        cost: Nanos::new(25 * (requests - unpriced)),
    }
}

/// By model, and by currency where an edition changed it; only the span's and the tenant's own.
pub async fn asks_are_summed_by_model(world: &World) -> Outcome {
    let (account, other) = (world.account(10).await?, world.account(10).await?);
    let job = JobId::generate();
    for seconds in [0, 50, 99, 100] {
        insert(world, ask(account, job, seconds)).await?;
    }
    let unpriced = ModelAsk { cost: None, ..ask(account, job, 1) };
    insert(world, unpriced).await?;
    let large = ModelAsk { model: "large".to_owned(), ..ask(account, job, 2) };
    insert(world, large).await?;
    let euros = ModelAsk { currency: "EUR".parse()?, ..ask(account, job, 3) };
    insert(world, euros).await?;
    insert(world, ask(other, JobId::generate(), 4)).await?;

    let found = world.read().await?.asks().sum_asks(&all(Some(account))).await?;
    let told = found.iter().map(|one| (one.model.as_str(), one.currency.to_string(), one.sums));
    let expected = [
        ("large", "USD".to_owned(), sums(1, 0)),
        ("small", "EUR".to_owned(), sums(1, 0)),
        ("small", "USD".to_owned(), sums(4, 1)),
    ];
    ensure!(told.eq(expected), "{found:?}");
    let found = world.read().await?.asks().sum_asks(&all(None)).await?;
    ensure!(found.len() == 3 && found[2].sums == sums(5, 1), "{found:?}");
    let later = AskFilter { from: World::at(200), to: World::at(300), organization_id: None };
    ensure!(world.read().await?.asks().sum_asks(&later).await?.is_empty());
    Ok(())
}

/// By job within its tree, for its own tenant alone; with the organization they go.
pub async fn asks_are_summed_by_tree_and_go_with_their_organization(world: &World) -> Outcome {
    let (account, other) = (world.account(10).await?, world.account(10).await?);
    let (root, part, alone) = (JobId::generate(), JobId::generate(), JobId::generate());
    insert(world, ask(account, root, 0)).await?;
    for seconds in [1, 2] {
        let of_part = ModelAsk { root_id: root, ..ask(account, part, seconds) };
        insert(world, of_part).await?;
    }
    insert(world, ask(account, alone, 3)).await?;
    let read = world.read().await?;
    let found = read.asks().sum_asks_of_trees(account, &[root]).await?;
    let told = found.iter().map(|asks| (asks.root_id, asks.job_id, asks.sums.requests));
    ensure!(told.eq([(root, root, 1), (root, part, 2)]), "{found:?}");
    ensure!(read.asks().sum_asks_of_trees(account, &[root, alone]).await?.len() == 3);
    ensure!(read.asks().sum_asks_of_trees(account, &[]).await?.is_empty());
    ensure!(read.asks().sum_asks_of_trees(other, &[root]).await?.is_empty(), "another tenant's");
    drop(read);

    let delete_after = World::at(0).plus(Duration::from_secs(500));
    let rows = ErasedRows { organization_id: account, limit: 100, delete_after };
    world
        .store
        .write::<u64, StoreError, _>(move |tx| {
            Box::pin(async move { tx.departures().erase_rows(&rows).await })
        })
        .await?;
    let found = world.read().await?.asks().sum_asks(&all(None)).await?;
    ensure!(found.is_empty(), "they outlive their organization: {found:?}");
    Ok(())
}
