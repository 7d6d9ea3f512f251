//! Snapshots and transactions as the port sees them.
//!
//! Invariant: one struct serves both; what a snapshot may not do, its trait does not offer.

use gantry_ports::store::{
    ReadAccess, ReadAccounts, ReadAsks, ReadAudit, ReadCatalog, ReadChores, ReadClients,
    ReadClosings, ReadDepartures, ReadExports, ReadFlags, ReadFlows, ReadIdentity, ReadInvoices,
    ReadJobs, ReadMails, ReadModels, ReadPayments, ReadPeople, ReadReferrals, ReadRequests,
    ReadRewards, ReadSchedules, ReadSharing, ReadTx, ReadUsage, ReadVouching, Sight, Tx,
    WriteAccess, WriteAccounts, WriteAsks, WriteAudit, WriteCatalog, WriteChores, WriteClients,
    WriteClosings, WriteDepartures, WriteFlags, WriteFlows, WriteIdentity, WriteInvoices,
    WriteMails, WriteModels, WritePayments, WriteReferrals, WriteRequests, WriteRewards,
    WriteSchedules, WriteSharing, WriteUsage, WriteVouching,
};

use crate::sql::Sql;

/// A transaction under way, or a snapshot.
#[derive(Debug)]
pub(crate) struct Session {
    sql: Sql,
    sight: Sight,
}

impl Session {
    /// Wraps a transaction that has begun, and that sees everything.
    pub(crate) const fn new(sql: Sql) -> Self {
        Self { sql, sight: Sight::Everything }
    }

    /// Wraps a snapshot that shows what `sight` sees.
    pub(crate) const fn seen_by(sql: Sql, sight: Sight) -> Self {
        Self { sql, sight }
    }

    /// With whose eyes it looks.
    pub(crate) const fn sight(&self) -> Sight {
        self.sight
    }

    /// Its statements.
    pub(crate) const fn sql(&self) -> &Sql {
        &self.sql
    }

    /// Gives the transaction back, to end it.
    pub(crate) fn into_sql(self) -> Sql {
        self.sql
    }
}

impl ReadTx for Session {
    fn access(&self) -> &dyn ReadAccess {
        self
    }
    fn identity(&self) -> &dyn ReadIdentity {
        self
    }
    fn vouching(&self) -> &dyn ReadVouching {
        self
    }
    fn clients(&self) -> &dyn ReadClients {
        self
    }
    fn mails(&self) -> &dyn ReadMails {
        self
    }
    fn accounts(&self) -> &dyn ReadAccounts {
        self
    }
    fn jobs(&self) -> &dyn ReadJobs {
        self
    }
    fn asks(&self) -> &dyn ReadAsks {
        self
    }
    fn usage(&self) -> &dyn ReadUsage {
        self
    }
    fn catalog(&self) -> &dyn ReadCatalog {
        self
    }
    fn payments(&self) -> &dyn ReadPayments {
        self
    }
    fn invoices(&self) -> &dyn ReadInvoices {
        self
    }
    fn requests(&self) -> &dyn ReadRequests {
        self
    }
    fn rewards(&self) -> &dyn ReadRewards {
        self
    }
    fn referrals(&self) -> &dyn ReadReferrals {
        self
    }
    fn audit(&self) -> &dyn ReadAudit {
        self
    }
    fn schedules(&self) -> &dyn ReadSchedules {
        self
    }
    fn flows(&self) -> &dyn ReadFlows {
        self
    }
    fn sharing(&self) -> &dyn ReadSharing {
        self
    }
    fn flags(&self) -> &dyn ReadFlags {
        self
    }
    fn models(&self) -> &dyn ReadModels {
        self
    }
    fn chores(&self) -> &dyn ReadChores {
        self
    }
    fn departures(&self) -> &dyn ReadDepartures {
        self
    }
    fn closings(&self) -> &dyn ReadClosings {
        self
    }
    fn exports(&self) -> &dyn ReadExports {
        self
    }
    fn people(&self) -> &dyn ReadPeople {
        self
    }
}

impl Tx for Session {
    fn access(&self) -> &dyn WriteAccess {
        self
    }
    fn identity(&self) -> &dyn WriteIdentity {
        self
    }
    fn vouching(&self) -> &dyn WriteVouching {
        self
    }
    fn clients(&self) -> &dyn WriteClients {
        self
    }
    fn mails(&self) -> &dyn WriteMails {
        self
    }
    fn accounts(&self) -> &dyn WriteAccounts {
        self
    }
    fn jobs(&self) -> &dyn ReadJobs {
        self
    }
    fn asks(&self) -> &dyn WriteAsks {
        self
    }
    fn usage(&self) -> &dyn WriteUsage {
        self
    }
    fn catalog(&self) -> &dyn WriteCatalog {
        self
    }
    fn payments(&self) -> &dyn WritePayments {
        self
    }
    fn invoices(&self) -> &dyn WriteInvoices {
        self
    }
    fn requests(&self) -> &dyn WriteRequests {
        self
    }
    fn rewards(&self) -> &dyn WriteRewards {
        self
    }
    fn referrals(&self) -> &dyn WriteReferrals {
        self
    }
    fn audit(&self) -> &dyn WriteAudit {
        self
    }
    fn schedules(&self) -> &dyn WriteSchedules {
        self
    }
    fn flows(&self) -> &dyn WriteFlows {
        self
    }
    fn sharing(&self) -> &dyn WriteSharing {
        self
    }
    fn flags(&self) -> &dyn WriteFlags {
        self
    }
    fn models(&self) -> &dyn WriteModels {
        self
    }
    fn chores(&self) -> &dyn WriteChores {
        self
    }
    fn departures(&self) -> &dyn WriteDepartures {
        self
    }
    fn closings(&self) -> &dyn WriteClosings {
        self
    }
}
