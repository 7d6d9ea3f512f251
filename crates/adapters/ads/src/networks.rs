//! What lists say of networks, and several sources as one.
//!
//! Invariants: a list is read whole or refused with its line; an address is looked up by the lengths
//! of prefixes that occur, at most 33 or 129, however long the lists are; without lists nothing is
//! known.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use gantry_ports::NetworkIntelligence;
use gantry_ports::rewards::NetworkReport;
use gantry_rules::fraud::NetworkMark;
use ipnet::IpNet;

/// A list of networks cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NetworkListsError {
    /// It cannot be read.
    #[error("the list of networks {} cannot be read: {reason}", file.display())]
    File {
        /// The list.
        file: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// A line is no network.
    #[error("{}, line {line}: `{text}` is no network; expected something like 192.0.2.0/24",
        file.display())]
    Line {
        /// The list.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
}

/// Lists of networks, by what they are known for.
#[derive(Debug, Default)]
pub struct NetworkLists {
    marks: HashMap<IpNet, BTreeSet<NetworkMark>>,
    /// The lengths of prefixes that occur among IPv4 and IPv6 networks.
    lengths: [BTreeSet<u8>; 2],
}

const fn family_of(address: IpAddr) -> usize {
    match address {
        IpAddr::V4(_) => 0,
        IpAddr::V6(_) => 1,
    }
}

impl NetworkLists {
    /// Reads lists: a network or an address a line, `#` begins a comment.
    ///
    /// # Errors
    /// [`NetworkListsError`].
    pub fn open(lists: &[(NetworkMark, PathBuf)]) -> Result<Self, NetworkListsError> {
        let mut read = Self::default();
        for (mark, file) in lists {
            let text = std::fs::read_to_string(file)
                .map_err(|reason| NetworkListsError::File { file: file.clone(), reason })?;
            read.add(*mark, &text, file)?;
        }
        Ok(read)
    }

    /// Adds a list, the text of `file`.
    ///
    /// # Errors
    /// [`NetworkListsError::Line`].
    pub fn add(
        &mut self,
        mark: NetworkMark,
        text: &str,
        file: &Path,
    ) -> Result<(), NetworkListsError> {
        for (place, line) in text.lines().enumerate() {
            let network = line.split('#').next().unwrap_or_default().trim();
            if network.is_empty() {
                continue;
            }
            let parsed = network.parse::<IpNet>().ok();
            let parsed = parsed.or_else(|| network.parse::<IpAddr>().ok().map(IpNet::from));
            let parsed = parsed.ok_or_else(|| NetworkListsError::Line {
                file: file.to_owned(),
                line: place + 1,
                text: network.chars().take(60).collect(),
            })?;
            let parsed = parsed.trunc();
            if let Some(lengths) = self.lengths.get_mut(family_of(parsed.addr())) {
                lengths.insert(parsed.prefix_len());
            }
            self.marks.entry(parsed).or_default().insert(mark);
        }
        Ok(())
    }

    /// What an address is known for.
    #[must_use]
    pub fn find(&self, address: IpAddr) -> Vec<NetworkMark> {
        let address = address.to_canonical();
        let lengths = self.lengths.get(family_of(address)).into_iter().flatten();
        let networks = lengths.filter_map(|length| IpNet::new(address, *length).ok());
        let marks = networks.filter_map(|network| self.marks.get(&network.trunc())).flatten();
        marks.copied().collect::<BTreeSet<_>>().into_iter().collect()
    }
}

#[async_trait]
impl NetworkIntelligence for NetworkLists {
    async fn look_up(&self, address: IpAddr) -> NetworkReport {
        NetworkReport { marks: self.find(address), unknown: None }
    }
}

/// What several sources know together.
#[derive(Default)]
pub struct Networks {
    sources: Vec<Arc<dyn NetworkIntelligence>>,
}

impl Networks {
    /// Asks these, one after the other.
    #[must_use]
    pub fn new(sources: Vec<Arc<dyn NetworkIntelligence>>) -> Self {
        Self { sources }
    }
}

#[async_trait]
impl NetworkIntelligence for Networks {
    async fn look_up(&self, address: IpAddr) -> NetworkReport {
        let mut marks = BTreeSet::new();
        let mut unknown = Vec::new();
        for source in &self.sources {
            let report = source.look_up(address).await;
            marks.extend(report.marks);
            unknown.extend(report.unknown);
        }
        if self.sources.is_empty() {
            unknown.push("nothing is set up that knows networks".to_owned());
        }
        let unknown = (!unknown.is_empty()).then(|| unknown.join("; "));
        NetworkReport { marks: marks.into_iter().collect(), unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(text: &str) -> Result<NetworkLists, NetworkListsError> {
        let mut lists = NetworkLists::default();
        lists.add(NetworkMark::Hosting, text, Path::new("hosting.txt"))?;
        Ok(lists)
    }

    #[test]
    fn every_network_around_an_address_counts() {
        let mut known = lists("# servers\n198.51.100.0/24\n2001:db8::/32 # all of it\n").unwrap();
        known.add(NetworkMark::Vpn, "198.51.100.7\n", Path::new("vpn.txt")).unwrap();
        let find = |ip: &str| known.find(ip.parse().unwrap());
        assert_eq!(find("198.51.100.8"), [NetworkMark::Hosting]);
        assert_eq!(find("198.51.100.7"), [NetworkMark::Hosting, NetworkMark::Vpn]);
        assert_eq!(find("::ffff:198.51.100.8"), [NetworkMark::Hosting]);
        assert_eq!(find("2001:db8:1::1"), [NetworkMark::Hosting]);
        assert!(find("198.51.101.8").is_empty());
        assert!(find("2001:db9::1").is_empty());
    }

    #[test]
    fn a_line_that_is_no_network_is_named() {
        let refused = lists("192.0.2.0/24\n\nexample.org\n").unwrap_err().to_string();
        assert!(refused.contains("hosting.txt, line 3: `example.org`"), "{refused}");
    }

    #[tokio::test]
    async fn without_sources_nothing_is_known() {
        let report = Networks::default().look_up("192.0.2.1".parse().unwrap()).await;
        assert!(report.marks.is_empty() && report.unknown.is_some());
    }
}
