//! How often credits may be earned by watching ads.
//!
//! Three things are counted, each per hour and per day in UTC: the claims of a person, of a network
//! address and of a device. Every decided claim counts, whatever its verdict was. Besides, two claims
//! of a person lie a cooldown apart. Invariants: a refusal names the moment from which the same claim
//! is let through, as far as this limit is concerned; of several limits the one that ends last is
//! told.

use std::time::Duration;

use gantry_types::{Credits, Timestamp};
use serde::{Deserialize, Serialize};

use crate::period::{derive_day, derive_hour};

/// How many claims one source may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Velocity {
    /// In an hour in UTC.
    pub per_hour: u32,
    /// In a day in UTC.
    pub per_day: u32,
}

/// What an edition gives for ads, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RewardTerms {
    /// Credits for each ad.
    pub credits: Credits,
    /// After how long what is left of them expires; `None` never.
    pub expires_after: Option<Duration>,
    /// Between two claims of a person.
    pub cooldown: Duration,
    /// No ad is shorter.
    pub shortest_ad: Duration,
    /// Claims of a person.
    pub person: Velocity,
    /// Claims from a network address.
    pub address: Velocity,
    /// Claims by a device.
    pub device: Velocity,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// A person.
    Person,
    /// A network address.
    Address,
    /// A device.
    Device,
}

impl Counted {
    /// The word in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Address => "address",
            Self::Device => "device",
        }
    }
}

/// Claims that were decided before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClaimCount {
    /// In the present hour.
    pub hour: u32,
    /// In the present day.
    pub day: u32,
}

/// All that a claim is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClaimCounts {
    /// Of the person.
    pub person: ClaimCount,
    /// From the network address.
    pub address: ClaimCount,
    /// By the device; zero when it is not known.
    pub device: ClaimCount,
    /// When the person last claimed.
    pub last: Option<Timestamp>,
}

/// Why there is nothing to be earned now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RewardLimit {
    /// The last claim was a moment ago.
    Cooldown,
    /// Too many in this hour.
    Hour(Counted),
    /// Too many on this day.
    Day(Counted),
}

impl RewardLimit {
    /// The word in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cooldown => "cooldown",
            Self::Hour(Counted::Person) => "person_per_hour",
            Self::Hour(Counted::Address) => "address_per_hour",
            Self::Hour(Counted::Device) => "device_per_hour",
            Self::Day(Counted::Person) => "person_per_day",
            Self::Day(Counted::Address) => "address_per_day",
            Self::Day(Counted::Device) => "device_per_day",
        }
    }
}

/// A claim comes too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RewardRefusal {
    /// Which limit.
    pub limit: RewardLimit,
    /// Until when.
    pub until: Timestamp,
    /// How many ads the person can still earn by today.
    pub remaining: u32,
}

/// How many ads a person can still earn by today.
#[must_use]
pub fn count_remaining(terms: &RewardTerms, counts: &ClaimCounts) -> u32 {
    terms.person.per_day.saturating_sub(counts.person.day)
}

/// Decides whether a claim is let through at `now`.
///
/// # Errors
/// [`RewardRefusal`] with the limit that ends last.
pub fn admit_claim(
    terms: &RewardTerms,
    counts: &ClaimCounts,
    now: Timestamp,
) -> Result<(), RewardRefusal> {
    let (hour_ends, day_ends) = (derive_hour(now).end, derive_day(now).end);
    let measured = [
        (Counted::Person, terms.person, counts.person),
        (Counted::Address, terms.address, counts.address),
        (Counted::Device, terms.device, counts.device),
    ];
    let mut refused: Option<(RewardLimit, Timestamp)> = None;
    let mut refuse = |limit: RewardLimit, until: Timestamp| {
        if refused.is_none_or(|(_, before)| before < until) {
            refused = Some((limit, until));
        }
    };
    if let Some(last) = counts.last {
        let free = last.plus(terms.cooldown);
        if now < free {
            refuse(RewardLimit::Cooldown, free);
        }
    }
    for (counted, velocity, count) in measured {
        if count.hour >= velocity.per_hour {
            refuse(RewardLimit::Hour(counted), hour_ends);
        }
        if count.day >= velocity.per_day {
            refuse(RewardLimit::Day(counted), day_ends);
        }
    }
    match refused {
        None => Ok(()),
        Some((limit, until)) => {
            Err(RewardRefusal { limit, until, remaining: count_remaining(terms, counts) })
        }
    }
}

/// How close a source is to its limits, in thousandths of the closest one.
#[must_use]
pub fn derive_pressure(velocity: Velocity, count: ClaimCount) -> u32 {
    let share = |used: u32, limit: u32| {
        let share = u64::from(used) * 1_000 / u64::from(limit.max(1));
        u32::try_from(share).unwrap_or(u32::MAX)
    };
    share(count.hour, velocity.per_hour).max(share(count.day, velocity.per_day))
}
