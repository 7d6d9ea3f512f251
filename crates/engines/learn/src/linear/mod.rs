//! Linear models: least squares, ridge, lasso and elastic net for numbers, logistic regression for classes.
//!
//! Both minimise the objective that scikit-learn documents for its models of the same name, so
//! that coefficients agree where they are unique. Columns must be complete.

mod design;
mod elastic_net;
mod lbfgs;
mod logistic;
mod newton;
mod objective;
mod products;
mod proximal;
mod ridge;

pub use elastic_net::ElasticNetParams;
pub use logistic::{LogisticModel, LogisticParams};
pub use ridge::{RidgeModel, RidgeParams};
