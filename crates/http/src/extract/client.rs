//! Where a request comes from.
//!
//! Invariant: what a client says about its own address is believed only when a trusted proxy
//! passes it on.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};
use gantry_access::{Client, household_of};
use gantry_types::Locale;

use crate::state::HttpSettings;

/// The other end of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its network address.
    pub ip: IpAddr,
    /// Whether the browser sees `https`.
    pub scheme: Scheme,
}

/// How the browser reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Encrypted.
    Https,
}

impl Peer {
    /// The address as one household has it: IPv6 networks of 64 bits count as one.
    pub fn network(&self) -> IpAddr {
        household_of(self.ip)
    }

    /// For the use-cases of access.
    pub fn client(&self, headers: &HeaderMap) -> Client {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        Client {
            ip: self.ip.to_string(),
            user_agent: text(header::USER_AGENT).to_owned(),
            locale: Locale::negotiate(text(header::ACCEPT_LANGUAGE)),
        }
    }
}

/// Reads the peer off a request.
pub fn derive_peer(settings: &HttpSettings, headers: &HeaderMap, extensions: &Extensions) -> Peer {
    let connected = extensions.get::<ConnectInfo<SocketAddr>>();
    let direct = connected.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
    let direct = direct.to_canonical();
    let is_public_https =
        settings.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    let by_setting = if is_public_https { Scheme::Https } else { Scheme::Http };
    if !settings.trusted_proxies.contains(&direct) {
        return Peer { ip: direct, scheme: by_setting };
    }
    let is_https = header_words(headers, "x-forwarded-proto").last() == Some("https");
    let forwarded: Vec<IpAddr> =
        header_words(headers, "x-forwarded-for").filter_map(|word| word.parse().ok()).collect();
    let stranger = forwarded.iter().rev().find(|ip| !settings.trusted_proxies.contains(ip));
    Peer {
        ip: stranger.copied().unwrap_or(direct),
        scheme: if is_https { Scheme::Https } else { by_setting },
    }
}

fn header_words<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> impl DoubleEndedIterator<Item = &'a str> {
    let values: Vec<&str> =
        headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    values.into_iter().flat_map(|value| value.split(',')).map(str::trim)
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let unknown = Self { ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED), scheme: Scheme::Http };
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(unknown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn peer(direct: &str, forwarded: &'static str) -> String {
        let settings = HttpSettings {
            trusted_proxies: vec!["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()],
            ..HttpSettings::default()
        };
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static(forwarded));
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(direct.parse().unwrap(), 1)));
        derive_peer(&settings, &headers, &extensions).ip.to_string()
    }

    #[test]
    fn forwarded_addresses_count_only_behind_a_trusted_proxy() {
        assert_eq!(peer("203.0.113.9", "198.51.100.7"), "203.0.113.9");
        assert_eq!(peer("10.0.0.1", "198.51.100.7"), "198.51.100.7");
        assert_eq!(peer("10.0.0.1", "192.0.2.1, 198.51.100.7, 10.0.0.2"), "198.51.100.7");
        assert_eq!(peer("10.0.0.1", "nonsense"), "10.0.0.1");
        assert_eq!(peer("::ffff:10.0.0.1", "198.51.100.7"), "198.51.100.7");
    }

    #[test]
    fn a_household_of_ipv6_counts_once() {
        let peer = |ip: &str| Peer { ip: ip.parse().unwrap(), scheme: Scheme::Http };
        assert_eq!(peer("2001:db8:1:2:3::4").network(), peer("2001:db8:1:2::9").network());
        assert_ne!(peer("2001:db8:1:2::").network(), peer("2001:db8:1:3::").network());
        assert_ne!(peer("192.0.2.1").network(), peer("192.0.2.2").network());
    }
}
