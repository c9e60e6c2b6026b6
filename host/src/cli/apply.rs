//! `host apply`.

#![expect(clippy::disallowed_methods, reason = "the plan lies wherever the user says")]

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use clap::Args;

use super::failure::Failure;
use super::failure::with_causes;
use super::guard;
use super::guard::Consent;
use super::guard::Deed;
use super::migrate::finished;
use super::report::text::safe_line;
use super::settings::Settings;
use super::signals;
use crate::execute::Options;
use crate::plan::Direction;
use crate::plan::PreparedPlan;
use crate::store::FILE_BYTES_MAX;
use crate::store::StoreError;
use crate::store::shortened;
use crate::units;

/// How much of what is wrong with a file is shown, in bytes: it quotes the file.
const REASON_BYTES_MAX: usize = 500;

#[derive(Debug, Args)]
pub(super) struct ApplyArguments {
    /// The plan: a file with what `host upgrade TARGET --dry-run --json` prints
    plan: PathBuf,
    /// Continue although applied migrations have changed since
    #[arg(long)]
    allow_changed: bool,
    /// Wait this long for another runner, such as 30s or 10m; 0 gives up at once [default: as in host.toml]
    #[arg(long, value_name = "TIME", value_parser = units::parse_time)]
    wait: Option<Duration>,
    #[command(flatten)]
    consent: Consent,
}

pub(super) async fn run(settings: &Settings, arguments: &ApplyArguments) -> Result<u8, Failure> {
    let plan = read(&arguments.plan)?;
    let project = settings.project()?;
    let given = settings.options();
    let asked = plan.options.clone();
    let options = Options {
        // Whoever gives other ones is told.
        args: if given.args.is_empty() { asked.args } else { given.args },
        lock_timeout: asked.lock_timeout_milliseconds.map(Duration::from_millis),
        statement_timeout: asked.statement_timeout_milliseconds.map(Duration::from_millis),
        allow_changed: arguments.allow_changed,
        wait: arguments.wait,
        compiler: super::worker::compiler(settings)?,
        ..Options::default()
    };
    let target = settings.announced_target(&project)?;
    if plan.direction == Direction::Downgrade
        && let Some(question) = guard::check(settings, &project, &target, Deed::Downgrade, &arguments.consent)?
    {
        question.ask(settings, guard::downgrade_lines(&project, &plan, question.database()))?;
    }
    let mut runner = settings.runner_on(&target, &project, options).await?;
    signals::listen(&project, runner.interrupt(), settings.report().clone());
    let result = runner.apply(&plan, &mut settings.report().observer()).await;
    runner.close().await;
    let plan = result?.plan;
    if !plan.steps.is_empty() {
        super::dump::after_run(settings, &project).await;
    }
    finished(settings, &plan);
    Ok(0)
}

/// Reads a plan with the rights of this process, wherever it is.
fn read(path: &Path) -> Result<PreparedPlan, Failure> {
    let shown = safe_line(&path.to_string_lossy());
    let unreadable = |why: String| {
        let hint = "name a file with the output of `host upgrade TARGET --dry-run --json`";
        Failure::new("plan-file", format!("cannot read the plan '{shown}': {why}"), hint)
    };
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = Dir::open_ambient_dir(folder, ambient_authority()).map_err(|error| unreadable(error.to_string()))?;
    let name = path.file_name().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
    let json = crate::store::read_file_at_most(&folder, name, FILE_BYTES_MAX).map_err(|error| {
        unreadable(match error {
            StoreError::Read { source, .. } => source.to_string(),
            StoreError::NotAFile { .. } => "it is not a file".to_owned(),
            other => with_causes(&other),
        })
    })?;
    PreparedPlan::from_json(&json).map_err(|error| {
        let reason = safe_line(&shortened(error.to_string(), REASON_BYTES_MAX));
        Failure::new("plan-file", format!("cannot read the plan '{shown}': {reason}"), error.hint())
    })
}
