//! How much a claim of credits for an ad looks like fraud.
//!
//! A claim's signals each weigh a stated part of a thousand; the score is their sum, at most a
//! thousand, and is told as a number from 0 to 1:
//!
//! | Signal | Weight | When |
//! |---|---|---|
//! | `blocked_device`, `blocked_network` | 1.00 | an administrator put it on the list |
//! | `tor` | 0.70 | the address is an exit of Tor |
//! | `automated_agent` | 0.70 | the program names itself as one that needs no person |
//! | `hosting`, `vpn`, `proxy` | 0.50 | the address belongs to such a network |
//! | `too_fast` | 0.50 | the ad was over sooner than an ad can be |
//! | `device_crowded` | 0.50 | the device claimed for three persons or more in 30 days |
//! | `no_agent` | 0.40 | the program does not say what it is |
//! | `abuse` | 0.30 | others told of abuse from the address lately |
//! | `device_shared` | 0.20 | the device claimed for two persons in 30 days |
//! | `network_crowded` | 0.20 | five persons or more claimed from the address within a day |
//! | `no_fingerprint` | 0.20 | the device does not say which one it is |
//! | `earlier_flags` | 0.15 each, at most three | claims that were flagged or blocked and not cleared |
//! | `near_limit` | 0.15 | address or device used four fifths of a limit |
//! | `fresh_account` | 0.10 | younger than a day, and its address is not proven |
//!
//! From 0.5 on a claim is flagged: its credits are given, and somebody looks at it. From 0.7 on it is
//! blocked: nothing is given. Invariants: another signal never lowers a score; the same evidence has
//! the same score.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Claims are flagged from this score on, in thousandths.
pub const FLAG_FROM: u16 = 500;
/// Claims are blocked from this score on, in thousandths.
pub const BLOCK_FROM: u16 = 700;
const MOST: u16 = 1_000;
/// Earlier flags beyond these weigh nothing more.
const MOST_FLAGS: u32 = 3;
/// A limit is near when this much of it is used, in thousandths.
const NEAR: u32 = 800;
const CROWD_ON_DEVICE: u32 = 3;
const CROWD_ON_NETWORK: u32 = 5;
const FRESH: Duration = Duration::from_hours(24);

/// Parts of the names of programs that need no person, in lower case.
const AUTOMATED: &[&str] = &[
    "headless",
    "phantomjs",
    "selenium",
    "webdriver",
    "puppeteer",
    "playwright",
    "curl/",
    "wget/",
    "python-requests",
    "python-urllib",
    "aiohttp",
    "go-http-client",
    "libwww-perl",
    "scrapy",
    "bot/",
    "spider",
    "crawler",
];

/// What a network is known for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkMark {
    /// Servers stand there, and people rarely do.
    Hosting,
    /// It hides who uses it, for whoever subscribes.
    Vpn,
    /// It hides who uses it.
    Proxy,
    /// An exit of Tor.
    Tor,
    /// Abuse came from there lately.
    Abuse,
}

/// What is on the list of what fraud came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// A device, by its fingerprint's digest.
    Device,
    /// A network.
    Network,
}

impl BlockKind {
    /// The word in the store and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Network => "network",
        }
    }
}

/// Something that speaks against a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// The device is on the list.
    BlockedDevice,
    /// The network is on the list.
    BlockedNetwork,
    /// An exit of Tor.
    Tor,
    /// A program that needs no person.
    AutomatedAgent,
    /// A network of servers.
    Hosting,
    /// A network that hides its users.
    Vpn,
    /// A machine that hides its users.
    Proxy,
    /// Sooner than an ad can be over.
    TooFast,
    /// A device of three persons or more.
    DeviceCrowded,
    /// A program without a name.
    NoAgent,
    /// Abuse came from the address lately.
    Abuse,
    /// A device of two persons.
    DeviceShared,
    /// An address of five persons or more.
    NetworkCrowded,
    /// A device that does not say which one it is.
    NoFingerprint,
    /// So many claims that were not cleared.
    EarlierFlags(u32),
    /// Close to a limit.
    NearLimit,
    /// A young account whose address is not proven.
    FreshAccount,
}

impl Signal {
    /// Its weight, in thousandths.
    #[must_use]
    pub fn weight(self) -> u16 {
        match self {
            Self::BlockedDevice | Self::BlockedNetwork => 1_000,
            Self::Tor | Self::AutomatedAgent => 700,
            Self::Hosting | Self::Vpn | Self::Proxy | Self::TooFast | Self::DeviceCrowded => 500,
            Self::NoAgent => 400,
            Self::Abuse => 300,
            Self::DeviceShared | Self::NetworkCrowded | Self::NoFingerprint => 200,
            Self::EarlierFlags(count) => {
                let counted = u16::try_from(count.min(MOST_FLAGS)).unwrap_or_default();
                counted.saturating_mul(150)
            }
            Self::NearLimit => 150,
            Self::FreshAccount => 100,
        }
    }

    /// The word in the store and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BlockedDevice => "blocked_device",
            Self::BlockedNetwork => "blocked_network",
            Self::Tor => "tor",
            Self::AutomatedAgent => "automated_agent",
            Self::Hosting => "hosting",
            Self::Vpn => "vpn",
            Self::Proxy => "proxy",
            Self::TooFast => "too_fast",
            Self::DeviceCrowded => "device_crowded",
            Self::NoAgent => "no_agent",
            Self::Abuse => "abuse",
            Self::DeviceShared => "device_shared",
            Self::NetworkCrowded => "network_crowded",
            Self::NoFingerprint => "no_fingerprint",
            Self::EarlierFlags(_) => "earlier_flags",
            Self::NearLimit => "near_limit",
            Self::FreshAccount => "fresh_account",
        }
    }
}

/// How much a claim looks like fraud, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FraudScore(u16);

impl FraudScore {
    /// Takes thousandths from a store column; more than all is all.
    #[must_use]
    pub fn from_thousandths(thousandths: u16) -> Self {
        Self(thousandths.min(MOST))
    }

    /// Thousandths, for a store column.
    #[must_use]
    pub const fn thousandths(self) -> u16 {
        self.0
    }

    /// The number from 0 to 1 that people are told.
    #[must_use]
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / f64::from(MOST)
    }

    /// What follows from it.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        if self.0 >= BLOCK_FROM {
            Verdict::Block
        } else if self.0 >= FLAG_FROM {
            Verdict::Flag
        } else {
            Verdict::Allow
        }
    }
}

/// What becomes of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The credits are given.
    Allow,
    /// The credits are given, and somebody looks at it.
    Flag,
    /// Nothing is given.
    Block,
}

impl Verdict {
    /// The word in the store and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Flag => "flag",
            Self::Block => "block",
        }
    }
}

/// What is known of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceEvidence {
    /// It did not say which one it is.
    Unknown,
    /// It did, and claimed for so many persons in 30 days, this one included.
    Known {
        /// Persons.
        persons: u32,
    },
}

/// What is known of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountEvidence {
    /// How long ago it was made.
    pub age: Duration,
    /// Whether its address is proven.
    pub proven: bool,
    /// Its claims that were flagged or blocked, and that nobody has cleared.
    pub flags: u32,
}

/// All that a score depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// What the network is known for.
    pub network: &'a [NetworkMark],
    /// Which of device and network are on the list.
    pub blocked: &'a [BlockKind],
    /// How the program names itself; empty when it does not.
    pub agent: &'a str,
    /// The device.
    pub device: DeviceEvidence,
    /// Persons that claimed from the address within a day, this one included.
    pub persons_on_address: u32,
    /// How long the ad lasted, from the order of it to its end.
    pub watched: Duration,
    /// No ad is shorter.
    pub shortest_ad: Duration,
    /// How close address and device are to their limits, in thousandths.
    pub pressure: u32,
    /// The account.
    pub account: AccountEvidence,
}

/// The signals of a claim, each once.
#[must_use]
pub fn derive_signals(evidence: &Evidence<'_>) -> Vec<Signal> {
    let mut signals = list_listed(evidence);
    signals.extend(find_agent_signal(evidence.agent));
    if evidence.watched < evidence.shortest_ad {
        signals.push(Signal::TooFast);
    }
    match evidence.device {
        DeviceEvidence::Unknown => signals.push(Signal::NoFingerprint),
        DeviceEvidence::Known { persons } if persons >= CROWD_ON_DEVICE => {
            signals.push(Signal::DeviceCrowded);
        }
        DeviceEvidence::Known { persons } if persons > 1 => signals.push(Signal::DeviceShared),
        DeviceEvidence::Known { .. } => {}
    }
    if evidence.persons_on_address >= CROWD_ON_NETWORK {
        signals.push(Signal::NetworkCrowded);
    }
    if evidence.pressure >= NEAR {
        signals.push(Signal::NearLimit);
    }
    let AccountEvidence { age, proven, flags } = evidence.account;
    if flags > 0 {
        signals.push(Signal::EarlierFlags(flags));
    }
    if age < FRESH && !proven {
        signals.push(Signal::FreshAccount);
    }
    signals
}

/// What lists say of device and network.
fn list_listed(evidence: &Evidence<'_>) -> Vec<Signal> {
    let blocked = evidence.blocked.iter().map(|kind| match kind {
        BlockKind::Device => Signal::BlockedDevice,
        BlockKind::Network => Signal::BlockedNetwork,
    });
    let known = evidence.network.iter().map(|mark| match mark {
        NetworkMark::Hosting => Signal::Hosting,
        NetworkMark::Vpn => Signal::Vpn,
        NetworkMark::Proxy => Signal::Proxy,
        NetworkMark::Tor => Signal::Tor,
        NetworkMark::Abuse => Signal::Abuse,
    });
    let mut signals: Vec<Signal> = blocked.chain(known).collect();
    signals.sort_unstable();
    signals.dedup();
    signals
}

fn find_agent_signal(agent: &str) -> Option<Signal> {
    let agent = agent.trim().to_lowercase();
    if agent.is_empty() {
        return Some(Signal::NoAgent);
    }
    AUTOMATED.iter().any(|part| agent.contains(part)).then_some(Signal::AutomatedAgent)
}

/// The score of some signals.
#[must_use]
pub fn derive_score(signals: &[Signal]) -> FraudScore {
    let sum = signals.iter().fold(0_u16, |sum, signal| sum.saturating_add(signal.weight()));
    FraudScore::from_thousandths(sum)
}
