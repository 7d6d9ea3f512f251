//! Identifiers: UUID version 7 newtypes, one per kind of thing.
//!
//! Invariant: identifiers sort by their time of creation, so that they serve as keyset cursors.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not an identifier; expected a UUID such as 0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f"
)]
pub struct InvalidId {
    /// The text that was given.
    pub text: String,
}

macro_rules! define_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new identifier, later than every one generated before in this process.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// Takes an identifier that a store or a message carries as a UUID.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID, for a store column.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text)
                    .map(Self)
                    .map_err(|_| InvalidId { text: text.chars().take(64).collect() })
            }
        }
    )+};
}

define_ids! {
    /// A tenant: owner of jobs, datasets, credits and members. Its account has the same id.
    OrganizationId,
    /// A person who signs in.
    UserId,
    /// A browser session.
    SessionId,
    /// A key with which a program signs in.
    ApiKeyId,
    /// One run of an operation.
    JobId,
    /// Units that calls of services may use for a while.
    AllowanceId,
    /// One request of a job to a language model.
    AskId,
    /// A file that a job made.
    ArtifactId,
    /// An uploaded, profiled, versioned input.
    DatasetId,
    /// A chunked upload on its way to become a dataset version.
    UploadId,
    /// One version of a plan.
    PlanId,
    /// A lot of credits with one origin and one expiry.
    LotId,
    /// One line of the ledger.
    LedgerEntryId,
    /// One line of the audit log.
    AuditEntryId,
    /// A process or thread that claims jobs.
    WorkerId,
    /// Runs of an operation at set times.
    ScheduleId,
    /// One run of a schedule.
    ScheduleRunId,
    /// A workflow: operations whose outputs feed one another.
    WorkflowId,
    /// A purchase on its way: a plan or a package of credits.
    CheckoutId,
    /// A plan that is paid for period by period.
    SubscriptionId,
    /// Something that a payment provider told.
    PaymentEventId,
    /// Money that was received.
    PaymentId,
    /// Money that is to be given back, once.
    RefundId,
    /// An invoice or a credit note.
    InvoiceId,
    /// An ad that somebody watches for credits.
    AdSessionId,
    /// Something that a provider of ads told.
    AdCallbackId,
    /// A decision about a claim of credits for an ad.
    FraudEventId,
    /// A device or a network that fraud came from.
    FraudBlockId,
    /// A place in an organization that somebody was offered.
    InvitationId,
    /// Somebody who registered with another's code.
    ReferralId,
    /// The tokens that came out of one another by renewal.
    TokenFamilyId,
    /// A program of others that acts for an organization and its people.
    OAuthClientId,
    /// An account elsewhere that signs somebody in.
    LinkedIdentityId,
    /// A key that an authenticator keeps, and that signs somebody in.
    PasskeyId,
    /// A mail on its way.
    MailId,
    /// One HTTP request.
    RequestId,
}
