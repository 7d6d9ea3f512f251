//! Where there is no machine code of ours: other processors and systems.

/// Lanes of the longest vector, and of every slot.
pub(super) const VECTOR: usize = 8;

/// Code that can be run: there is none.
#[derive(Debug)]
pub(super) enum Code {}

/// What code works on.
pub(super) struct Desk {
    pub(super) columns: *mut f64,
    pub(super) constants: *const f64,
    pub(super) slots: *mut f64,
    pub(super) vectors: u64,
}

impl Code {
    /// Nothing.
    pub(super) fn new(_: &[u8]) -> Option<Self> {
        None
    }

    /// Is never called.
    ///
    /// # Safety
    /// There is no code.
    #[expect(unsafe_code, reason = "the same signature as where there is code")]
    pub(super) unsafe fn run(&self, _: &Desk) -> bool {
        match *self {}
    }
}
