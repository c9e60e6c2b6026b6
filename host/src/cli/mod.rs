//! The command line: arguments in, exit code out. One file for each verb.
//!
//! Only this module reads the environment, the terminal and the clock, calls `ambient_authority()`, and prints. The engine
//! reports events; `report` makes text or JSON of them.

mod args;
mod build;
mod completions;
mod current;
mod ensure_version;
mod failure;
mod heads;
mod history;
mod init;
mod inspect;
mod local;
mod log;
mod migrate;
mod report;
mod revision;
mod settings;
mod show;
mod signals;
mod stamp;

use std::process::ExitCode;

use clap::Parser as _;

use self::args::Arguments;
use self::args::Command;
use self::failure::Failure;
use self::settings::Settings;
use crate::plan::Direction;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way as well; clap knows which stream and code each one has.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(failure::USAGE));
        }
    };
    let settings = Settings::new(&arguments.global);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return settings.report().failure(&Failure::bug(format!("no asynchronous runtime: {error}"))),
    };
    let result = runtime.block_on(run(&settings, arguments.command));
    // A statement that cannot be cancelled must not keep the process.
    runtime.shutdown_background();
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => settings.report().failure(&failure),
    }
}

async fn run(settings: &Settings, command: Command) -> Result<u8, Failure> {
    match command {
        Command::Init(arguments) => init::run(settings, &arguments),
        Command::Revision(arguments) => revision::run(settings, &arguments),
        Command::Merge(arguments) => revision::merge(settings, &arguments),
        Command::Build(arguments) => build::run(settings, &arguments),
        Command::Upgrade(arguments) => migrate::run(settings, Direction::Upgrade, &arguments).await,
        Command::Downgrade(arguments) => migrate::run(settings, Direction::Downgrade, &arguments).await,
        Command::Current(arguments) => current::run(settings, &arguments).await,
        Command::History(arguments) => history::run(settings, &arguments).await,
        Command::Heads(arguments) => heads::run(settings, &arguments),
        Command::Branches => heads::branches(settings),
        Command::Show(arguments) => show::run(settings, &arguments).await,
        Command::Stamp(arguments) => stamp::run(settings, &arguments).await,
        Command::Log(arguments) => log::run(settings, &arguments).await,
        Command::Inspect(arguments) => inspect::run(settings, &arguments),
        Command::Local(arguments) => local::run(settings, &arguments),
        Command::EnsureVersion(arguments) => ensure_version::run(settings, &arguments).await,
        Command::Completions(arguments) => completions::run(&arguments),
    }
}
