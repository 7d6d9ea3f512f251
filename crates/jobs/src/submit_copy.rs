//! Jobs that are seen as something else is: the copy of a restricted job, and the run of a
//! restricted workflow. What was kept from somebody is kept from them when it runs.
//!
//! Invariant: such a job is restricted before it is there, so that nobody sees it meanwhile, and
//! stays so whatever becomes of another attempt to submit it; the maker of what it comes from and
//! those to whom that was granted see it too.

use gantry_access::Actor;
use gantry_ports::StoreError;
use gantry_ports::store::{
    ObjectAccess, ObjectGrant, ObjectRef, ObjectRestrainer, StoreExt, Submitted,
};
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
            return self.send(submission).await;
        };
        let job_id = submission.job_id;
        let of = describe_original(original.object);
        let mut copy = derive_copy(original, actor, job_id);
        // Any server may submit the run of a schedule under this very identifier.
        let is_shared = matches!(submission.origin, Some(Origin::Schedule(_)));
        self.restrict_copy(actor, of.clone(), copy.clone()).await?;
        let submitted = self.send(submission).await;
        let answers = submitted.as_ref().is_ok_and(|submitted| submitted.job_id == job_id);
        // It was refused, or an earlier job answers: then there is no job to keep from anybody.
        if !answers && !is_shared && !self.is_there(actor, job_id).await? {
            copy.visibility = Visibility::Organization;
            copy.grants.clear();
            self.restrict_copy(actor, of, copy).await?;
        }
        submitted
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

    async fn is_there(&self, actor: &Actor, job_id: JobId) -> Result<bool, JobsError> {
        let snapshot = self.store.read().await?;
        let found = snapshot.jobs().find_job(actor.organization_id, job_id).await?;
        Ok(found.is_some())
    }

    async fn restrict_copy(
        &self,
        actor: &Actor,
        of: Value,
        access: ObjectAccess,
    ) -> Result<(), JobsError> {
        let (organization_id, at) = (actor.organization_id, self.clock.now());
        let restrainer = ObjectRestrainer { organization_id, by: actor.user_id, at };
        let whose = actor.clone();
        self.store
            .write::<(), StoreError, _>(move |tx| {
                let (mut access, actor, of) = (access.clone(), whose.clone(), of.clone());
                Box::pin(async move {
                    // Members leave under the same lock.
                    tx.access().lock_organization(organization_id).await?;
                    let members = tx.identity().list_members(organization_id).await?;
                    let is_member = |grant: &ObjectGrant| {
                        members.iter().any(|member| member.user_id == grant.user_id)
                    };
                    access.grants.retain(is_member);
                    tx.sharing().set_object_access(restrainer, &access).await?;
                    let ObjectRef::Job(copy) = access.object else { return Ok(()) };
                    let details = json!({ "as": of, "visibility": access.visibility });
                    let subject = format!("job {copy}");
                    let entry = actor.audit_entry("access.copy", &subject, details, at);
                    tx.audit().append(&entry).await
                })
            })
            .await?;
        Ok(())
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

/// What holds for the copy, whose maker is the actor.
fn derive_copy(original: ObjectAccess, actor: &Actor, copy: JobId) -> ObjectAccess {
    let mut grants = original.grants;
    if let Some(maker) = original.made_by {
        grants.retain(|grant| grant.user_id != maker);
        grants.push(ObjectGrant { user_id: maker, level: GrantLevel::Editor });
    }
    grants.retain(|grant| Some(grant.user_id) != actor.user_id);
    ObjectAccess {
        object: ObjectRef::Job(copy),
        made_by: actor.user_id,
        visibility: Visibility::Restricted,
        grants,
    }
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
        let id = JobId::generate();
        let copy = derive_copy(original, &actor, id);
        let editor = ObjectGrant { user_id: maker, level: GrantLevel::Editor };
        assert_eq!((copy.object, copy.made_by), (ObjectRef::Job(id), Some(guest)));
        assert_eq!(copy.grants, vec![viewer(third), editor]);
    }
}
