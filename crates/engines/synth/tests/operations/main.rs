//! The operations as the platform runs them.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod control;
#[cfg(test)]
mod deep;
#[cfg(test)]
mod estimates;
#[cfg(test)]
mod fidelity;
#[cfg(test)]
mod fitted;
#[cfg(test)]
mod judged;
#[cfg(test)]
mod output;
#[cfg(test)]
mod privacy;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tables;
