//! Gradient boosting on histograms for classes and numbers: trees grow leaf by leaf on columns
//! cut into at most 255 bins, as LightGBM's do (Ke et al., "LightGBM: A highly efficient gradient
//! boosting decision tree", 2017), and with its defaults. Categories are split into subsets,
//! missing values go to whichever side serves better. Leaves keep to the middle between the sides of
//! every split of a column that is bound to a direction.

mod buffers;
mod category;
mod fit;
mod grower;
mod histogram;
mod loss;
mod model;
mod params;
mod split;

pub use model::{BoostingClassifier, BoostingRegressor};
pub use params::{BoostingParams, EarlyStop, Monotone, RegressionLoss};
