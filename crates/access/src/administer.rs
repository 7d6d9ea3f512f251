//! Administrators sign in to administer, in a session that is for nothing else.
//!
//! Invariants: somebody who does not administer gets the answer of a wrong password, and it counts
//! as one; where a second factor is required, nobody comes in without it.

use gantry_ports::store::SessionPurpose;

use crate::Access;
use crate::actor::{Actor, Desk, Via};
use crate::error::AccessError;
use crate::register_user::Credentials;
use crate::sign_in::{Client, SignedIn};

impl Access {
    /// Signs an administrator in by e-mail, password and the code of their second factor, where
    /// they have one.
    ///
    /// # Errors
    /// As [`Access::sign_in`] and [`Access::finish_sign_in`], [`AccessError::Invalid`] without a
    /// code where one is needed, [`AccessError::Forbidden`] for an administrator who has no second
    /// factor and needs one.
    pub async fn sign_in_administrator(
        &self,
        credentials: Credentials,
        code: &str,
        client: &Client,
    ) -> Result<SignedIn, AccessError> {
        let purpose = SessionPurpose::Administer;
        let challenge = match self.sign_in_for(purpose, credentials, client).await {
            Err(AccessError::SecondFactorRequired { challenge }) => challenge,
            done => return done,
        };
        if code.trim().is_empty() {
            let message = "is missing; give a code of your authenticator app, or a recovery code";
            return Err(AccessError::invalid("code", message));
        }
        self.finish_sign_in_for(purpose, (challenge.expose(), code), client).await
    }

    /// Ends a session for administering; whatever else asks stays signed in.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn sign_out_administrator(&self, actor: &Actor) -> Result<(), AccessError> {
        match &actor.via {
            Via::Session { desk: Desk::Own, .. } => self.sign_out(actor).await,
            Via::Session { desk: Desk::Shared | Desk::Elsewhere, .. }
            | Via::ApiKey { .. }
            | Via::Token
            | Via::System => Ok(()),
        }
    }
}
