//! The words of `gantry admin`.

use std::path::PathBuf;

use clap::Subcommand;

use super::DataArgs;

/// `gantry admin …`.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Create the first administrator of a data folder
    Create {
        /// The data folder
        #[command(flatten)]
        data: DataArgs,
        /// The e-mail address to sign in with
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// The name for people (by default the address before its @)
        #[arg(long)]
        name: Option<String>,
        /// Read the password from standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Take over accounts that people had elsewhere, with their passwords
    ImportPeople {
        /// The data folder
        #[command(flatten)]
        data: DataArgs,
        /// A CSV file with the columns email, name, password_hash (bcrypt or Argon2id) and verified
        /// (yes or no)
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The product whose plan they get: the name of an edition, or a file [default: default]
        #[arg(long, value_name = "NAME|FILE")]
        edition: Option<String>,
        /// Leave out who has an account here already, instead of importing nobody
        #[arg(long)]
        skip_known: bool,
    },
    /// Check that the audit log is as it was when it was sealed
    VerifyAudit {
        /// The data folder
        #[command(flatten)]
        data: DataArgs,
        /// Check an exported file (format jsonl) instead, without a database
        #[arg(long, value_name = "FILE", conflicts_with = "data_dir")]
        file: Option<PathBuf>,
    },
}
