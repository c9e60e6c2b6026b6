//! The command line: arguments in, exit code out. One file for each verb.
//!
//! Only this module reads the environment, the terminal and the clock, calls `ambient_authority()`, and prints. The engine
//! reports events; `report` makes text or JSON of them.

mod apply;
mod args;
mod backfill;
mod build;
mod build_failure;
mod cache;
mod compare;
mod complete;
mod completions;
mod connecting;
mod current;
mod db;
mod doctor;
mod dry_run;
mod dump;
mod edit;
mod ensure_version;
mod failure;
mod folders;
mod guard;
mod heads;
mod history;
mod init;
mod init_alembic;
mod inspect;
mod javascript_packages;
mod local;
mod log;
mod migrate;
mod problem;
mod process;
mod python_packages;
mod repair;
mod report;
mod revision;
mod revision_alembic;
mod runtime;
mod settings;
mod show;
mod signals;
mod source_checks;
mod stamp;
mod status;
mod target;
mod times;
mod unfinished;
mod usage;
mod validate;
mod variables;
mod worker;

use std::process::ExitCode;

use clap::Parser as _;

use self::args::Arguments;
use self::args::Command;
use self::failure::Failure;
use self::report::Report;
use self::report::secrets::Secrets;
use self::report::terminal;
use self::report::terminal::Line;
use self::settings::Settings;
use self::settings::wants_json;
use crate::plan::Direction;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    if worker::is_one() {
        return worker::serve();
    }
    let secrets = settings::secrets();
    let of_hook = secrets.clone();
    std::panic::set_hook(Box::new(move |panic| {
        // What a malformed answer does to the driver becomes an error of that connection.
        if !crate::db::is_in_driver() {
            terminal::print_error(&panic_lines(panic), false, &of_hook);
        }
    }));
    std::panic::catch_unwind(|| complete::answer(&secrets).unwrap_or_else(|| process(&secrets))).unwrap_or_else(
        |panic| {
            // Where it happened stands above: the panic hook has written it.
            let report = Report::new(wants_json(), false, false, secrets.clone());
            report.end(report.failure(&panicked(panic.as_ref())))
        },
    )
}

fn process(secrets: &Secrets) -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage::not_understood(error, secrets),
    };
    let settings = Settings::new(&arguments.global, secrets.clone());
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::bug(format!("cannot start the asynchronous runtime: {error}"));
            return settings.report().end(settings.report().failure(&failure));
        }
    };
    let result = runtime.block_on(run(&settings, arguments.command));
    // A statement that cannot be cancelled must not keep the process.
    runtime.shutdown_background();
    let report = settings.report();
    report.end(result.unwrap_or_else(|failure| report.failure(&failure)))
}

/// Where a panic happened, in whatever thread. With `RUST_BACKTRACE` also how it came there.
fn panic_lines(panic: &std::panic::PanicHookInfo<'_>) -> Vec<Line> {
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let mut lines = vec![Line::new(format!("host panicked at {place}"))];
    lines.extend(Line::block(2, panic.payload_as_str().unwrap_or("without a message")));
    let backtrace = std::backtrace::Backtrace::capture();
    if backtrace.status() == std::backtrace::BacktraceStatus::Captured {
        lines.extend(Line::block(2, &backtrace.to_string()));
    }
    lines
}

/// A panic is a fault of the host, whatever was asked of it.
fn panicked(panic: &(dyn std::any::Any + Send)) -> Failure {
    let message = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Failure::bug(format!("host panicked: {}", message.unwrap_or("without a message")))
}

async fn run(settings: &Settings, command: Command) -> Result<u8, Failure> {
    match command {
        Command::Init(arguments) => init::run(settings, &arguments),
        Command::Revision(arguments) => revision::run(settings, &arguments).await,
        Command::Merge(arguments) => revision::merge(settings, &arguments),
        Command::Build(arguments) => build::run(settings, &arguments).await,
        Command::Validate(arguments) => validate::run(settings, &arguments).await,
        Command::Upgrade(arguments) => migrate::run(settings, Direction::Upgrade, &arguments).await,
        Command::Downgrade(arguments) => migrate::run(settings, Direction::Downgrade, &arguments).await,
        Command::Apply(arguments) => apply::run(settings, &arguments).await,
        Command::Status(arguments) => status::run(settings, &arguments).await,
        Command::Current(arguments) => current::run(settings, &arguments).await,
        Command::History(arguments) => history::run(settings, &arguments).await,
        Command::Heads(arguments) => heads::run(settings, &arguments),
        Command::Branches => heads::branches(settings),
        Command::Show(arguments) => show::run(settings, &arguments).await,
        Command::Edit(arguments) => edit::run(settings, &arguments).await,
        Command::Stamp(arguments) => stamp::run(settings, &arguments).await,
        Command::Backfill(arguments) => backfill::run(settings, &arguments).await,
        Command::Repair(arguments) => repair::run(settings, &arguments).await,
        Command::Log(arguments) => log::run(settings, &arguments).await,
        Command::Dump(arguments) => dump::run(settings, &arguments).await,
        Command::Diff(arguments) => compare::diff::run(settings, &arguments).await,
        Command::Check(arguments) => compare::check::run(settings, &arguments).await,
        Command::Schema(arguments) => compare::show::run(settings, &arguments).await,
        Command::Drift(arguments) => compare::drift::run(settings, &arguments).await,
        Command::Verify(arguments) => compare::verify::run(settings, &arguments).await,
        Command::Inspect(arguments) => inspect::run(settings, &arguments),
        Command::Db(arguments) => db::run(settings, &arguments).await,
        Command::Local(arguments) => local::run(settings, &arguments),
        Command::Cache(arguments) => cache::run(settings, &arguments),
        Command::Doctor(arguments) => doctor::run(settings, &arguments).await,
        Command::Runtime(arguments) => runtime::run(settings, &arguments),
        Command::EnsureVersion(arguments) => ensure_version::run(settings, &arguments).await,
        Command::Completions(arguments) => completions::run(settings, &arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::signals::EndingSignal;
    use super::*;

    #[test]
    fn a_panic_is_told_as_a_fault_of_the_host() {
        let number = std::hint::black_box(7);
        for (panic, message) in [
            (std::panic::catch_unwind(|| panic!("plain")), "host panicked: plain"),
            (std::panic::catch_unwind(move || panic!("number {number}")), "host panicked: number 7"),
            (std::panic::catch_unwind(|| std::panic::panic_any(7)), "host panicked: without a message"),
        ] {
            let failure = panicked(panic.expect_err("a panic").as_ref());
            assert_eq!((failure.message().as_str(), failure.code(&EndingSignal::default())), (message, 70));
        }
    }
}
