//! Who may do what: roles in an organization and scopes of an API key.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::job::{UnknownWord, define_words};

define_words! {
    /// What a member may do in an organization.
    Role, "role" {
        /// Everything, also ending the organization.
        Owner = "owner",
        /// Everything but ending the organization.
        Admin = "admin",
        /// Runs jobs and manages data.
        Member = "member",
        /// Reads.
        Viewer = "viewer",
        /// Reads, and manages plans and payments.
        Billing = "billing",
    }
}

define_words! {
    /// What an API key may be used for.
    Scope, "scope" {
        /// Read jobs, datasets, artifacts and the account.
        Read = "read",
        /// Submit and cancel jobs, call services.
        Run = "run",
        /// Upload and delete datasets and artifacts.
        Data = "data",
        /// Manage keys, sessions and the account.
        Account = "account",
        /// Administer the installation; only keys of administrators carry it.
        Admin = "admin",
    }
}
