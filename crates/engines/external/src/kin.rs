//! The processes that belong to an engine's process: its group and all descendants of it.
//!
//! Invariant: reads `/proc` only. What left the group *and* lost its parent is not found: an
//! engine is run by its operator, and this is order, not a wall against an attacker.

use std::collections::BTreeSet;
use std::fs;

use rustix::process::{Pid, RawPid, Signal, kill_process, kill_process_group};

struct Entry {
    pid: RawPid,
    parent: RawPid,
    group: RawPid,
}

/// The members of the group that `leader` leads, and their descendants.
pub(crate) fn find_kin(leader: Pid) -> BTreeSet<RawPid> {
    let leader = leader.as_raw_nonzero().get();
    let entries = read_processes();
    let in_group = entries.iter().filter(|entry| entry.group == leader);
    let mut kin: BTreeSet<RawPid> = in_group.map(|entry| entry.pid).collect();
    loop {
        let before = kin.len();
        let children = entries.iter().filter(|entry| kin.contains(&entry.parent));
        let pids: Vec<RawPid> = children.map(|entry| entry.pid).collect();
        kin.extend(pids);
        if kin.len() == before {
            return kin;
        }
    }
}

/// Kills the group that `leader` leads and the descendants that left it.
pub(crate) fn kill_kin(leader: Pid) {
    let strays = find_kin(leader);
    // Whoever is gone already needs no signal.
    let _ = kill_process_group(leader, Signal::KILL);
    for stray in strays.into_iter().filter_map(Pid::from_raw) {
        let _ = kill_process(stray, Signal::KILL);
    }
}

/// Resident bytes of a process; 0 when it has ended.
pub(crate) fn read_resident_bytes(pid: RawPid) -> u64 {
    let pages = fs::read_to_string(format!("/proc/{pid}/statm"))
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * rustix::param::page_size() as u64
}

fn read_processes() -> Vec<Entry> {
    let Ok(folder) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = folder
        .flatten()
        .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()));
    pids.filter_map(read_process).collect()
}

fn read_process(pid: RawPid) -> Option<Entry> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may itself contain some.
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(1);
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    Some(Entry { pid, parent, group })
}
