//! The command `host`.

fn main() -> std::process::ExitCode {
    host::cli::main()
}
