//! Another name for a passkey.
//!
//! Invariant: only its owner gives it one, in a session of theirs.

use gantry_ports::store::StoreExt;
use gantry_types::PasskeyId;
use serde_json::json;

use crate::Access;
use crate::actor::Actor;
use crate::email::parse_name;
use crate::error::AccessError;

impl Access {
    /// Gives a passkey another name.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::Invalid`], [`AccessError::NotFound`],
    /// [`AccessError::Store`].
    pub async fn rename_passkey(
        &self,
        actor: &Actor,
        id: PasskeyId,
        name: &str,
    ) -> Result<(), AccessError> {
        let (user, _) = self.require_session(actor).await?;
        let name = parse_name(name)?;
        let subject = format!("passkey {id}");
        let (whose, now) = (actor.clone(), self.clock.now());
        self.store
            .write(move |tx| {
                let (actor, name, subject) = (whose.clone(), name.clone(), subject.clone());
                Box::pin(async move {
                    let passkeys = tx.vouching().list_passkeys(user.id).await?;
                    let before = passkeys.into_iter().find(|passkey| passkey.id == id);
                    let before = before.ok_or(AccessError::NotFound { what: "passkey" })?;
                    let details =
                        json!({ "before": { "name": before.name }, "after": { "name": name } });
                    let entry = actor.audit_entry("passkey.rename", &subject, details, now);
                    tx.vouching().rename_passkey(user.id, id, &name).await?;
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await
    }
}
