//! The one table of problems that the outside world sees (RFC 9457).
//!
//! Invariant: a code's slug, status and title never change once released; errors of every
//! crate are mapped onto these codes in `http` alone.

use serde::{Deserialize, Serialize};

macro_rules! define_problems {
    ($($(#[$doc:meta])* $code:ident = $slug:literal, $status:literal, $title:literal, retryable: $retryable:literal);+ $(;)?) => {
        /// A problem that the API can answer with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ProblemCode {
            $($(#[$doc])* #[serde(rename = $slug)] $code),+
        }

        /// Every problem, in the order of the table; the documentation is made from it.
        pub const PROBLEM_CODES: &[ProblemCode] = &[$(ProblemCode::$code),+];

        impl ProblemCode {
            /// The machine-readable name; `type` is `/problems/{slug}`.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$code => $slug),+ }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$code => $status),+ }
            }

            /// The title in English.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$code => $title),+ }
            }

            /// Whether the same request may succeed later without a change.
            #[must_use]
            pub const fn retryable(self) -> bool {
                match self { $(Self::$code => $retryable),+ }
            }
        }
    };
}

define_problems! {
    /// The body is not JSON or lacks fields.
    InvalidRequest = "invalid_request", 400, "The request is not valid", retryable: false;
    /// Nobody is signed in.
    NotSignedIn = "not_signed_in", 401, "Sign in first", retryable: false;
    /// E-mail or password do not fit.
    WrongCredentials = "wrong_credentials", 401, "E-mail or password is wrong", retryable: false;
    /// Signing in goes on with a code.
    SecondFactorRequired = "second_factor_required", 401, "A code is needed to sign in", retryable: false;
    /// An identity provider does not vouch for them.
    NotVouched = "not_vouched", 401, "The other service did not confirm who you are", retryable: false;
    /// Credits do not suffice.
    InsufficientCredits = "insufficient_credits", 402, "Not enough credits", retryable: false;
    /// The plan does not contain this.
    NotInPlan = "not_in_plan", 402, "Your plan does not include this", retryable: false;
    /// A quota of the period is used up.
    QuotaExceeded = "quota_exceeded", 402, "A quota of your plan is used up", retryable: false;
    /// Role or scope do not allow it.
    Forbidden = "forbidden", 403, "You may not do this", retryable: false;
    /// The anti-forgery token is missing or wrong.
    CsrfRejected = "csrf_rejected", 403, "The request did not come from this site", retryable: false;
    /// It does not exist, or is not yours.
    NotFound = "not_found", 404, "Not found", retryable: false;
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "Method not allowed", retryable: false;
    /// The state does not allow it.
    Conflict = "conflict", 409, "This conflicts with the present state", retryable: false;
    /// It exists already.
    AlreadyExists = "already_exists", 409, "It exists already", retryable: false;
    /// A repetition of the request took it over.
    Overtaken = "overtaken", 409, "A repetition of this request took it over", retryable: true;
    /// An operator has turned the operation off.
    OperationPaused = "operation_paused", 409, "This operation is paused", retryable: true;
    /// The link of a mail was used, replaced, or is too old.
    LinkNotGood = "link_not_good", 410, "This link is not good any more", retryable: false;
    /// A precondition header does not hold.
    PreconditionFailed = "precondition_failed", 412, "It changed in the meantime", retryable: false;
    /// The upload is too large.
    TooLarge = "too_large", 413, "Too large", retryable: false;
    /// The content type is not understood.
    UnsupportedMediaType = "unsupported_media_type", 415, "Content type not supported", retryable: false;
    /// The bytes that were asked for lie outside of the file.
    RangeNotSatisfiable = "range_not_satisfiable", 416, "The range lies outside of the file", retryable: false;
    /// Parameters of an operation are wrong.
    InvalidParameters = "invalid_parameters", 422, "The parameters are not valid", retryable: false;
    /// The file cannot be read as what it claims to be.
    UnreadableFile = "unreadable_file", 422, "The file cannot be read", retryable: false;
    /// The idempotency key was used with another body.
    IdempotencyMismatch = "idempotency_mismatch", 422, "This idempotency key belongs to another request", retryable: false;
    /// The checksum does not fit the bytes.
    ChecksumMismatch = "checksum_mismatch", 422, "The checksum does not match", retryable: false;
    /// Too many requests.
    RateLimited = "rate_limited", 429, "Too many requests", retryable: true;
    /// Too many failed attempts to sign in.
    LockedOut = "locked_out", 429, "Too many failed attempts", retryable: true;
    /// The writer's queue is full.
    Overloaded = "overloaded", 429, "The server is busy", retryable: true;
    /// Something of ours failed.
    Internal = "internal", 500, "Something failed on our side", retryable: true;
    /// The store or another dependency does not answer.
    Unavailable = "unavailable", 503, "Temporarily unavailable", retryable: true;
    /// The engine does not answer.
    EngineUnavailable = "engine_unavailable", 503, "The engine does not answer", retryable: true;
    /// The service host is being started again.
    ServiceRestarting = "service_restarting", 503, "The service is being started again", retryable: true;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_unique_and_statuses_are_errors() {
        let mut slugs: Vec<_> = PROBLEM_CODES.iter().map(|code| code.slug()).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), PROBLEM_CODES.len());
        assert!(PROBLEM_CODES.iter().all(|code| (400..600).contains(&code.status())));
    }
}
