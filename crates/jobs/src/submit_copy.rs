//! Jobs that are seen as something else is: the copy of a restricted job, and the run of a
//! restricted workflow. What was kept from somebody is kept from them when it runs.
//!
//! Invariant: such a job is restricted in the commit that admits it, so that nobody sees it
//! meanwhile, and one that is refused leaves nothing behind; the maker of what it comes from and
//! those to whom that was granted see it too.

use gantry_access::Actor;
use gantry_ports::store::{JobRestriction, ObjectAccess, ObjectGrant, ObjectRef, Submitted};
use gantry_rules::sharing::{GrantLevel, Visibility};
use gantry_rules::submission::{Origin, Submission};
use gantry_types::JobId;
use serde_json::{Value, json};

use crate::Jobs;
use crate::error::JobsError;
use crate::submit_job::{Descent, NewJob};

impl Jobs {
    /// Submits a job that repeats another one of the actor's account.
    pub(crate) async fn submit_copy(
        &self,
        actor: &Actor,
        (of, origin): (JobId, Option<Origin>),
        new: NewJob,
    ) -> Result<Submitted, JobsError> {
        let descent = Descent { job_id: JobId::generate(), origin };
        let submission = self.derive_submission(actor, new, Some(descent)).await?;
        self.send_restricted(actor, submission, Some(of)).await
    }

    /// Sends a submission, whose job is restricted as the one is that it copies, or else as the
    /// workflow is that it runs.
    pub(crate) async fn send_restricted(
        &self,
        actor: &Actor,
        submission: Submission,
        copied: Option<JobId>,
    ) -> Result<Submitted, JobsError> {
        let Some(original) = self.find_restricted(actor, &submission, copied).await? else {
            return self.send(submission, None).await;
        };
        let restriction = derive_restriction(original, actor, &submission);
        self.send(submission, Some(restriction)).await
    }

    /// What a job comes from, if that is restricted. What the actor does not see is not told by
    /// what becomes of their job.
    async fn find_restricted(
        &self,
        actor: &Actor,
        submission: &Submission,
        copied: Option<JobId>,
    ) -> Result<Option<ObjectAccess>, JobsError> {
        let workflow = self.find_named_workflow(&submission.operation, &submission.params);
        let originals = [copied.map(ObjectRef::Job), workflow.map(ObjectRef::Workflow)];
        if originals.iter().all(Option::is_none) {
            return Ok(None);
        }
        let snapshot = self.store.read_as(actor.sight()).await?;
        for original in originals.into_iter().flatten() {
            let owner = actor.organization_id;
            let found = snapshot.sharing().find_object_access(owner, original).await?;
            if let Some(found) = found
                && found.visibility == Visibility::Restricted
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// For the audit log: what the job comes from.
fn describe_original(original: ObjectRef) -> Value {
    match original {
        ObjectRef::Job(id) => json!(id),
        ObjectRef::Dataset(id) => json!(id),
        ObjectRef::Workflow(id) => json!(id),
        ObjectRef::Model(id) => json!(id),
    }
}

/// Who sees the job beside the actor, who asks for it.
fn derive_restriction(
    original: ObjectAccess,
    actor: &Actor,
    submission: &Submission,
) -> JobRestriction {
    let of = describe_original(original.object);
    let details = json!({ "as": of, "visibility": Visibility::Restricted });
    let subject = format!("job {}", submission.job_id);
    let entry = actor.audit_entry("access.copy", &subject, details, submission.submitted_at);
    JobRestriction { grants: derive_grants(original, actor), entry }
}

fn derive_grants(original: ObjectAccess, actor: &Actor) -> Vec<ObjectGrant> {
    let mut grants = original.grants;
    if let Some(maker) = original.made_by {
        grants.retain(|grant| grant.user_id != maker);
        grants.push(ObjectGrant { user_id: maker, level: GrantLevel::Editor });
    }
    grants.retain(|grant| Some(grant.user_id) != actor.user_id);
    grants
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_types::{OrganizationId, UserId};

    #[test]
    fn the_maker_of_the_original_edits_the_copy() {
        let (maker, guest, third) = (UserId::generate(), UserId::generate(), UserId::generate());
        let viewer = |user_id| ObjectGrant { user_id, level: GrantLevel::Viewer };
        let original = ObjectAccess {
            object: ObjectRef::Job(JobId::generate()),
            made_by: Some(maker),
            visibility: Visibility::Restricted,
            grants: vec![viewer(guest), viewer(third)],
        };
        let actor = Actor { user_id: Some(guest), ..Actor::system(OrganizationId::generate()) };
        let editor = ObjectGrant { user_id: maker, level: GrantLevel::Editor };
        assert_eq!(derive_grants(original, &actor), vec![viewer(third), editor]);
    }
}
