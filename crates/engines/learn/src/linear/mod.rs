//! Linear models: least squares and ridge for numbers, logistic regression for classes.
//!
//! Both minimise the objective that scikit-learn documents for its models of the same name, so
//! that coefficients agree where they are unique. Columns must be complete.

mod design;
mod lbfgs;
mod logistic;
mod newton;
mod objective;
mod ridge;

pub use logistic::{LogisticModel, LogisticParams};
pub use ridge::{RidgeModel, RidgeParams};
