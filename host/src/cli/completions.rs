//! `host completions`.

use clap::Args;
use clap::CommandFactory as _;

use super::args::Arguments;
use super::failure::Failure;
use super::settings::Settings;

#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn run(settings: &Settings, arguments: &CompletionsArguments) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "host", &mut script);
    settings.report().exactly(&String::from_utf8_lossy(&script));
    Ok(0)
}
