//! The words of administrators for payments: money back, comparing, and what providers told.

use clap::Subcommand;
use gantry_types::{PaymentEventId, Timestamp};

use super::ServerArgs;

/// `gantry admin payments …`.
#[derive(Debug, Subcommand)]
pub enum AdminPaymentsCommand {
    /// Give money back for a payment, through its provider
    Refund {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The payment, by its provider's name
        payment: String,
        /// How much, in the currency's smallest unit [default: all that is left]
        #[arg(long, value_name = "N")]
        minor: Option<i64>,
    },
    /// Compare with the payment provider now, and take over what differs
    Reconcile(ServerArgs),
    /// Move the clock of the sandbox on, so that periods end and payments fall due
    #[command(after_help = "Example: gantry admin payments advance 31")]
    Advance {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// How many days: 1 to 3660
        days: u32,
    },
    /// List what payment providers told, newest first
    Events {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// Only of this provider, such as stripe
        #[arg(long)]
        provider: Option<String>,
        /// Only these: applied, ignored or unclear
        #[arg(long)]
        outcome: Option<String>,
        /// Only of this kind, in the provider's word
        #[arg(long)]
        kind: Option<String>,
        /// Only what came then or later, such as 2027-01-31T00:00:00Z
        #[arg(long, value_name = "TIME")]
        since: Option<Timestamp>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// Show one event with the text that its provider sent
    Event {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The event
        #[arg(value_name = "EVENT")]
        id: PaymentEventId,
    },
    /// Try an unclear event now
    Retry {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The event
        #[arg(value_name = "EVENT")]
        id: PaymentEventId,
    },
    /// Put an unclear event aside, because nothing follows from it
    Dismiss {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The event
        #[arg(value_name = "EVENT")]
        id: PaymentEventId,
        /// Why, for other administrators
        #[arg(long)]
        reason: String,
    },
}
