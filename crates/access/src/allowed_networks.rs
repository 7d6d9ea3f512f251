//! From which network addresses an organization may be used.
//!
//! Invariants: an empty list means from anywhere; nobody can set a list that shuts themselves
//! out; what an address may not do, no session and no key does from there; a list of one
//! organization keeps nobody out of the others: a session begins where its address is let in, and
//! does not move to where it is not.

use std::net::IpAddr;

use gantry_ports::store::{
    Invitation, Membership, ReadClosings, ReadIdentity, ReadTx, StoreExt, Tx, User,
};
use gantry_types::{OrganizationId, Timestamp};
use ipnet::IpNet;
use serde_json::json;

use crate::Access;
use crate::actor::Actor;
use crate::error::AccessError;
use crate::permission::{Permission, require};

const MAX_NETWORKS: usize = 100;
const FIELD: &str = "networks";

/// Networks from which an organization may be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AllowedNetworks(Vec<IpNet>);

impl AllowedNetworks {
    /// Reads networks (`192.0.2.0/24`, `2001:db8::/32`) and single addresses.
    ///
    /// # Errors
    /// [`AccessError::Invalid`] that names the first that is none.
    pub fn parse(texts: &[String]) -> Result<Self, AccessError> {
        if texts.len() > MAX_NETWORKS {
            let message = format!("has more than {MAX_NETWORKS} networks; join some of them");
            return Err(AccessError::invalid(FIELD, message));
        }
        texts.iter().map(|text| parse_network(text)).collect::<Result<_, _>>().map(Self)
    }

    /// As they are kept and shown.
    #[must_use]
    pub fn to_texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    /// Whether a request may come from an address; one that cannot be read is let in only where
    /// everything is.
    #[must_use]
    pub fn allow(&self, ip: &str) -> bool {
        let address = ip.parse::<IpAddr>().ok().map(|ip| ip.to_canonical());
        self.0.is_empty()
            || address.is_some_and(|address| self.0.iter().any(|net| net.contains(&address)))
    }
}

fn parse_network(text: &str) -> Result<IpNet, AccessError> {
    let text = text.trim();
    let network = text
        .parse::<IpNet>()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical())));
    network.map(|network| network.trunc()).ok_or_else(|| {
        let shown: String = text.chars().take(60).collect();
        AccessError::invalid(
            FIELD,
            format!("`{shown}` is no network; expected something like 192.0.2.0/24"),
        )
    })
}

impl Access {
    /// The networks from which the actor's organization may be used.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] but for owners and admins, [`AccessError::Store`].
    pub async fn list_allowed_networks(
        &self,
        actor: &Actor,
    ) -> Result<AllowedNetworks, AccessError> {
        require(actor, Permission::ManageMembers)?;
        let snapshot = self.store.read().await?;
        let texts = snapshot.identity().list_allowed_networks(actor.organization_id).await?;
        AllowedNetworks::parse(&texts)
    }

    /// Sets them; empty lets everybody in.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] but for owners and admins, [`AccessError::Invalid`] for what is
    /// no network and for a list without the actor's own address, [`AccessError::Store`].
    pub async fn set_allowed_networks(
        &self,
        actor: &Actor,
        texts: &[String],
    ) -> Result<AllowedNetworks, AccessError> {
        require(actor, Permission::ManageMembers)?;
        let networks = AllowedNetworks::parse(texts)?;
        if !networks.allow(&actor.ip) {
            let message =
                format!("would shut you out; your own address is {}, so add it", actor.ip);
            return Err(AccessError::invalid(FIELD, message));
        }
        let (organization_id, now) = (actor.organization_id, self.clock.now());
        let (whose, texts) = (actor.clone(), networks.to_texts());
        self.store
            .write::<_, AccessError, _>(move |tx| {
                let (actor, texts) = (whose.clone(), texts.clone());
                Box::pin(async move { set_networks(tx, &actor, (&texts, now)).await })
            })
            .await?;
        self.forget_members(organization_id).await?;
        Ok(networks)
    }
}

async fn is_let_in(
    identity: &dyn ReadIdentity,
    organization_id: OrganizationId,
    ip: &str,
) -> Result<bool, AccessError> {
    let networks = identity.list_allowed_networks(organization_id).await?;
    Ok(AllowedNetworks::parse(&networks)?.allow(ip))
}

/// Stops a session that would move to where its address is not let in, and could not come back.
pub(crate) async fn require_let_in(
    identity: &dyn ReadIdentity,
    organization_id: OrganizationId,
    ip: &str,
) -> Result<(), AccessError> {
    if is_let_in(identity, organization_id, ip).await? {
        Ok(())
    } else {
        Err(AccessError::AddressNotAllowed { ip: ip.to_owned() })
    }
}

/// Where somebody who signs in from an address works first: in their personal organization, or in
/// the first that lets the address in. Where none does, the personal one tells them so.
pub(crate) async fn find_first_place(
    snapshot: &dyn ReadTx,
    user: &User,
    ip: &str,
) -> Result<Option<OrganizationId>, AccessError> {
    let places = snapshot.access().list_memberships(user.id).await?;
    let doors = Doors { identity: snapshot.identity(), closings: snapshot.closings() };
    doors.find_open(&places, ip).await
}

/// What says where an address is let in, of a snapshot or a transaction.
pub(crate) struct Doors<'a> {
    pub identity: &'a dyn ReadIdentity,
    pub closings: &'a dyn ReadClosings,
}

impl Doors<'_> {
    /// The first place that is not closed and lets the address in; where none does, the first.
    pub async fn find_open(
        &self,
        places: &[Membership],
        ip: &str,
    ) -> Result<Option<OrganizationId>, AccessError> {
        for place in places {
            let id = place.organization_id;
            let is_open = self.closings.find_closing(id).await?.is_none();
            if is_open && is_let_in(self.identity, id, ip).await? {
                return Ok(Some(id));
            }
        }
        Ok(places.first().map(|place| place.organization_id))
    }
}

impl Access {
    /// Where somebody new works first: in the organization that invited them, if it lets their
    /// address in, or else in their own.
    pub(crate) async fn place_newcomer(
        &self,
        invitation: Option<&Invitation>,
        own: OrganizationId,
        ip: &str,
    ) -> Result<OrganizationId, AccessError> {
        let Some(inviting) = invitation.map(|invitation| invitation.organization_id) else {
            return Ok(own);
        };
        let snapshot = self.store.read().await?;
        let is_let_in = is_let_in(snapshot.identity(), inviting, ip).await?;
        Ok(if is_let_in { inviting } else { own })
    }

    /// Lets an organization be used from everywhere again, whose list shuts its people out.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for anybody but administrators, [`AccessError::NotFound`],
    /// [`AccessError::Store`].
    pub async fn lift_allowed_networks(
        &self,
        actor: &Actor,
        organization_id: OrganizationId,
    ) -> Result<(), AccessError> {
        require(actor, Permission::Administer)?;
        let (whose, now) = (actor.clone(), self.clock.now());
        self.store
            .write::<_, AccessError, _>(move |tx| {
                let actor = whose.clone();
                Box::pin(async move { lift_networks(tx, &actor, (organization_id, now)).await })
            })
            .await?;
        self.forget_members(organization_id).await
    }
}

/// Forgets the networks of an organization, and notes what they were until then.
async fn lift_networks(
    tx: &dyn Tx,
    actor: &Actor,
    (id, now): (OrganizationId, Timestamp),
) -> Result<(), AccessError> {
    tx.access().lock_organization(id).await?;
    let place = tx.access().find_organization(id).await?;
    place.ok_or(AccessError::NotFound { what: "organization" })?;
    let before = tx.identity().list_allowed_networks(id).await?;
    tx.identity().set_allowed_networks(id, &[]).await?;
    let details = json!({ "before": { FIELD: before }, "after": { FIELD: [] } });
    let subject = format!("organization {id}");
    let about = ("organization.lift_networks", subject.as_str());
    for entry in actor.house_entries(id, about, details, now) {
        tx.audit().append(&entry).await?;
    }
    Ok(())
}

/// Sets the networks of the actor's organization, and notes what they were until then.
async fn set_networks(
    tx: &dyn Tx,
    actor: &Actor,
    (texts, now): (&[String], Timestamp),
) -> Result<(), AccessError> {
    let id = actor.organization_id;
    tx.access().lock_organization(id).await?;
    let before = tx.identity().list_allowed_networks(id).await?;
    tx.identity().set_allowed_networks(id, texts).await?;
    // A network may be somebody's own address, and is outside of the seals by this name.
    let details = json!({ "before": { FIELD: before }, "after": { FIELD: texts } });
    let subject = format!("organization {id}");
    let entry = actor.audit_entry("organization.allow_networks", &subject, details, now);
    Ok(tx.audit().append(&entry).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Result<AllowedNetworks, AccessError> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        AllowedNetworks::parse(&texts)
    }

    #[test]
    fn addresses_of_the_networks_are_let_in_and_no_others() {
        let allowed = networks(&["192.0.2.77/24", "2001:db8::/32", "198.51.100.7"]).unwrap();
        assert_eq!(allowed.to_texts(), ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7/32"]);
        for inside in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8:1::1", "198.51.100.7"] {
            assert!(allowed.allow(inside), "{inside}");
        }
        for outside in ["192.0.3.1", "198.51.100.8", "2001:db9::1", "", "nonsense"] {
            assert!(!allowed.allow(outside), "{outside}");
        }
    }

    #[test]
    fn an_empty_list_lets_everybody_in() {
        assert!(AllowedNetworks::default().allow("203.0.113.5"));
        assert!(AllowedNetworks::default().allow(""));
    }

    #[test]
    fn what_is_no_network_is_named() {
        let refused = networks(&["192.0.2.0/24", "10.0.0.0/33"]).unwrap_err();
        assert!(refused.to_string().contains("10.0.0.0/33"), "{refused}");
    }
}
