//! First run: the first administrator registers with a token that only the operator saw.
//!
//! Invariant: setting up is possible only while there is no user, which the transaction checks.

use std::sync::PoisonError;

use crate::Access;
use crate::error::AccessError;
use crate::register_user::{Registrant, Standing};
use crate::secret::{SetupToken, sha256_hex};
use crate::sign_in::{Client, SignedIn};

impl Access {
    /// Whether there is no user yet.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn is_setup_required(&self) -> Result<bool, AccessError> {
        Ok(self.store.read().await?.access().count_users().await? == 0)
    }

    /// Makes the token for the first administrator, to be shown to the operator; replaces an
    /// earlier one. `None` when there is a user already.
    ///
    /// # Errors
    /// [`AccessError::Hashing`], [`AccessError::Store`].
    pub async fn open_setup(&self) -> Result<Option<SetupToken>, AccessError> {
        if !self.is_setup_required().await? {
            return Ok(None);
        }
        let token = SetupToken::generate()?;
        *self.setup_token.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(sha256_hex(token.expose()));
        Ok(Some(token))
    }

    /// Registers the first administrator and signs them in.
    ///
    /// # Errors
    /// [`AccessError::SetupDone`], [`AccessError::WrongSetupToken`], and as
    /// [`Access::register_user`].
    pub async fn set_up(
        &self,
        registrant: Registrant,
        token: &str,
        client: &Client,
    ) -> Result<SignedIn, AccessError> {
        if !self.is_setup_required().await? {
            return Err(AccessError::SetupDone);
        }
        if !self.is_setup_token(token.trim()) {
            return Err(AccessError::WrongSetupToken);
        }
        let session = self.insert_account(registrant, client, Standing::Administrator).await?;
        *self.setup_token.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.answer(session).await
    }

    /// Whether it is the token for the first administrator.
    pub(crate) fn is_setup_token(&self, given: &str) -> bool {
        let expected = self.setup_token.lock().unwrap_or_else(PoisonError::into_inner);
        expected.as_deref() == Some(sha256_hex(given).as_str())
    }
}
