//! Closures beside commands.

use anyhow::ensure;
use gantry_ports::StoreError;
use gantry_ports::store::StoreExt;
use gantry_types::Credits;

use super::World;
use super::world::START;
use crate::conformance::Outcome;
use crate::installation::new_user;

/// What a closure did before it refused is undone; its error comes back as it was.
pub async fn a_refused_write_changes_nothing(world: &World) -> Outcome {
    #[derive(Debug, PartialEq)]
    enum Refusal {
        Mine(u32),
        Store(StoreError),
    }
    impl From<StoreError> for Refusal {
        fn from(error: StoreError) -> Self {
            Self::Store(error)
        }
    }
    let new = new_user("undone@example.org", world.plan.id, START);
    let refused = world
        .store
        .write::<(), Refusal, _>(move |tx| {
            let new = new.clone();
            Box::pin(async move {
                tx.access().insert_user(&new).await?;
                Err(Refusal::Mine(7))
            })
        })
        .await;
    ensure!(refused == Err(Refusal::Mine(7)), "{refused:?}");
    let read = world.read().await?;
    ensure!(read.access().find_user_by_email("undone@example.org").await?.is_none());
    Ok(())
}

/// Closures and commands of many callers at once all take effect, and a snapshot stays as it
/// was when it began.
pub async fn writes_and_commands_queue_to_one_writer(world: &World) -> Outcome {
    let account = world.account(1000).await?;
    let before = world.read().await?;
    ensure!(before.access().count_users().await? == 1);
    let users = (0..40).map(|number| async move {
        let new = new_user(&format!("{number}@example.org"), world.plan.id, START);
        let store = world.store.clone();
        crate::installation::insert_account(&*store, new, Credits::new(5), START).await?;
        Ok::<(), anyhow::Error>(())
    });
    let jobs = (0..40).map(|_| async { world.submit(account, 1).await.map(drop) });
    let (users, jobs) =
        futures::join!(futures::future::try_join_all(users), futures::future::try_join_all(jobs));
    users?;
    jobs?;
    ensure!(before.access().count_users().await? == 1, "a snapshot changed");
    ensure!(world.read().await?.access().count_users().await? == 41);
    world.check_balance(account, 960, 40).await
}
