//! Scores, coefficients and metrics against the numbers of scikit-learn and LightGBM that
//! `bench/learn/goldens.py` wrote, on the same tables and folds.

#[cfg(test)]
mod boosting;
#[cfg(test)]
mod forest;
#[cfg(test)]
mod linear;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod network;
#[cfg(test)]
mod simple;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod unsupervised;
