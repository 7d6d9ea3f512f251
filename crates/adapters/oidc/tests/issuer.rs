//! What an issuer may say, and each lie that is not believed.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use gantry_oidc::{AddressTrust, Oidc, OidcSettings};
use gantry_ports::vouching::{AddressProof, Challenge, Redemption, Vouched};
use gantry_ports::{IdentityProvider, VouchError};
use gantry_testkit::TestClock;
use gantry_testkit::fakes::issuer::{CLIENT_ID, CLIENT_SECRET, FakeIssuer, Fault};
use serde_json::{Value, json};

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct Scene {
    clock: Arc<TestClock>,
    issuer: FakeIssuer,
    us: Oidc,
}

impl Scene {
    async fn set() -> Result<Self> {
        Self::set_with(AddressTrust::AsTold).await
    }

    async fn set_with(trust: AddressTrust) -> Result<Self> {
        let clock = Arc::new(TestClock::default());
        let issuer = FakeIssuer::start(clock.clone()).await?;
        let settings = OidcSettings {
            issuer: issuer.url(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            redirect_uri: "http://127.0.0.1/api/v1/auth/providers/test/callback".to_owned(),
            trust,
        };
        let us = Oidc::new(settings, clock.clone())?;
        Ok(Self { clock, issuer, us })
    }

    /// The code that comes back once the person has agreed.
    async fn agree(&self, person: &Value) -> Result<String> {
        let challenge = Challenge {
            state: "state".to_owned(),
            nonce: "nonce".to_owned(),
            code_challenge: CHALLENGE.to_owned(),
        };
        let page = self.us.begin(&challenge).await?;
        let query = self.issuer.agree(&page, person)?;
        let code = query.strip_prefix("code=").and_then(|rest| rest.split_once('&'));
        Ok(code.context("a code")?.0.to_owned())
    }

    async fn redeem(&self, code: &str) -> Result<Vouched, VouchError> {
        let redemption = Redemption {
            code: code.to_owned(),
            verifier: VERIFIER.to_owned(),
            nonce: "nonce".to_owned(),
        };
        self.us.redeem(&redemption).await
    }

    async fn sign_in(&self, person: &Value) -> Result<Vouched> {
        let code = self.agree(person).await?;
        Ok(self.redeem(&code).await?)
    }
}

fn ada() -> Value {
    json!({ "sub": "4711", "email": "ada@example.org", "email_verified": true, "name": "Ada" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_vouched_for_by_a_code_that_is_good_once() -> Result<()> {
    let scene = Scene::set().await?;
    let code = scene.agree(&ada()).await?;
    let vouched = scene.redeem(&code).await?;
    assert_eq!((vouched.subject.as_str(), vouched.name.as_deref()), ("4711", Some("Ada")));
    let address = vouched.address.context("an address")?;
    assert_eq!((address.email.as_str(), address.proof), ("ada@example.org", AddressProof::Proven));
    let again = scene.redeem(&code).await;
    assert!(matches!(again, Err(VouchError::Refused { .. })), "{again:?}");
    // A code of somebody who has another verifier.
    let code = scene.agree(&ada()).await?;
    let stolen = Redemption { code, verifier: "x".repeat(43), nonce: "nonce".to_owned() };
    assert!(matches!(scene.us.redeem(&stolen).await, Err(VouchError::Refused { .. })));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lie_is_believed() -> Result<()> {
    let scene = Scene::set().await?;
    for (fault, part) in [
        (Fault::Nonce, "another question"),
        (Fault::Audience, "somebody else"),
        (Fault::Issuer, "another issuer"),
        (Fault::Expired, "too old"),
        (Fault::Key, "signature"),
        (Fault::Unsigned, "algorithm"),
        (Fault::SharedSecret, "algorithm"),
    ] {
        scene.issuer.spoil(fault);
        let code = scene.agree(&ada()).await?;
        match scene.redeem(&code).await {
            Err(VouchError::Refused { reason }) => {
                assert!(reason.contains(part), "{fault:?}: {reason}");
            }
            other => panic!("{fault:?}: {other:?}"),
        }
    }
    scene.sign_in(&ada()).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_are_asked_for_when_a_statement_names_one() -> Result<()> {
    let scene = Scene::set().await?;
    for _ in 0..3 {
        scene.sign_in(&ada()).await?;
    }
    assert_eq!(scene.issuer.key_requests(), 1);
    scene.clock.advance(Duration::from_secs(10));
    scene.issuer.rotate()?;
    scene.sign_in(&ada()).await?;
    assert_eq!(scene.issuer.key_requests(), 2);
    // Somebody who names key after key does not make us ask at once again.
    scene.issuer.rotate()?;
    assert!(scene.sign_in(&ada()).await.is_err());
    assert_eq!(scene.issuer.key_requests(), 2);
    scene.clock.advance(Duration::from_secs(10));
    scene.sign_in(&ada()).await?;
    assert_eq!(scene.issuer.key_requests(), 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_may_be_told_apart_from_the_statement() -> Result<()> {
    let scene = Scene::set().await?;
    let later = json!({
        "sub": "4711", "later_email": "ada@example.org", "later_email_verified": true,
    });
    let address = scene.sign_in(&later).await?.address.context("an address")?;
    assert_eq!(address.proof, AddressProof::Proven);
    let unproven = json!({ "sub": "4711", "email": "ada@example.org" });
    let address = scene.sign_in(&unproven).await?.address.context("an address")?;
    assert_eq!(address.proof, AddressProof::Unproven);
    assert!(scene.sign_in(&json!({ "sub": "4711" })).await?.address.is_none());
    let own = Scene::set_with(AddressTrust::Own).await?;
    let address = own.sign_in(&unproven).await?.address.context("an address")?;
    assert_eq!(address.proof, AddressProof::Proven);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_is_away_may_be_there_later() -> Result<()> {
    let scene = Scene::set().await?;
    let code = scene.agree(&ada()).await?;
    let Scene { issuer, us, .. } = scene;
    drop(issuer);
    let redemption = Redemption { code, verifier: VERIFIER.to_owned(), nonce: "nonce".to_owned() };
    let error = us.redeem(&redemption).await.unwrap_err();
    assert!(matches!(error, VouchError::Unavailable { .. }), "{error}");
    Ok(())
}
