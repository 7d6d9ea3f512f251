//! Settings: `gantry.toml` < `GANTRY__SECTION__KEY` in the environment < flags.
//!
//! Invariants: each section has one struct in one file, with a default for every key; a key
//! that no section knows is refused with its place and the nearest known one; a secret is shown
//! masked and nowhere else.

mod ads;
mod auth;
mod blobs;
mod engines;
mod issuers;
mod limits;
mod load;
mod log;
mod mail;
mod models;
mod payments;
mod plan;
mod providers;
mod secret;
mod server;
mod store;
mod worker;

pub use ads::{AdsConfig, FraudConfig, NetworksConfig, ReputationConfig};
pub use auth::{
    AdministratorFactorConfig, AdministratorSignInConfig, AuthConfig, RegistrationConfig,
    UnverifiedConfig,
};
pub use blobs::BlobsConfig;
pub use engines::{EnginesConfig, IsolationConfig};
pub use issuers::IssuerConfig;
pub use limits::LimitsConfig;
pub use load::{Override, load};
pub use log::{LogConfig, LogFormat};
pub use mail::{MailConfig, MailTls, MailTransport};
pub use models::{ModelsConfig, TokenLimitConfig};
pub use payments::{PayPalConfig, PaymentsConfig, RazorpayConfig, StripeConfig};
pub use plan::{ClassConfig, PlanConfig};
pub use providers::{ProviderConfig, ProviderKind};
pub use secret::Secret;
pub use server::{MetricsConfig, ServerConfig};
pub use store::StoreSection;
pub use worker::{DeviceConfig, WorkerConfig};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every setting of an installation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The HTTP server and the data folder.
    pub server: ServerConfig,
    /// The database.
    pub store: StoreSection,
    /// Where uploaded files and artifacts lie.
    pub blobs: BlobsConfig,
    /// Sign-in, sessions and passwords.
    pub auth: AuthConfig,
    /// Where jobs run, and engines of one's own.
    pub engines: EnginesConfig,
    /// The worker that runs jobs, in the server's process or in its own.
    pub worker: WorkerConfig,
    /// Limits on requests that no plan covers.
    pub limits: LimitsConfig,
    /// How mails are sent.
    pub mail: MailConfig,
    /// The language model that engines may ask.
    pub models: ModelsConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// Who takes the money, and with which keys.
    pub payments: PaymentsConfig,
    /// Who shows ads for credits, where the edition gives some.
    pub ads: AdsConfig,
    /// Who knows from which networks frauds come.
    pub fraud: FraudConfig,
    /// The plan of every new account.
    pub plan: PlanConfig,
}
