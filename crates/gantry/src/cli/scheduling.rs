//! The words for submitting jobs to a server, now or at set times, and for running them anew.

use clap::{Args, Subcommand};
use gantry_types::{JobId, ScheduleId, Timestamp};

use super::ServerArgs;

/// What a job is to do.
#[derive(Debug, Clone, Args)]
pub struct WorkArgs {
    /// The operation
    #[arg(value_name = "OPERATION")]
    pub operation: String,
    /// The parameters as JSON
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub params: String,
    /// An input: `SLOT=DATASET@VERSION`, `SLOT=DATASET` for its newest version, or
    /// `SLOT=artifact:ID`
    #[arg(long = "input", value_name = "SLOT=INPUT")]
    pub inputs: Vec<String>,
    /// Keep it as blocked when the plan refuses it, to run once that changes
    #[arg(long)]
    pub keep_if_refused: bool,
}

/// Arguments of `gantry jobs submit`.
#[derive(Debug, Args)]
pub struct SubmitArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// What to do
    #[command(flatten)]
    pub work: WorkArgs,
    /// A name for it
    #[arg(long)]
    pub label: Option<String>,
    /// Not before this time, such as 2026-01-31T09:00:00Z
    #[arg(long, value_name = "TIME")]
    pub start_at: Option<Timestamp>,
}

/// Arguments of `gantry jobs redrive`.
#[derive(Debug, Args)]
pub struct RedriveArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// The job
    #[arg(value_name = "JOB", required_unless_present = "all_dead", conflicts_with = "all_dead")]
    pub id: Option<JobId>,
    /// All dead jobs of this operation, of every organization; for administrators
    #[arg(long, value_name = "OPERATION")]
    pub all_dead: Option<String>,
}

/// `gantry schedules …`.
#[derive(Debug, Subcommand)]
pub enum SchedulesCommand {
    /// List schedules, newest first
    List {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// Make a schedule
    Create {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// What each run does
        #[command(flatten)]
        work: WorkArgs,
        /// When: minute, hour, day of the month, month, day of the week
        #[arg(long, value_name = "CRON")]
        cron: String,
        /// The name for people
        #[arg(long)]
        name: String,
        /// Run even while the run before has not ended
        #[arg(long)]
        allow_overlap: bool,
    },
    /// Show a schedule
    Show(ScheduleArgs),
    /// List the runs of a schedule, newest first
    Runs(ScheduleArgs),
    /// Run a schedule now
    Run(ScheduleArgs),
    /// Stop a schedule until it is resumed
    Pause(ScheduleArgs),
    /// Let a paused schedule go on
    Resume(ScheduleArgs),
    /// Delete a schedule; the jobs of its runs stay
    Delete(ScheduleArgs),
}

/// A schedule of a server.
#[derive(Debug, Args)]
pub struct ScheduleArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// The schedule
    #[arg(value_name = "SCHEDULE")]
    pub id: ScheduleId,
}
