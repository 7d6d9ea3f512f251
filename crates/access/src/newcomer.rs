//! What somebody who gets an account by an account elsewhere brings along: an invitation, a code of
//! whoever referred them, the plan that they mean to buy.
//!
//! Invariants: it waits with the ceremony, the secret of an invitation as its hash alone; an
//! invitation is good for the very address that the provider vouches for.

use gantry_ports::store::{Invitation, Newcomer, PlanChoice};

use crate::Access;
use crate::error::AccessError;
use crate::register_user::clean_code;
use crate::secret::sha256_hex;

/// What a browser brings along to a provider.
#[derive(Clone, Default)]
pub struct Bringing {
    /// The secret of an invitation.
    pub invitation: Option<String>,
    /// The code of whoever referred them.
    pub referral_code: Option<String>,
    /// The paid plan that they mean to buy; it gives them nothing yet.
    pub plan: Option<PlanChoice>,
}

impl Bringing {
    /// As it waits until the browser comes back.
    pub(crate) fn hide(self) -> Newcomer {
        Newcomer {
            invitation_sha256: self.invitation.map(|token| sha256_hex(token.trim())),
            referral_code: self.referral_code.as_deref().and_then(clean_code),
            plan: self.plan,
        }
    }
}

/// What is good of it, once the person is known.
#[derive(Clone, Default)]
pub(crate) struct Brought {
    pub invitation: Option<Invitation>,
    pub referral_code: Option<String>,
    pub plan: Option<PlanChoice>,
}

impl Access {
    /// What is good of what a newcomer with this address brought.
    ///
    /// # Errors
    /// [`AccessError::LinkNotGood`] and [`AccessError::OthersInvitation`] for an invitation,
    /// [`AccessError::Store`].
    pub(crate) async fn look_at(
        &self,
        newcomer: &Newcomer,
        email: &str,
    ) -> Result<Brought, AccessError> {
        let Newcomer { invitation_sha256, referral_code, plan } = newcomer.clone();
        let invitation = match invitation_sha256 {
            None => None,
            Some(sha256) => {
                let now = self.clock.now();
                let found = self.store.read().await?.identity().find_invitation(&sha256).await?;
                let good = found.filter(|invitation| now < invitation.expires_at);
                let invitation = good.ok_or(AccessError::LinkNotGood)?;
                if invitation.email != email {
                    return Err(AccessError::OthersInvitation { email: invitation.email });
                }
                Some(invitation)
            }
        };
        Ok(Brought { invitation, referral_code, plan })
    }
}
