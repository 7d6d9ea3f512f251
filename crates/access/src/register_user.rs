//! A person registers: user, personal organization, granted credits, session and audit in one
//! transaction.

use gantry_ports::store::{
    Invitation, LinkedIdentity, LotGrant, NewUser, Organization, Referral, ReferralState, StoreExt,
    Tx, User, UserStatus,
};
use gantry_rules::account::{Lot, LotOrigin};
use gantry_types::{Credits, Locale, LotId, OrganizationId, ReferralId, Timestamp, UserId};
use serde_json::json;

use crate::Access;
use crate::audit::{AuditDraft, Origin};
use crate::email::{parse_email, parse_name};
use crate::email_address::{PostedLink, refuse_taken};
use crate::error::AccessError;
use crate::federated_sign_in::VouchedPerson;
use crate::flags::Asker;
use crate::invitations::{join, read_invitation};
use crate::password_rules::PasswordOwner;
use crate::settings::Registration;
use crate::sign_in::{Client, NewSession, SignedIn};

/// The flag that new sign-ups obey.
const SIGNUPS: &str = "signups";

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
    /// The secret of an invitation, which lets them in where registration is closed, and makes
    /// them a member.
    pub invitation: Option<String>,
    /// The code of whoever referred them.
    pub referral_code: Option<String>,
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
    /// [`AccessError::RegistrationClosed`], [`AccessError::SignupsPaused`],
    /// [`AccessError::SetupRequired`] before the first administrator, [`AccessError::Invalid`],
    /// [`AccessError::EmailTaken`], [`AccessError::Busy`], [`AccessError::Store`].
    pub async fn register_user(
        &self,
        registrant: Registrant,
        client: &Client,
    ) -> Result<SignedIn, AccessError> {
        match (self.settings.registration, &registrant.invitation) {
            (Registration::Open, _) | (Registration::Closed, Some(_)) => {}
            (Registration::Closed, None) => return Err(AccessError::RegistrationClosed),
        }
        if self.is_setup_required().await? {
            return Err(AccessError::SetupRequired);
        }
        if registrant.invitation.is_none() {
            self.require_signups().await?;
        }
        let session = self.insert_account(registrant, client, Standing::User).await?;
        self.answer(session).await
    }

    /// Whether a stranger may register now: the installation lets them in, and no operator has
    /// turned sign-ups off.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn is_registration_open(&self) -> Result<bool, AccessError> {
        match self.settings.registration {
            Registration::Closed => Ok(false),
            Registration::Open => Ok(!self.flags.is_off(SIGNUPS, Asker::default()).await?),
        }
    }

    /// Stops strangers while an operator has turned sign-ups off. Whom members invited comes in.
    pub(crate) async fn require_signups(&self) -> Result<(), AccessError> {
        if self.flags.is_off(SIGNUPS, Asker::default()).await? {
            return Err(AccessError::SignupsPaused);
        }
        Ok(())
    }

    /// The invitation that a registrant brings, for the very address that they give.
    async fn find_own_invitation(
        &self,
        registrant: &Registrant,
        now: Timestamp,
    ) -> Result<Option<Invitation>, AccessError> {
        let Some(token) = &registrant.invitation else { return Ok(None) };
        let snapshot = self.store.read().await?;
        let invitation = read_invitation(snapshot.as_ref(), token, now).await?;
        if invitation.email == parse_email(&registrant.credentials.email)? {
            Ok(Some(invitation))
        } else {
            Err(AccessError::OthersInvitation { email: invitation.email })
        }
    }

    pub(crate) async fn insert_account(
        &self,
        registrant: Registrant,
        client: &Client,
        standing: Standing,
    ) -> Result<NewSession, AccessError> {
        let now = self.clock.now();
        let referral_code = registrant.referral_code.as_deref().and_then(clean_code);
        let invitation = self.find_own_invitation(&registrant, now).await?;
        let mut new = self.derive_user(registrant, standing, now).await?;
        new.user.locale = client.locale;
        // The invitation came by mail to this very address.
        new.user.email_verified_at = invitation.as_ref().map(|_| now);
        let place = invitation.as_ref().map(|invitation| invitation.organization_id);
        let place = place.unwrap_or(new.organization.id);
        let session = NewSession::begin(&new.user, place, client, self.lifetime(now))?;
        let verification = match (&invitation, standing) {
            (None, Standing::User) => Some(self.derive_verification(&new.user, now)?),
            (Some(_), _) | (None, Standing::Administrator) => None,
        };
        let account = NewAccount {
            new,
            slug: self.settings.default_plan.clone(),
            session: Some(session.clone()),
            standing,
            verification,
            invitation,
            identity: None,
            referral_code,
        };
        self.insert_new(account).await?;
        Ok(session)
    }

    /// Makes an account for somebody for whom a provider vouches, and signs them in.
    pub(crate) async fn insert_vouched_account(
        &self,
        person: VouchedPerson,
        client: &Client,
    ) -> Result<NewSession, AccessError> {
        let new = self.derive_vouched(&person, client);
        let session = NewSession::begin(
            &new.user,
            new.organization.id,
            client,
            self.lifetime(new.user.created_at),
        )?;
        self.insert_vouched(new, &person, Some(session.clone())).await?;
        Ok(session)
    }

    /// The same for somebody whom a program's token names, without a session.
    pub(crate) async fn insert_vouched_user(
        &self,
        person: VouchedPerson,
        client: &Client,
    ) -> Result<(), AccessError> {
        let new = self.derive_vouched(&person, client);
        self.insert_vouched(new, &person, None).await
    }

    /// Somebody with an address that a provider says is proven, and without a password.
    fn derive_vouched(&self, person: &VouchedPerson, client: &Client) -> NewUser {
        let now = self.clock.now();
        let user = User {
            id: UserId::generate(),
            email: person.email.clone(),
            name: person.name.clone(),
            password_hash: String::new(),
            administrator: false,
            status: UserStatus::Active,
            locale: client.locale,
            email_verified_at: Some(now),
            second_factor_at: None,
            created_at: now,
        };
        NewUser { user, organization: derive_organization(person.name.clone(), now) }
    }

    async fn insert_vouched(
        &self,
        new: NewUser,
        person: &VouchedPerson,
        session: Option<NewSession>,
    ) -> Result<(), AccessError> {
        let identity = person.identity_of(new.user.id, new.user.created_at);
        let account = NewAccount {
            new,
            slug: self.settings.default_plan.clone(),
            session,
            standing: Standing::User,
            verification: None,
            invitation: None,
            identity: Some(identity),
            referral_code: None,
        };
        self.insert_new(account).await
    }

    async fn insert_new(&self, account: NewAccount) -> Result<(), AccessError> {
        self.store
            .write(move |tx| {
                let account = account.clone();
                Box::pin(async move { account.insert(tx).await })
            })
            .await?;
        self.ring();
        Ok(())
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
        let administrator = standing == Standing::Administrator;
        let owner = PasswordOwner { email: email.clone(), name: name.clone(), administrator };
        let password = registrant.credentials.password;
        self.require_good_password(&password, owner).await?;
        let password_hash = self.passwords.hash(password).await?;
        let user = User {
            id: UserId::generate(),
            email,
            name: name.clone(),
            password_hash,
            administrator,
            status: UserStatus::Active,
            locale: Locale::English,
            email_verified_at: None,
            second_factor_at: None,
            created_at: now,
        };
        Ok(NewUser { user, organization: derive_organization(name, now) })
    }
}

/// The personal organization of a new user.
fn derive_organization(name: String, now: Timestamp) -> Organization {
    Organization {
        id: OrganizationId::generate(),
        name,
        // Replaced by the newest version in the transaction.
        plan_id: gantry_types::PlanId::generate(),
        created_at: now,
    }
}

/// All that one registration writes.
#[derive(Clone)]
struct NewAccount {
    new: NewUser,
    slug: String,
    /// Where they are signed in at once.
    session: Option<NewSession>,
    standing: Standing,
    /// The mail with which they prove their address.
    verification: Option<PostedLink>,
    invitation: Option<Invitation>,
    /// The account elsewhere that signs them in.
    identity: Option<LinkedIdentity>,
    /// The code of whoever referred them.
    referral_code: Option<String>,
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
        tx.access().insert_user(&self.new).await.map_err(refuse_taken)?;
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
        if let Some(verification) = &self.verification {
            verification.insert(tx).await?;
        }
        if let Some(invitation) = &self.invitation {
            join(tx, invitation, user.id, user.created_at).await?;
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
        let draft = AuditDraft {
            action: "user.register",
            subject: format!("user {}", user.id),
            details: json!({
                "administrator": user.administrator,
                "plan": plan.slug,
                "granted_credits": granted,
                "referred": self.referral_code.is_some(),
                "provider": self.identity.as_ref().map(|identity| &identity.provider),
            }),
        };
        let origin = Origin {
            organization_id: Some(organization.id),
            user_id: Some(user.id),
            ip: self.session.as_ref().map(|new| new.session.ip.clone()).unwrap_or_default(),
        };
        Ok(tx.audit().append(&draft.complete(origin, user.created_at)).await?)
    }
}

/// A code as it is kept: in capitals, without what people put between its letters.
fn clean_code(typed: &str) -> Option<String> {
    let plain = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(64);
    let capital = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '?' };
    let code: String = plain.map(capital).collect();
    (!code.is_empty()).then_some(code)
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
