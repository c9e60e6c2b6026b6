//! The command `host`.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    host::cli::main()
}
