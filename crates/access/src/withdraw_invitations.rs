//! The invitations of somebody who may not send them any more are taken back.
//!
//! Invariants: in the transaction that takes the right away, so that no link outlives it, and with
//! the organization locked, so that no invitation comes in between; each has its line in the log of
//! its organization; what the new role may still offer stays.

use gantry_ports::store::{AuditEntry, Invitation, Tx};
use gantry_types::{AuditEntryId, OrganizationId, Role, UserId};
use serde_json::json;

use crate::error::AccessError;
use crate::permission::Permission;

/// Whether somebody with a role may offer another: nobody invites to more than they are.
pub(crate) fn may_offer(inviter: Role, offered: Role) -> bool {
    Permission::ManageMembers.is_of_role(inviter)
        && (offered != Role::Owner || inviter == Role::Owner)
}

/// Takes back what `inviter` may not offer in an organization with the role that they have from now
/// on; `None` for a former member. `cause` is the line of the audit log about what changed.
pub(crate) async fn withdraw_invitations(
    tx: &dyn Tx,
    (organization_id, inviter): (OrganizationId, UserId),
    role: Option<Role>,
    cause: &AuditEntry,
) -> Result<(), AccessError> {
    let open = tx.identity().list_invitations(organization_id, cause.at).await?;
    for invitation in open {
        let stays = role.is_some_and(|role| may_offer(role, invitation.role));
        if stays || invitation.invited_by != inviter {
            continue;
        }
        tx.identity().delete_invitation(organization_id, invitation.id).await?;
        tx.audit().append(&describe(&invitation, cause)).await?;
    }
    Ok(())
}

/// Takes back all invitations of somebody, in every organization; those are locked.
pub(crate) async fn withdraw_everywhere(
    tx: &dyn Tx,
    inviter: UserId,
    cause: &AuditEntry,
) -> Result<(), AccessError> {
    let places = tx.access().list_memberships(inviter).await?;
    for place in places {
        withdraw_invitations(tx, (place.organization_id, inviter), None, cause).await?;
    }
    Ok(())
}

/// By whoever caused it, for the log of the organization; where they worked elsewhere, it is not told
/// from where.
fn describe(invitation: &Invitation, cause: &AuditEntry) -> AuditEntry {
    let is_here = cause.organization_id == Some(invitation.organization_id);
    let before = json!({ "email": invitation.email, "role": invitation.role });
    AuditEntry {
        id: AuditEntryId::generate(),
        organization_id: Some(invitation.organization_id),
        action: "member.withdraw_invitation".to_owned(),
        subject: format!("invitation {}", invitation.id),
        details: json!({ "before": before, "after": null }),
        ip: if is_here { cause.ip.clone() } else { String::new() },
        ..cause.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_offer_everything_and_admins_everything_else() {
        for offered in [Role::Owner, Role::Admin, Role::Member, Role::Viewer, Role::Billing] {
            assert!(may_offer(Role::Owner, offered), "{offered}");
            assert_eq!(may_offer(Role::Admin, offered), offered != Role::Owner, "{offered}");
            for inviter in [Role::Member, Role::Viewer, Role::Billing] {
                assert!(!may_offer(inviter, offered), "{inviter} {offered}");
            }
        }
    }
}
