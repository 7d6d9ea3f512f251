//! The tables by group: rows and the port's small repositories over them.
//!
//! Invariant: a look-up of a tenant's row names the tenant in its WHERE.

mod access_read;
mod access_rows;
mod access_write;
mod accounts;
mod accounts_write;
mod asks;
mod audit;
mod breaches;
mod catalog;
mod catalog_rows;
mod catalog_write;
mod chores;
mod chores_sweep;
mod clients;
mod closings;
mod convert;
mod departures;
mod erasure;
mod export;
mod export_parts;
mod flags;
mod flow_rows;
mod flows;
mod identity_read;
mod identity_rows;
mod identity_write;
mod invoices;
mod job_costs;
mod job_rows;
mod jobs;
mod jobs_list;
mod ledger;
mod mails;
mod models;
mod overrides;
mod page;
mod payment_rows;
mod payments;
mod payments_write;
mod people;
mod quota_events;
mod referrals;
mod requests;
mod reward_rows;
mod rewards;
mod rewards_write;
mod schedule_rows;
mod schedules;
mod sharing;
mod sight;
mod usage;
mod usage_sums;
mod vouching;

pub(crate) use convert::{
    decode_json, decode_opt_json, decode_serde_word, decode_u32, decode_u64, decode_word,
    encode_json, encode_serde_word, encode_u64,
};
pub(crate) use job_rows::{ChildRow, decode_seed, encode_seed};
pub(crate) use overrides::decode_override;
