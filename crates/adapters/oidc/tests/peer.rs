//! An issuer of another maker (`oidc-provider-mock`, which signs with RS256) vouches for people.

use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context, Result};
use gantry_oidc::{AddressTrust, Oidc, OidcSettings};
use gantry_ports::vouching::{AddressProof, Challenge, Redemption};
use gantry_ports::{IdentityProvider, VouchError};
use gantry_testkit::{TestClock, python};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(60);
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The issuer, which ends with the test.
struct Peer {
    child: Child,
    port: u16,
    lines: Receiver<Value>,
}

impl Peer {
    fn start() -> Result<Self> {
        let python = python::environment("oidc", "oidc-provider-mock==0.3.4")?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer.py");
        let mut child = Command::new(python)
            .args([script, &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = child.stdout.take().context("the peer has an output")?;
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Ok(value) = serde_json::from_str(&line) else { continue };
                if send.send(value).is_err() {
                    break;
                }
            }
        });
        let peer = Self { child, port, lines };
        let first = peer.next_line()?;
        anyhow::ensure!(first["ready"] == true, "{first}");
        Ok(peer)
    }

    fn next_line(&self) -> Result<Value> {
        self.lines.recv_timeout(PATIENCE).context("the issuer says nothing")
    }

    /// Signs in as Ada on a page; answers the address to which the browser is sent back.
    fn agree(&mut self, page: &str) -> Result<String> {
        let input = self.child.stdin.as_mut().context("the peer has an input")?;
        writeln!(input, "{page}")?;
        input.flush()?;
        let line = self.next_line()?;
        line["location"].as_str().map(str::to_owned).with_context(|| line.to_string())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ended = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_at_an_issuer_of_another_maker() -> Result<()> {
    let mut peer = Peer::start()?;
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
        let back = peer.agree(&page)?;
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
