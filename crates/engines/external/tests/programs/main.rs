//! Engines that are programs: real processes in Python, Bash and JavaScript, well-behaved and
//! not, seen through the context of a job.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests say by a panic what is wrong")]

mod doors;
mod estimates;
mod faults;
mod handshake;
mod languages;
mod limits;
mod services;
mod started;
mod warm;
