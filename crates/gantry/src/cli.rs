//! The words of the command line.

mod account;
mod admin;
mod datasets;
mod figures;
mod fraud;
mod identity;
mod payments;
mod people;
mod programs;
mod scheduling;
mod sharing;
mod shop;
mod trials;
mod workflows;

pub use account::{AccountArgs, AccountCommand, KeyArgs, KeysCommand, LedgerArgs, UsageArgs};
pub use admin::{
    AdminAuditCommand, AdminCommand, AdminCreditsCommand, AdminLimitsCommand, AdminPlanCommand,
    FlagsCommand, LimitValue, SpanArgs, UserArgs, UsersCommand,
};
pub use datasets::DatasetsCommand;
pub use figures::{AdminUsageArgs, FiguresCommand};
pub use fraud::FraudCommand;
pub use identity::{
    EmailArgs, GrantsCommand, IdentitiesCommand, LoginArgs, PasskeysCommand, PasswordCommand,
    ProfileArgs, SecondFactorCommand, SignUpArgs, VerifyArgs,
};
pub use payments::AdminPaymentsCommand;
pub use people::{AuditArgs, MembersCommand, NetworksCommand, OrganizationsCommand};
pub use programs::{OAuthClientsCommand, ReferralsCommand};
pub use scheduling::{RedriveArgs, ScheduleArgs, SchedulesCommand, SubmitArgs, WorkArgs};
pub use sharing::{AccessCommand, ThingArgs};
pub use shop::{
    BillingCommand, CreditsCommand, DetailsArgs, InvoicesArgs, InvoicesCommand, PlansArgs,
    PlansCommand,
};
pub use trials::AdminTrialCommand;
pub use workflows::{WorkflowCommand, WorkflowRunArgs};

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use gantry_external::Language;
use gantry_types::JobId;

use crate::config::Secret;
use crate::console::{Console, Format, Volume};

/// Turns a compute engine into a product that people can sign up for, run and pay for.
#[derive(Debug, Parser)]
#[command(name = "gantry", version, about, disable_help_subcommand = true, max_term_width = 100)]
pub struct Arguments {
    /// What every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub struct GlobalArgs {
    /// Print the result as one JSON object
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing but the result and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Read settings from this file instead of ./gantry.toml
    #[arg(long, global = true, value_name = "FILE", env = "GANTRY_CONFIG")]
    pub config: Option<PathBuf>,
}

impl GlobalArgs {
    /// Where the command talks.
    pub fn console(&self) -> Console {
        Console {
            format: if self.json { Format::Json } else { Format::Human },
            volume: if self.quiet { Volume::Quiet } else { Volume::Normal },
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run an operation here and now: no server, no account, no network
    #[command(disable_help_flag = true)]
    Run(RunArgs),
    /// Check or run a workflow of a file here and now: no server, no account, no network
    #[command(subcommand)]
    Workflow(WorkflowCommand),
    /// Start the server: web app, API and worker in one process
    Serve(ServeArgs),
    /// Run jobs for a server on another process or machine, over PostgreSQL
    Worker(WorkerArgs),
    /// Start a server on an empty folder and run one real job on it
    Demo(DemoArgs),
    /// List, watch and cancel jobs of a server
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// List, make, pause and run schedules of a server
    #[command(subcommand)]
    Schedules(SchedulesCommand),
    /// List, upload and delete datasets of a server
    #[command(subcommand)]
    Datasets(DatasetsCommand),
    /// Show and say who in your organization sees a job, dataset, workflow or model of a server
    #[command(subcommand)]
    Access(AccessCommand),
    /// Keep an API key of a server for the commands that talk to it
    Login(LoginArgs),
    /// Open or show your account on a server: plan, credits, use, ledger, ways to sign in
    Account(AccountArgs),
    /// List, make, rotate and revoke API keys of a server
    #[command(subcommand)]
    Keys(KeysCommand),
    /// List the plans of a server, and change, cancel and resume yours
    Plans(PlansArgs),
    /// List packages of credits of a server, and buy one
    #[command(subcommand)]
    Credits(CreditsCommand),
    /// Show the subscription, payments, and the payment provider's page
    #[command(subcommand)]
    Billing(BillingCommand),
    /// List the newest invoices and credit notes, and keep one as a PDF file
    Invoices(InvoicesArgs),
    /// List, invite and remove members of your organization on a server
    #[command(subcommand)]
    Members(MembersCommand),
    /// List, make, join and leave organizations on a server, and change to another one
    #[command(subcommand)]
    Organizations(OrganizationsCommand),
    /// List, register and change programs that act for people by OAuth 2.0
    #[command(subcommand, name = "oauth-clients")]
    OAuthClients(OAuthClientsCommand),
    /// Show whom your organization brought to a server, and its code for more
    #[command(subcommand)]
    Referrals(ReferralsCommand),
    /// List who did what in your organization on a server, newest first
    Audit(AuditArgs),
    /// Administer a server, or a data folder without one
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Look at the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look at editions: products that are one file each
    #[command(subcommand)]
    Edition(EditionCommand),
    /// Make, check and run engines of your own
    #[command(subcommand)]
    Engine(EngineCommand),
    /// Serve the built-in engines over standard input and output
    #[command(hide = true)]
    EngineHost(EngineHostArgs),
    /// Check that this machine and data folder can run a server
    Doctor(DataArgs),
    /// Bring the database to the schema of this version
    Migrate(MigrateArgs),
    /// Print the API's OpenAPI description
    Openapi,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the version
    Version,
}

/// Arguments of `gantry migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// The data folder
    #[command(flatten)]
    pub data: DataArgs,
    /// Do not copy the database first: you have a backup
    #[arg(long)]
    pub no_backup: bool,
}

/// What a child process serves.
#[derive(Debug, Args)]
pub struct EngineHostArgs {
    /// Serve services in place of operations
    #[arg(long)]
    pub services: bool,
}

/// `gantry engine`.
#[derive(Debug, Subcommand)]
pub enum EngineCommand {
    /// Write a small engine that works, to begin with
    New {
        /// Its name: 1 to 32 of a-z, 0-9 and _, starting with a letter
        name: String,
        /// The language: python, bash or js
        #[arg(long, default_value = "python")]
        lang: Language,
        /// The folder to make [default: the name]
        #[arg(long, value_name = "FOLDER")]
        dir: Option<PathBuf>,
    },
    /// Hold an engine against the protocol
    Check {
        /// The folder with its engine.toml
        folder: PathBuf,
    },
    /// Run an operation of an engine here and now
    #[command(disable_help_flag = true)]
    Run {
        /// The folder with its engine.toml
        folder: PathBuf,
        /// The operation and its flags; `--help` lists them
        #[arg(
            value_name = "OPERATION [FLAGS]",
            trailing_var_arg = true,
            allow_hyphen_values = true,
            num_args = 0..
        )]
        words: Vec<String>,
    },
}

/// Arguments of `gantry run`; those after the operation depend on it.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The operation and its flags; `gantry run <OPERATION> --help` lists them
    #[arg(
        value_name = "OPERATION [FLAGS]",
        trailing_var_arg = true,
        allow_hyphen_values = true,
        num_args = 0..
    )]
    pub words: Vec<String>,
}

/// Arguments of `gantry serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The data folder
    #[command(flatten)]
    pub data: DataArgs,
    /// The product to serve: the name of an edition, or a file [default: default]
    #[arg(long, value_name = "NAME|FILE")]
    pub edition: Option<String>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Jobs that run at once [default: 2]
    #[arg(long, value_name = "N")]
    pub workers: Option<u32>,
    /// Run no jobs here: leave them to `gantry worker` processes
    #[arg(long, conflicts_with = "workers")]
    pub no_worker: bool,
}

/// Arguments of `gantry worker`.
#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// The data folder
    #[command(flatten)]
    pub data: DataArgs,
    /// The processors whose jobs it runs: cpu, gpu [default: cpu]
    #[arg(long, value_name = "DEVICES", value_delimiter = ',')]
    pub devices: Vec<String>,
    /// The classes of jobs that it runs, most wanted first [default: high,normal,overflow]
    #[arg(long, value_name = "CLASSES", value_delimiter = ',')]
    pub classes: Vec<String>,
    /// Jobs that run at once [default: 2]
    #[arg(long, value_name = "N")]
    pub slots: Option<u32>,
}

/// Arguments of `gantry demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// An empty folder for the demo's data [default: the first free ./gantry-demo-N]
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// The first port to try; the next free one is taken
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub port: u16,
}

/// The data folder of commands that work without a server.
#[derive(Debug, Clone, Args)]
pub struct DataArgs {
    /// Folder for the database, files and scratch space [default: ./gantry-data]
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
}

/// The server that a command talks to.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// The server's address [default: the last one that you logged in to]
    #[arg(long, value_name = "URL", env = "GANTRY_SERVER")]
    pub server: Option<String>,
    /// The API key [default: the one that `gantry login` kept]
    #[arg(long, value_name = "KEY", env = "GANTRY_API_KEY", hide_env_values = true)]
    pub api_key: Option<ApiKeyArg>,
}

/// An API key on the command line; never printed.
#[derive(Debug, Clone)]
pub struct ApiKeyArg(pub Secret);

impl std::str::FromStr for ApiKeyArg {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(Secret::new(text.trim())))
    }
}

/// `gantry jobs …`.
#[derive(Debug, Subcommand)]
pub enum JobsCommand {
    /// List jobs, newest first
    List {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// Only these states, separated by commas
        #[arg(long, value_name = "STATES")]
        state: Option<String>,
        /// Only this operation
        #[arg(long, value_name = "OPERATION")]
        operation: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// Show a job and its report
    Show(JobArgs),
    /// Follow a job until it ends
    Watch(JobArgs),
    /// Ask a job to stop
    Cancel(JobArgs),
    /// Run a failed or dead job anew
    Redrive(RedriveArgs),
    /// Submit a job
    Submit(SubmitArgs),
    /// Print a job's log
    Logs(JobArgs),
}

/// A job of a server.
#[derive(Debug, Args)]
pub struct JobArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// The job
    #[arg(value_name = "JOB")]
    pub id: JobId,
}

/// `gantry config …`.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigCommand {
    /// Check file, environment and flags, and say nothing if they are right
    Check,
    /// Print the settings in force, secrets masked
    Show,
    /// Print the JSON Schema of gantry.toml
    Schema,
}

/// `gantry edition …`.
#[derive(Debug, Clone, Subcommand)]
pub enum EditionCommand {
    /// List the built-in editions
    List,
    /// Print the file of a built-in edition, to begin with
    Show {
        /// Its name
        name: String,
    },
    /// Explain every mistake of an edition's file, with its line and what to write instead
    Check {
        /// The file, or the name of a built-in edition
        file: String,
    },
}
