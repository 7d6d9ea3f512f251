//! Signed statements (RFC 7515, compact form), and only those of two algorithms.
//!
//! Invariants: an algorithm is one that we know, never what a statement invents: `none` and shared
//! secrets do not exist here; a header that demands more than we know is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

/// A longer statement is none of a person.
const LONGEST: usize = 32 << 10;

/// How a statement is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Es256,
}

/// Why a statement is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JwsError {
    #[error("its statement is not readable")]
    Unreadable,
    #[error("its statement is signed by another algorithm than RS256 or ES256")]
    Algorithm,
    #[error("its statement demands what is not known here")]
    Critical,
}

/// A statement whose signature is not checked yet.
#[derive(Debug)]
pub(crate) struct Jws<'a> {
    pub algorithm: Algorithm,
    pub key_id: Option<String>,
    /// The bytes that are signed.
    pub signed: &'a str,
    pub signature: Vec<u8>,
    payload: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
}

impl<'a> Jws<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, JwsError> {
        if text.len() > LONGEST {
            return Err(JwsError::Unreadable);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(JwsError::Unreadable)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Unreadable)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Unreadable);
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| JwsError::Unreadable)?;
        if header.crit.is_some() {
            return Err(JwsError::Critical);
        }
        let algorithm = match header.alg.as_str() {
            "RS256" => Algorithm::Rs256,
            "ES256" => Algorithm::Es256,
            _ => return Err(JwsError::Algorithm),
        };
        Ok(Self {
            algorithm,
            key_id: header.kid,
            signed,
            signature: decode(signature)?,
            payload: decode(payload)?,
        })
    }

    /// The claims; for whoever has checked the signature.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(header: &str) -> String {
        format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn only_two_algorithms_exist() {
        for good in ["RS256", "ES256"] {
            assert!(Jws::parse(&text(&format!(r#"{{"alg":"{good}"}}"#))).is_ok());
        }
        for bad in ["none", "None", "HS256", "RS1", "rs256", "PS256", "EdDSA", ""] {
            let refused = Jws::parse(&text(&format!(r#"{{"alg":"{bad}"}}"#))).unwrap_err();
            assert_eq!(refused, JwsError::Algorithm, "{bad}");
        }
        let critical = text(r#"{"alg":"RS256","crit":["b64"],"b64":false}"#);
        assert_eq!(Jws::parse(&critical).unwrap_err(), JwsError::Critical);
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        let long = text(r#"{"alg":"RS256"}"#) + &"A".repeat(LONGEST);
        for bad in ["", ".", "..", "a.b", "e30.e30.", "e30.e30.e30.e30", "{}.{}.{}", long.as_str()]
        {
            assert!(Jws::parse(bad).is_err(), "{bad}");
        }
    }
}
