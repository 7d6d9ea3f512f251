//! Proof key for code exchange (RFC 7636): the S256 method alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Whether a text can be a challenge: a SHA-256 in URL-safe base 64.
pub(super) fn is_challenge(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// Whether `verifier` is what `challenge` was made from.
pub(super) fn is_proof(verifier: &str, challenge: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let is_verifier = (43..=128).contains(&verifier.len()) && verifier.bytes().all(is_plain);
    // The challenge was told in the open, so that the time of comparing it tells nothing.
    is_verifier && URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == challenge
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_holds() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(is_challenge(challenge) && is_proof(verifier, challenge));
        assert!(!is_proof(challenge, challenge), "plain is taken");
        assert!(!is_proof("short", challenge) && !is_proof(&"x".repeat(129), challenge));
        for wrong in
            ["", verifier, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c", "+".repeat(43).as_str()]
        {
            assert_eq!(is_challenge(wrong), wrong == verifier, "{wrong}");
        }
    }
}
