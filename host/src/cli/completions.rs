//! `host completions`.

use clap::Args;
use clap::CommandFactory as _;

use super::args::Arguments;
use super::failure::Failure;

#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn run(arguments: &CompletionsArguments) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "host", &mut script);
    super::report::terminal::print_exactly(&String::from_utf8_lossy(&script));
    Ok(0)
}
