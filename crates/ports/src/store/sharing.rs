//! Who sees single things of an organization: what was restricted, and to whom it was granted.
//!
//! Invariants: every look-up names the organization; a job stands for its whole tree, so that its
//! children are as it is; only what is restricted has grants.

use async_trait::async_trait;
use gantry_rules::sharing::{GrantLevel, Visibility};
use gantry_types::{ArtifactId, DatasetId, JobId, OrganizationId, Timestamp, UserId, WorkflowId};

use super::audit::AuditEntry;
use super::error::StoreError;

/// With whose eyes a snapshot looks at jobs, datasets, workflows and models. What they do not see
/// does not exist in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sight {
    /// Owners, admins, and the platform itself.
    Everything,
    /// A member: what is not restricted, or theirs, or granted to them.
    Member(UserId),
}

/// Who looks, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Onlooker {
    /// The organization.
    pub organization_id: OrganizationId,
    /// What they see there.
    pub sight: Sight,
}

impl Onlooker {
    /// The platform itself at work for an organization.
    #[must_use]
    pub const fn house(organization_id: OrganizationId) -> Self {
        Self { organization_id, sight: Sight::Everything }
    }
}

/// A thing that can be restricted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectRef {
    /// A job, with its children, events and files.
    Job(JobId),
    /// A dataset with all versions.
    Dataset(DatasetId),
    /// A workflow with all revisions; its runs are jobs.
    Workflow(WorkflowId),
    /// A model, which is seen by who sees its job too.
    Model(ArtifactId),
}

impl ObjectRef {
    /// What it is, in the product's words.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Job(_) => "job",
            Self::Dataset(_) => "dataset",
            Self::Workflow(_) => "workflow",
            Self::Model(_) => "model",
        }
    }
}

/// Something granted to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectGrant {
    /// The person.
    pub user_id: UserId,
    /// What they may do.
    pub level: GrantLevel,
}

/// Who sees a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectAccess {
    /// The thing; for a child of a job its root.
    pub object: ObjectRef,
    /// Who made it, unless nobody is known.
    pub made_by: Option<UserId>,
    /// For whom it is there.
    pub visibility: Visibility,
    /// To whom it was granted, by person.
    pub grants: Vec<ObjectGrant>,
}

/// Who says who sees a thing, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectRestrainer {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The person; `None` for the installation.
    pub by: Option<UserId>,
    /// When.
    pub at: Timestamp,
}

/// That a job is not for everybody, from the commit on that admits it. Who asks for the job is who
/// restricts it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRestriction {
    /// To whom the job is granted; whoever is no member by then is left out.
    pub grants: Vec<ObjectGrant>,
    /// The line of the audit log about it.
    pub entry: AuditEntry,
}

/// Looks up who sees what.
#[async_trait]
pub trait ReadSharing: Send + Sync {
    /// Who sees a thing of an organization; `None` when it is not there, or is hidden from the eyes
    /// of the snapshot.
    async fn find_object_access(
        &self,
        organization_id: OrganizationId,
        object: ObjectRef,
    ) -> Result<Option<ObjectAccess>, StoreError>;
    /// What a job sees that reads more than its inputs: what the person sees who asked for its
    /// tree. For the operation that runs as this job and for nothing else.
    async fn find_sight_of_job(
        &self,
        organization_id: OrganizationId,
        job_id: JobId,
    ) -> Result<Option<Sight>, StoreError>;
}

/// Changes who sees what. What was said of a thing goes with it, and a person's grants with their
/// membership.
#[async_trait]
pub trait WriteSharing: ReadSharing {
    /// Replaces who sees a thing, which the caller found with
    /// [`ReadSharing::find_object_access`].
    async fn set_object_access(
        &self,
        restrainer: ObjectRestrainer,
        access: &ObjectAccess,
    ) -> Result<(), StoreError>;
}
