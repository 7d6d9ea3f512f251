//! The networks as engines use them.

#[cfg(test)]
mod training;
