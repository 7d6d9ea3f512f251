//! What is written to people.

use gantry_types::{Credits, Locale, Money, Role, Timestamp, UserId};
use minijinja::{Value, context};

/// Who gets a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The address.
    pub email: String,
    /// The language that they read.
    pub locale: Locale,
    /// Their account, if they have one.
    pub user_id: Option<UserId>,
}

/// A letter, in the product's terms. A `token` is the secret of the letter's link.
#[derive(Clone, PartialEq, Eq)]
pub enum Letter {
    /// Is the address yours?
    VerifyEmail {
        /// The reader's name.
        name: String,
        /// The secret.
        token: String,
    },
    /// Set a new password.
    ResetPassword {
        /// The reader's name.
        name: String,
        /// The secret.
        token: String,
    },
    /// The password was changed.
    PasswordChanged {
        /// The reader's name.
        name: String,
        /// When.
        at: Timestamp,
        /// From which address.
        ip: String,
    },
    /// Is this new address yours?
    ChangeEmail {
        /// The reader's name.
        name: String,
        /// The secret.
        token: String,
    },
    /// Somebody asked for another address; goes to the present one.
    EmailChangeAsked {
        /// The reader's name.
        name: String,
        /// The address that was asked for.
        email: String,
    },
    /// The address was changed; goes to the old one.
    EmailChanged {
        /// The reader's name.
        name: String,
        /// The new address.
        email: String,
    },
    /// Signing in needs a code from now on, or no longer.
    SecondFactorChanged {
        /// The reader's name.
        name: String,
        /// Whether it was turned on.
        turned_on: bool,
    },
    /// Something signs the reader in from now on, or no longer.
    WayInChanged {
        /// The reader's name.
        name: String,
        /// What it is called.
        way: String,
        /// Whether it was added.
        added: bool,
    },
    /// Money was received.
    Receipt {
        /// The organization's name.
        organization: String,
        /// How much.
        amount: Money,
        /// What for.
        description: String,
        /// The credits that it bought.
        credits: Option<Credits>,
    },
    /// Money was asked for in vain.
    PaymentFailed {
        /// The organization's name.
        organization: String,
        /// How much.
        amount: Money,
        /// What for.
        description: String,
        /// How many days the plan lasts nevertheless.
        grace_days: u64,
    },
    /// Money was given back.
    Refunded {
        /// The organization's name.
        organization: String,
        /// How much.
        amount: Money,
    },
    /// Money that was given back did not arrive, and came back.
    RefundFailed {
        /// The organization's name.
        organization: String,
        /// How much.
        amount: Money,
        /// The credits that had been taken back for it, and are the account's again.
        credits: Option<Credits>,
    },
    /// Credits run out.
    LowBalance {
        /// The organization's name.
        organization: String,
        /// What is left.
        left: Credits,
    },
    /// A trial ends, and the plan is paid for from then on.
    TrialEnding {
        /// The organization's name.
        organization: String,
        /// The plan.
        plan: String,
        /// What is to be paid for the first period, where it is known.
        price: Option<Money>,
        /// When.
        at: Timestamp,
    },
    /// The account is on another plan.
    PlanChanged {
        /// The organization's name.
        organization: String,
        /// The plan before.
        before: String,
        /// The plan now.
        after: String,
    },
    /// The organization is closed, and erased at a time unless an owner keeps it.
    OrganizationClosing {
        /// The reader's name.
        name: String,
        /// The organization's name.
        organization: String,
        /// When.
        at: Timestamp,
    },
    /// The account will be deleted, unless the reader keeps it.
    AccountLeaving {
        /// The reader's name.
        name: String,
        /// When.
        at: Timestamp,
        /// The secret.
        token: String,
    },
    /// The reader may not sign in for now, or any more.
    Restricted {
        /// The reader's name.
        name: String,
        /// Whether it is for ever.
        banned: bool,
        /// When it ends by itself.
        until: Option<Timestamp>,
    },
    /// The reader may sign in again.
    Reinstated {
        /// The reader's name.
        name: String,
    },
    /// Come and join us.
    Invitation {
        /// Who invites.
        inviter: String,
        /// Which organization.
        organization: String,
        /// As what.
        role: Role,
        /// The secret.
        token: String,
    },
}

impl Letter {
    /// The name of its template, and what the outbox calls it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } => "verify_email",
            Self::ResetPassword { .. } => "reset_password",
            Self::PasswordChanged { .. } => "password_changed",
            Self::ChangeEmail { .. } => "change_email",
            Self::EmailChangeAsked { .. } => "email_change_asked",
            Self::EmailChanged { .. } => "email_changed",
            Self::SecondFactorChanged { .. } => "second_factor_changed",
            Self::WayInChanged { .. } => "way_in_changed",
            Self::Receipt { .. } => "receipt",
            Self::PaymentFailed { .. } => "payment_failed",
            Self::Refunded { .. } => "refunded",
            Self::RefundFailed { .. } => "refund_failed",
            Self::LowBalance { .. } => "low_balance",
            Self::TrialEnding { .. } => "trial_ending",
            Self::PlanChanged { .. } => "plan_changed",
            Self::AccountLeaving { .. } => "account_leaving",
            Self::OrganizationClosing { .. } => "organization_closing",
            Self::Restricted { .. } => "restricted",
            Self::Reinstated { .. } => "reinstated",
            Self::Invitation { .. } => "invitation",
        }
    }

    /// The page that the letter leads to.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::VerifyEmail { token, .. } | Self::ChangeEmail { token, .. } => {
                format!("/verify-email?token={token}")
            }
            Self::ResetPassword { token, .. } => format!("/reset-password?token={token}"),
            Self::Invitation { token, .. } => format!("/invitation?token={token}"),
            Self::AccountLeaving { token, .. } => format!("/keep-account?token={token}"),
            // The address that was left opens the account no more, so that no link for a new
            // password comes to it.
            Self::Restricted { .. } | Self::Reinstated { .. } | Self::EmailChanged { .. } => {
                "/sign-in".to_owned()
            }
            Self::PasswordChanged { .. } | Self::EmailChangeAsked { .. } => {
                "/forgot-password".to_owned()
            }
            Self::SecondFactorChanged { .. } | Self::WayInChanged { .. } => {
                "/app/account/security".to_owned()
            }
            Self::OrganizationClosing { .. } => "/app/account/members".to_owned(),
            Self::Receipt { .. }
            | Self::PaymentFailed { .. }
            | Self::Refunded { .. }
            | Self::RefundFailed { .. }
            | Self::LowBalance { .. }
            | Self::TrialEnding { .. }
            | Self::PlanChanged { .. } => "/app/account".to_owned(),
        }
    }

    /// What its template is given.
    pub(crate) fn values(&self) -> Value {
        match self {
            Self::VerifyEmail { name, .. }
            | Self::ResetPassword { name, .. }
            | Self::ChangeEmail { name, .. }
            | Self::Reinstated { name } => context! { name },
            Self::PasswordChanged { name, at, ip } => context! { name, at => at.to_string(), ip },
            Self::AccountLeaving { name, at, .. } => context! { name, at => at.to_string() },
            Self::OrganizationClosing { name, organization, at } => {
                context! { name, organization, at => at.to_string() }
            }
            Self::Restricted { name, banned, until } => context! {
                name, banned, until => until.map(|until| until.to_string()),
            },
            Self::EmailChangeAsked { name, email } | Self::EmailChanged { name, email } => {
                context! { name, email }
            }
            Self::SecondFactorChanged { name, turned_on } => context! { name, turned_on },
            Self::WayInChanged { name, way, added } => context! { name, way, added },
            Self::Receipt { organization, amount, description, credits } => context! {
                organization, description,
                amount => amount.to_string(),
                credits => credits.map(Credits::get),
            },
            Self::PaymentFailed { organization, amount, description, grace_days } => context! {
                organization, description, grace_days,
                amount => amount.to_string(),
            },
            Self::Refunded { organization, amount } => {
                context! { organization, amount => amount.to_string() }
            }
            Self::RefundFailed { organization, amount, credits } => context! {
                organization,
                amount => amount.to_string(),
                credits => credits.map(Credits::get),
            },
            Self::LowBalance { organization, left } => {
                context! { organization, left => left.get() }
            }
            Self::TrialEnding { organization, plan, price, at } => context! {
                organization, plan,
                price => price.map(|price| price.to_string()),
                at => at.to_string(),
            },
            Self::PlanChanged { organization, before, after } => {
                context! { organization, before, after }
            }
            Self::Invitation { inviter, organization, role, .. } => {
                context! { inviter, organization, role => role.as_str() }
            }
        }
    }
}
