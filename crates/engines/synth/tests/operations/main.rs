//! The operations as the platform runs them.

mod bad_input;
mod control;
mod fidelity;
mod privacy;
mod support;
