//! Jobs that are not for everybody, on their way to the database.
//!
//! Invariant: what is here was admitted by the batch, so that a restriction and its line of the
//! audit log are written in the commit after which the job is there, and never without it.

use gantry_ports::StoreError;
use gantry_ports::store::{JobRestriction, ObjectRef, ObjectRestrainer};
use gantry_rules::submission::Submission;
use gantry_types::{JobId, OrganizationId, UserId};

use crate::dialect::{JsonRows, RowSet};
use crate::tables::{encode_json, encode_serde_word};

/// A job that is restricted.
#[derive(Debug)]
struct Restricted {
    job_id: JobId,
    restrainer: ObjectRestrainer,
    restriction: JobRestriction,
}

/// The restrictions of a batch.
#[derive(Debug, Default)]
pub(super) struct Restrictions(Vec<Restricted>);

/// Their rows.
#[derive(Debug)]
pub(super) struct RestrictionRows {
    /// In the columns of `RESTRICTION`.
    pub(super) jobs: JsonRows,
    /// In the columns of `GRANT`.
    pub(super) grants: JsonRows,
    /// In the columns of `AUDIT_ENTRY`.
    pub(super) entries: RowSet,
}

impl Restrictions {
    /// Restricts the job of a submission that was admitted.
    pub(super) fn add(&mut self, submission: &Submission, restriction: &JobRestriction) {
        let restrainer = ObjectRestrainer {
            organization_id: submission.organization_id,
            by: submission.submitted_by,
            at: submission.submitted_at,
        };
        let (job_id, restriction) = (submission.job_id, restriction.clone());
        self.0.push(Restricted { job_id, restrainer, restriction });
    }

    /// The rows to be written.
    ///
    /// # Errors
    /// A value that has no text.
    pub(super) fn collect(&self) -> Result<RestrictionRows, StoreError> {
        let (jobs, grants, entries) = (JsonRows::new(), JsonRows::new(), RowSet::new());
        let mut rows = RestrictionRows { jobs, grants, entries };
        for restricted in &self.0 {
            rows.push(restricted)?;
        }
        Ok(rows)
    }
}

impl RestrictionRows {
    fn push(&mut self, restricted: &Restricted) -> Result<(), StoreError> {
        let Restricted { job_id, restrainer, restriction } = restricted;
        let (owner, by) = (restrainer.organization_id.as_uuid(), restrainer.by);
        let (by, at) = (by.map(UserId::as_uuid), restrainer.at.as_micros());
        let kind = ObjectRef::Job(*job_id).kind();
        self.jobs.row().id(job_id.as_uuid()).id(owner).text(kind).opt_id(by).int(at);
        for grant in &restriction.grants {
            let level = encode_serde_word("grant", &grant.level)?;
            self.grants.row().id(job_id.as_uuid()).id(grant.user_id.as_uuid()).id(owner);
            self.grants.text(kind).text(&level).opt_id(by).int(at);
        }
        let entry = &restriction.entry;
        let details = encode_json("audit details", &entry.details)?;
        self.entries.row().id(entry.id.as_uuid());
        self.entries.opt_id(entry.organization_id.map(OrganizationId::as_uuid));
        self.entries.opt_id(entry.user_id.map(UserId::as_uuid)).text(&entry.action);
        self.entries.text(&entry.subject).text(&details).text(&entry.ip);
        self.entries.int(entry.at.as_micros());
        Ok(())
    }
}
