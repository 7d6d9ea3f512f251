//! One installation from its start to the verdict.

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use gantry_testkit::postgres::{self, Durability, Postgres};

use crate::chance::Chance;
use crate::fleet::{Fleet, Post};
use crate::killer::{Killer, Kills};
use crate::load::Load;
use crate::roles::{SERVER, Settings, WORKER};
use crate::verdict::{self, Ended};

/// The least that must happen on one installation.
#[derive(Debug, Clone)]
pub struct Scale {
    pub jobs: u64,
    pub kills: u64,
    pub holders: u64,
    pub between: u64,
    /// When it is given up.
    pub limit: Duration,
}

impl Scale {
    pub const FULL: Self =
        Self { jobs: 1_000, kills: 30, holders: 18, between: 7, limit: Duration::from_secs(420) };
    pub const SHORT: Self =
        Self { jobs: 100, kills: 5, holders: 3, between: 1, limit: Duration::from_secs(120) };

    pub fn doubled(&self) -> Self {
        Self {
            jobs: self.jobs * 2,
            kills: self.kills * 2,
            holders: self.holders * 2,
            between: self.between * 2,
            limit: self.limit * 2,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One server with a worker in it.
    Sqlite,
    /// A server without, and two workers: one with jobs in child processes, one in threads.
    Postgres,
}

/// What happened.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub kills: Kills,
    pub ended: Ended,
    pub repeated: u64,
    pub took: Duration,
}

impl Outcome {
    pub fn plus(&self, other: &Self) -> Self {
        let (a, b) = (&self.kills, &other.kills);
        let kills = Kills {
            servers: a.servers + b.servers,
            workers: a.workers + b.workers,
            hosts: a.hosts + b.hosts,
            holders: a.holders + b.holders,
            between: a.between + b.between,
            struck: a.struck.iter().chain(&b.struck).cloned().collect(),
        };
        Self {
            kills,
            ended: self.ended.plus(&other.ended),
            repeated: self.repeated + other.repeated,
            took: self.took + other.took,
        }
    }

    /// Fails unless so much happened.
    pub fn require(&self, least: &Scale) -> Result<()> {
        let (kills, jobs) = (&self.kills, self.ended.roots);
        ensure!(jobs >= least.jobs, "{jobs} jobs of {}", least.jobs);
        ensure!(kills.count() >= least.kills, "{} kills of {}", kills.count(), least.kills);
        ensure!(kills.holders >= least.holders, "{} holders of {}", kills.holders, least.holders);
        ensure!(kills.between >= least.between, "{} between of {}", kills.between, least.between);
        Ok(())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kills = &self.kills;
        write!(
            formatter,
            "{}; {} kills ({} servers, {} workers, {} engine hosts), {} of lease holders, {} \
             between a file and its settlement; {} attempts struck, {} requests repeated; {:.0} s",
            self.ended,
            kills.count(),
            kills.servers,
            kills.workers,
            kills.hosts,
            kills.holders,
            kills.between,
            kills.struck.len(),
            self.repeated,
            self.took.as_secs_f64()
        )
    }
}

/// Where an installation lives.
pub struct Site {
    pub folder: tempfile::TempDir,
    pub settings: Settings,
    /// Kept as long as its database is in use.
    _database: Option<Postgres>,
}

impl Site {
    pub fn open(kind: Kind) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("gantry-crash-").tempdir()?;
        let database = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(postgres::start(Durability::None)?),
        };
        let settings = Settings {
            data_dir: folder.path().join("data"),
            blobs: folder.path().join("blobs"),
            store_url: database.as_ref().map(Postgres::create_database).transpose()?,
            listen: find_free_address()?,
            slots: if kind == Kind::Sqlite { 4 } else { 0 },
            lease_s: 3,
            drain_s: 1,
            in_threads: false,
            journal: folder.path().join("journal"),
        };
        std::fs::create_dir(&settings.journal)?;
        Ok(Self { folder, settings, _database: database })
    }

    /// A place for a server or worker with settings of its own.
    pub fn post(&self, role: &'static str, name: &str, settings: &Settings) -> Result<Post> {
        Post::new(role, name, self.folder.path(), settings)
    }

    /// The settings of a worker.
    pub fn worker(&self, in_threads: bool) -> Settings {
        Settings { slots: 4, in_threads, ..self.settings.clone() }
    }
}

/// Runs jobs on an installation while its processes are killed, and judges what is left.
pub async fn tell(kind: Kind, scale: &Scale, chance: &mut Chance) -> Result<Outcome> {
    let begun = Instant::now();
    let deadline = begun + scale.limit;
    let site = Site::open(kind)?;
    let mut posts = vec![site.post(SERVER, "server", &site.settings)?];
    if kind == Kind::Postgres {
        posts.push(site.post(WORKER, "worker-1", &site.worker(false))?);
        posts.push(site.post(WORKER, "worker-2", &site.worker(true))?);
    }
    let mut fleet = Fleet { posts };
    let setup = fleet.server()?.start()?["setup"].as_str().map(str::to_owned);
    let setup = setup.context("a new installation is set up")?;
    for post in fleet.posts.iter_mut().skip(1) {
        post.start()?;
    }
    let address = site.settings.listen;
    let mut load = Load::begin(address, &setup, chance.next(), deadline).await?;
    let killer = Killer { journal: site.settings.journal.clone(), kills: Kills::default() };
    let strikes =
        strike_until(fleet, killer, (scale.clone(), Chance::new(chance.next()), deadline));
    let kills = tokio::task::spawn_blocking(strikes);
    keep_busy(&mut load, scale, &kills).await?;
    let (mut fleet, killer) = kills.await??;
    wait_for_end(&mut load, &site, deadline).await?;
    for post in &mut fleet.posts {
        post.stop(Duration::from_secs(20))?;
    }
    let ended = verdict::judge(&site, &load, &killer.kills).await?;
    let outcome =
        Outcome { kills: killer.kills, ended, repeated: load.repeated, took: begun.elapsed() };
    outcome.require(scale)?;
    Ok(outcome)
}

/// Work for a thread: kills until enough was hit.
fn strike_until(
    mut fleet: Fleet,
    mut killer: Killer,
    (scale, mut chance, deadline): (Scale, Chance, Instant),
) -> impl FnOnce() -> Result<(Fleet, Killer)> {
    move || {
        loop {
            let kills = &killer.kills;
            if kills.count() >= scale.kills
                && kills.holders >= scale.holders
                && kills.between >= scale.between
            {
                return Ok((fleet, killer));
            }
            ensure!(Instant::now() < deadline, "there was no time for more kills: {kills:?}");
            std::thread::sleep(chance.millis(150, 700));
            killer.strike(&mut fleet, &mut chance)?;
        }
    }
}

/// Submits until there were enough jobs, and as long as somebody is to be killed.
async fn keep_busy<T>(
    load: &mut Load,
    scale: &Scale,
    kills: &tokio::task::JoinHandle<T>,
) -> Result<()> {
    loop {
        let is_enough = load.jobs.len() as u64 >= scale.jobs;
        if is_enough && kills.is_finished() {
            return Ok(());
        }
        if is_enough && load.count_unfinished().await? >= 40 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        }
        load.submit(10).await?;
    }
}

async fn wait_for_end(load: &mut Load, site: &Site, deadline: Instant) -> Result<()> {
    loop {
        let unfinished = load.count_unfinished().await?;
        if unfinished == 0 {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "{unfinished} jobs have not ended\n{}",
            read_logs(site.folder.path())
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The last lines that the processes logged.
fn read_logs(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let logs = files.filter(|file| file.path().extension().is_some_and(|end| end == "log"));
    let tails = logs.map(|file| {
        let text = std::fs::read_to_string(file.path()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n");
        format!("{}:\n{tail}\n", file.path().display())
    });
    tails.collect()
}

fn find_free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
