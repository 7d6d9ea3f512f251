//! A server that once was busy gives its memory back.
//!
//! glibc gives threads heaps of their own, up to eight per processor, and each keeps what it once
//! needed; and after one large buffer was freed, the next ones come from these heaps, where they
//! leave holes. With dozens of threads a server grows for hours without holding more.

/// A buffer of at least so many bytes is the operating system's again as soon as it is freed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: usize = 128 << 10;

/// Gives the process as many heaps as processors, for small things alone; to be called before it
/// starts threads.
pub fn limit_heaps() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        set_option(libc::M_ARENA_MAX, processors.max(2));
        set_option(libc::M_MMAP_THRESHOLD, LARGE);
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "glibc offers its settings as a C function alone")]
fn set_option(option: libc::c_int, value: usize) {
    let value = libc::c_int::try_from(value).unwrap_or(libc::c_int::MAX);
    // SAFETY: mallopt takes two integers, reads no memory of ours, and locks the allocator itself.
    if unsafe { libc::mallopt(option, value) } == 0 {
        tracing::debug!(option, "the allocator does not take a setting");
    }
}
