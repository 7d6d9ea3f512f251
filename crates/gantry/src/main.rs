//! The `gantry` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    gantry::main()
}
