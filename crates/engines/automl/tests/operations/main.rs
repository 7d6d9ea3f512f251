//! The engine's operations and its service from the outside, on a host in memory.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod evaluate;
#[cfg(test)]
mod export;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod predict;
#[cfg(test)]
mod preprocess;
#[cfg(test)]
mod search;
#[cfg(test)]
mod share;
#[cfg(test)]
mod support;
#[cfg(test)]
mod train;
