//! Letters to those who pay: the owners of an organization, and whoever manages its billing.
//!
//! Invariant: a letter is written in the transaction of what it tells of; one that cannot be written
//! is logged, and never keeps money from being booked.

use std::sync::Arc;

use gantry_letters::{Addressee, Letter, Letters};
use gantry_ports::StoreError;
use gantry_ports::store::Tx;
use gantry_types::{OrganizationId, Role};
use tokio::sync::Notify;

use crate::apply_event::Ground;
use crate::notice::{BillingNews, BillingNotice};

const SECONDS_PER_DAY: u64 = 24 * 3_600;

/// Who writes, and who is told that there is something to send.
#[derive(Clone)]
pub struct Post {
    /// Writes the product's letters.
    pub letters: Arc<Letters>,
    /// Rings after the commit.
    pub posted: Arc<Notify>,
}

impl Ground {
    /// Writes the letters of some notices into the outbox.
    pub(crate) async fn post(
        &self,
        tx: &dyn Tx,
        notices: &[BillingNotice],
    ) -> Result<(), StoreError> {
        let Some(letters) = &self.letters else { return Ok(()) };
        for notice in notices {
            let Some(letter) = self.derive_letter(tx, notice).await? else { continue };
            for addressee in find_payers(tx, notice.organization_id).await? {
                match letters.write(&letter, &addressee, self.now) {
                    Ok(mail) => tx.mails().insert_mail(&mail).await?,
                    Err(error) => tracing::error!(%error, "a letter about a payment"),
                }
            }
        }
        Ok(())
    }

    async fn derive_letter(
        &self,
        tx: &dyn Tx,
        notice: &BillingNotice,
    ) -> Result<Option<Letter>, StoreError> {
        let organization = tx.access().find_organization(notice.organization_id).await?;
        let organization = organization.map(|found| found.name).unwrap_or_default();
        Ok(match notice.news.clone() {
            BillingNews::Received { amount, description, credits } => {
                Some(Letter::Receipt { organization, amount, description, credits })
            }
            BillingNews::Failed { amount, description } => {
                let grace_days = self.grace.as_secs() / SECONDS_PER_DAY;
                Some(Letter::PaymentFailed { organization, amount, description, grace_days })
            }
            BillingNews::Refunded { amount } => Some(Letter::Refunded { organization, amount }),
            BillingNews::RefundFailed { amount, credits } => {
                Some(Letter::RefundFailed { organization, amount, credits })
            }
            BillingNews::LowBalance { left } => Some(Letter::LowBalance { organization, left }),
            BillingNews::TrialEnding { plan, price, at } => {
                Some(Letter::TrialEnding { organization, plan, price, at })
            }
            BillingNews::PlanChanged { before, after } => {
                Some(Letter::PlanChanged { organization, before, after })
            }
            // A matter between the buyer's bank and the operator.
            BillingNews::Disputed { .. } => None,
        })
    }
}

/// Who gets letters about an organization's payments.
pub(crate) async fn find_payers(
    tx: &dyn Tx,
    organization_id: OrganizationId,
) -> Result<Vec<Addressee>, StoreError> {
    let mut payers = Vec::new();
    for member in tx.identity().list_members(organization_id).await? {
        let pays = match member.role {
            Role::Owner | Role::Billing => true,
            Role::Admin | Role::Member | Role::Viewer => false,
        };
        if !pays {
            continue;
        }
        if let Some(user) = tx.access().find_user(member.user_id).await? {
            let user_id = Some(user.id);
            payers.push(Addressee { email: user.email, locale: user.locale, user_id });
        }
    }
    Ok(payers)
}
