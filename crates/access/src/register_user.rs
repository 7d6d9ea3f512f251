//! A person registers: user, personal organization, granted credits, session and audit in one
//! transaction.

use gantry_ports::store::{
    Invitation, NewUser, Organization, PlanChoice, StoreExt, User, UserStatus,
};
use gantry_types::{Locale, OrganizationId, Timestamp, UserId};

use crate::Access;
use crate::email::{parse_email, parse_name};
use crate::error::AccessError;
use crate::federated_sign_in::VouchedPerson;
use crate::flags::Asker;
use crate::invitations::read_invitation;
use crate::new_account::NewAccount;
use crate::newcomer::Brought;
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
    /// The paid plan that they mean to buy; it gives them nothing yet.
    pub plan: Option<PlanChoice>,
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
        let plan_choice = registrant.plan.clone();
        let mut new = self.derive_user(registrant, standing, now).await?;
        new.user.locale = client.locale;
        // The invitation came by mail to this very address.
        new.user.email_verified_at = invitation.as_ref().map(|_| now);
        let own = new.organization.id;
        let place = self.place_newcomer(invitation.as_ref(), own, &client.ip).await?;
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
            plan_choice,
            imported: None,
        };
        self.insert_new(account).await?;
        Ok(session)
    }

    /// Makes an account for somebody for whom a provider vouches, and signs them in.
    pub(crate) async fn insert_vouched_account(
        &self,
        (person, brought): (VouchedPerson, Brought),
        client: &Client,
    ) -> Result<NewSession, AccessError> {
        let new = self.derive_vouched(&person, client);
        let (invitation, own) = (brought.invitation.as_ref(), new.organization.id);
        let place = self.place_newcomer(invitation, own, &client.ip).await?;
        let lifetime = self.lifetime(new.user.created_at);
        let session = NewSession::begin(&new.user, place, client, lifetime)?;
        self.insert_vouched(new, (&person, brought), Some(session.clone())).await?;
        Ok(session)
    }

    /// The same for somebody whom a program's token names, without a session.
    pub(crate) async fn insert_vouched_user(
        &self,
        person: VouchedPerson,
        client: &Client,
    ) -> Result<(), AccessError> {
        let new = self.derive_vouched(&person, client);
        self.insert_vouched(new, (&person, Brought::default()), None).await
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
        (person, brought): (&VouchedPerson, Brought),
        session: Option<NewSession>,
    ) -> Result<(), AccessError> {
        let identity = person.identity_of(new.user.id, new.user.created_at);
        let account = NewAccount {
            new,
            slug: self.settings.default_plan.clone(),
            session,
            standing: Standing::User,
            verification: None,
            invitation: brought.invitation,
            identity: Some(identity),
            referral_code: brought.referral_code,
            plan_choice: brought.plan,
            imported: None,
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
pub(crate) fn derive_organization(name: String, now: Timestamp) -> Organization {
    Organization {
        id: OrganizationId::generate(),
        name,
        // Replaced by the newest version in the transaction.
        plan_id: gantry_types::PlanId::generate(),
        created_at: now,
    }
}

/// A code as it is kept: in capitals, without what people put between its letters.
pub(crate) fn clean_code(typed: &str) -> Option<String> {
    let plain = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(64);
    let capital = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '?' };
    let code: String = plain.map(capital).collect();
    (!code.is_empty()).then_some(code)
}
