//! The built binary as people and scripts meet it.

mod accounts;
mod administration;
mod config;
mod demo;
mod engines;
mod errors;
mod identity;
mod import;
mod local_run;
mod remote;
mod schedules;
mod serve;
mod services;
mod shop;
mod support;
mod worker;
mod workflow;
