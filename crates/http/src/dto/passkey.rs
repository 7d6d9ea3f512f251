//! Passkeys: adding, naming and removing them, and the question to sign in by one.
//!
//! Bytes travel in URL-safe base 64 without padding, as Web Authentication's own JSON has them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gantry_access::{PasskeyAnswer, PasskeyCreated, PasskeyCreation, PasskeyQuestion};
use gantry_ports::store::Passkey;
use gantry_types::{PasskeyId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::{Answer, Problem};

/// COSE's numbers of the algorithms that are taken: ES256, EdDSA, RS256.
const ALGORITHMS: [i32; 3] = [-7, -8, -257];
/// How long the person may take, in milliseconds.
const TIMEOUT_MS: u32 = 300_000;

/// A passkey.
#[derive(Serialize, ToSchema)]
pub struct PasskeyBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: PasskeyId,
    /// What the person calls it.
    pub name: String,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last signed somebody in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

impl From<Passkey> for PasskeyBody {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id,
            name: passkey.name,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        }
    }
}

/// A question to an authenticator, to make a passkey.
#[derive(Serialize, ToSchema)]
pub struct PasskeyCreationBody {
    /// The question.
    pub challenge: String,
    /// The site: a host.
    pub rp_id: String,
    /// The product's name.
    pub rp_name: String,
    /// Whose it will be.
    pub user_handle: String,
    /// What the authenticator shows of them.
    pub user_name: String,
    /// Their name for people.
    pub display_name: String,
    /// The algorithms that are taken, the best first.
    pub algorithms: Vec<i32>,
    /// Credentials that are there already.
    pub exclude: Vec<String>,
    /// How long the person may take, in milliseconds.
    pub timeout_ms: u32,
}

impl From<PasskeyCreation> for PasskeyCreationBody {
    fn from(creation: PasskeyCreation) -> Self {
        Self {
            challenge: URL_SAFE_NO_PAD.encode(creation.challenge),
            rp_id: creation.site,
            rp_name: creation.brand,
            user_handle: URL_SAFE_NO_PAD.encode(creation.user_id.as_uuid().as_bytes()),
            user_name: creation.email,
            display_name: creation.name,
            algorithms: ALGORITHMS.to_vec(),
            exclude: creation.known,
            timeout_ms: TIMEOUT_MS,
        }
    }
}

/// A passkey that an authenticator made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskeyRequest {
    /// What to call it.
    pub name: String,
    /// `response.clientDataJSON`.
    pub client_data: String,
    /// `response.attestationObject`.
    pub attestation: String,
}

impl NewPasskeyRequest {
    /// The bytes.
    ///
    /// # Errors
    /// 400 for what is no base 64.
    pub fn read(self) -> Answer<PasskeyCreated> {
        Ok(PasskeyCreated {
            client_data: decode("/client_data", &self.client_data)?,
            attestation: decode("/attestation", &self.attestation)?,
            name: self.name,
        })
    }
}

/// Another name of a passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenamePasskeyRequest {
    /// What to call it.
    pub name: String,
}

/// A question to an authenticator, to sign in.
#[derive(Serialize, ToSchema)]
pub struct PasskeyQuestionBody {
    /// The question.
    pub challenge: String,
    /// The site: a host.
    pub rp_id: String,
    /// How long the person may take, in milliseconds.
    pub timeout_ms: u32,
}

impl From<&PasskeyQuestion> for PasskeyQuestionBody {
    fn from(question: &PasskeyQuestion) -> Self {
        Self {
            challenge: URL_SAFE_NO_PAD.encode(&question.challenge),
            rp_id: question.site.clone(),
            timeout_ms: TIMEOUT_MS,
        }
    }
}

/// What an authenticator answered to the question to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyAnswerRequest {
    /// `id`.
    pub credential_id: String,
    /// `response.clientDataJSON`.
    pub client_data: String,
    /// `response.authenticatorData`.
    pub authenticator_data: String,
    /// `response.signature`.
    pub signature: String,
    /// `response.userHandle`.
    pub user_handle: String,
}

impl PasskeyAnswerRequest {
    /// The bytes.
    ///
    /// # Errors
    /// 400 for what is no base 64.
    pub fn read(self) -> Answer<PasskeyAnswer> {
        Ok(PasskeyAnswer {
            client_data: decode("/client_data", &self.client_data)?,
            authenticator_data: decode("/authenticator_data", &self.authenticator_data)?,
            signature: decode("/signature", &self.signature)?,
            user_handle: decode("/user_handle", &self.user_handle)?,
            credential_id: self.credential_id,
        })
    }
}

fn decode(pointer: &'static str, text: &str) -> Answer<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
    bytes.map_err(|_| Problem::invalid(pointer, "Not URL-safe base 64."))
}
