//! Memory that machine code stands in.
//!
//! Invariant: it is written once, before it can be run, and never both at a time.

use std::ptr::NonNull;

use gantry_workbook::kernels;

/// Lanes of the longest vector, and of every slot.
pub(super) const VECTOR: usize = 8;

/// What the code calls where a sum may vanish against its left operand.
type Snap = extern "sysv64" fn(*mut [f64; VECTOR], *const [f64; VECTOR]);

/// Columns, constants, slots, number of vectors, and what is called; says with 0 that all lanes stand.
type Entry = unsafe extern "sysv64" fn(*mut f64, *const f64, *mut f64, u64, Snap) -> u32;

/// Code that can be run.
#[derive(Debug)]
pub(super) struct Code {
    at: NonNull<libc::c_void>,
    length: usize,
}

/// What code works on: addresses that its instructions count from.
pub(super) struct Desk {
    pub(super) columns: *mut f64,
    pub(super) constants: *const f64,
    pub(super) slots: *mut f64,
    pub(super) vectors: u64,
}

#[expect(
    unsafe_code,
    reason = "the memory is never written again, and unmapped by its owner alone"
)]
// SAFETY: as the reason says.
unsafe impl Send for Code {}
#[expect(unsafe_code, reason = "running it writes to the caller's memory alone")]
// SAFETY: as the reason says.
unsafe impl Sync for Code {}

impl Code {
    /// Puts code into memory; nothing where the system does not allow it.
    #[expect(unsafe_code, reason = "code that was made at run time needs memory that may be run")]
    pub(super) fn new(bytes: &[u8]) -> Option<Self> {
        let length = bytes.len();
        let (write, run) = (libc::PROT_READ | libc::PROT_WRITE, libc::PROT_READ | libc::PROT_EXEC);
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping at an address that the system chooses.
        let at = unsafe { libc::mmap(std::ptr::null_mut(), length, write, kind, -1, 0) };
        if at == libc::MAP_FAILED {
            return None;
        }
        let code = Self { at: NonNull::new(at)?, length };
        // SAFETY: the mapping is ours, can be written, and is as long as the code.
        let denied = unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), at.cast(), length);
            libc::mprotect(at, length, run) != 0
        };
        (!denied).then_some(code)
    }

    /// Runs it, and says whether all lanes may stand.
    ///
    /// # Safety
    /// The code was made for this processor and this desk: every address that it counts from a base
    /// lies within what the base belongs to, for so many vectors.
    #[expect(unsafe_code, reason = "what the code does, only its maker knows")]
    pub(super) unsafe fn run(&self, desk: &Desk) -> bool {
        // SAFETY: the memory holds a function of this kind; the rest is the caller's promise.
        unsafe {
            let entry: Entry = std::mem::transmute(self.at.as_ptr());
            entry(desk.columns, desk.constants, desk.slots, desk.vectors, snap_lanes) == 0
        }
    }
}

impl Drop for Code {
    #[expect(unsafe_code, reason = "the mapping is given back")]
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nothing runs in it any more.
        unsafe { libc::munmap(self.at.as_ptr(), self.length) };
    }
}

/// Makes results zero that vanish against their left operands.
#[expect(unsafe_code, reason = "the code gives addresses of two vectors")]
extern "sysv64" fn snap_lanes(results: *mut [f64; VECTOR], left: *const [f64; VECTOR]) {
    // SAFETY: the code passes two different places among its slots.
    let (results, left) = unsafe { (&mut *results, &*left) };
    for (result, left) in results.iter_mut().zip(left) {
        *result = kernels::snap(*result, *left);
    }
}
