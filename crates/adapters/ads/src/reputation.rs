//! What a service says of an address, in the shape of IPQualityScore's: a GET of
//! `{base}/json/ip/{key}/{address}`.
//!
//! Invariants: an address is asked about once an hour; a service that does not answer is left alone
//! for a minute, and its silence speaks against nobody; private addresses are not asked about.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gantry_ports::rewards::NetworkReport;
use gantry_ports::{Clock, NetworkIntelligence};
use gantry_rules::fraud::NetworkMark;
use gantry_types::Timestamp;
use serde::Deserialize;

use crate::AdsSetupError;
use crate::wire::{Wire, is_private};

/// Where IPQualityScore is.
pub const REPUTATION_API: &str = "https://ipqualityscore.com/api";

const PATIENCE: Duration = Duration::from_secs(3);
const KEPT: Duration = Duration::from_hours(1);
const PAUSE: Duration = Duration::from_mins(1);
/// Addresses that are remembered.
const MANY: usize = 10_000;
/// The service's own score, of a hundred, from which it speaks of abuse.
const HIGH_SCORE: f64 = 85.0;

/// What it takes to ask the service.
#[derive(Clone, PartialEq, Eq)]
pub struct ReputationSettings {
    /// The key.
    pub key: String,
    /// Where the service is.
    pub base: String,
}

#[derive(Deserialize)]
struct AnswerShape {
    success: bool,
    #[serde(default)]
    fraud_score: f64,
    #[serde(default)]
    vpn: bool,
    #[serde(default)]
    proxy: bool,
    #[serde(default)]
    tor: bool,
    #[serde(default)]
    is_crawler: bool,
    #[serde(default)]
    bot_status: bool,
    #[serde(default)]
    recent_abuse: bool,
    #[serde(default)]
    connection_type: Option<String>,
}

impl AnswerShape {
    fn marks(&self) -> Vec<NetworkMark> {
        let is_hosting = self.connection_type.as_deref() == Some("Data Center");
        let is_abused = self.recent_abuse
            || self.bot_status
            || self.is_crawler
            || self.fraud_score >= HIGH_SCORE;
        // The service calls what is a VPN or Tor a proxy, too.
        let is_proxy = self.proxy && !self.vpn && !self.tor;
        let told = [
            (is_hosting, NetworkMark::Hosting),
            (self.vpn, NetworkMark::Vpn),
            (is_proxy, NetworkMark::Proxy),
            (self.tor, NetworkMark::Tor),
            (is_abused, NetworkMark::Abuse),
        ];
        told.into_iter().filter_map(|(is_so, mark)| is_so.then_some(mark)).collect()
    }
}

#[derive(Default)]
struct Memory {
    reports: HashMap<IpAddr, (NetworkReport, Timestamp)>,
    silent_until: Option<Timestamp>,
}

/// A service that knows addresses.
pub struct Reputation {
    wire: Wire,
    settings: ReputationSettings,
    clock: Arc<dyn Clock>,
    memory: Mutex<Memory>,
}

impl Reputation {
    /// Asks the service at `settings`.
    ///
    /// # Errors
    /// [`AdsSetupError`] without a key, and for an address in the clear.
    pub fn new(settings: ReputationSettings, clock: Arc<dyn Clock>) -> Result<Self, AdsSetupError> {
        let is_word = settings.key.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        if settings.key.is_empty() || !is_word {
            return Err(AdsSetupError::Missing { name: "key" });
        }
        if !is_private(&settings.base) {
            return Err(AdsSetupError::Open { url: settings.base });
        }
        let base = settings.base.trim_end_matches('/').to_owned();
        let settings = ReputationSettings { base, ..settings };
        let wire = Wire::new(&settings.base, PATIENCE);
        Ok(Self { wire, settings, clock, memory: Mutex::default() })
    }

    /// What is remembered: a report, or that the service was silent a moment ago.
    fn recall(&self, address: IpAddr, now: Timestamp) -> Option<NetworkReport> {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((report, at)) = memory.reports.get(&address)
            && now.since(*at) < KEPT
        {
            return Some(report.clone());
        }
        let is_silent = memory.silent_until.is_some_and(|until| now < until);
        is_silent.then(|| unknown("the service did not answer a moment ago"))
    }

    fn remember(&self, address: IpAddr, report: &NetworkReport, now: Timestamp) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if report.unknown.is_some() {
            memory.silent_until = Some(now.plus(PAUSE));
            return;
        }
        if memory.reports.len() >= MANY {
            memory.reports.retain(|_, (_, at)| now.since(*at) < KEPT);
        }
        if memory.reports.len() >= MANY {
            memory.reports.clear();
        }
        memory.reports.insert(address, (report.clone(), now));
    }
}

fn unknown(reason: &str) -> NetworkReport {
    NetworkReport { marks: Vec::new(), unknown: Some(format!("reputation: {reason}")) }
}

/// Whether an address is one that only its own network knows.
const fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => {
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified()
        }
        IpAddr::V6(ip) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
        }
    }
}

#[async_trait]
impl NetworkIntelligence for Reputation {
    async fn look_up(&self, address: IpAddr) -> NetworkReport {
        let address = address.to_canonical();
        if is_local(address) {
            return unknown("the address is a private one");
        }
        let now = self.clock.now();
        if let Some(report) = self.recall(address, now) {
            return report;
        }
        let url = format!("{}/json/ip/{}/{address}", self.settings.base, self.settings.key);
        let report = match self.wire.get::<AnswerShape>(url).await {
            Ok(answer) if answer.success => NetworkReport { marks: answer.marks(), unknown: None },
            Ok(_) => unknown("the service refuses to answer"),
            Err(reason) => unknown(reason),
        };
        self.remember(address, &report, now);
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_marks() {
        let read = |text: &str| serde_json::from_str::<AnswerShape>(text).unwrap().marks();
        assert_eq!(read(r#"{"success":true,"fraud_score":0}"#), []);
        let vpn = r#"{"success":true,"proxy":true,"vpn":true,"fraud_score":90}"#;
        assert_eq!(read(vpn), [NetworkMark::Vpn, NetworkMark::Abuse]);
        let hosting = r#"{"success":true,"proxy":true,"connection_type":"Data Center"}"#;
        assert_eq!(read(hosting), [NetworkMark::Hosting, NetworkMark::Proxy]);
        assert_eq!(read(r#"{"success":true,"tor":true,"proxy":true}"#), [NetworkMark::Tor]);
    }

    #[test]
    fn addresses_of_this_network_are_not_asked_about() {
        for ip in ["127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "fe80::1", "fd00::1"] {
            assert!(is_local(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["198.51.100.1", "2001:db8::1"] {
            assert!(!is_local(ip.parse().unwrap()), "{ip}");
        }
    }
}
