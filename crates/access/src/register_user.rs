//! A person registers: user, personal organization, granted credits, session and audit in one
//! transaction.

use gantry_ports::StoreError;
use gantry_ports::store::{LotGrant, NewUser, Organization, StoreExt, Tx, User, UserStatus};
use gantry_rules::account::{Lot, LotOrigin};
use gantry_types::{LotId, OrganizationId, Timestamp, UserId};
use serde_json::json;

use crate::Access;
use crate::audit::{AuditDraft, Origin};
use crate::email::{parse_email, parse_name};
use crate::error::AccessError;
use crate::password::check_rules;
use crate::settings::Registration;
use crate::sign_in::{Client, NewSession, SignedIn};

/// E-mail and password as a person types them.
#[derive(Clone)]
pub struct Credentials {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
}

/// Somebody who wants an account.
#[derive(Clone)]
pub struct Registrant {
    /// E-mail and password.
    pub credentials: Credentials,
    /// The name for people.
    pub name: String,
}

/// Whether the new user administers the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Administrator,
    User,
}

impl Access {
    /// Registers a stranger and signs them in.
    ///
    /// # Errors
    /// [`AccessError::RegistrationClosed`], [`AccessError::SetupRequired`] before the first
    /// administrator, [`AccessError::Invalid`], [`AccessError::EmailTaken`],
    /// [`AccessError::Busy`], [`AccessError::Store`].
    pub async fn register_user(
        &self,
        registrant: Registrant,
        client: &Client,
    ) -> Result<SignedIn, AccessError> {
        match self.settings.registration {
            Registration::Open => {}
            Registration::Closed => return Err(AccessError::RegistrationClosed),
        }
        if self.is_setup_required().await? {
            return Err(AccessError::SetupRequired);
        }
        let session = self.insert_account(registrant, client, Standing::User).await?;
        self.answer(session).await
    }

    pub(crate) async fn insert_account(
        &self,
        registrant: Registrant,
        client: &Client,
        standing: Standing,
    ) -> Result<NewSession, AccessError> {
        let now = self.clock.now();
        let new = self.derive_user(registrant, standing, now).await?;
        let session =
            NewSession::begin(&new.user, new.organization.id, client, self.lifetime(now))?;
        let slug = self.settings.default_plan.clone();
        let written = session.clone();
        self.store
            .write(move |tx| {
                let account = NewAccount {
                    new: new.clone(),
                    slug: slug.clone(),
                    session: written.clone(),
                    standing,
                };
                Box::pin(async move { account.insert(tx).await })
            })
            .await?;
        Ok(session)
    }

    /// Checks what was typed and hashes the password.
    async fn derive_user(
        &self,
        registrant: Registrant,
        standing: Standing,
        now: Timestamp,
    ) -> Result<NewUser, AccessError> {
        let email = parse_email(&registrant.credentials.email)?;
        let name = parse_name(&registrant.name)?;
        check_rules(&registrant.credentials.password, &email)?;
        let password_hash = self.passwords.hash(registrant.credentials.password).await?;
        let user = User {
            id: UserId::generate(),
            email,
            name: name.clone(),
            password_hash,
            administrator: standing == Standing::Administrator,
            status: UserStatus::Active,
            created_at: now,
        };
        let organization = Organization {
            id: OrganizationId::generate(),
            name,
            // Replaced by the newest version in the transaction.
            plan_id: gantry_types::PlanId::generate(),
            created_at: now,
        };
        Ok(NewUser { user, organization })
    }
}

/// All that one registration writes.
struct NewAccount {
    new: NewUser,
    slug: String,
    session: NewSession,
    standing: Standing,
}

impl NewAccount {
    async fn insert(mut self, tx: &dyn Tx) -> Result<(), AccessError> {
        if self.standing == Standing::Administrator && tx.access().count_users().await? > 0 {
            return Err(AccessError::SetupDone);
        }
        let plan = tx
            .accounts()
            .find_plan_by_slug(&self.slug)
            .await?
            .ok_or(AccessError::NoSuchPlan { slug: self.slug })?;
        self.new.organization.plan_id = plan.id;
        tx.access().insert_user(&self.new).await.map_err(|error| match error {
            StoreError::AlreadyExists { .. } => AccessError::EmailTaken,
            other @ (StoreError::NotFound { .. }
            | StoreError::Overloaded
            | StoreError::Unavailable { .. }
            | StoreError::Broken { .. }) => AccessError::from(other),
        })?;
        let (user, organization) = (&self.new.user, &self.new.organization);
        let granted = plan.terms.granted_credits;
        if granted.get() > 0 {
            let lot = Lot {
                id: LotId::generate(),
                origin: LotOrigin::Promotional,
                expires_at: None,
                remaining: granted,
            };
            let grant = LotGrant {
                organization_id: organization.id,
                lot,
                reason: "welcome".to_owned(),
                at: user.created_at,
            };
            tx.accounts().insert_lot(&grant).await?;
        }
        tx.access().insert_session(&self.session.session).await?;
        let draft = AuditDraft {
            action: "user.register",
            subject: format!("user {}", user.id),
            details: json!({
                "administrator": user.administrator,
                "plan": plan.slug,
                "granted_credits": granted,
            }),
        };
        let origin = Origin {
            organization_id: Some(organization.id),
            user_id: Some(user.id),
            ip: self.session.session.ip.clone(),
        };
        Ok(tx.audit().append(&draft.complete(origin, user.created_at)).await?)
    }
}
