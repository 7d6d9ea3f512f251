//! The words for who somebody is: signing in and up, passwords, second factors, other ways to sign in.
//!
//! Invariant: no password, code or link of a mail is an argument; each is read from standard input.

use clap::{Args, Subcommand};
use gantry_types::{LinkedIdentityId, Locale, OAuthClientId, PasskeyId, Scope};

use super::ServerArgs;

/// Arguments of `gantry login`.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// The server's address
    #[arg(
        long,
        value_name = "URL",
        env = "GANTRY_SERVER",
        default_value = "http://127.0.0.1:8080"
    )]
    pub server: String,
    /// Sign in with this e-mail address and a password from standard input, and make an API key;
    /// without it, an API key is read from standard input
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// Sign in to administer, where administrators have a sign-in of their own
    #[arg(long, requires = "email")]
    pub administrator: bool,
    /// What the key that is made may be used for, separated by commas: read, run, data, account,
    /// admin [default: read,run,data, and admin for --administrator]
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', requires = "email")]
    pub scopes: Vec<Scope>,
}

/// Arguments of `gantry account sign-up`.
#[derive(Debug, Args)]
pub struct SignUpArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// The e-mail address to sign in with
    #[arg(long, value_name = "ADDRESS")]
    pub email: String,
    /// The name for people (by default the address before its @)
    #[arg(long)]
    pub name: Option<String>,
    /// Take an invitation with it: the link of its mail is read behind the password
    #[arg(long)]
    pub invited: bool,
    /// The code of whoever told you of the server
    #[arg(long, value_name = "CODE")]
    pub referral: Option<String>,
    /// The plan that you mean to buy, which `gantry plans change` pays
    #[arg(long, value_name = "PLAN")]
    pub plan: Option<String>,
    /// How often that plan is to be paid
    #[arg(long, requires = "plan", value_parser = ["month", "year"])]
    pub interval: Option<String>,
    /// What the key that is made may be used for, separated by commas: read, run, data, account
    /// [default: those of read,run,data that the server gives newcomers]
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    pub scopes: Vec<Scope>,
}

/// Arguments of `gantry account verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// Have the mail sent once more instead
    #[arg(long)]
    pub resend: bool,
}

/// Arguments of `gantry account email`.
#[derive(Debug, Args)]
pub struct EmailArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// The new address
    #[arg(value_name = "ADDRESS")]
    pub address: String,
}

/// Arguments of `gantry account profile`.
#[derive(Debug, Args)]
pub struct ProfileArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// The name for people
    #[arg(long, required_unless_present = "language")]
    pub name: Option<String>,
    /// The language of mails: en or de
    #[arg(long, value_name = "LANGUAGE")]
    pub language: Option<Locale>,
}

/// `gantry account password …`.
#[derive(Debug, Subcommand)]
pub enum PasswordCommand {
    /// Have a link for a new password sent; the answer does not say whether there is an account
    #[command(after_help = "Example: gantry account password forgot you@example.org")]
    Forgot {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The account's address
        #[arg(value_name = "ADDRESS")]
        email: String,
    },
    /// Set a new password and end every session; asks for the link of the mail and the password
    #[command(
        after_help = "Example: gantry account password reset --server https://gantry.example"
    )]
    Reset(ServerArgs),
    /// Set a new password and end the other sessions; asks for the present one and the new one
    #[command(after_help = "Example: gantry account password change")]
    Change(ServerArgs),
}

/// `gantry account second-factor …`.
#[derive(Debug, Subcommand)]
pub enum SecondFactorCommand {
    /// Show whether signing in needs a code, and how many recovery codes are left
    #[command(after_help = "Example: gantry account second-factor show")]
    Show(ServerArgs),
    /// Begin: print the secret and the otpauth address for an app; asks for the password
    #[command(after_help = "Example: gantry account second-factor set-up")]
    SetUp(ServerArgs),
    /// Turn it on and print the recovery codes; asks for the password and a code of the app
    #[command(after_help = "Example: gantry account second-factor confirm")]
    Confirm(ServerArgs),
    /// Replace the recovery codes and print the new ones; asks for the password and a code
    #[command(after_help = "Example: gantry account second-factor recovery-codes")]
    RecoveryCodes(ServerArgs),
    /// Turn it off; asks for the password and a code
    #[command(after_help = "Example: gantry account second-factor turn-off")]
    TurnOff(ServerArgs),
}

/// `gantry account identities …`.
#[derive(Debug, Subcommand)]
pub enum IdentitiesCommand {
    /// List the accounts elsewhere that sign you in; one is added in the app, with a browser
    #[command(after_help = "Example: gantry account identities list")]
    List(ServerArgs),
    /// Let an account elsewhere sign you in no more; asks for the password
    #[command(
        after_help = "Example: gantry account identities unlink 0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f"
    )]
    Unlink {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The account elsewhere, which `gantry account identities list` shows
        #[arg(value_name = "IDENTITY")]
        id: LinkedIdentityId,
    },
}

/// `gantry account passkeys …`.
#[derive(Debug, Subcommand)]
pub enum PasskeysCommand {
    /// List your passkeys; one is added in the app, with a browser
    #[command(after_help = "Example: gantry account passkeys list")]
    List(ServerArgs),
    /// Call a passkey something else; asks for the password
    #[command(
        after_help = "Example: gantry account passkeys rename 0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f Laptop"
    )]
    Rename {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The passkey, which `gantry account passkeys list` shows
        #[arg(value_name = "PASSKEY")]
        id: PasskeyId,
        /// What you call it
        name: String,
    },
    /// Let a passkey sign you in no more; asks for the password
    #[command(
        after_help = "Example: gantry account passkeys remove 0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f"
    )]
    Remove {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The passkey, which `gantry account passkeys list` shows
        #[arg(value_name = "PASSKEY")]
        id: PasskeyId,
    },
}

/// `gantry account grants …`.
#[derive(Debug, Subcommand)]
pub enum GrantsCommand {
    /// List the programs that you let act for you, and in which organization
    #[command(after_help = "Example: gantry account grants list")]
    List(ServerArgs),
    /// Take back everything that you let a program do
    #[command(
        after_help = "Example: gantry account grants withdraw 0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f"
    )]
    Withdraw {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The program, which `gantry account grants list` shows
        #[arg(value_name = "CLIENT")]
        id: OAuthClientId,
    },
}
