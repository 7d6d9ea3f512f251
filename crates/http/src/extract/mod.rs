//! What handlers take from a request. Everything that cannot be read is a problem with a
//! pointer to it, never an empty 400.

mod actor;
mod body;
mod client;
mod parameters;
mod range;

pub use actor::{
    ADMIN_COOKIE, ADMIN_ROOT, CurrentActor, Identity, SESSION_COOKIE, find_cookie, identify,
    identify_at,
};
pub use body::{HashedJson, JsonBody, read_body};
pub use client::{Peer, Scheme, derive_peer};
pub use parameters::{Params, PathId, PathText, decode_cursor, encode_cursor, parse_id};
pub use range::find_range;
