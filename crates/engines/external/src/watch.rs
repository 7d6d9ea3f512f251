//! Watches what a run takes while it works: memory, and output that no message carries.
//!
//! Invariant: looks every [`PAUSE`]; ends only when a limit is exceeded.

use std::collections::BTreeSet;
use std::time::Duration;

use gantry_engine_api::EngineError;
use rustix::process::{Pid, RawPid};

use crate::complaints::Complaints;
use crate::kin::{find_kin, read_resident_bytes};

/// How often a run is looked at.
const PAUSE: Duration = Duration::from_millis(200);
/// After how many looks the list of processes is made anew: reading all of `/proc` costs more
/// than reading the memory of those that are known.
const LOOKS_PER_LIST: u32 = 3;

/// The limits of one run that are watched from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched {
    pub(crate) leader: Pid,
    /// Resident bytes of all its processes; 0 means no limit.
    pub(crate) memory_bytes: u64,
    /// Bytes on standard error, counted from the process's start.
    pub(crate) complaint_bytes: u64,
}

/// Waits until a limit is exceeded.
pub(crate) async fn watch(watched: Watched, complaints: &Complaints) -> EngineError {
    let mut kin = BTreeSet::new();
    let mut looks = 0_u32;
    loop {
        tokio::time::sleep(PAUSE).await;
        if complaints.bytes() > watched.complaint_bytes {
            return derive_output_error(watched.complaint_bytes);
        }
        if watched.memory_bytes == 0 {
            continue;
        }
        let refresh = looks.is_multiple_of(LOOKS_PER_LIST);
        looks = looks.wrapping_add(1);
        let known = std::mem::take(&mut kin);
        let look = move || {
            let kin = if refresh { find_kin(watched.leader) } else { known };
            let used: u64 = kin.iter().map(|pid: &RawPid| read_resident_bytes(*pid)).sum();
            (kin, used)
        };
        let Ok((seen, used)) = tokio::task::spawn_blocking(look).await else { continue };
        kin = seen;
        if used > watched.memory_bytes {
            return derive_memory_error(used, watched.memory_bytes);
        }
    }
}

/// The error of a run that wrote too much.
pub(crate) fn derive_output_error(limit: u64) -> EngineError {
    EngineError::resource(format!(
        "The engine wrote more than the {limit} bytes of output that one run may write."
    ))
    .with_next_step("Write results to files and publish them as artifacts, and say less.")
}

fn derive_memory_error(used: u64, limit: u64) -> EngineError {
    let mebibytes = |bytes: u64| bytes.div_ceil(1 << 20);
    EngineError::resource(format!(
        "The job used {} MiB of memory and may use {} MiB.",
        mebibytes(used),
        mebibytes(limit)
    ))
    .with_next_step("Submit it again with smaller inputs, or under a plan that allows more.")
}
