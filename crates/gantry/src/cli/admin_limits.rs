//! The words for limits that single organizations have in place of their plan's.
//!
//! Invariant: which limits there are, and how much each may be, is the server's to say.

use std::str::FromStr;

use clap::Subcommand;
use gantry_types::{OrganizationId, Timestamp};

use super::ServerArgs;

/// `gantry admin limits …`.
#[derive(Debug, Subcommand)]
pub enum AdminLimitsCommand {
    /// List an organization's own limits beside its plan's, also those whose time is over
    List {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The organization
        organization: OrganizationId,
    },
    /// Give an organization a limit in place of its plan's, or change the one that it has
    Set {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The organization
        organization: OrganizationId,
        /// concurrent_jobs, seats, retention_days, file_bytes, or per_month., per_day. or per_job.
        /// and a meter, such as per_month.rows
        limit: String,
        /// How much, or none for no limit
        #[arg(value_name = "N|none")]
        value: LimitValue,
        /// Why, for other administrators
        #[arg(long)]
        reason: String,
        /// When the plan's limit holds again, such as 2027-01-31T00:00:00Z [default: not by itself]
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
    },
    /// Take an organization's own limit back, so that its plan's holds again
    Clear {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The organization
        organization: OrganizationId,
        /// The limit, as it was set
        limit: String,
    },
}

/// How much a limit allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitValue {
    /// So much.
    Units(u64),
    /// Any amount.
    Unlimited,
}

impl LimitValue {
    /// As the API takes it: nothing where there is no limit.
    pub const fn units(self) -> Option<u64> {
        match self {
            Self::Units(units) => Some(units),
            Self::Unlimited => None,
        }
    }
}

/// A text that is no value of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give a whole number such as 40, or `none` for no limit")]
pub struct InvalidLimitValue;

impl FromStr for LimitValue {
    type Err = InvalidLimitValue;

    fn from_str(text: &str) -> Result<Self, InvalidLimitValue> {
        match text {
            "none" => Ok(Self::Unlimited),
            number => number.parse().map(Self::Units).map_err(|_| InvalidLimitValue),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_whole_number_or_none() {
        assert_eq!("0".parse(), Ok(LimitValue::Units(0)));
        assert_eq!("5000000".parse::<LimitValue>().unwrap().units(), Some(5_000_000));
        assert_eq!("none".parse::<LimitValue>().unwrap().units(), None);
        for wrong in ["", "many", "-1", "1.5", "1 000", "null"] {
            assert_eq!(wrong.parse::<LimitValue>(), Err(InvalidLimitValue), "{wrong}");
        }
    }
}
