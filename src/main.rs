//! The program: everything is in the library.

use std::process::ExitCode;

/// Judging makes and drops many small values.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    podcheck::cli::main()
}
