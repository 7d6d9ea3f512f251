//! Warning those whose credits run out.
//!
//! Invariants: an organization is warned once each time its balance falls below what the edition
//! says is low, and again only after it was above; the warning is written in the transaction that
//! notes the fall. A balance counts what jobs hold: it falls when credits are spent, not when a job
//! is submitted. It is looked at now and then, so that no commit of a job waits for it.

use gantry_ports::store::StoreExt;
use gantry_types::{Credits, OrganizationId};

use crate::Billing;
use crate::error::BillingError;
use crate::notice::{BillingNews, BillingNotice};

/// Accounts that are looked at in one round.
const BATCH: u32 = 100;

impl Billing {
    /// Warns those whose balance fell since the last round; answers how many they were. Nobody is
    /// warned where nothing can be bought.
    ///
    /// # Errors
    /// [`BillingError::Store`].
    pub async fn warn_of_low_balances(&self) -> Result<u32, BillingError> {
        let (Some(low), true) = (self.edition.low_balance, self.till.is_some()) else {
            return Ok(0);
        };
        let mut warned = 0;
        let moved = self.store.read().await?.accounts().list_moved_balances(low, BATCH).await?;
        for organization_id in moved {
            if let Some(notice) = self.note_balance(organization_id, low).await? {
                warned += 1;
                self.announce(&[notice]);
            }
        }
        Ok(warned)
    }

    async fn note_balance(
        &self,
        organization_id: OrganizationId,
        low: Credits,
    ) -> Result<Option<BillingNotice>, BillingError> {
        let ground = self.derive_ground(self.require_till()?.primary());
        self.store
            .write(move |tx| {
                let ground = ground.clone();
                Box::pin(async move {
                    if !tx.accounts().note_balance(organization_id, low).await? {
                        return Ok::<_, BillingError>(None);
                    }
                    let account = tx.accounts().get_account(organization_id, ground.now).await?;
                    let left = account.derive_balance();
                    let news = BillingNews::LowBalance { left };
                    let notice = BillingNotice { organization_id, news };
                    ground.post(tx, std::slice::from_ref(&notice)).await?;
                    Ok(Some(notice))
                })
            })
            .await
    }
}
