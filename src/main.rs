//! The `embargod` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    embargod::cli::main()
}
