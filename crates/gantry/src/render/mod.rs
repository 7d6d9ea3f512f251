//! Results for people: tables, trees, sizes, times.
//!
//! Invariant: nothing here knows an operation; whatever report an engine gives can be read.

mod items;
mod report;
mod table;
mod words;

pub use items::{Column, render_cell, render_facts, render_items, render_section};
pub use report::render_report;
pub use table::Table;
pub use words::{format_bytes, format_number, format_seconds};
