//! Who somebody is to a server: signing up, address, password, second factor, other ways to sign in.
//!
//! Invariant: what no key may do asks for the password and signs in for that one thing.

mod address;
mod password;
mod second_factor;
mod sign_up;
mod ways;

pub use address::{change_email, change_profile, verify};
pub use password::run as run_password;
pub use second_factor::run as run_second_factor;
pub use sign_up::sign_up;
pub use ways::{run_grants, run_identities, run_passkeys};
