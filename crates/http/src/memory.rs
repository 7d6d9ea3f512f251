//! The allocator of every process that serves or works.
//!
//! glibc's keeps, per thread, what a busy time needed, and takes a quarter of the time of a job
//! whose values pass from one thread to another; this one does neither, also for SQLite. It is
//! mimalloc's second version: the third kept half as much again in pages of ended threads.
//!
//! What a thread has freed goes back to the system when that thread asks for more or frees again a
//! while later. One that waits keeps it, unless it is asked to give it back. Without the while,
//! boosting took an eighth longer.

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[expect(unsafe_code, reason = "a function of the allocator that is linked in")]
unsafe extern "C" {
    /// Returns to the system what the calling thread has freed; at once, where `force` is set.
    safe fn mi_collect(force: bool);
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

    #[test]
    fn what_was_freed_goes_back_at_once() {
        let Some(before) = find_resident() else { return };
        let pieces: Vec<Vec<u8>> = (0..200).map(|_| vec![1; 200 << 10]).collect();
        let with = find_resident().unwrap();
        assert!(with > before + (30 << 20), "{before} and {with}");
        drop(pieces);
        give_back_memory();
        let after = find_resident().unwrap();
        assert!(after + (20 << 20) < with, "{with} and {after}");
    }
}
