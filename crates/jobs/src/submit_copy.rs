//! Copies of jobs: what was kept from somebody is kept from them when it runs again.
//!
//! Invariant: a copy is restricted before it is there, so that nobody sees it meanwhile; its
//! original's maker and those to whom that was granted see it too.

use gantry_access::Actor;
use gantry_ports::StoreError;
use gantry_ports::store::{
    ObjectAccess, ObjectGrant, ObjectRef, ObjectRestrainer, StoreExt, Submitted,
};
use gantry_rules::sharing::{GrantLevel, Visibility};
use gantry_rules::submission::Origin;
use gantry_types::JobId;
use serde_json::json;

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
        let owner = actor.organization_id;
        let snapshot = self.store.read().await?;
        let found = snapshot.sharing().find_object_access(owner, ObjectRef::Job(of)).await?;
        drop(snapshot);
        let found = found.filter(|access| access.visibility == Visibility::Restricted);
        let Some(original) = found else {
            return self.submit_descended(actor, new, Some(descent)).await;
        };
        let mut copy = derive_copy(original, actor, descent.job_id);
        self.restrict_copy(actor, of, copy.clone()).await?;
        let submitted = self.submit_descended(actor, new, Some(descent)).await;
        let is_there = submitted.as_ref().is_ok_and(|submitted| submitted.job_id == descent.job_id);
        if !is_there {
            // It was refused, or an earlier copy answers.
            copy.visibility = Visibility::Organization;
            copy.grants.clear();
            self.restrict_copy(actor, of, copy).await?;
        }
        submitted
    }

    async fn restrict_copy(
        &self,
        actor: &Actor,
        of: JobId,
        access: ObjectAccess,
    ) -> Result<(), JobsError> {
        let (organization_id, at) = (actor.organization_id, self.clock.now());
        let restrainer = ObjectRestrainer { organization_id, by: actor.user_id, at };
        let whose = actor.clone();
        self.store
            .write::<(), StoreError, _>(move |tx| {
                let (mut access, actor) = (access.clone(), whose.clone());
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
