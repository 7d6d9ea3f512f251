//! The store: the one truth about accounts, jobs, money and data.
//!
//! There are two ways to write, and no third: hot commands ([`HotPath`]), which are decided in
//! batches by pure functions and committed together, and [`Store::write_erased`] (called
//! through [`StoreExt::write`]) for everything else. [`Store::read`] gives snapshots.

mod access;
mod accounts;
mod asks;
mod audit;
mod catalog;
mod chores;
mod clients;
mod closings;
mod departures;
mod error;
mod exports;
mod flags;
mod flows;
mod hot;
mod identity;
mod invoices;
mod job_costs;
mod jobs;
mod mails;
mod models;
mod page;
mod payments;
mod people;
mod quota_events;
mod referrals;
mod requests;
mod returns;
mod rewards;
mod schedules;
mod session;
mod sharing;
mod usage;
mod vouching;

pub use access::{
    ApiKey, Membership, NewUser, Organization, ReadAccess, Restriction, Session, SessionPurpose,
    SignInFailures, User, UserStatus, WriteAccess,
};
pub use accounts::{
    AccountOverview, LedgerAccount, LedgerEntry, LedgerFilter, LotGrant, LotRecord, OverrideRecord,
    PlanChoice, PlanFix, ReadAccounts, WriteAccounts,
};
pub use asks::{AskFilter, AskSums, JobAsks, ModelAsk, ModelSums, ReadAsks, WriteAsks};
pub use audit::{AuditEntry, AuditSeal, ReadAudit, WriteAudit};
pub use catalog::{
    Artifact, Dataset, DatasetFilter, DatasetVersion, ReadCatalog, Upload, UploadPart, WriteCatalog,
};
pub use chores::{ChoreLease, JobSweep, ReadChores, Swept, WriteChores};
pub use clients::{AuthorizationCode, ClientKind, Grant, OAuthClient, ReadClients, WriteClients};
pub use closings::{Closing, ReadClosings, WriteClosings};
pub use departures::{Departure, ErasedRows, ReadDepartures, Traces, WriteDepartures};
pub use error::{StoreError, WriteAbort};
pub use exports::{ExportFile, ExportPart, ExportRange, ExportScope, ReadExports};
pub use flags::{FlagRecord, ReadFlags, WriteFlags};
pub use flows::{FlowNode, FlowRun, NodePhase, ReadFlows, Workflow, WorkflowRevision, WriteFlows};
pub use hot::{
    AllowCommand, AllowancePhase, AllowanceUseCommand, CancelCommand, Cancelled, CheckpointCommand,
    ClaimCommand, ClaimedJob, ForkCommand, Forked, HeartbeatCommand, HeartbeatReply, HotError,
    HotPath, NoteRecord, NotesCommand, RaiseHoldCommand, ReapCommand, Reaped, ReleaseCommand,
    SettleCommand, Settled, Submitted,
};
pub use identity::{
    Invitation, LinkPurpose, Member, OneTimeLink, ReadIdentity, RefreshToken, SecondFactor,
    WriteIdentity,
};
pub use invoices::{
    Invoice, InvoiceBuyer, InvoiceContent, InvoiceKind, InvoiceLine, ReadInvoices, WriteInvoices,
};
pub use job_costs::{CostSums, JobCosts};
pub use jobs::{
    AccountEvent, JobEvent, JobEventKind, JobFilter, JobRecord, QueueDepth, ReadJobs, StoredChild,
};
pub use mails::{Delivery, QueuedMail, ReadMails, WriteMails};
pub use models::{ModelCard, ModelFilter, ModelRecord, ReadModels, WriteModels};
pub use page::{Order, Page, PageRequest};
pub use payments::{
    Checkout, CheckoutStatus, EventOutcome, Payment, PaymentEvent, PaymentEventFilter,
    PaymentFilter, PaymentStatus, PaymentTrail, ReadPayments, SubscriptionChange, UnclearEvents,
    WritePayments,
};
pub use people::{Home, PersonFilter, PersonRecord, ReadPeople};
pub use quota_events::{QuotaEvent, QuotaEventFilter, QuotaEventKind};
pub use referrals::{
    ListedReferral, ReadReferrals, Referral, ReferralCode, ReferralEnd, ReferralState,
    WriteReferrals,
};
pub use requests::{KeptRequest, ReadRequests, RequestHold, WriteRequests};
pub use returns::{LotReturn, PaymentDispute, PaymentRefund, derive_disputed, derive_refunded};
pub use rewards::{
    AdCallback, AdProgress, AdSession, CallbackOutcome, ClaimSource, FraudBlock, FraudEvent,
    FraudEventFilter, FraudReview, ReadRewards, ReviewOutcome, WriteRewards,
};
pub use schedules::{
    Overlap, ReadSchedules, RunOutcome, Schedule, ScheduleRun, ScheduleState, WriteSchedules,
};
pub use session::{ReadTx, Store, StoreExt, Tx, WriteClosure};
pub use sharing::{
    JobRestriction, ObjectAccess, ObjectGrant, ObjectRef, ObjectRestrainer, Onlooker, ReadSharing,
    Sight, WriteSharing,
};
pub use usage::{ReadUsage, UsageBy, UsageFilter, UsageKey, UsageSums, WriteUsage};
pub use vouching::{
    Ceremony, CeremonyPurpose, LinkedIdentity, Newcomer, Passkey, ReadVouching, WriteVouching,
};
