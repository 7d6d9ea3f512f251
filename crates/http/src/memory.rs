//! The allocator of every process that serves or works.
//!
//! glibc's keeps, per thread, what a busy time needed, and takes a quarter of the time of a job
//! whose values pass from one thread to another; this one does neither, also for SQLite.

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;
