//! What happens around every request.

mod compression;
mod guard;
mod observe;
mod rate_limit;
mod security_headers;

pub use compression::compression;
pub use guard::{guard, require_same_origin};
pub use observe::observe;
pub use rate_limit::{RateKey, RateLimiter};
pub use security_headers::SCRIPTED_POLICY;
