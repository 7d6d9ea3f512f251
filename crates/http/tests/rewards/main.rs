//! Credits for watching ads, over HTTP: earning within the limits, callbacks that are to be believed
//! and those that are not, frauds and their review. Stories that hang on locks play on both stores.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

/// Tests of stories: each on both stores.
macro_rules! on_both_stores {
    ($($story:ident),+ $(,)?) => {
        $(mod $story {
            use crate::desk::Database;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() -> anyhow::Result<()> {
                super::$story(Database::Sqlite).await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() -> anyhow::Result<()> {
                super::$story(Database::Postgres).await
            }
        })+
    };
}

mod callbacks;
mod desk;
mod earning;
mod fraud;
mod story;
