//! Where people may be sent back to.
//!
//! Invariant: an address that is taken is encrypted or of the same machine, has no fragment, and
//! has an origin that can stand in a header.

use crate::error::AccessError;

const LONGEST: usize = 500;
/// Addresses of one client.
const MOST: usize = 10;
const FIELD: &str = "redirect_uris";

/// Checks the addresses of a client.
///
/// # Errors
/// [`AccessError::Invalid`].
pub(super) fn check_redirects(uris: Vec<String>) -> Result<Vec<String>, AccessError> {
    if uris.len() > MOST {
        let message = format!("has more than {MOST} addresses; leave some out");
        return Err(AccessError::invalid(FIELD, message));
    }
    match uris.iter().find(|uri| !is_good(uri)) {
        Some(wrong) => {
            let shown: String = wrong.chars().take(100).collect();
            let message = format!(
                "has `{shown}`, which is not taken; give https://…, or http:// with 127.0.0.1, \
                 [::1] or localhost, without `#`"
            );
            Err(AccessError::invalid(FIELD, message))
        }
        None => Ok(uris),
    }
}

fn is_good(uri: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !b"#\\\"'<>`{}|^".contains(&byte);
    if uri.len() > LONGEST || !uri.bytes().all(allowed) {
        return false;
    }
    let Some((scheme, authority)) = split(uri) else { return false };
    let of_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    if authority.is_empty() || !authority.bytes().all(of_host) {
        return false;
    }
    match scheme {
        "https" => true,
        "http" => is_loopback(authority),
        _ => false,
    }
}

/// Whether an address is of the machine that the browser runs on (RFC 8252, 7.3).
fn is_loopback(authority: &str) -> bool {
    ["127.0.0.1", "[::1]", "localhost"].iter().any(|host| {
        authority.strip_prefix(host).is_some_and(|port| {
            port.is_empty()
                || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
        })
    })
}

/// The scheme, and what stands before the path.
fn split(uri: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = uri.split_once("://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    Some((scheme, rest.get(..end)?))
}

/// The origin of an address that was taken, for the policy of the page that leads there.
#[must_use]
pub fn origin_of_redirect(uri: &str) -> Option<String> {
    let (scheme, authority) = split(uri)?;
    is_good(uri).then(|| format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_encrypted_addresses_and_those_of_the_same_machine_are_taken() {
        for good in [
            "https://app.example/callback",
            "https://app.example:8443/cb?from=gantry",
            "http://127.0.0.1:9000/cb",
            "http://localhost/cb",
            "http://[::1]:80",
        ] {
            assert!(is_good(good), "{good}");
        }
        for bad in [
            "",
            "app.example/cb",
            "http://app.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://localhost:99999/cb",
            "http://localhost@evil.example/",
            "https://a@b.example/",
            "https:///cb",
            "https://app.example/cb#x",
            "https://app.example/c b",
            "https://app.example;x/",
            "javascript://x/alert(1)",
            "com.example.app:/cb",
        ] {
            assert!(!is_good(bad), "{bad}");
        }
        assert_eq!(
            origin_of_redirect("http://127.0.0.1:9000/cb?x").as_deref(),
            Some("http://127.0.0.1:9000")
        );
        assert_eq!(origin_of_redirect("ftp://x/"), None);
        assert!(check_redirects(vec!["https://a.example/".to_owned(); 11]).is_err());
    }
}
