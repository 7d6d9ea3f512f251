//! The words with which a job's life is told.
//!
//! Invariant: each word has one spelling, used in the store, the API and the web app alike.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text is none of the words of a closed set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {set}; expected one of {expected}")]
pub struct UnknownWord {
    /// The name of the set.
    pub set: &'static str,
    /// The text that was given.
    pub text: String,
    /// The words of the set, separated by commas.
    pub expected: String,
}

macro_rules! define_words {
    ($(#[$doc:meta])* $name:ident, $set:literal { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// Every word of the set.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as it stands in the store and the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord {
                    set: $set,
                    text: text.chars().take(64).collect(),
                    expected: [$($word),+].join(", "),
                })
            }
        }
    };
}
pub(crate) use define_words;

define_words! {
    /// Where a job stands.
    JobState, "job state" {
        /// Waits for its start time.
        Scheduled = "scheduled",
        /// Refused by the plan for now, and kept: runs once it is paid or the limit resets.
        Blocked = "blocked",
        /// Ready to be claimed.
        Queued = "queued",
        /// Claimed by a worker that holds its lease.
        Running = "running",
        /// Gave up its slot until its children have settled.
        Waiting = "waiting",
        /// Ended with a report.
        Succeeded = "succeeded",
        /// Ended with an error.
        Failed = "failed",
        /// Ended because somebody asked for it.
        Cancelled = "cancelled",
        /// Ended because it killed its host again and again; kept as a dead letter.
        Dead = "dead",
    }
}

impl JobState {
    /// Whether the job has ended and been settled.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Scheduled | Self::Blocked | Self::Queued | Self::Running | Self::Waiting => false,
            Self::Succeeded | Self::Failed | Self::Cancelled | Self::Dead => true,
        }
    }
}

define_words! {
    /// The kind of processor that a job wants or a worker has.
    Device, "device" {
        /// A processor.
        Cpu = "cpu",
        /// A graphics processor.
        Gpu = "gpu",
    }
}

define_words! {
    /// The priority class of a job: higher classes are claimed first.
    PriorityClass, "priority class" {
        /// Before all others.
        High = "high",
        /// The usual class.
        Normal = "normal",
        /// When nothing else waits.
        Overflow = "overflow",
    }
}

define_words! {
    /// Why an engine ended without a report; decides retry and refund.
    EngineErrorKind, "engine error kind" {
        /// The parameters are wrong; the same submission fails again.
        Params = "params",
        /// The input data are wrong; the same submission fails again.
        Input = "input",
        /// A limit was reached: memory, time, disk, credits.
        Resource = "resource",
        /// Something outside failed and may work the next time; retried.
        Transient = "transient",
        /// Somebody asked the job to stop.
        Cancelled = "cancelled",
        /// The engine is wrong.
        Bug = "bug",
    }
}

/// The number of a claim of a job, from 1. Every later write of the claim carries it, so that
/// a worker that lost its lease can change nothing.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Attempt(u32);

impl Attempt {
    /// A job that was never claimed.
    pub const NONE: Self = Self(0);

    /// Takes the number from a store column.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number, for a store column.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The number of the next claim.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip_and_strangers_are_refused() {
        for state in JobState::ALL {
            assert_eq!(state.as_str().parse::<JobState>().as_ref(), Ok(state));
            assert_eq!(serde_json_word(state), format!("\"{state}\""));
        }
        let refusal = "done".parse::<JobState>().unwrap_err();
        assert!(refusal.to_string().contains("expected one of scheduled, blocked"), "{refusal}");
    }

    fn serde_json_word(state: &JobState) -> String {
        serde_json::to_string(state).unwrap()
    }
}
