//! The allocator of every process that serves or works.
//!
//! glibc's keeps, per thread, what a busy time needed, and takes a quarter of the time of a job
//! whose values pass from one thread to another; this one does neither, also for SQLite. It is
//! mimalloc's second version: the third kept half as much again in pages of ended threads.
//!
//! What a thread has freed goes back to the system when that thread asks for more or frees again a
//! while later. One that waits keeps it, unless it is asked to give it back. Without the while, a
//! search of models peaks a sixth lower for at most a twenty-fifth of its time, and networks, whose tensors
//! are made anew at each step, take more than twice as long: so whoever computes says which it shall be.

use std::ffi::{c_int, c_long};

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[expect(unsafe_code, reason = "a function of the allocator that is linked in")]
unsafe extern "C" {
    /// Returns to the system what the calling thread has freed; at once, where `force` is set.
    safe fn mi_collect(force: bool);
    /// Sets one of the allocator's options for the whole process.
    safe fn mi_option_set(option: c_int, value: c_long);
}

/// `mi_option_purge_delay` of mimalloc 2: milliseconds for which freed pages are kept, and how many
/// these are unless somebody says otherwise.
const PURGE_DELAY: c_int = 15;
const USUAL_DELAY: c_long = 10;

/// Says whether threads of this process may keep for a while what they free.
pub fn let_keep_memory(keeps: bool) {
    mi_option_set(PURGE_DELAY, if keeps { USUAL_DELAY } else { 0 });
}

/// Makes the calling thread return to the system what it has freed.
pub fn give_back_memory() {
    mi_collect(true);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of this process in memory; none elsewhere than on Linux.
    fn find_resident() -> Option<usize> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find(|line| line.starts_with("RssAnon:"))?;
        Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? << 10)
    }

    /// One test, since it is about the whole process.
    #[test]
    fn what_was_freed_goes_back_when_asked_or_at_once() {
        let Some(before) = find_resident() else { return };
        for keeps in [true, false] {
            let_keep_memory(keeps);
            let pieces: Vec<Vec<u8>> = (0..200).map(|_| vec![1; 200 << 10]).collect();
            let with = find_resident().unwrap();
            assert!(with > before + (30 << 20), "{before} and {with}");
            drop(pieces);
            if keeps {
                give_back_memory();
            }
            let after = find_resident().unwrap();
            assert!(after + (20 << 20) < with, "{with} and {after}");
        }
        let_keep_memory(true);
    }
}
