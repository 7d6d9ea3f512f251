//! Groups of rows without a target: k-means and DBSCAN, and the silhouette that judges them.
//! Distances are Euclidean: scale the columns first.

mod dbscan;
mod elbow;
mod kmeans;
mod silhouette;

pub use dbscan::{DbscanParams, MAX_DBSCAN_ROWS};
pub use elbow::find_elbow;
pub use kmeans::{KMeansModel, KMeansParams};
pub use silhouette::silhouette;
