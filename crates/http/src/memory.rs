//! A server that once was busy gives its memory back.
//!
//! glibc gives threads heaps of their own, up to eight per processor, and each keeps what it once
//! needed: with dozens of threads a server grows for hours without holding more. One heap per
//! processor serves as many threads as can run at once.

/// Lets the process have as many heaps as processors; to be called before it starts threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "glibc offers the setting as a C function alone")]
pub fn limit_heaps() {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let heaps = libc::c_int::try_from(processors.max(2)).unwrap_or(libc::c_int::MAX);
    // SAFETY: mallopt takes two integers, reads no memory of ours, and locks the allocator itself.
    if unsafe { libc::mallopt(libc::M_ARENA_MAX, heaps) } == 0 {
        tracing::debug!("the number of heaps cannot be limited");
    }
}

/// Other allocators need no limit.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub const fn limit_heaps() {}
