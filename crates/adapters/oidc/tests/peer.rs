//! An issuer of another maker (`oidc-provider-mock`, which signs with RS256) vouches for people.

use std::sync::Arc;

use anyhow::{Context, Result};
use gantry_oidc::{AddressTrust, Oidc, OidcSettings};
use gantry_ports::vouching::{AddressProof, Challenge, Redemption};
use gantry_ports::{IdentityProvider, VouchError};
use gantry_testkit::TestClock;
use gantry_testkit::python::Peer;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer.py");
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The person agrees on a page; answers the address to which the browser is sent back.
fn agree(peer: &mut Peer, page: &str) -> Result<String> {
    peer.tell(page)?;
    let line = peer.next_line()?;
    line["location"].as_str().map(str::to_owned).with_context(|| line.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_at_an_issuer_of_another_maker() -> Result<()> {
    let mut peer = Peer::start(("oidc", "oidc-provider-mock==0.3.4"), SCRIPT)?;
    let settings = OidcSettings {
        issuer: format!("http://127.0.0.1:{}", peer.port),
        client_id: "gantry".to_owned(),
        client_secret: "secret".to_owned(),
        redirect_uri: "http://127.0.0.1:1/callback".to_owned(),
        trust: AddressTrust::AsTold,
    };
    let us = Oidc::new(settings, Arc::new(TestClock::default()))?;
    let challenge = Challenge {
        state: "the-state".to_owned(),
        nonce: "the-nonce".to_owned(),
        code_challenge: CHALLENGE.to_owned(),
    };
    for nonce in ["the-nonce", "another"] {
        let page = us.begin(&challenge).await?;
        let back = agree(&mut peer, &page)?;
        anyhow::ensure!(back.starts_with("http://127.0.0.1:1/callback?"), "{back}");
        anyhow::ensure!(back.contains("state=the-state"), "{back}");
        let (_, rest) = back.split_once("code=").context("a code")?;
        let code = rest.split('&').next().unwrap_or_default().to_owned();
        let redemption =
            Redemption { code, verifier: VERIFIER.to_owned(), nonce: nonce.to_owned() };
        let vouched = us.redeem(&redemption).await;
        if nonce == "another" {
            assert!(matches!(vouched, Err(VouchError::Refused { .. })), "{vouched:?}");
            continue;
        }
        let vouched = vouched?;
        assert_eq!((vouched.subject.as_str(), vouched.name.as_deref()), ("ada", Some("Ada")));
        let address = vouched.address.context("an address")?;
        assert_eq!(
            (address.email.as_str(), address.proof),
            ("ada@example.org", AddressProof::Proven)
        );
        // The code is used up.
        let again = us.redeem(&redemption).await;
        assert!(matches!(again, Err(VouchError::Refused { .. })), "{again:?}");
    }
    Ok(())
}
