//! The vocabulary of Gantry: identifiers, money, time and closed sets of words that every
//! other crate shares.
//!
//! Invariants: nothing here does input or output; an identifier of one kind cannot be passed
//! for another; money and credits are integers; a state is an enum, never a string.

mod credits;
mod ids;
mod job;
mod language;
mod locale;
mod meter;
mod money;
mod nanos;
mod nearest;
mod problem;
mod role;
mod time;

pub use credits::{Credits, CreditsOutOfRange};
pub use ids::{
    AdCallbackId, AdSessionId, AllowanceId, ApiKeyId, ArtifactId, AskId, AuditEntryId, CheckoutId,
    DatasetId, FraudBlockId, FraudEventId, InvalidId, InvitationId, InvoiceId, JobId,
    LedgerEntryId, LinkedIdentityId, LotId, MailId, OAuthClientId, OrganizationId, PasskeyId,
    PaymentEventId, PaymentId, PlanId, ReferralId, RefundId, RequestId, ScheduleId, ScheduleRunId,
    SessionId, SubscriptionId, TokenFamilyId, UploadId, UserId, WorkerId, WorkflowId,
};
pub use job::{Attempt, Device, EngineErrorKind, JobState, PriorityClass, UnknownWord};
pub use language::{
    AnswerEnd, InvalidModelRequest, MessageRole, ModelAnswer, ModelMessage, ModelRequest, TokenUse,
};
pub use locale::Locale;
pub use meter::{InvalidMeterId, MeterId};
pub use money::{Currency, InvalidCurrency, InvalidMoney, Money};
pub use nanos::Nanos;
pub use nearest::find_nearest;
pub use problem::{PROBLEM_CODES, ProblemCode};
pub use role::{Role, Scope};
pub use time::{InvalidTimestamp, Timestamp};
