//! Who is killed, and what it was doing then.
//!
//! Invariant: a process is halted before it is looked at, so that what is counted is what it was
//! doing when it was killed.

use std::path::PathBuf;

use anyhow::Result;
use rustix::process::Signal;

use crate::chance::Chance;
use crate::fleet::{Fleet, Post, signal};
use crate::journal::{self, Entry, Phase};

/// What the kills hit.
#[derive(Debug, Clone, Default)]
pub struct Kills {
    /// Servers.
    pub servers: u64,
    /// Workers.
    pub workers: u64,
    /// Engine hosts.
    pub hosts: u64,
    /// Servers and workers that held the lease of a job under way.
    pub holders: u64,
    /// Those that had stored a file of a job and not settled it.
    pub between: u64,
    /// The attempts that servers and workers took with them.
    pub struck: Vec<Entry>,
}

impl Kills {
    pub const fn count(&self) -> u64 {
        self.servers + self.workers + self.hosts
    }
}

pub struct Killer {
    pub journal: PathBuf,
    pub kills: Kills,
}

impl Killer {
    /// Kills one process and puts another in its place.
    pub fn strike(&mut self, fleet: &mut Fleet, chance: &mut Chance) -> Result<()> {
        match chance.below(4) {
            0 => self.kill_host(fleet, chance),
            // Whoever has just stored a file, if there is somebody.
            1 | 2 => {
                let aimed = self.find_publisher(fleet);
                self.kill_holder(fleet, aimed, chance)
            }
            _ => self.kill_holder(fleet, None, chance),
        }
    }

    fn find_publisher(&self, fleet: &Fleet) -> Option<usize> {
        let entries = journal::read_all(&self.journal);
        fleet.posts.iter().position(|post| {
            entries
                .iter()
                .any(|entry| entry.phase == Phase::Published && Some(entry.holder) == post.pid())
        })
    }

    fn kill_host(&mut self, fleet: &Fleet, chance: &mut Chance) -> Result<()> {
        let hosts: Vec<u32> = fleet.posts.iter().flat_map(Post::find_hosts).collect();
        if let Some(host) = chance.pick(&hosts)
            // It may have ended by itself since.
            && signal(*host, Signal::KILL).is_ok()
        {
            self.kills.hosts += 1;
        }
        Ok(())
    }

    fn kill_holder(
        &mut self,
        fleet: &mut Fleet,
        aimed: Option<usize>,
        chance: &mut Chance,
    ) -> Result<()> {
        let any = chance.below(fleet.posts.len() as u64) as usize;
        let post = &mut fleet.posts[aimed.unwrap_or(any)];
        post.halt()?;
        let holder = post.pid().unwrap_or_default();
        let struck = journal::read(&self.journal, holder);
        post.kill()?;
        match post.role {
            crate::roles::SERVER => self.kills.servers += 1,
            _ => self.kills.workers += 1,
        }
        self.kills.holders += u64::from(!struck.is_empty());
        let between = struck.iter().any(|entry| entry.phase == Phase::Published);
        self.kills.between += u64::from(between);
        self.kills.struck.extend(struck);
        std::thread::sleep(chance.millis(0, 200));
        post.start().map(drop)
    }
}
