//! Snapshots and transactions.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;

use super::access::{ReadAccess, WriteAccess};
use super::accounts::{ReadAccounts, WriteAccounts};
use super::asks::{ReadAsks, WriteAsks};
use super::audit::{ReadAudit, WriteAudit};
use super::catalog::{ReadCatalog, WriteCatalog};
use super::chores::{ReadChores, WriteChores};
use super::clients::{ReadClients, WriteClients};
use super::closings::{ReadClosings, WriteClosings};
use super::departures::{ReadDepartures, WriteDepartures};
use super::error::{StoreError, WriteAbort};
use super::exports::ReadExports;
use super::flags::{ReadFlags, WriteFlags};
use super::flows::{ReadFlows, WriteFlows};
use super::hot::HotPath;
use super::identity::{ReadIdentity, WriteIdentity};
use super::invoices::{ReadInvoices, WriteInvoices};
use super::jobs::ReadJobs;
use super::mails::{ReadMails, WriteMails};
use super::models::{ReadModels, WriteModels};
use super::payments::{ReadPayments, WritePayments};
use super::people::ReadPeople;
use super::referrals::{ReadReferrals, WriteReferrals};
use super::requests::{ReadRequests, WriteRequests};
use super::rewards::{ReadRewards, WriteRewards};
use super::schedules::{ReadSchedules, WriteSchedules};
use super::sharing::{ReadSharing, Sight, WriteSharing};
use super::usage::{ReadUsage, WriteUsage};
use super::vouching::{ReadVouching, WriteVouching};

/// A consistent view; dropping it ends it.
pub trait ReadTx: Send + Sync {
    /// Users, organizations, members, sessions, keys.
    fn access(&self) -> &dyn ReadAccess;
    /// Links in mails, second factors, invitations, members.
    fn identity(&self) -> &dyn ReadIdentity;
    /// Accounts elsewhere and passkeys that sign people in.
    fn vouching(&self) -> &dyn ReadVouching;
    /// Programs of others that act for people.
    fn clients(&self) -> &dyn ReadClients;
    /// Mails on their way.
    fn mails(&self) -> &dyn ReadMails;
    /// Plans, balances, ledger, meters.
    fn accounts(&self) -> &dyn ReadAccounts;
    /// Jobs and their events.
    fn jobs(&self) -> &dyn ReadJobs;
    /// What jobs asked of language models.
    fn asks(&self) -> &dyn ReadAsks;
    /// What was used, day by day.
    fn usage(&self) -> &dyn ReadUsage;
    /// Datasets, uploads, artifacts.
    fn catalog(&self) -> &dyn ReadCatalog;
    /// Checkouts, subscriptions, payments.
    fn payments(&self) -> &dyn ReadPayments;
    /// Invoices.
    fn invoices(&self) -> &dyn ReadInvoices;
    /// Requests that may be repeated.
    fn requests(&self) -> &dyn ReadRequests;
    /// Ads watched for credits, and fraud.
    fn rewards(&self) -> &dyn ReadRewards;
    /// Who brought whom.
    fn referrals(&self) -> &dyn ReadReferrals;
    /// The audit log.
    fn audit(&self) -> &dyn ReadAudit;
    /// Schedules and their runs.
    fn schedules(&self) -> &dyn ReadSchedules;
    /// Workflows and their runs.
    fn flows(&self) -> &dyn ReadFlows;
    /// Who sees single things.
    fn sharing(&self) -> &dyn ReadSharing;
    /// What operators turn on and off.
    fn flags(&self) -> &dyn ReadFlags;
    /// The registry of models.
    fn models(&self) -> &dyn ReadModels;
    /// What keeps the database small.
    fn chores(&self) -> &dyn ReadChores;
    /// People who leave.
    fn departures(&self) -> &dyn ReadDepartures;
    /// Organizations that are closed.
    fn closings(&self) -> &dyn ReadClosings;
    /// What is kept about a person.
    fn exports(&self) -> &dyn ReadExports;
    /// People as administrators see them.
    fn people(&self) -> &dyn ReadPeople;
}

/// A transaction. It is committed when its closure answers `Ok`, else rolled back.
///
/// Several may run at once, and each sees what the others committed meanwhile. Whoever reads
/// something and writes by what was read takes the lock of it before the reading, as the first
/// things that the closure does, and always in this order, so that nobody waits in a circle:
///
/// 1. failed sign-ins ([`WriteAccess::lock_sign_in_failures`]), those of an e-mail address before
///    those of a network address,
/// 2. the administrators ([`WriteAccess::lock_administrators`]),
/// 3. organizations ([`WriteAccess::lock_organization`]), by identifier,
/// 4. users ([`WriteAccess::lock_user`]), by identifier,
/// 5. everything else: sources of claims ([`WriteRewards::lock_claims`]), links, codes and
///    accounts.
///
/// A lock may be taken twice. What a unique key or a condition of the statement itself decides
/// needs none.
pub trait Tx: Send + Sync {
    /// Users, organizations, members, sessions, keys.
    fn access(&self) -> &dyn WriteAccess;
    /// Links in mails, second factors, invitations, members.
    fn identity(&self) -> &dyn WriteIdentity;
    /// Accounts elsewhere and passkeys that sign people in.
    fn vouching(&self) -> &dyn WriteVouching;
    /// Programs of others that act for people.
    fn clients(&self) -> &dyn WriteClients;
    /// Mails on their way.
    fn mails(&self) -> &dyn WriteMails;
    /// Plans, balances, ledger, meters.
    fn accounts(&self) -> &dyn WriteAccounts;
    /// Jobs and their events: jobs are written by hot commands alone.
    fn jobs(&self) -> &dyn ReadJobs;
    /// What jobs asked of language models.
    fn asks(&self) -> &dyn WriteAsks;
    /// What was used, day by day.
    fn usage(&self) -> &dyn WriteUsage;
    /// Datasets, uploads, artifacts.
    fn catalog(&self) -> &dyn WriteCatalog;
    /// Checkouts, subscriptions, payments.
    fn payments(&self) -> &dyn WritePayments;
    /// Invoices.
    fn invoices(&self) -> &dyn WriteInvoices;
    /// Requests that may be repeated.
    fn requests(&self) -> &dyn WriteRequests;
    /// Ads watched for credits, and fraud.
    fn rewards(&self) -> &dyn WriteRewards;
    /// Who brought whom.
    fn referrals(&self) -> &dyn WriteReferrals;
    /// The audit log.
    fn audit(&self) -> &dyn WriteAudit;
    /// Schedules and their runs.
    fn schedules(&self) -> &dyn WriteSchedules;
    /// Workflows and their runs.
    fn flows(&self) -> &dyn WriteFlows;
    /// Who sees single things.
    fn sharing(&self) -> &dyn WriteSharing;
    /// What operators turn on and off.
    fn flags(&self) -> &dyn WriteFlags;
    /// The registry of models.
    fn models(&self) -> &dyn WriteModels;
    /// What keeps the database small.
    fn chores(&self) -> &dyn WriteChores;
    /// People who leave.
    fn departures(&self) -> &dyn WriteDepartures;
    /// Organizations that are closed.
    fn closings(&self) -> &dyn WriteClosings;
}

/// A write whose types were erased; made by [`StoreExt::write`].
pub type WriteClosure = Arc<
    dyn for<'t> Fn(&'t dyn Tx) -> BoxFuture<'t, Result<Box<dyn Any + Send>, WriteAbort>>
        + Send
        + Sync,
>;

/// The store.
#[async_trait]
pub trait Store: HotPath + Send + Sync {
    /// A snapshot that shows everything.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn read(&self) -> Result<Box<dyn ReadTx>, StoreError> {
        self.read_as(Sight::Everything).await
    }

    /// A snapshot that shows what these eyes see of jobs, datasets, workflows and models, and of
    /// what belongs to them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn read_as(&self, sight: Sight) -> Result<Box<dyn ReadTx>, StoreError>;

    /// Runs `closure` in one transaction; it awaits nothing but the transaction, may be run
    /// again after a conflict, and its result is handed out only after the commit.
    ///
    /// # Errors
    /// What the closure answers, or the store's own errors.
    async fn write_erased(&self, closure: WriteClosure) -> Result<Box<dyn Any + Send>, WriteAbort>;

    /// Whether the database answers, for readiness checks.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn ping(&self) -> Result<(), StoreError>;
}

/// Typed writes over any store.
#[async_trait]
pub trait StoreExt {
    /// Runs `closure` in one transaction:
    ///
    /// ```text
    /// store.write(move |tx| {
    ///     let user = user.clone();
    ///     Box::pin(async move { tx.access().insert_user(&user).await?; Ok(()) })
    /// }).await
    /// ```
    ///
    /// # Errors
    /// What the closure answers; the store's own errors converted into it.
    async fn write<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t dyn Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static;
}

#[async_trait]
impl<S: Store + ?Sized> StoreExt for S {
    async fn write<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t dyn Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        let closure = Arc::new(closure);
        let erased: WriteClosure = Arc::new(move |tx| {
            let closure = Arc::clone(&closure);
            Box::pin(async move {
                match closure(tx).await {
                    Ok(value) => Ok(Box::new(value) as Box<dyn Any + Send>),
                    Err(error) => Err(WriteAbort::Refused(Box::new(error))),
                }
            })
        });
        let confused =
            || E::from(StoreError::Broken { reason: "a write answered another type".into() });
        match self.write_erased(erased).await {
            Ok(value) => value.downcast::<T>().map(|value| *value).map_err(|_| confused()),
            Err(WriteAbort::Store(error)) => Err(E::from(error)),
            Err(WriteAbort::Refused(error)) => {
                Err(error.downcast::<E>().map_or_else(|_| confused(), |error| *error))
            }
        }
    }
}
