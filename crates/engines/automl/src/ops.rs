//! The engine's operations, one a module.

pub mod predict;
pub mod preprocess;
pub mod price;
pub mod time;
pub mod train;
