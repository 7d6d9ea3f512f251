//! Statements of an authenticator in software, and each one that is wrong.

use super::*;
use gantry_testkit::{SoftAnswer, SoftAuthenticator, SoftKey};

const CHALLENGE: &str = "a-question";

fn site() -> Site {
    Site::of("https://gantry.example/")
}

fn authenticator(kind: SoftKey) -> SoftAuthenticator {
    SoftAuthenticator::new(kind, "gantry.example", "https://gantry.example").unwrap()
}

fn make(authenticator: &mut SoftAuthenticator) -> Result<NewCredential, WebAuthnError> {
    let made = authenticator.create(CHALLENGE, b"ada");
    register(&made.client_data, &made.attestation, (CHALLENGE, &site()))
}

fn verify(answer: &SoftAnswer, public_key: &[u8]) -> Result<u32, WebAuthnError> {
    let assertion = Assertion {
        client_data: &answer.client_data,
        authenticator_data: &answer.authenticator_data,
        signature: &answer.signature,
    };
    assertion.verify(public_key, (CHALLENGE, &site()))
}

#[test]
fn a_site_is_the_host_of_its_address() {
    for (url, id, origin) in [
        ("https://gantry.example/", "gantry.example", "https://gantry.example"),
        ("https://Gantry.Example:443/x", "gantry.example", "https://gantry.example"),
        ("https://gantry.example:8443", "gantry.example", "https://gantry.example:8443"),
        ("http://localhost:8080", "localhost", "http://localhost:8080"),
    ] {
        let site = Site::of(url);
        assert_eq!((site.id.as_str(), site.origin.as_str()), (id, origin), "{url}");
    }
}

#[test]
fn a_credential_signs_for_what_it_was_made_for() {
    for kind in [SoftKey::Es256, SoftKey::EdDsa] {
        let mut authenticator = authenticator(kind);
        let made = make(&mut authenticator).unwrap();
        assert_eq!((made.id.len(), made.counter), (20, 1));
        let answer = authenticator.answer(CHALLENGE).unwrap();
        assert_eq!(read_challenge(&answer.client_data), Ok(CHALLENGE.to_owned()));
        assert_eq!(verify(&answer, &made.public_key), Ok(2));
        let mut wrong = answer.clone();
        *wrong.signature.last_mut().unwrap() ^= 1;
        assert_eq!(verify(&wrong, &made.public_key), Err(WebAuthnError::Signature));
        let mut wrong = answer;
        // The counter.
        *wrong.authenticator_data.last_mut().unwrap() ^= 1;
        assert_eq!(verify(&wrong, &made.public_key), Err(WebAuthnError::Signature));
    }
}

#[test]
fn statements_for_others_and_of_strangers_are_refused() {
    let mut one = authenticator(SoftKey::Es256);
    let made = make(&mut one).unwrap();
    let other = make(&mut authenticator(SoftKey::Es256)).unwrap();
    let answer = one.answer(CHALLENGE).unwrap();
    assert_eq!(verify(&answer, &other.public_key), Err(WebAuthnError::Signature));
    let another = one.answer("another-question").unwrap();
    assert_eq!(verify(&another, &made.public_key), Err(WebAuthnError::OtherQuestion));
    one.flags = 0x01;
    let unverified = one.answer(CHALLENGE).unwrap();
    assert_eq!(verify(&unverified, &made.public_key), Err(WebAuthnError::NotVerified));
    assert_eq!(make(&mut one), Err(WebAuthnError::NotVerified));
    one.flags = 0x05;
    one.origin = "https://evil.example".to_owned();
    let elsewhere = one.answer(CHALLENGE).unwrap();
    assert_eq!(verify(&elsewhere, &made.public_key), Err(WebAuthnError::OtherSite));
    assert_eq!(make(&mut one), Err(WebAuthnError::OtherSite));
    one.origin = "https://gantry.example".to_owned();
    one.site = "evil.example".to_owned();
    let elsewhere = one.answer(CHALLENGE).unwrap();
    assert_eq!(verify(&elsewhere, &made.public_key), Err(WebAuthnError::OtherSite));
    // An answer to a question to sign in makes no credential, nor the reverse.
    one.site = "gantry.example".to_owned();
    let answer = one.answer(CHALLENGE).unwrap();
    let made = one.create(CHALLENGE, b"ada");
    let confused = register(&answer.client_data, &made.attestation, (CHALLENGE, &site()));
    assert_eq!(confused, Err(WebAuthnError::OtherQuestion));
}

#[test]
fn broken_bytes_are_refused_and_break_nothing() {
    let mut authenticator = authenticator(SoftKey::Es256);
    let made = authenticator.create(CHALLENGE, b"ada");
    for length in 0..made.attestation.len() {
        let cut = &made.attestation[..length];
        assert!(register(&made.client_data, cut, (CHALLENGE, &site())).is_err(), "{length}");
    }
    for place in 0..made.attestation.len() {
        let mut flipped = made.attestation.clone();
        flipped[place] ^= 0xff;
        let _verdict = register(&made.client_data, &flipped, (CHALLENGE, &site()));
    }
    let deep = vec![0x81; 10_000];
    assert!(register(&made.client_data, &deep, (CHALLENGE, &site())).is_err());
    let good = authenticator.answer(CHALLENGE).unwrap();
    for length in 0..good.authenticator_data.len() {
        let mut cut = good.clone();
        cut.authenticator_data.truncate(length);
        assert!(verify(&cut, &[]).is_err());
    }
    // {1: 3, 3: -7}: a key of one kind with the algorithm of another.
    assert_eq!(verify(&good, &[0xa2, 1, 3, 3, 0x26]), Err(WebAuthnError::UnknownKey));
}
