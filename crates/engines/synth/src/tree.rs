//! The tier `instant`: one decision tree for each column, given the columns before it.
//!
//! A row is drawn column by column: what is drawn so far leads down the tree of the next column to
//! a leaf, and one of the leaf's donors gives the cell. Values that too few rows share are never
//! given as they are, but moved towards a neighbour; a row that repeats a rare real row is drawn
//! again.
//!
//! Invariant: a row is a function of (model, seed, row number) alone, so any range of rows can be
//! drawn by any thread.

mod binner;
mod ends;
mod fit;
mod gain;
mod grow;
mod leaf;
mod order;
mod sample;
mod tune;

pub(crate) use binner::Binner;
pub(crate) use fit::TreeGenerator;
pub(crate) use leaf::{Donors, Gate, Marginal, derive_gate_of_level, round};
pub(crate) use sample::draw_share;
