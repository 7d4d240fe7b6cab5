//! The `embargod` command.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    embargod::cli::main().await
}
