//! Scores, coefficients and metrics against the numbers of scikit-learn and LightGBM that
//! `bench/learn/goldens.py`, `model_goldens.py` and `prepare_goldens.py` wrote, on the same tables
//! and folds.

#[cfg(test)]
mod boosting;
#[cfg(test)]
mod contributions;
#[cfg(test)]
mod every;
#[cfg(test)]
mod forest;
#[cfg(test)]
mod isolation;
#[cfg(test)]
mod linear;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod monotone;
#[cfg(test)]
mod network;
#[cfg(test)]
mod prepare;
#[cfg(test)]
mod simple;
#[cfg(test)]
mod svm;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod unsupervised;
