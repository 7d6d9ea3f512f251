//! The built binary as people and scripts meet it.

mod config;
mod demo;
mod engines;
mod errors;
mod import;
mod local_run;
mod remote;
mod schedules;
mod serve;
mod services;
mod support;
mod worker;
mod workflow;
