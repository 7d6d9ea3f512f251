//! The shapes of requests and answers: the contract that clients are written against.
//!
//! Invariant: names and types here are the API; what the use-cases call a thing may change, what
//! is written here may only grow.

mod account;
mod account_export;
mod audit;
mod auth;
mod billing;
mod catalog;
mod costs;
mod flag;
mod fraud;
mod identity;
mod job;
mod member;
mod meta;
mod model;
mod oauth;
mod page;
mod passkey;
mod payment;
mod person;
mod quota_event;
mod referral;
mod revenue;
mod rewards;
mod sample;
mod schedule;
mod stopped;
mod subscription;
mod usage;
mod vouching;
mod words;
mod workflow;

pub use account::*;
pub use account_export::*;
pub use audit::*;
pub use auth::*;
pub use billing::*;
pub use catalog::*;
pub use costs::*;
pub use flag::*;
pub use fraud::*;
pub use identity::*;
pub use job::*;
pub use member::*;
pub use meta::*;
pub use model::*;
pub use oauth::*;
pub use page::*;
pub use passkey::*;
pub use payment::*;
pub use person::*;
pub use quota_event::*;
pub use referral::*;
pub use revenue::*;
pub use rewards::*;
pub use sample::*;
pub use schedule::*;
pub use stopped::*;
pub use subscription::*;
pub use usage::*;
pub use vouching::*;
pub use words::*;
pub use workflow::*;
