//! The `embargod` command.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A question to the backport engine reads many large texts. The system gives this allocator memory in large pages, which saves a
/// tenth of the question's time and more. What is written in C, such as libgit2, takes its memory from here as well.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    embargod::cli::main()
}
