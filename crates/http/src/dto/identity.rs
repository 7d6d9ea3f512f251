//! Addresses, passwords and second factors.

use gantry_access::{Enrolment, RecoveryCodes, TokenPair};
use gantry_ports::store::Departure;
use gantry_types::{Locale, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{LocaleWord, ScopeWord};
use crate::qr_code::draw;

/// The secret of a link in a mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// What stands behind `token=` in the link.
    pub token: String,
}

/// Whose password is to be set anew.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgotPasswordRequest {
    /// The e-mail address.
    pub email: String,
}

/// A new password by a link in a mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPasswordRequest {
    /// What stands behind `token=` in the link.
    pub token: String,
    /// At least 10 characters.
    #[schema(format = Password, min_length = 10)]
    pub password: String,
}

/// A new password of somebody who is signed in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePasswordRequest {
    /// The present one.
    #[schema(format = Password)]
    pub password: String,
    /// At least 10 characters.
    #[schema(format = Password, min_length = 10)]
    pub new_password: String,
}

/// A new e-mail address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEmailRequest {
    /// The new address; a mail with a link goes there.
    pub email: String,
    /// The present password.
    #[schema(format = Password)]
    pub password: String,
}

/// Name and language; what is not given stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeProfileRequest {
    /// The name for people.
    #[serde(default)]
    pub name: Option<String>,
    /// The language of mails.
    #[serde(default)]
    #[schema(value_type = Option<LocaleWord>)]
    pub locale: Option<Locale>,
}

/// The present password, once more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// The present password.
    #[schema(format = Password)]
    pub password: String,
}

/// An account that is about to be deleted.
#[derive(Serialize, ToSchema)]
pub struct LeavingBody {
    /// When everything is erased; until then the link of the mail keeps the account.
    #[schema(value_type = String, format = DateTime)]
    pub erase_at: Timestamp,
}

impl From<Departure> for LeavingBody {
    fn from(departure: Departure) -> Self {
        Self { erase_at: departure.erase_at }
    }
}

/// A code of an authenticator app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    /// Six digits.
    pub code: String,
}

/// The second step of signing in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorRequest {
    /// What the problem `second_factor_required` carried; good for five minutes.
    pub challenge: String,
    /// Six digits of the app, or a recovery code.
    pub code: String,
}

/// Whether signing in needs a code.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorBody {
    /// Whether it does.
    pub enabled: bool,
    /// Whether this person needs it to administer the installation.
    pub required: bool,
    /// Recovery codes that are left.
    pub recovery_codes: u64,
}

/// What an authenticator app needs to know.
#[derive(Serialize, ToSchema)]
pub struct EnrolmentBody {
    /// The shared secret in base 32, to be typed.
    pub secret: String,
    /// The same as an `otpauth://` address.
    pub uri: String,
    /// The address as a QR code, an SVG document.
    pub qr_code: String,
}

impl From<Enrolment> for EnrolmentBody {
    fn from(enrolment: Enrolment) -> Self {
        Self { qr_code: draw(&enrolment.uri), secret: enrolment.secret, uri: enrolment.uri }
    }
}

/// A renewable pair of tokens to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenPairRequest {
    /// What the program is called.
    pub name: String,
    /// What it may be used for; at least one, and none that you do not have.
    #[schema(value_type = Vec<ScopeWord>, min_items = 1)]
    pub scopes: Vec<Scope>,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The token of the last pair; it is good once.
    pub refresh_token: String,
}

/// A renewable pair of tokens.
#[derive(Serialize, ToSchema)]
pub struct TokenPairBody {
    /// What requests carry as `Authorization: Bearer …`; shown this once.
    pub access_token: String,
    /// What is exchanged for the next pair; shown this once.
    pub refresh_token: String,
    /// When the access token ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// What they may be used for.
    #[schema(value_type = Vec<ScopeWord>)]
    pub scopes: Vec<Scope>,
}

impl From<TokenPair> for TokenPairBody {
    fn from(pair: TokenPair) -> Self {
        Self {
            access_token: pair.access_token,
            refresh_token: pair.refresh_token,
            expires_at: pair.expires_at,
            scopes: pair.scopes,
        }
    }
}

/// Codes that are good once each, instead of the app's.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodesBody {
    /// The codes; they are shown this once.
    pub codes: Vec<String>,
}

impl From<RecoveryCodes> for RecoveryCodesBody {
    fn from(codes: RecoveryCodes) -> Self {
        Self { codes: codes.0 }
    }
}
