//! Adapters of the port for payments.
//!
//! Invariant: every provider speaks through one port and tells its events in the shapes of
//! Stripe's API, signed in Stripe's way, so that what reads them is written once.

mod sandbox;
mod shapes;
mod signature;

pub use sandbox::{Delivery, Sandbox, SandboxError};
