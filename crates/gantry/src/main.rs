//! The gantry binary: the composition root.

fn main() {}
