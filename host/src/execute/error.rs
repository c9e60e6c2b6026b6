//! Why a run failed, or was not begun.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::failure::Cause;
use super::failure::StepFailure;
use super::unfinished::UnfinishedError;
use super::work_error::WorkFailure;
use crate::db::DatabaseError;
use crate::grant::NotGranted;
use crate::plan::Direction;
use crate::plan::PlanDifference;
use crate::plan::PlanError;
use crate::project::Changed;
use crate::revision::RevisionId;
use crate::revision::TargetError;
use crate::runtime::LoadError;
use crate::sql::SqlFileError;
use crate::store::StoreError;
use crate::store::asks_line;

/// How many differences of a plan stand in a message.
const DIFFERENCES_SHOWN: usize = 5;

/// Why a run failed, or was not begun. Each kind has a stable word for programs ([`RunError::kind`]) and a remedy
/// ([`RunError::hint`]).
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A component cannot be read, or is not there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A target names no revision.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A target cannot be reached.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The database, or the way to it.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The sandbox cannot be made on this machine.
    #[error("cannot set up the sandbox: {0}")]
    Runtime(#[source] LoadError),
    /// A plan names a revision that is not among the migrations.
    #[error("Can't locate revision identified by '{0}'")]
    UnknownRevision(RevisionId),
    /// Applied migrations were changed since.
    #[error("{} changed since it was applied: {}", if changed.len() == 1 { "a migration" } else { "migrations" }, list(changed))]
    Changed {
        /// Which ones.
        changed: Vec<Changed>,
    },
    /// A plan was given, and what would run now is something else.
    #[error("the plan does not fit any more: {}", shown(differences))]
    PlanDiffers {
        /// What is different.
        differences: Vec<PlanDifference>,
        /// Whether the database is where the plan leads to.
        is_applied: bool,
    },
    /// A downgrade would take along more than its target names.
    #[error("this downgrade {note}")]
    TakesAlong {
        /// What it takes along.
        note: String,
    },
    /// A plan holds a downgrade that cannot be done.
    #[error("revision {revision} ({file}) is irreversible; nothing was changed")]
    Irreversible {
        /// The revision.
        revision: RevisionId,
        /// Its file or folder.
        file: String,
    },
    /// A migration without a transaction is unfinished, and that is in the way of what was asked for.
    #[error(transparent)]
    Unfinished(#[from] UnfinishedError),
    /// A migration asks for more than its environment grants.
    #[error("migration {revision} ({file}) may not run in the environment '{environment}': {error}")]
    NotGranted {
        /// The revision.
        revision: RevisionId,
        /// Its file or folder.
        file: String,
        /// Whether that has a place for what the migration asks for.
        can_ask: bool,
        /// The environment.
        environment: String,
        /// Both sides. Part of the message, not its cause.
        error: NotGranted,
    },
    /// A statement of a migration in SQL would be refused.
    #[error("migration {revision} ({file}) cannot run: {error}")]
    ScriptRefused {
        /// The revision.
        revision: RevisionId,
        /// Its file.
        file: String,
        /// Which one, and why. Part of the message, not its cause.
        error: SqlFileError,
    },
    /// A component cannot run on this host.
    #[error("the component of migration {revision} ({file}) cannot run: {error}")]
    ComponentRefused {
        /// The revision.
        revision: RevisionId,
        /// The component.
        file: String,
        /// Why.
        error: Box<LoadError>,
    },
    /// A migration cannot be written as a script.
    #[error("migration {revision} ({file}) cannot be written as a script: {reason}")]
    Offline {
        /// The revision.
        revision: RevisionId,
        /// Its file or folder.
        file: String,
        /// Why not.
        reason: String,
    },
    /// A language runtime could not write a migration.
    #[error("no migration was written: {}", cause.summary())]
    NotWritten {
        /// The file that says what the project describes.
        file: String,
        /// Why not.
        cause: Box<Cause>,
    },
    /// A repair was to accept a change that is another one by now.
    #[error("revision {revision} is not what it was when its change was shown; nothing was written")]
    RepairOvertaken {
        /// The revision.
        revision: RevisionId,
    },
    /// Several problems, found at once. Each of them alone would refuse the run.
    #[error("{} problems: {}", problems.len(), problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Several {
        /// At least two; none of them is of this kind.
        problems: Vec<RunError>,
    },
    /// A step failed and was rolled back.
    #[error("migration {} failed: {}", _0.revision, _0.cause.summary())]
    Step(Box<StepFailure>),
    /// A worker did not come to the end of a backfill.
    #[error(transparent)]
    Work(#[from] WorkFailure),
    /// The run was stopped on request, between two steps.
    #[error("interrupted between two steps")]
    Interrupted {
        /// Which way the run went.
        direction: Direction,
        /// The heads of the database now.
        heads: Vec<RevisionId>,
        /// How many steps were committed.
        steps_done: usize,
    },
}

impl RunError {
    /// Puts problems together: none for none, the one, or [`RunError::Several`]. What is said twice is told once.
    pub fn of_problems(problems: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut problems = problems.into_iter();
        problems.next().map(|first| first.with(problems))
    }

    /// This error together with others, after it.
    pub(super) fn with(self, others: impl IntoIterator<Item = Self>) -> Self {
        let mut problems: Vec<Self> = Vec::new();
        let mut places = HashMap::new();
        for problem in std::iter::once(self).chain(others).flat_map(Self::into_problems) {
            match places.entry(problem.subject()) {
                Entry::Vacant(place) => {
                    place.insert(problems.len());
                    problems.push(problem);
                }
                // What says more takes the place of what says less.
                Entry::Occupied(place) => {
                    if let Some(told) = problems.get_mut(*place.get())
                        && told.to_string().len() < problem.to_string().len()
                    {
                        *told = problem;
                    }
                }
            }
        }
        if problems.len() == 1 { problems.remove(0) } else { Self::Several { problems } }
    }

    /// What this is about, so that it is told once: that a table is not the host's, or that rights on it are missing, may be found
    /// out in several ways.
    fn subject(&self) -> String {
        match self {
            Self::Database(DatabaseError::ForeignTable { table, .. }) => format!("table {table}"),
            Self::Database(DatabaseError::NoRights { table, .. }) => format!("rights on {table}"),
            other => other.to_string(),
        }
    }

    /// The same as [`RunError::problems`], taken apart.
    pub(super) fn into_problems(self) -> Vec<Self> {
        match self {
            Self::Several { problems } => problems,
            one => vec![one],
        }
    }

    /// Whether components are missing or out of date, whatever else is wrong: `host build` makes them anew.
    pub fn is_outdated(&self) -> bool {
        self.problems().iter().any(|problem| matches!(problem, Self::Store(error) if error.is_outdated()))
    }

    /// The problems that this error consists of: usually itself alone.
    pub fn problems(&self) -> &[Self] {
        match self {
            Self::Several { problems } => problems,
            one => std::slice::from_ref(one),
        }
    }

    /// Whether this refuses a run that has not begun, and other checks would have been made as well: so there may be more to
    /// tell. What comes from the moment (a lost connection, a lock, an interrupt) is none, nor is what happens in a step.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            error if error.is_usage() => false,
            Self::Database(error) => error.is_refusal(),
            Self::Store(StoreError::Changed { .. })
            | Self::Runtime(_)
            | Self::PlanDiffers { .. }
            | Self::Offline { .. }
            | Self::NotWritten { .. }
            | Self::Step(_)
            | Self::Work(_)
            | Self::Interrupted { .. } => false,
            Self::Several { problems } => problems.iter().all(Self::is_refusal),
            // To compile it once more would take as long again.
            Self::ComponentRefused { error, .. } => !matches!(
                **error,
                LoadError::CompileTime { .. } | LoadError::CompileMemory { .. } | LoadError::Process { .. }
            ),
            _ => true,
        }
    }

    /// Whether no project and no database could make sense of what was asked for; then nothing else is worth telling.
    pub(super) fn is_usage(&self) -> bool {
        matches!(self.kind(), "malformed-target" | "range-syntax" | "current-not-allowed")
    }

    /// The migration that this is about, with its file or folder, where it is about one.
    pub fn migration(&self) -> Option<(&RevisionId, &str)> {
        match self {
            Self::Store(error) => error.migration(),
            Self::Irreversible { revision, file }
            | Self::NotGranted { revision, file, .. }
            | Self::ScriptRefused { revision, file, .. }
            | Self::ComponentRefused { revision, file, .. }
            | Self::Offline { revision, file, .. } => Some((revision, file)),
            Self::Step(failure) => Some((&failure.revision, &failure.file)),
            _ => None,
        }
    }

    /// A stable word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Several { problems } => {
                let first = problems.first().map_or("several-problems", Self::kind);
                if problems.iter().all(|problem| problem.kind() == first) { first } else { "several-problems" }
            }
            Self::Store(error) => error.kind(),
            Self::Target(error) => error.kind(),
            Self::Plan(error) => error.kind(),
            Self::Database(error) => error.kind(),
            Self::Interrupted { .. } => "interrupted",
            Self::Runtime(_) => "sandbox",
            Self::UnknownRevision(_) => "unknown-revision",
            Self::Changed { .. } => "changed-migration",
            Self::PlanDiffers { .. } => "plan-differs",
            Self::TakesAlong { .. } => "takes-along",
            Self::Irreversible { .. } => "irreversible",
            Self::Unfinished(error) => error.kind(),
            Self::NotGranted { .. } => "not-granted",
            Self::ScriptRefused { .. } => "call-refused",
            Self::ComponentRefused { .. } => "component-refused",
            Self::Offline { .. } => "offline",
            Self::NotWritten { cause, .. } => cause.kind(),
            Self::RepairOvertaken { .. } => "repair-overtaken",
            Self::Step(failure) => failure.cause.kind(),
            Self::Work(failure) => failure.kind(),
        }
    }

    /// What the operator should do, where there is something to say.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Store(error) => return error.hint(),
            Self::Target(error) => return error.hint(),
            Self::Plan(error) => return error.hint(),
            Self::Database(error) => return error.hint(),
            Self::Runtime(error) => error.hint(),
            Self::UnknownRevision(_) => "see `host history`".to_owned(),
            Self::Changed { .. } => {
                "restore the file and write a new migration for the change; or accept it with `host repair`, or continue this \
                 once with --allow-changed"
                    .to_owned()
            }
            Self::PlanDiffers { is_applied: true, .. } => {
                "the database is where the plan leads to, so it may have been applied already: see `host log`"
                    .to_owned()
            }
            Self::PlanDiffers { .. } => {
                "make a new plan with `--dry-run --json`, look at it, and apply that one".to_owned()
            }
            Self::TakesAlong { .. } => {
                "check it with --dry-run; run it with --all-branches, or narrow it to a branch with LABEL@REVISION"
                    .to_owned()
            }
            Self::Irreversible { revision, .. } => {
                format!("downgrade to {revision} at most, or restore a backup")
            }
            Self::Unfinished(error) => error.hint(),
            Self::NotGranted { can_ask: false, environment, error, .. } => format!(
                "if it is meant to do that here, write `grants = {}` under [{environment}] in host.toml, in place of its grants; \
                 otherwise correct the revision",
                error.granted.union(error.missing()).as_toml(),
            ),
            Self::NotGranted { file, environment, error, .. } => {
                format!(
                    "if it is meant to do that here, write `grants = {}` under [{environment}] in host.toml, in place of its \
                     grants; otherwise write {} and build it again",
                    error.granted.union(error.missing()).as_toml(),
                    asks_line(file, error.asks.minus(error.missing())),
                )
            }
            Self::ScriptRefused { file, error, .. } => match error.asks() {
                Some(asks) => {
                    let instead = error.instead();
                    format!("if it is meant to do that, write {} and build it again{instead}", asks_line(file, asks))
                }
                None => return error.hint(),
            },
            Self::ComponentRefused { error, .. } => error.hint(),
            Self::Offline { .. } => {
                "run it online with `host upgrade`, or write the script up to the revision before and after it"
                    .to_owned()
            }
            Self::NotWritten { file, cause } => cause.hint_for_author(file),
            // Each has its own.
            Self::Several { .. } => return None,
            Self::RepairOvertaken { .. } => "run `host repair` again, and look at what it shows".to_owned(),
            Self::Step(failure) => failure.hint(),
            Self::Work(failure) => failure.hint().to_owned(),
            Self::Interrupted { .. } => "run the command again".to_owned(),
        })
    }
}

/// The first differences; a plan of a thousand steps may have as many.
fn shown(differences: &[PlanDifference]) -> String {
    let mut text = differences.iter().take(DIFFERENCES_SHOWN).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if let Some(more @ 1..) = differences.len().checked_sub(DIFFERENCES_SHOWN) {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

fn list(changed: &[Changed]) -> String {
    changed.iter().map(|changed| format!("{} ({})", changed.revision, changed.file)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
