//! What is kept about a person, to be handed to them.
//!
//! Invariants: a part names its columns one by one, so that no hash and no secret is among them;
//! of an organization that others belong to, a part has what the person did there and nothing of
//! the others.

use async_trait::async_trait;
use gantry_types::{JobId, OrganizationId, UserId};
use serde_json::Value;

use super::catalog::Artifact;
use super::error::StoreError;

macro_rules! define_parts {
    ($($(#[$doc:meta])* $part:ident = $word:literal),+ $(,)?) => {
        /// Rows of one kind.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ExportPart {
            $($(#[$doc])* $part),+
        }

        impl ExportPart {
            /// Every part.
            pub const ALL: &'static [Self] = &[$(Self::$part),+];

            /// The name of the part in a file.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$part => $word),+ }
            }
        }
    };
}

define_parts! {
    /// Name, address, language.
    Person = "person",
    /// That they asked to be deleted.
    Departures = "departures",
    /// Browser sessions.
    Sessions = "sessions",
    /// Failed attempts to sign in.
    SignInFailures = "sign_in_failures",
    /// Links in mails.
    Links = "links",
    /// Accounts elsewhere that sign them in.
    Identities = "linked_identities",
    /// Passkeys.
    Passkeys = "passkeys",
    /// That they use an authenticator app.
    SecondFactors = "second_factors",
    /// Keys of programs.
    ApiKeys = "api_keys",
    /// Renewable tokens of programs.
    RefreshTokens = "refresh_tokens",
    /// Programs of others that they registered.
    Clients = "oauth_clients",
    /// Mails to them.
    Mails = "mails",
    /// Organizations that they belong to.
    Memberships = "memberships",
    /// Invitations by them and to them.
    Invitations = "invitations",
    /// Datasets.
    Datasets = "datasets",
    /// Versions of datasets.
    DatasetVersions = "dataset_versions",
    /// Uploads under way.
    Uploads = "uploads",
    /// Files that jobs made.
    Artifacts = "artifacts",
    /// What they call their models.
    ModelCards = "model_cards",
    /// Workflows.
    Workflows = "workflows",
    /// Earlier states of workflows.
    WorkflowRevisions = "workflow_revisions",
    /// Runs of workflows.
    WorkflowRuns = "workflow_runs",
    /// Schedules.
    Schedules = "schedules",
    /// Runs of schedules.
    ScheduleRuns = "schedule_runs",
    /// What of others' things was granted to them.
    ObjectGrants = "object_grants",
    /// Jobs with parameters, report and cost.
    Jobs = "jobs",
    /// What jobs said while they ran.
    JobEvents = "job_events",
    /// Balances.
    Accounts = "accounts",
    /// Credits that were granted.
    Lots = "lots",
    /// The ledger.
    Ledger = "ledger",
    /// What was used of meters.
    MeterUse = "meter_use",
    /// What their jobs used, day by day.
    UsageDays = "usage_days",
    /// What their jobs asked of language models, answer by answer.
    ModelAsks = "model_asks",
    /// Purchases.
    Checkouts = "checkouts",
    /// Subscriptions.
    Subscriptions = "subscriptions",
    /// What subscriptions became.
    SubscriptionChanges = "subscription_changes",
    /// Payments.
    Payments = "payments",
    /// Invoices and credit notes.
    Invoices = "invoices",
    /// Ads that they watched for credits.
    AdSessions = "ad_sessions",
    /// What was decided about their claims for ads, and from where they came.
    FraudEvents = "fraud_events",
    /// Codes by which they bring others.
    ReferralCodes = "referral_codes",
    /// That they brought somebody, or somebody them.
    Referrals = "referrals",
    /// What they did, by the audit log.
    Audit = "audit",
}

/// Whose rows are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportScope {
    /// The person.
    pub user_id: UserId,
    /// Their address, in lower case.
    pub email: String,
    /// The organizations that nobody else belongs to.
    pub own: Vec<OrganizationId>,
}

/// Rows of a part, in a fixed order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportRange {
    /// How many rows are passed over.
    pub offset: u64,
    /// At most so many follow.
    pub limit: u32,
}

/// A file of an organization that nobody else belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFile {
    /// The folder: made of our own words and identifiers.
    pub folder: String,
    /// The name, as people gave it.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Where the blob store has the bytes.
    pub blob_key: String,
}

/// Reads what is kept about a person.
#[async_trait]
pub trait ReadExports: Send + Sync {
    /// Rows of a part as JSON objects. Within one snapshot, ranges neither repeat nor hide a row.
    async fn list_export_rows(
        &self,
        part: ExportPart,
        scope: &ExportScope,
        range: ExportRange,
    ) -> Result<Vec<Value>, StoreError>;
    /// Files of datasets and of jobs, at most `limit`; what exports left is not among them.
    async fn list_export_files(
        &self,
        scope: &ExportScope,
        limit: u32,
    ) -> Result<Vec<ExportFile>, StoreError>;
    /// The file that a job of the platform left for the person who asked for it, and that no other
    /// look-up finds.
    async fn find_export(
        &self,
        user_id: UserId,
        job_id: JobId,
    ) -> Result<Option<Artifact>, StoreError>;
}
