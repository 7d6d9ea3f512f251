//! What an organization earns by bringing another one, and when.
//!
//! The policy: both sides are given credits once the newcomer's address is verified, or once their
//! first payment was received, as the edition says; the newcomer always needs a verified address.
//! Nobody is rewarded for themselves, and an organization is rewarded so many times a month; the
//! newcomer's welcome does not depend on that limit. Invariant: a referral is decided once.

use std::time::Duration;

use gantry_types::Credits;

/// When a referral is rewarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RewardedWhen {
    /// Once the newcomer's address is verified.
    Verified,
    /// Once a payment of theirs was received, too.
    FirstPayment,
}

/// What referrals bring in an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferralTerms {
    /// Credits of who referred; at least one of both is there.
    pub reward: Option<Credits>,
    /// Credits of who was referred.
    pub welcome: Option<Credits>,
    /// When they are given.
    pub when: RewardedWhen,
    /// How many referrals of one organization are rewarded in a calendar month, in UTC.
    pub most_per_month: u32,
    /// After how long what is left of them expires.
    pub expires_after: Option<Duration>,
}

/// What is known of a referral when it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferralFacts {
    /// The newcomer's address is verified.
    pub verified: bool,
    /// A payment of the newcomer's organization was received, and not given back.
    pub has_paid: bool,
    /// The newcomer is the same person as somebody of the organization that referred them, or
    /// belongs to it by now.
    pub same_side: bool,
    /// How many referrals of the organization were rewarded in this month.
    pub rewarded_this_month: u32,
}

/// What becomes of a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferralStep {
    /// It waits.
    Wait,
    /// Nobody is given anything, ever.
    Refuse,
    /// It ends: both are given what there is for them.
    Reward {
        /// For who referred; zero beyond the limit of the month.
        reward: Credits,
        /// For who was referred.
        welcome: Credits,
    },
}

/// Decides on a referral that waits.
#[must_use]
pub fn derive_step(terms: &ReferralTerms, facts: ReferralFacts) -> ReferralStep {
    if facts.same_side {
        return ReferralStep::Refuse;
    }
    let is_due = match terms.when {
        RewardedWhen::Verified => facts.verified,
        RewardedWhen::FirstPayment => facts.verified && facts.has_paid,
    };
    if !is_due {
        return ReferralStep::Wait;
    }
    let within = facts.rewarded_this_month < terms.most_per_month;
    let reward = terms.reward.filter(|_| within).unwrap_or(Credits::ZERO);
    ReferralStep::Reward { reward, welcome: terms.welcome.unwrap_or(Credits::ZERO) }
}

/// Whether two addresses are read by the same person, as far as one can tell: letters' case and
/// what follows a `+` make no other person.
#[must_use]
pub fn is_same_reader(one: &str, other: &str) -> bool {
    let plain = |address: &str| {
        let address = address.trim().to_lowercase();
        match address.rsplit_once('@') {
            Some((name, host)) => {
                let name = name.split_once('+').map_or(name, |(before, _)| before);
                format!("{name}@{host}")
            }
            None => address,
        }
    };
    plain(one) == plain(other)
}

/// An address that others may see: its first letter and its host.
#[must_use]
pub fn mask_address(address: &str) -> String {
    match (address.chars().next(), address.rsplit_once('@')) {
        (Some(first), Some((_, host))) => format!("{first}…@{host}"),
        (Some(_) | None, Some(_) | None) => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TERMS: ReferralTerms = ReferralTerms {
        reward: Some(Credits::new(50)),
        welcome: Some(Credits::new(20)),
        when: RewardedWhen::FirstPayment,
        most_per_month: 2,
        expires_after: None,
    };
    const DUE: ReferralFacts =
        ReferralFacts { verified: true, has_paid: true, same_side: false, rewarded_this_month: 0 };

    #[test]
    fn a_referral_waits_for_its_condition() {
        let unverified = ReferralFacts { verified: false, ..DUE };
        let unpaid = ReferralFacts { has_paid: false, ..DUE };
        assert_eq!(derive_step(&TERMS, unverified), ReferralStep::Wait);
        assert_eq!(derive_step(&TERMS, unpaid), ReferralStep::Wait);
        let both = ReferralStep::Reward { reward: Credits::new(50), welcome: Credits::new(20) };
        assert_eq!(derive_step(&TERMS, DUE), both);
        let early = ReferralTerms { when: RewardedWhen::Verified, ..TERMS };
        assert_eq!(derive_step(&early, unpaid), both);
        assert_eq!(derive_step(&early, unverified), ReferralStep::Wait);
    }

    #[test]
    fn beyond_the_limit_only_the_newcomer_is_welcomed() {
        let late = ReferralFacts { rewarded_this_month: 2, ..DUE };
        let welcome = Credits::new(20);
        let step = ReferralStep::Reward { reward: Credits::ZERO, welcome };
        assert_eq!(derive_step(&TERMS, late), step);
    }

    #[test]
    fn addresses_of_one_reader_are_known_and_masked() {
        assert!(is_same_reader("Ada+x@Example.org", "ada@example.org"));
        assert!(!is_same_reader("ada@example.org", "ada@example.com"));
        assert_eq!(mask_address("ada@example.org"), "a…@example.org");
        assert_eq!(mask_address(""), "…");
        assert_eq!(mask_address("nobody"), "…");
    }

    proptest! {
        #[test]
        fn nobody_earns_by_themselves_or_unverified(
            verified in any::<bool>(),
            has_paid in any::<bool>(),
            same_side in any::<bool>(),
            rewarded_this_month in 0..5_u32,
        ) {
            let facts = ReferralFacts { verified, has_paid, same_side, rewarded_this_month };
            let step = derive_step(&TERMS, facts);
            let rewards = matches!(step, ReferralStep::Reward { .. });
            prop_assert_eq!(rewards, verified && has_paid && !same_side);
        }
    }
}
