//! What a statement says, and whether it is for us, of now, and an answer to what we asked.

use std::time::Duration;

use gantry_ports::VouchError;
use gantry_ports::vouching::{AddressProof, Vouched, VouchedAddress};
use gantry_types::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::wire::refused;

/// How much clocks may differ.
const LEEWAY: Duration = Duration::from_secs(60);
/// The oldest statement that answers a question of now.
const OLDEST: Duration = Duration::from_hours(1);
/// The longest name of a person at a provider (OpenID Connect Core, 2).
const LONGEST_SUBJECT: usize = 255;

/// The claims of an ID token.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    iat: f64,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    azp: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
    /// The tenant, at Microsoft.
    #[serde(default)]
    tid: Option<String>,
    #[serde(flatten)]
    person: PersonClaims,
}

/// What a provider tells of a person, in an ID token or apart from it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct PersonClaims {
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    email_verified: Option<Value>,
    /// Microsoft's: the tenant's administrator has proven the address's domain.
    #[serde(default)]
    xms_edov: Option<Value>,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// What a statement must say.
pub(crate) struct Expected<'a> {
    /// Who says it; `{tenantid}` stands for the tenant that it names.
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub now: Timestamp,
}

impl Claims {
    pub(crate) fn read(payload: &[u8]) -> Result<Self, VouchError> {
        serde_json::from_slice(payload).map_err(|_| refused("its statement lacks what it must say"))
    }

    /// Checks that the statement is for us, of now, and an answer to what we asked.
    ///
    /// # Errors
    /// [`VouchError::Refused`].
    pub(crate) fn require(&self, expected: &Expected<'_>) -> Result<(), VouchError> {
        let tenant = self.tid.as_deref().filter(|tenant| is_tenant(tenant));
        let issuer = expected.issuer.replace("{tenantid}", tenant.unwrap_or_default());
        if self.iss != issuer {
            return Err(refused("its statement comes from another issuer"));
        }
        let client = expected.client_id;
        let (is_for_us, is_for_others) = match &self.aud {
            Audience::One(audience) => (audience == client, false),
            Audience::Many(audiences) => {
                (audiences.iter().any(|audience| audience == client), audiences.len() > 1)
            }
        };
        let party = self.azp.as_deref();
        let is_ours = party.map_or(!is_for_others, |party| party == client);
        if !is_for_us || !is_ours {
            return Err(refused("its statement is for somebody else"));
        }
        let times = Times { exp: self.exp, iat: Some(self.iat), nbf: self.nbf };
        times.require(expected.now)?;
        if self.iat <= seconds(expected.now.minus(OLDEST)) {
            return Err(refused("its statement is too old"));
        }
        if self.nonce.as_deref() != Some(expected.nonce) {
            return Err(refused("its statement answers another question"));
        }
        if !is_subject(&self.sub) {
            return Err(refused("its statement names nobody"));
        }
        Ok(())
    }

    pub(crate) fn subject(&self) -> &str {
        &self.sub
    }

    /// Whether the address was left out, and is to be asked for.
    pub(crate) const fn lacks_address(&self) -> bool {
        self.person.email.is_none()
    }

    /// What is said of the person; `more` is what was told apart from the statement.
    pub(crate) fn vouch(self, more: Option<PersonClaims>) -> Vouched {
        let more = more.unwrap_or_default();
        let told = if self.person.email.is_some() { &self.person } else { &more };
        let address = told.email.clone().map(|email| VouchedAddress { email, proof: told.proof() });
        Vouched { subject: self.sub, address, name: self.person.name.clone().or(more.name) }
    }
}

impl PersonClaims {
    fn proof(&self) -> AddressProof {
        if says_yes(self.email_verified.as_ref()) || says_yes(self.xms_edov.as_ref()) {
            AddressProof::Proven
        } else {
            AddressProof::Unproven
        }
    }
}

/// Whether a claim is true; some providers write their booleans as text.
pub(crate) fn says_yes(claim: Option<&Value>) -> bool {
    match claim {
        Some(Value::Bool(yes)) => *yes,
        Some(Value::String(text)) => text == "true" || text == "1",
        Some(Value::Number(number)) => number.as_u64() == Some(1),
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => false,
    }
}

/// Whether a text can name a person.
pub(crate) fn is_subject(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_SUBJECT
}

fn seconds(time: Timestamp) -> f64 {
    time.as_micros() as f64 / 1e6
}

/// From when to when something holds, in seconds since 1970.
pub(crate) struct Times {
    exp: f64,
    iat: Option<f64>,
    nbf: Option<f64>,
}

impl Times {
    /// The times of claims; what is there must be a number.
    ///
    /// # Errors
    /// [`VouchError::Refused`].
    pub(crate) fn read(claims: &Map<String, Value>) -> Result<Self, VouchError> {
        let wrong = || refused("the token does not say until when it holds");
        let number = |name: &str| match claims.get(name) {
            None => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or_else(wrong),
        };
        let exp = number("exp")?.ok_or_else(wrong)?;
        Ok(Self { exp, iat: number("iat")?, nbf: number("nbf")? })
    }

    /// Checks that they hold at `now`; answers when they end.
    ///
    /// # Errors
    /// [`VouchError::Refused`].
    pub(crate) fn require(&self, now: Timestamp) -> Result<Timestamp, VouchError> {
        let late = seconds(now.plus(LEEWAY));
        let is_good = self.exp > seconds(now.minus(LEEWAY));
        if !is_good {
            return Err(refused("its statement is too old"));
        }
        let has_begun = [self.iat, self.nbf].into_iter().flatten().all(|from| from < late);
        if !has_begun {
            return Err(refused("its statement is of a later time; compare the clocks"));
        }
        // Far beyond every clock the number is cut off, which is as good as for ever.
        Ok(Timestamp::from_micros((self.exp * 1e6) as i64).plus(LEEWAY))
    }
}

/// A tenant's name goes into the issuer's address, so it must not contain more than a name.
fn is_tenant(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn good() -> Value {
        json!({
            "iss": "https://issuer.example", "sub": "4711", "aud": "us",
            "exp": NOW + 300, "iat": NOW, "nonce": "n",
            "email": "ada@example.org", "email_verified": true,
        })
    }

    fn check_at(claims: &Value, issuer: &str) -> Result<Claims, String> {
        let claims = Claims::read(claims.to_string().as_bytes()).map_err(|e| e.to_string())?;
        let now = Timestamp::from_micros(NOW * 1_000_000);
        let expected = Expected { issuer, client_id: "us", nonce: "n", now };
        claims.require(&expected).map_err(|error| error.to_string())?;
        Ok(claims)
    }

    fn check(claims: &Value) -> Result<Claims, String> {
        check_at(claims, "https://issuer.example")
    }

    #[test]
    fn a_good_statement_is_taken() {
        let vouched = check(&good()).unwrap().vouch(None);
        assert_eq!(vouched.subject, "4711");
        let address = vouched.address.unwrap();
        assert_eq!(
            (address.email.as_str(), address.proof),
            ("ada@example.org", AddressProof::Proven)
        );
        for (member, value) in [
            ("aud", json!(["us"])),
            ("exp", json!(NOW - 59)),
            ("iat", json!(NOW + 59)),
            ("azp", json!("us")),
            ("exp", json!(NOW as f64 + 0.5)),
        ] {
            let mut claims = good();
            claims[member] = value;
            assert!(check(&claims).is_ok(), "{claims}");
        }
    }

    #[test]
    fn each_wrong_claim_is_refused() {
        for (member, value) in [
            ("iss", json!("https://issuer.example/")),
            ("iss", json!("https://evil.example")),
            ("aud", json!("them")),
            ("aud", json!(["us", "them"])),
            ("aud", json!([])),
            ("azp", json!("them")),
            ("exp", json!(NOW - 60)),
            ("exp", json!("9999999999")),
            ("exp", Value::Null),
            ("iat", json!(NOW + 61)),
            ("iat", json!(NOW - 3_601)),
            ("nbf", json!(NOW + 61)),
            ("nonce", json!("other")),
            ("nonce", Value::Null),
            ("sub", json!("")),
            ("sub", json!("x".repeat(256))),
            ("sub", json!(4711)),
        ] {
            let mut claims = good();
            claims[member] = value;
            assert!(check(&claims).is_err(), "{member}: {claims}");
        }
        for member in ["iss", "sub", "aud", "exp", "iat", "nonce"] {
            let mut claims = good();
            claims.as_object_mut().unwrap().remove(member);
            assert!(check(&claims).is_err(), "{member}");
        }
    }

    #[test]
    fn an_issuer_of_many_tenants_names_the_tenant() {
        let template = "https://login.example/{tenantid}/v2.0";
        let mut claims = good();
        claims["iss"] = json!("https://login.example/abc-1/v2.0");
        assert!(check_at(&claims, template).is_err());
        claims["tid"] = json!("abc-1");
        assert!(check_at(&claims, template).is_ok());
        claims["tid"] = json!("other");
        assert!(check_at(&claims, template).is_err());
        claims["iss"] = json!("https://login.example/a/../b/v2.0");
        claims["tid"] = json!("a/../b");
        assert!(check_at(&claims, template).is_err());
    }

    #[test]
    fn an_address_is_proven_where_the_provider_says_so() {
        for (value, proof) in [
            (json!(true), AddressProof::Proven),
            (json!("true"), AddressProof::Proven),
            (json!(false), AddressProof::Unproven),
            (json!("false"), AddressProof::Unproven),
            (Value::Null, AddressProof::Unproven),
        ] {
            let mut claims = good();
            claims["email_verified"] = value;
            let address = check(&claims).unwrap().vouch(None).address.unwrap();
            assert_eq!(address.proof, proof, "{claims}");
        }
        // A proof from elsewhere does not count for the address of the statement.
        let mut claims = good();
        claims["email_verified"] = json!(false);
        let more = PersonClaims { email_verified: Some(json!(true)), ..PersonClaims::default() };
        let address = check(&claims).unwrap().vouch(Some(more)).address.unwrap();
        assert_eq!(address.proof, AddressProof::Unproven);
    }
}
