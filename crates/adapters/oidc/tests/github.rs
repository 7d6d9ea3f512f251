//! GitHub vouches by its number of the account, and for its first address alone.

use anyhow::{Context, Result};
use gantry_oidc::{GitHub, GitHubSettings, OidcSetupError};
use gantry_ports::vouching::{AddressProof, Challenge, Redemption};
use gantry_ports::{IdentityProvider, VouchError};
use gantry_testkit::fakes::github::{FakeAccount, FakeGitHub};
use gantry_testkit::fakes::issuer::{CLIENT_ID, CLIENT_SECRET};
use serde_json::json;

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn settings(url: &str) -> GitHubSettings {
    GitHubSettings {
        client_id: CLIENT_ID.to_owned(),
        client_secret: CLIENT_SECRET.to_owned(),
        redirect_uri: "http://127.0.0.1/callback".to_owned(),
        site: url.to_owned(),
        api: url.to_owned(),
    }
}

fn redemption(code: &str, verifier: &str) -> Redemption {
    Redemption { code: code.to_owned(), verifier: verifier.to_owned(), nonce: "nonce".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_known_by_number_and_first_address() -> Result<()> {
    let peer = FakeGitHub::start().await?;
    let us = GitHub::new(settings(&peer.url()))?;
    let challenge = Challenge {
        state: "state".to_owned(),
        nonce: "nonce".to_owned(),
        code_challenge: CHALLENGE.to_owned(),
    };
    for (verified, proof) in [(true, AddressProof::Proven), (false, AddressProof::Unproven)] {
        let account = FakeAccount {
            user: json!({ "id": 4711, "login": "ada", "name": null, "email": "shown@example.org" }),
            emails: json!([
                { "email": "other@example.org", "primary": false, "verified": true },
                { "email": "ada@example.org", "primary": true, "verified": verified },
            ]),
        };
        let page = us.begin(&challenge).await?;
        assert!(page.contains("state=state"), "{page}");
        let code = peer.agree(&page, &account)?;
        let vouched = us.redeem(&redemption(&code, VERIFIER)).await?;
        assert_eq!((vouched.subject.as_str(), vouched.name.as_deref()), ("4711", Some("ada")));
        let address = vouched.address.context("an address")?;
        assert_eq!((address.email.as_str(), address.proof), ("ada@example.org", proof));
        let again = us.redeem(&redemption(&code, VERIFIER)).await;
        assert!(matches!(again, Err(VouchError::Refused { .. })), "{again:?}");
        let stolen = peer.agree(&page, &account)?;
        let refused = us.redeem(&redemption(&stolen, "another")).await;
        assert!(matches!(refused, Err(VouchError::Refused { .. })), "{refused:?}");
    }
    drop(peer);
    let away = us.redeem(&redemption("code", VERIFIER)).await;
    assert!(matches!(away, Err(VouchError::Unavailable { .. })), "{away:?}");
    Ok(())
}

#[test]
fn secrets_do_not_travel_in_the_clear() {
    let open = GitHub::new(settings("http://github.example"));
    assert!(matches!(open.err(), Some(OidcSetupError::Open { .. })));
    let empty = GitHubSettings { client_secret: String::new(), ..settings("https://github.com") };
    assert!(matches!(GitHub::new(empty).err(), Some(OidcSetupError::Missing { .. })));
}
