//! The words for what a server sells: plans, credits, the way to pay.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ServerArgs;

/// Arguments of `gantry plans`; without a command it lists them.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PlansArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// What to do
    #[command(subcommand)]
    pub command: Option<PlansCommand>,
}

/// `gantry plans …`.
#[derive(Debug, Subcommand)]
pub enum PlansCommand {
    /// List plans, from the smallest to the largest; so does no command at all
    List(ServerArgs),
    /// Change to a plan: at once where you pay for one already, else by the page that is printed
    Change {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The plan's name for programs
        #[arg(value_name = "PLAN")]
        slug: String,
        /// How often it is paid
        #[arg(long, default_value = "month", value_parser = ["month", "year"])]
        interval: String,
    },
    /// Let the subscription end with the period that is paid
    Cancel(ServerArgs),
    /// Let a cancelled subscription go on after all
    Resume(ServerArgs),
    /// Let go of the plan that was chosen at signing up and is not paid
    #[command(after_help = "Example: gantry plans forget")]
    Forget(ServerArgs),
}

/// `gantry credits …`.
#[derive(Debug, Subcommand)]
pub enum CreditsCommand {
    /// List packages of credits
    Packages(ServerArgs),
    /// Begin to buy a package, and print the page on which it is paid
    Buy {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The package's name for programs
        package: String,
    },
}

/// `gantry billing …`.
#[derive(Debug, Subcommand)]
pub enum BillingCommand {
    /// Show the subscription that you have, or had last
    Subscription(ServerArgs),
    /// List what was paid, newest first
    Payments {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// Print the payment provider's page with invoices and cards
    Portal(ServerArgs),
    /// Show to whom invoices are written; with --name and the others, say it anew
    Details(DetailsArgs),
}

/// Arguments of `gantry billing details`.
#[derive(Debug, Args)]
pub struct DetailsArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// The name of the company or the person
    #[arg(long, requires_all = ["line", "city", "country"])]
    pub name: Option<String>,
    /// A line of the address above the city; may be given up to four times
    #[arg(long, value_name = "LINE", requires = "name")]
    pub line: Vec<String>,
    /// The city
    #[arg(long, requires = "name")]
    pub city: Option<String>,
    /// The postal code
    #[arg(long, value_name = "CODE", requires = "name")]
    pub postal_code: Option<String>,
    /// The country, in the two letters of ISO 3166-1
    #[arg(long, requires = "name")]
    pub country: Option<String>,
    /// The number under which taxes are paid
    #[arg(long, value_name = "ID", requires = "name")]
    pub tax_id: Option<String>,
    /// Forget them
    #[arg(long, conflicts_with = "name")]
    pub forget: bool,
}

/// Arguments of `gantry invoices`; without a command it lists them.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct InvoicesArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// What to do
    #[command(subcommand)]
    pub command: Option<InvoicesCommand>,
}

/// `gantry invoices …`.
#[derive(Debug, Subcommand)]
pub enum InvoicesCommand {
    /// List the newest invoices and credit notes; so does no command at all
    List(ServerArgs),
    /// Keep one that the server numbered itself as a PDF file
    Save {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// Its number
        number: String,
        /// Where to; NUMBER.pdf in this folder if not given
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}
