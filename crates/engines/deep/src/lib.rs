//! Deep learning of tables: an autoencoder of cells, a network on the graph of neighbouring rows, and
//! diffusion in the space that the autoencoder found.
//!
//! A table comes as codes with a prior: groups, each a distribution of codes by column, and the group
//! of every row. What is drawn is conditioned on a group alone. The prior draws the group; no row's
//! own embedding is ever kept or used again, only means over the rows of a group.
//!
//! Invariants, on the processor: the same table, options and seed give the same parameters, whatever the
//! number of threads; what row `n` gets depends on parameters, wish, seed and `n` alone; training that
//! was cut off goes on to the same bytes.

mod autoencoder;
mod batch;
mod denoiser;
mod device;
mod error;
mod graph;
mod net;
mod options;
mod sample;
mod table;
mod train;

pub use denoiser::Denoiser;
pub use device::Device;
pub use error::DeepError;
pub use options::{DeepOptions, Epochs, Round, Stage, Watch};
pub use sample::Wish;
pub use table::{CodedColumn, CodedTable, Prior};
pub use train::Training;
