//! What one new account writes, in one transaction.
//!
//! Invariant: an account is there whole, with its organization, its credits and a line of the audit
//! log, or not at all.

use gantry_ports::store::{
    AuditEntry, Invitation, LinkedIdentity, LotGrant, NewUser, PlanChoice, Referral, ReferralState,
    Tx,
};
use gantry_rules::account::{Lot, LotOrigin};
use gantry_types::{Credits, LotId, ReferralId};
use serde_json::json;

use crate::audit::{AuditDraft, Origin};
use crate::email_address::{PostedLink, refuse_taken};
use crate::error::AccessError;
use crate::invitations::join;
use crate::register_user::Standing;
use crate::sign_in::NewSession;

/// A hash of a password that other software made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ImportedHash {
    /// Its cost, where it is bcrypt's.
    pub cost: Option<u32>,
}

/// All that one registration writes.
#[derive(Clone)]
pub(crate) struct NewAccount {
    pub new: NewUser,
    pub slug: String,
    /// Where they are signed in at once.
    pub session: Option<NewSession>,
    pub standing: Standing,
    /// The mail with which they prove their address.
    pub verification: Option<PostedLink>,
    pub invitation: Option<Invitation>,
    /// The account elsewhere that signs them in.
    pub identity: Option<LinkedIdentity>,
    /// The code of whoever referred them.
    pub referral_code: Option<String>,
    /// The paid plan that they mean to buy.
    pub plan_choice: Option<PlanChoice>,
    /// How the password was hashed, where somebody brought the account from elsewhere.
    pub imported: Option<ImportedHash>,
}

impl NewAccount {
    /// Writes it.
    ///
    /// # Errors
    /// [`AccessError::SetupDone`], [`AccessError::NoSuchPlan`], [`AccessError::EmailTaken`],
    /// [`AccessError::Invalid`] for a referral code, [`AccessError::Store`].
    pub async fn insert(mut self, tx: &dyn Tx) -> Result<(), AccessError> {
        if self.standing == Standing::Administrator {
            tx.access().lock_administrators().await?;
            if tx.access().count_users().await? > 0 {
                return Err(AccessError::SetupDone);
            }
        }
        if let Some(invitation) = &self.invitation {
            tx.access().lock_organization(invitation.organization_id).await?;
        }
        let plan = tx
            .accounts()
            .find_plan_by_slug(&self.slug)
            .await?
            .ok_or_else(|| AccessError::NoSuchPlan { slug: self.slug.clone() })?;
        self.new.organization.plan_id = plan.id;
        tx.access().insert_user(&self.new).await.map_err(refuse_taken)?;
        let granted = plan.terms.granted_credits;
        if granted.get() > 0 {
            tx.accounts().insert_lot(&self.derive_welcome(granted)).await?;
        }
        self.insert_what_belongs_to_it(tx).await?;
        let at = self.new.user.created_at;
        Ok(tx
            .audit()
            .append(&self.describe(&plan.slug, granted).complete(self.origin(), at))
            .await?)
    }

    /// The credits that everybody begins with.
    fn derive_welcome(&self, granted: Credits) -> LotGrant {
        let lot = Lot {
            id: LotId::generate(),
            origin: LotOrigin::Promotional,
            expires_at: None,
            remaining: granted,
        };
        LotGrant {
            organization_id: self.new.organization.id,
            lot,
            reason: "welcome".to_owned(),
            at: self.new.user.created_at,
        }
    }

    async fn insert_what_belongs_to_it(&self, tx: &dyn Tx) -> Result<(), AccessError> {
        let (user, organization) = (&self.new.user, &self.new.organization);
        if let Some(verification) = &self.verification {
            verification.insert(tx).await?;
        }
        if let Some(invitation) = &self.invitation {
            join(tx, invitation, user.id, user.created_at).await?;
            tx.audit().append(&self.describe_joining(invitation)).await?;
        }
        if let Some(identity) = &self.identity {
            tx.vouching().insert_identity(identity).await?;
        }
        if let Some(code) = &self.referral_code {
            insert_referral(tx, code, &self.new).await?;
        }
        if let Some(new) = &self.session {
            tx.access().insert_session(&new.session).await?;
        }
        if let Some(choice) = &self.plan_choice {
            tx.accounts().set_plan_choice(organization.id, choice, user.created_at).await?;
        }
        if let Some(ImportedHash { cost: Some(cost) }) = self.imported {
            tx.access().note_imported_cost(user.id, cost).await?;
        }
        Ok(())
    }

    /// For the audit log.
    fn describe(&self, plan: &str, granted: Credits) -> AuditDraft {
        let user = &self.new.user;
        let details = json!({
            "administrator": user.administrator,
            "plan": plan,
            "chosen_plan": self.plan_choice.as_ref().map(|choice| &choice.plan),
            "granted_credits": granted,
            "referred": self.referral_code.is_some(),
            "provider": self.identity.as_ref().map(|identity| &identity.provider),
        });
        let action = match &self.imported {
            Some(_) => "user.import",
            None => "user.register",
        };
        AuditDraft { action, subject: format!("user {}", user.id), details }
    }

    /// For the audit log of the organization that invited them.
    fn describe_joining(&self, invitation: &Invitation) -> AuditEntry {
        let details = json!({ "role": invitation.role, "invited_by": invitation.invited_by });
        let subject = format!("user {}", self.new.user.id);
        let origin = Origin { organization_id: Some(invitation.organization_id), ..self.origin() };
        AuditDraft { action: "member.join", subject, details }
            .complete(origin, self.new.user.created_at)
    }

    /// Who caused it: the person, or who brought them from elsewhere.
    fn origin(&self) -> Origin {
        let ip = self.session.as_ref().map(|new| new.session.ip.clone()).unwrap_or_default();
        let user_id = match &self.imported {
            Some(_) => None,
            None => Some(self.new.user.id),
        };
        Origin { organization_id: Some(self.new.organization.id), user_id, ip }
    }
}

/// Notes who brought somebody; what it brings is decided later.
async fn insert_referral(tx: &dyn Tx, code: &str, new: &NewUser) -> Result<(), AccessError> {
    let unknown = || {
        let message = format!("nobody has the code `{code}`; correct it, or leave it out");
        AccessError::invalid("referral_code", message)
    };
    let owner = tx.referrals().find_code_owner(code).await?.ok_or_else(unknown)?;
    let referral = Referral {
        id: ReferralId::generate(),
        organization_id: owner,
        referred_user_id: new.user.id,
        referred_organization_id: new.organization.id,
        state: ReferralState::Waiting,
        reward: Credits::ZERO,
        welcome: Credits::ZERO,
        created_at: new.user.created_at,
        ended_at: None,
    };
    Ok(tx.referrals().insert_referral(&referral).await?)
}
