//! The engine's operations, one a module.

pub mod cluster;
pub mod evaluate;
pub mod export;
pub mod predict;
pub mod preprocess;
pub mod price;
pub mod reduce;
pub mod time;
pub mod train;
pub mod try_candidate;
