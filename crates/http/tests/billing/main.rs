//! From the free limit to a paid plan and back, in every edition that sells one; packages of
//! credits, refunds, dunning; and messages that are not to be believed. Over HTTP, with the sandbox.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod editions;
mod messages;
mod money;
mod shop;
