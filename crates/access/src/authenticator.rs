//! Codes of authenticator apps: time-based one-time passwords (RFC 6238) with SHA-1, six digits
//! and steps of 30 seconds, which is what every app understands.
//!
//! Invariant: a code of the step before or after is taken too, as clocks differ; which step it
//! was is answered, so that the caller can take each only once.

use gantry_types::Timestamp;
use totp_rs::{Builder, Secret, Totp};

use crate::error::AccessError;

/// What an app and the installation share.
pub(crate) struct Authenticator(Totp);

impl Authenticator {
    /// Reads a secret in base 32; `brand` and `account` are what the app shows.
    ///
    /// # Errors
    /// [`AccessError::Hashing`] for a secret that is none.
    pub fn read(secret: &str, brand: &str, account: &str) -> Result<Self, AccessError> {
        let refuse = |reason: String| AccessError::Hashing { reason };
        let secret = Secret::try_from_base32(secret)
            .map_err(|_| refuse("a shared secret is not in base 32".to_owned()))?;
        // A colon separates the two in the address of an account (Key URI Format).
        let plain = |text: &str| text.replace(':', " ");
        Builder::new()
            .with_secret(secret)
            .with_issuer(Some(plain(brand)))
            .with_account_name(plain(account))
            .build()
            .map(Self)
            .map_err(|error| refuse(format!("a shared secret cannot be used: {error:?}")))
    }

    /// The address that an app reads from a QR code.
    ///
    /// # Errors
    /// [`AccessError::Hashing`] when it cannot be written.
    pub fn uri(&self) -> Result<String, AccessError> {
        self.0.to_url().map_err(|error| AccessError::Hashing { reason: format!("{error:?}") })
    }

    /// The step whose code this is, around `now`.
    pub fn find_step(&self, code: &str, now: Timestamp) -> Option<u64> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let seconds = u64::try_from(now.as_micros() / 1_000_000).ok()?;
        self.0.check(&code, seconds)
    }
}

/// A secret in base 32, as apps take it.
pub(crate) fn encode_secret(bytes: [u8; 20]) -> String {
    Secret::from(bytes).to_base32()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B: the ASCII digits 1 to 0, twice.
    fn rfc() -> Authenticator {
        let secret = encode_secret(*b"12345678901234567890");
        assert_eq!(secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        Authenticator::read(&secret, "Gantry", "ada@example.org").unwrap()
    }

    #[test]
    fn codes_are_those_of_the_specification() {
        // The last six of the eight digits of appendix B.
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")]
        {
            let now = Timestamp::from_micros(seconds * 1_000_000);
            let step = u64::try_from(seconds / 30).unwrap();
            assert_eq!(rfc().find_step(code, now), Some(step), "{seconds}");
            assert_eq!(
                rfc().find_step(&format!(" {} {}", &code[..3], &code[3..]), now),
                Some(step)
            );
        }
    }

    #[test]
    fn clocks_may_differ_by_a_step_and_no_more() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        assert_eq!(rfc().find_step("287082", at(59 + 30)), Some(1));
        assert_eq!(rfc().find_step("287082", at(29)), Some(1));
        assert_eq!(rfc().find_step("287082", at(59 + 60)), None);
        assert_eq!(rfc().find_step("nonsense", at(59)), None);
        assert_eq!(rfc().find_step("", at(59)), None);
    }

    #[test]
    fn apps_are_told_whose_account_it_is() {
        let uri = rfc().uri().unwrap();
        assert!(uri.starts_with("otpauth://totp/Gantry:ada"), "{uri}");
        assert!(uri.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{uri}");
    }
}
