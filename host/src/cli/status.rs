//! `host status`: where the database is, what is pending, what was done last, what needs a look.

use clap::Args;
use jiff::Timestamp;
use serde_json::Value;
use serde_json::json;

use super::failure::Failure;
use super::log;
use super::report::terminal::Line;
use super::report::text::count;
use super::report::text::duration;
use super::report::text::list_or;
use super::settings::Settings;
use super::unfinished;
use crate::db::AppliedState;
use crate::db::LogRow;
use crate::project::Changed;
use crate::project::Project;
use crate::revision::RevisionId;
use crate::store::Migration;

/// How many migrations are listed, unless more is asked for.
const LISTED_MAX: usize = 10;

const SECONDS_OF_A_DAY: i64 = 24 * 60 * 60;

#[derive(Debug, Args)]
pub(super) struct StatusArguments {}

/// What the command shows.
struct Status<'a> {
    database: String,
    user: String,
    project: &'a Project,
    applied: AppliedState,
    pending: Vec<&'a Migration>,
    changed: Vec<Changed>,
    last: Option<LogRow>,
}

pub(super) async fn run(settings: &Settings, _: &StatusArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    let mut runner = settings.runner(&project, settings.options()).await?;
    let mut applied = runner.applied().await?;
    let last = runner.log(Some(1)).await?.into_iter().next();
    let connector = runner.connector()?;
    runner.close().await;
    applied.heads.sort();
    let implied = project.graph().implied(&applied.heads);
    let pending = crate::revision::history(project.graph(), &[], None)?
        .iter()
        .rev()
        .filter(|id| !implied.contains(*id))
        .filter_map(|id| project.migration(id))
        .collect();
    let status = Status {
        database: connector.describe(),
        user: connector.user().to_owned(),
        changed: project.changed(&applied),
        project: &project,
        applied,
        pending,
        last,
    };
    match settings.report().is_json() {
        true => settings.report().document(&status.document()),
        false => status.show(settings),
    }
    Ok(0)
}

impl Status<'_> {
    fn show(&self, settings: &Settings) {
        let report = settings.report();
        let line = |name: &str, text: &str| report.line(&format!("{name:<12} {text}"));
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        line("database", &format!("{}, as user {}", self.database, self.user));
        line("environment", settings.environment());
        let heads: Vec<String> = self.applied.heads.iter().map(|id| self.head(id)).collect();
        line("current", &list_or(&heads, "base (nothing is applied)"));
        for row in &self.applied.unreadable {
            line("", &format!("{row} (not a revision id; `host stamp --purge REVISION` replaces all rows)"));
        }
        let all = count(number(self.project.migrations().len()), "migration");
        let oldest = self.pending.iter().filter_map(|migration| age(migration)).max();
        let oldest = oldest.map(|days| format!(", the oldest written {}", ago(days))).unwrap_or_default();
        match self.pending.len() {
            0 => line("pending", "none"),
            pending => line("pending", &format!("{pending} of {all}{oldest}")),
        }
        let listed = if report.is_verbose() { self.pending.len() } else { LISTED_MAX };
        for migration in self.pending.iter().take(listed) {
            let metadata = &migration.metadata;
            let age = age(migration).map(|days| format!(" ({})", ago(days))).unwrap_or_default();
            let message = if metadata.message.is_empty() { String::new() } else { format!(", {}", metadata.message) };
            report.line(&format!("  {}{age}{message}", metadata.revision));
        }
        if let Some(more @ 1..) = self.pending.len().checked_sub(listed) {
            report.line(&format!("  and {more} more; `host status -v` lists all"));
        }
        match &self.last {
            Some(row) => line("last run", &last_run(row)),
            None => line("last run", "none"),
        }
        if let Some(error) = self.last.as_ref().and_then(|row| row.error.as_ref()) {
            // Further in than what host says itself, so that it cannot be taken for that.
            report.lines(&Line::block(4, error).collect::<Vec<_>>());
        }
        match self.changed.as_slice() {
            [] => line("changed", "none"),
            changed => line(
                "changed",
                &format!("{} since applied; `host repair` shows how", count(number(changed.len()), "file")),
            ),
        }
        for changed in &self.changed {
            report.line(&format!("  {} ({})", changed.revision, changed.file));
        }
        match self.applied.unfinished.len() {
            0 => line("unfinished", "none"),
            several => line("unfinished", &count(number(several), "step")),
        }
        unfinished::note(report, &self.applied.unfinished);
    }

    fn head(&self, id: &RevisionId) -> String {
        let graph = self.project.graph();
        match graph.get(id.as_str()) {
            None => format!("{id} (not among the migrations)"),
            Some(_) if graph.heads().iter().any(|head| head.id == *id) => format!("{id} (head)"),
            Some(_) => id.to_string(),
        }
    }

    fn document(&self) -> Value {
        let pending: Vec<_> = self
            .pending
            .iter()
            .map(|migration| {
                json!({
                    "revision": migration.metadata.revision,
                    "message": migration.metadata.message,
                    "file": migration.file,
                    "created": migration.metadata.created,
                })
            })
            .collect();
        let is_known = |id: &&RevisionId| self.project.graph().get(id.as_str()).is_some();
        let unknown: Vec<_> = self.applied.heads.iter().filter(|id| !is_known(id)).collect();
        let changed: Vec<_> =
            self.changed.iter().map(|changed| json!({"revision": changed.revision, "file": changed.file})).collect();
        json!({
            "database": self.database,
            "user": self.user,
            "environment": self.project.environment().name,
            "current": self.applied.heads,
            "unknown": unknown,
            "unreadable": self.applied.unreadable,
            "migrations": self.project.migrations().len(),
            "pending": pending,
            "last_run": self.last.as_ref().map(log::document),
            "changed": changed,
            "unfinished": unfinished::documents(&self.applied.unfinished),
        })
    }
}

fn last_run(row: &LogRow) -> String {
    let milliseconds = u64::try_from(row.milliseconds).unwrap_or_default();
    format!(
        "{} of {} {} at {}, in {}, by {}",
        log::what(row),
        row.revision,
        row.outcome,
        row.started_at,
        duration(milliseconds),
        row.database_user
    )
}

/// How many days ago a migration was written, as it says itself.
#[expect(clippy::disallowed_methods, reason = "an age is told by the clock of this machine")]
fn age(migration: &Migration) -> Option<i64> {
    let created: Timestamp = migration.metadata.created.as_ref()?.parse().ok()?;
    Some((Timestamp::now().as_second() - created.as_second()).max(0) / SECONDS_OF_A_DAY)
}

fn ago(days: i64) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}
