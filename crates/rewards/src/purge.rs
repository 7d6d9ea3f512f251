//! What is kept no longer.

use std::time::Duration;

use gantry_ports::store::StoreExt;

use crate::Rewards;
use crate::error::RewardsError;

/// How long ads and callbacks are kept: callbacks older than a day are refused anyway.
const ROWS_KEPT: Duration = Duration::from_hours(30 * 24);
/// How long decisions are kept that nobody has to look at.
const EVENTS_KEPT: Duration = Duration::from_hours(365 * 24);

impl Rewards {
    /// Removes what is kept no longer; answers how many rows.
    ///
    /// # Errors
    /// [`RewardsError::Store`].
    pub async fn purge(&self) -> Result<u64, RewardsError> {
        let now = self.clock.now();
        let (rows, events) = (now.minus(ROWS_KEPT), now.minus(EVENTS_KEPT));
        let purged = self.store.write::<_, RewardsError, _>(move |tx| {
            Box::pin(async move { Ok(tx.rewards().purge_rewards(rows, events).await?) })
        });
        purged.await
    }
}
