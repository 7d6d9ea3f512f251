//! Where a claim comes from: address and device.
//!
//! Invariants: an address of IPv6 counts as its network of 64 bits, which is one household; of a
//! device's fingerprint nothing is kept but a digest.

use std::net::IpAddr;

use gantry_access::household_of;
use gantry_ports::StoreError;
use gantry_ports::store::{ClaimSource, ReadRewards, WriteRewards};
use gantry_rules::period::{derive_day, derive_hour};
use gantry_rules::rewards::{ClaimCount, ClaimCounts};
use gantry_types::{Timestamp, UserId};
use ipnet::IpNet;
use sha2::{Digest, Sha256};

use crate::error::RewardsError;

const SHORTEST_FINGERPRINT: usize = 8;
const LONGEST_FINGERPRINT: usize = 1_024;

/// Where a claim comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub user_id: UserId,
    /// As it is kept: an address, or a network of 64 bits.
    pub address: String,
    pub device: Option<String>,
}

/// An address as it is kept and counted.
pub(crate) fn derive_address(ip: IpAddr) -> String {
    match household_of(ip) {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(network) => format!("{network}/64"),
    }
}

/// Every network around an address, in the words of the list of what fraud came from.
pub(crate) fn list_networks_around(ip: IpAddr) -> Vec<String> {
    let ip = ip.to_canonical();
    let longest: u8 = if ip.is_ipv4() { 32 } else { 128 };
    let network = |length: u8| IpNet::new(ip, length).ok().map(|network| network.trunc());
    (0..=longest).filter_map(network).map(|network| network.to_string()).collect()
}

/// A network in the words of the list.
///
/// # Errors
/// [`RewardsError::Invalid`] for what is none, or so large that it holds bystanders.
pub(crate) fn parse_network(text: &str) -> Result<String, RewardsError> {
    let text = text.trim();
    let network = text.parse::<IpNet>().ok();
    let network = network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let shown: String = text.chars().take(60).collect();
    let Some(network) = network.map(|network| network.trunc()) else {
        let message = format!("`{shown}` is no network; expected something like 192.0.2.0/24");
        return Err(RewardsError::Invalid { field: "value", message });
    };
    let shortest = if network.addr().is_ipv4() { 8 } else { 19 };
    if network.prefix_len() < shortest {
        let message = format!("`{shown}` holds too many; the prefix has at least {shortest} bits");
        return Err(RewardsError::Invalid { field: "value", message });
    }
    Ok(network.to_string())
}

/// The digest of a fingerprint.
///
/// # Errors
/// [`RewardsError::Invalid`] for one that is too short to tell devices apart, or too long.
pub(crate) fn digest_fingerprint(text: &str) -> Result<String, RewardsError> {
    let text = text.trim();
    if !(SHORTEST_FINGERPRINT..=LONGEST_FINGERPRINT).contains(&text.len()) {
        let message =
            format!("has {SHORTEST_FINGERPRINT} to {LONGEST_FINGERPRINT} bytes, or is left out");
        return Err(RewardsError::Invalid { field: "fingerprint", message });
    }
    Ok(hex::encode(Sha256::digest(text.as_bytes())))
}

/// Makes whoever else claims from the same place wait until the transaction ends.
pub(crate) async fn lock_place(
    rewards: &dyn WriteRewards,
    place: &Place,
) -> Result<(), StoreError> {
    rewards.lock_claims(&ClaimSource::Person(place.user_id)).await?;
    rewards.lock_claims(&ClaimSource::Address(place.address.clone())).await?;
    match &place.device {
        Some(device) => rewards.lock_claims(&ClaimSource::Device(device.clone())).await,
        None => Ok(()),
    }
}

/// What was claimed from a place in the present hour and day.
pub(crate) async fn count_claims(
    rewards: &dyn ReadRewards,
    place: &Place,
    now: Timestamp,
) -> Result<ClaimCounts, StoreError> {
    let person = ClaimSource::Person(place.user_id);
    let address = ClaimSource::Address(place.address.clone());
    let device = match &place.device {
        Some(device) => count(rewards, &ClaimSource::Device(device.clone()), now).await?,
        None => ClaimCount::default(),
    };
    Ok(ClaimCounts {
        person: count(rewards, &person, now).await?,
        address: count(rewards, &address, now).await?,
        device,
        last: rewards.find_last_claim(place.user_id).await?,
    })
}

async fn count(
    rewards: &dyn ReadRewards,
    source: &ClaimSource,
    now: Timestamp,
) -> Result<ClaimCount, StoreError> {
    Ok(ClaimCount {
        hour: rewards.count_claims(source, derive_hour(now).start).await?,
        day: rewards.count_claims(source, derive_day(now).start).await?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_household_of_ipv6_counts_once() {
        assert_eq!(derive_address(ip("192.0.2.7")), "192.0.2.7");
        assert_eq!(derive_address(ip("::ffff:192.0.2.7")), "192.0.2.7");
        assert_eq!(derive_address(ip("2001:db8:1:2:3::4")), "2001:db8:1:2::/64");
        assert_eq!(parse_network("2001:db8:1:2::/64").unwrap(), "2001:db8:1:2::/64");
    }

    #[test]
    fn the_networks_around_an_address_hold_what_the_list_says() {
        let around = list_networks_around(ip("192.0.2.7"));
        assert_eq!(around.len(), 33);
        for text in ["192.0.2.7", "192.0.2.0/24", "192.0.0.0/16"] {
            assert!(around.contains(&parse_network(text).unwrap()), "{text}");
        }
        assert_eq!(list_networks_around(ip("2001:db8::1")).len(), 129);
    }

    #[test]
    fn what_is_no_network_or_too_large_is_refused() {
        for text in ["", "example.org", "0.0.0.0/0", "10.0.0.0/33", "::/0"] {
            assert!(parse_network(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_fingerprint_is_kept_as_its_digest() {
        let digest = digest_fingerprint("0123456789abcdef").unwrap();
        assert_eq!((digest.len(), digest.contains("0123456789abcdef")), (64, false));
        assert!(digest_fingerprint("short").is_err());
        assert!(digest_fingerprint(&"x".repeat(2_000)).is_err());
    }
}
