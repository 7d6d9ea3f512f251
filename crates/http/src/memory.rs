//! The allocator of every process that serves or works.
//!
//! glibc's keeps, per thread, what a busy time needed, and takes a quarter of the time of a job
//! whose values pass from one thread to another; this one does neither, also for SQLite. It is
//! mimalloc's second version: the third kept half as much again in pages of ended threads.

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;
