//! What access refuses.

use std::time::Duration;

use gantry_letters::LettersError;
use gantry_ports::StoreError;
use gantry_rules::plan::Feature;
use gantry_types::Timestamp;

use crate::permission::Permission;
use crate::secret::LinkToken;

/// A use-case of access did not take place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// There is no session or key, or it ended.
    #[error("nobody is signed in, or the session or key has ended")]
    NotSignedIn,
    /// A token of another issuer is not good.
    #[error("the token was not taken: {reason}")]
    TokenRefused {
        /// What is wrong.
        reason: String,
    },
    /// A token of another issuer is good, and its owner has no account.
    #[error("the token is good, and its owner has no account here")]
    NotProvisioned {
        /// The issuer's name in the settings.
        issuer: String,
    },
    /// E-mail or password do not fit.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// Too many failed attempts.
    #[error("too many failed attempts to sign in; the next one is possible at {until}")]
    LockedOut {
        /// When the next attempt is possible.
        until: Timestamp,
        /// How long that is from now.
        retry_after: Duration,
    },
    /// The password was right; a code is needed too.
    #[error("the password is right; now give a code of your authenticator app, or a recovery code")]
    SecondFactorRequired {
        /// With what the sign-in goes on; good for five minutes.
        challenge: LinkToken,
    },
    /// A code is wrong, was used, or is too old.
    #[error("the code is wrong, or was used before; wait for the next one")]
    WrongCode,
    /// A link of a mail was used, replaced, or is too old.
    #[error("this link was used before, was replaced by a newer one, or is too old")]
    LinkNotGood,
    /// What came back from an identity provider belongs to nothing that goes on here.
    #[error("this was finished before, took too long, or was begun in another browser")]
    CeremonyNotGood,
    /// An identity provider did not vouch for the person.
    #[error("{provider} did not confirm who you are: {reason}")]
    NotVouched {
        /// The provider's name for people.
        provider: String,
        /// What is wrong.
        reason: String,
    },
    /// An identity provider does not answer.
    #[error("{provider} does not answer right now")]
    ProviderUnavailable {
        /// The provider's name for people.
        provider: String,
    },
    /// An identity provider does not say that the address is the person's.
    #[error("{provider} does not say that you have proven your e-mail address there")]
    AddressNotVouched {
        /// The provider's name for people.
        provider: String,
    },
    /// The address has an account, which the provider's word alone does not open.
    #[error("there is an account with this address already, and {provider} does not sign in to it")]
    LinkFirst {
        /// The provider's name for people.
        provider: String,
    },
    /// The account elsewhere signs somebody else in.
    #[error("this account of {provider} signs in to another account here")]
    IdentityTaken {
        /// The provider's name for people.
        provider: String,
    },
    /// An authenticator's answer is not believed.
    #[error("the passkey was not taken: {reason}")]
    PasskeyRefused {
        /// What is wrong.
        reason: String,
    },
    /// A program asks in its organization's name for what is done in a person's.
    #[error(
        "a program that acts for its organization has nobody in whose name {what} could be done"
    )]
    NobodyBehind {
        /// What was asked for, in words.
        what: &'static str,
    },
    /// Without it the person could not sign in any more.
    #[error("this is the last way to sign in to the account")]
    LastWayIn,
    /// The organization may not be used from this network address.
    #[error("this organization may not be used from the network address {ip}")]
    AddressNotAllowed {
        /// The address.
        ip: String,
    },
    /// An organization needs an owner.
    #[error("this is the organization's last owner; make somebody else an owner first")]
    LastOwner,
    /// An organization would be left to its members without an owner.
    #[error(
        "you are the only owner of `{organization}`, which others belong to; make somebody else \
         its owner first, or remove its other members"
    )]
    NeededByMembers {
        /// Its name.
        organization: String,
    },
    /// The installation needs an administrator.
    #[error("you are the installation's only administrator; set up another one first")]
    LastAdministrator,
    /// The account is about to be deleted.
    #[error(
        "this account is about to be deleted; to keep it, open the link in the mail about that"
    )]
    Leaving,
    /// The organization is about to be erased.
    #[error(
        "this organization is closed, and erased at {erase_at}; until then one of its owners may \
         keep it"
    )]
    Closing {
        /// When.
        erase_at: Timestamp,
    },
    /// A personal organization has no end of its own.
    #[error("this is somebody's personal organization, which goes with their account alone")]
    NotClosable,
    /// The plan has no more seats.
    #[error("the plan has {limit} seats, and members and open invitations take them all")]
    SeatsTaken {
        /// How many there are.
        limit: u32,
    },
    /// An invitation is for somebody else.
    #[error("this invitation is for {email}, and you are signed in with another address")]
    OthersInvitation {
        /// For whom.
        email: String,
    },
    /// The user was suspended.
    #[error("this account is suspended; write to support")]
    Suspended,
    /// The user was banned.
    #[error("this account is closed; write to support")]
    Banned,
    /// Somebody cannot be suspended, banned or reinstated.
    #[error("{reason}")]
    NotRestrictable {
        /// Why, and what to do instead.
        reason: &'static str,
    },
    /// Role or scopes do not allow it.
    #[error("this needs the permission to {permission}, which your role or API key does not have")]
    Forbidden {
        /// What was needed.
        permission: Permission,
    },
    /// The thing was granted to be seen, or is another's to share.
    #[error("you may see this {what}, but not do this with it")]
    OnlyShown {
        /// The kind of thing.
        what: &'static str,
    },
    /// The session is not one for administering.
    #[error("administrators administer in a session of its own; sign in at /admin/sign-in")]
    AdministersElsewhere,
    /// Another mail to people who did not ask for it has to wait.
    #[error("{reason}; the next one is possible at {until}")]
    MailsPaused {
        /// What was sent before.
        reason: &'static str,
        /// When the next mail is possible.
        until: Timestamp,
        /// How long that is from now.
        retry_after: Duration,
    },
    /// A key cannot be given more than its maker has.
    #[error("a key cannot have the scope `{scope}`, which you do not have yourself")]
    ScopeNotYours {
        /// The scope.
        scope: gantry_types::Scope,
    },
    /// The e-mail address is in use.
    #[error("there is an account with this e-mail address already")]
    EmailTaken,
    /// Strangers may not register here.
    #[error("registration is closed here; ask the administrator for an account")]
    RegistrationClosed,
    /// An operator has turned new sign-ups off.
    #[error("new sign-ups are paused here; try again later, or ask for an invitation")]
    SignupsPaused,
    /// A flag is not any more what it was when its change was begun.
    #[error("this flag was changed in the meantime")]
    FlagChanged {
        /// Its newest revision.
        newest: u32,
    },
    /// The installation has no room for another flag.
    #[error("there are {limit} flags already; remove one that nothing asks for")]
    TooManyFlags {
        /// How many there may be.
        limit: usize,
    },
    /// A person has as many keys in an organization as one may.
    #[error("you have {limit} API keys here, which is as many as one may")]
    TooManyKeys {
        /// How many there may be.
        limit: usize,
    },
    /// The installation has its first administrator.
    #[error("this installation is set up already; sign in instead")]
    SetupDone,
    /// The installation has no administrator yet.
    #[error("this installation is not set up yet; create the first administrator at /setup")]
    SetupRequired,
    /// The setup token is wrong.
    #[error("the setup token is wrong; `gantry serve` prints it when it starts")]
    WrongSetupToken,
    /// A field has a value that is not taken.
    #[error("{field}: {message}")]
    Invalid {
        /// The field, as the API names it.
        field: &'static str,
        /// What is wrong and what is expected.
        message: String,
    },
    /// The organization's plan does not include it.
    #[error("the plan does not include {feature}")]
    NotInPlan {
        /// What it lacks.
        feature: Feature,
    },
    /// It does not exist, or is not the actor's.
    #[error("there is no such {what}")]
    NotFound {
        /// The kind of thing.
        what: &'static str,
    },
    /// Too many passwords are being checked; try again.
    #[error("too many people sign in at once; try again in a moment")]
    Busy,
    /// The plan of new organizations is not in the store.
    #[error("the default plan `{slug}` does not exist; check `access.default_plan`")]
    NoSuchPlan {
        /// The plan's name.
        slug: String,
    },
    /// Argon2 or the system's source of random numbers failed.
    #[error("a secret could not be made or checked: {reason}")]
    Hashing {
        /// What failed.
        reason: String,
    },
    /// A mail could not be written.
    #[error(transparent)]
    Letters(#[from] LettersError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl AccessError {
    pub(crate) fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }
}

impl From<StoreError> for AccessError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { what } => Self::NotFound { what },
            other @ (StoreError::AlreadyExists { .. }
            | StoreError::Overloaded
            | StoreError::Unavailable { .. }
            | StoreError::Broken { .. }) => Self::Store(other),
        }
    }
}
