//! Workflows, their revisions, and the nodes of their runs.

use anyhow::{Context, Result, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{
    FlowNode, FlowRun, Forked, NodePhase, ObjectAccess, ObjectRef, Order, PageRequest, StoreExt,
    Workflow, WriteFlows,
};
use gantry_rules::sharing::Visibility;
use gantry_types::{EngineErrorKind, JobId, OrganizationId, UserId, WorkflowId};
use serde_json::json;

use super::World;
use super::fork::fork;
use super::sharing;
use super::world::{START, failure, success};
use crate::conformance::Outcome;

fn workflow(account: OrganizationId) -> Workflow {
    Workflow {
        id: WorkflowId::generate(),
        organization_id: account,
        name: "Clean \"and\" train".into(),
        revision: 1,
        definition: json!({"nodes": [{"id": "é"}]}),
        created_by: None,
        created_at: START,
        changed_at: START,
    }
}

/// Writes through the flows of a transaction.
async fn write<F>(world: &World, change: F) -> Result<(), StoreError>
where
    F: for<'t> Fn(&'t dyn WriteFlows) -> futures::future::BoxFuture<'t, Result<(), StoreError>>
        + Send
        + Sync
        + 'static,
{
    world.store.write::<(), StoreError, _>(move |tx| change(tx.flows())).await
}

/// Revisions follow one another, and a stranger sees none.
pub async fn a_workflow_has_revisions(world: &World) -> Outcome {
    let (account, stranger) = (world.account(0).await?, world.account(0).await?);
    let first = workflow(account);
    let insert = first.clone();
    write(world, move |flows| {
        let insert = insert.clone();
        Box::pin(async move { flows.insert_workflow(&insert).await })
    })
    .await?;
    let second = Workflow {
        revision: 2,
        name: "Train".into(),
        definition: json!({"nodes": []}),
        changed_at: World::at(5),
        ..first.clone()
    };
    let update = second.clone();
    let again = || {
        let update = update.clone();
        write(world, move |flows| {
            let update = update.clone();
            Box::pin(async move { flows.update_workflow(&update, None).await })
        })
    };
    again().await?;
    let stale = again().await;
    ensure!(matches!(stale, Err(StoreError::NotFound { .. })), "a stale revision: {stale:?}");
    let read = world.read().await?;
    let flows = read.flows();
    ensure!(flows.find_workflow(account, first.id).await?.as_ref() == Some(&second));
    ensure!(flows.find_workflow(stranger, first.id).await?.is_none());
    let page = PageRequest { after: None, limit: 10, order: Order::NewestFirst };
    ensure!(flows.list_workflows(account, &page).await?.items == [second]);
    ensure!(flows.list_workflows(stranger, &page).await?.items.is_empty());
    let revisions = flows.list_revisions(account, first.id, 10).await?;
    ensure!(revisions.iter().map(|one| one.revision).eq([2, 1]), "{revisions:?}");
    let old = flows.find_revision(account, first.id, 1).await?.context("the first revision")?;
    ensure!(old.definition == first.definition && old.name == first.name);
    ensure!(flows.find_revision(stranger, first.id, 1).await?.is_none());
    drop(read);
    let (id, wrong, right) = (first.id, stranger, account);
    let delete = |who: OrganizationId| {
        write(world, move |flows| Box::pin(async move { flows.delete_workflow(who, id).await }))
    };
    ensure!(matches!(delete(wrong).await, Err(StoreError::NotFound { .. })));
    delete(right).await?;
    let left = world.read().await?.flows().list_revisions(account, id, 10).await?;
    ensure!(left.is_empty(), "revisions outlive their workflow");
    Ok(())
}

fn node(name: &str, ordinal: u32) -> FlowNode {
    FlowNode {
        node: name.into(),
        phase: NodePhase::Started,
        key: Some(format!("key of {name}")),
        ordinal: Some(ordinal),
        job_id: None,
        message: None,
    }
}

/// A node is found with its child; only a success of the same account is used again.
pub async fn a_runs_nodes_find_their_jobs(world: &World) -> Outcome {
    let (account, stranger) = (world.account(100).await?, world.account(0).await?);
    let id = world.submit(account, 10).await?;
    let root = world.claim_job(id).await?;
    ensure!(fork(world, &root, 2, 1).await? == Forked::Waiting);
    let run = FlowRun {
        job_id: id,
        organization_id: account,
        workflow_id: Some(WorkflowId::generate()),
        revision: Some(3),
        definition: json!({"nodes": []}),
        created_at: START,
    };
    let nodes = vec![node("good", 0), node("bad", 1)];
    let (kept, rows) = (run.clone(), nodes.clone());
    for _ in 0..2 {
        let (kept, rows) = (kept.clone(), rows.clone());
        write(world, move |flows| {
            let (kept, rows) = (kept.clone(), rows.clone());
            Box::pin(async move {
                flows.insert_flow_run(&kept).await?;
                flows.put_flow_nodes(kept.organization_id, kept.job_id, &rows).await
            })
        })
        .await?;
    }
    let claimed = world.claim(2).await?;
    let [good, bad] = claimed.as_slice() else { anyhow::bail!("two children are ready") };
    world.end(good, success(), Some(0)).await?;
    world.end(bad, failure(EngineErrorKind::Bug), Some(0)).await?;
    let ids = [good.job.id, bad.job.id];
    let read = world.read().await?;
    let flows = read.flows();
    let found = flows.list_flow_nodes(account, id).await?;
    let jobs: Vec<_> = found.iter().map(|node| (node.node.as_str(), node.job_id)).collect();
    ensure!(jobs == [("good", Some(ids[0])), ("bad", Some(ids[1]))], "{jobs:?}");
    ensure!(flows.list_flow_nodes(stranger, id).await?.is_empty());
    ensure!(flows.find_reusable(account, "key of good", id).await? == Some(ids[0]));
    ensure!(flows.find_reusable(account, "key of bad", id).await?.is_none(), "a failure is reused");
    ensure!(flows.find_reusable(stranger, "key of good", id).await?.is_none());
    ensure!(flows.find_flow_run(account, id).await? == Some(run.clone()));
    ensure!(flows.find_flow_run(stranger, id).await?.is_none());
    ensure!(flows.find_owner(id).await? == Some(account));
    let page = PageRequest { after: None, limit: 10, order: Order::NewestFirst };
    let workflow_id = run.workflow_id.context("its workflow")?;
    ensure!(flows.list_flow_runs(account, workflow_id, &page).await?.items == [run]);
    drop(read);
    let again = world.claim_job(id).await?;
    world.end(&again, success(), Some(0)).await?;
    Ok(())
}

/// Keeps a job of somebody for its maker alone.
async fn restrict(world: &World, account: OrganizationId, (id, by): (JobId, UserId)) -> Outcome {
    let access = ObjectAccess {
        object: ObjectRef::Job(id),
        made_by: Some(by),
        visibility: Visibility::Restricted,
        grants: Vec::new(),
    };
    Ok(sharing::set(world, account, &access).await?)
}

/// A result that was kept from the others is used again by restricted runs of the same person, and
/// by no other run.
pub async fn a_restricted_result_is_used_again_by_its_own_person(world: &World) -> Outcome {
    let account = world.account(10).await?;
    let (maker, other) = (UserId::generate(), UserId::generate());
    let first = sharing::submit(world, account, maker).await?;
    let root = world.claim_job(first).await?;
    ensure!(fork(world, &root, 1, 0).await? == Forked::Waiting);
    write(world, move |flows| {
        Box::pin(async move { flows.put_flow_nodes(account, first, &[node("good", 0)]).await })
    })
    .await?;
    let child = world.claim(1).await?.pop().context("the child")?;
    world.end(&child, success(), Some(0)).await?;
    let again = world.claim_job(first).await?;
    world.end(&again, success(), Some(0)).await?;
    restrict(world, account, (first, maker)).await?;
    for (by, is_restricted, is_used) in
        [(maker, true, true), (maker, false, false), (other, true, false), (other, false, false)]
    {
        let run = sharing::submit(world, account, by).await?;
        if is_restricted {
            restrict(world, account, (run, by)).await?;
        }
        let read = world.read().await?;
        let found = read.flows().find_reusable(account, "key of good", run).await?;
        ensure!(found == is_used.then_some(child.job.id), "{by}, {is_restricted}: {found:?}");
    }
    Ok(())
}
