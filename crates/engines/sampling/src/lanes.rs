//! Which vector instructions a computation may use. The same source is compiled for several sets;
//! results are the same bits in each, because the source uses only operations that IEEE 754 rounds
//! correctly (no fused multiply-add, no call of a C library), and none of them is reordered.
//!
//! Invariant: a [`Lanes`] other than plain exists only where this machine has those instructions.
//! That is what makes the calls inside of [`dispatched`] sound.

/// A set of vector instructions that this machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lanes(pub(crate) Set);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Lanes {
    /// The widest that this machine has.
    #[must_use]
    pub fn widest() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx512() {
                return Self(Set::Avx512);
            }
            if std::arch::is_x86_feature_detected!("avx2") {
                return Self(Set::Avx2);
            }
        }
        Self(Set::Plain)
    }

    /// All that this machine has, from narrow to wide; for tests and benches.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self(Set::Plain)];
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx2") {
                all.push(Self(Set::Avx2));
            }
            if has_avx512() {
                all.push(Self(Set::Avx512));
            }
        }
        all
    }

    /// Its name, such as `avx2`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Set::Plain => "plain",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "avx512",
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512dq")
        && std::arch::is_x86_feature_detected!("avx512vl")
        && std::arch::is_x86_feature_detected!("avx512bw")
        && std::arch::is_x86_feature_detected!("avx2")
}

/// Compiles an `#[inline(always)]` function for every set of instructions, and makes a function
/// that takes [`Lanes`] first and calls the copy for it.
macro_rules! dispatched {
    ($(#[$doc:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),*) = $body:path) => {
        $(#[$doc])*
        #[cfg_attr(target_arch = "x86_64", expect(
            unsafe_code,
            reason = "a function with target features may be called only where they are; `Lanes` proves it"
        ))]
        $visibility fn $name(lanes: $crate::lanes::Lanes, $($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2")]
            fn wide($($argument: $type),*) {
                $body($($argument),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn middle($($argument: $type),*) {
                $body($($argument),*);
            }
            match lanes.0 {
                $crate::lanes::Set::Plain => $body($($argument),*),
                // SAFETY: `Lanes` holds this set only where detection found it.
                #[cfg(target_arch = "x86_64")]
                $crate::lanes::Set::Avx2 => unsafe { middle($($argument),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::lanes::Set::Avx512 => unsafe { wide($($argument),*) },
            }
        }
    };
}
pub(crate) use dispatched;
