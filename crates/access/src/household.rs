//! A network address as what it stands for when something is counted.
//!
//! Invariant: pure; an address of IPv6 counts as its network of 64 bits, which is one household, so
//! that nobody has more tries by changing to the next address of their own.

use std::net::{IpAddr, Ipv6Addr};

/// The address, or the network of 64 bits that it lies in.
#[must_use]
pub fn household_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_household_of_ipv6_counts_once() {
        let household = |ip: &str| household_of(ip.parse().unwrap()).to_string();
        assert_eq!(household("2001:db8:1:2:3::4"), "2001:db8:1:2::");
        assert_eq!(household("2001:db8:1:3::4"), "2001:db8:1:3::");
        assert_eq!(household("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(household("192.0.2.2"), "192.0.2.2");
    }
}
