//! A plan as an SQL script, for those who may not or will not let a program at their database.
//!
//! The guests run as always, only that their statements are written down. The script does for psql what [`super::Runner`]
//! does online: one transaction for each step, with the version rows and the log row in it, and a check that the
//! database is where the step begins.

mod checks;
mod statement;
mod step;

use self::statement::OfflineScript;
use self::step::StepText;

use super::components;
use super::components::CheckedComponents;
use super::components::Loader;
use super::components::StepComponent;
use super::error::RunError;
use super::failure::refusal;
use super::limits;
use super::options::Options;
use super::step::seed;
use crate::bindings::env::RunInfo;
use crate::bindings::types::Failure;
use crate::db::GuestSession;
use crate::db::OfflineSession;
use crate::db::OfflineStatement;
use crate::db::Tables;
use crate::db::applied::create_tables_sql;
use crate::host_functions::Events;
use crate::host_functions::GuestState;
use crate::host_functions::Interrupt;
use crate::plan;
use crate::plan::Direction;
use crate::plan::Plan;
use crate::plan::Step;
use crate::project::Project;
use crate::runtime::Ending;
use crate::runtime::Instance;
use crate::runtime::LanguageRuntime;
use crate::runtime::Loaded;
use crate::runtime::Runtime;
use crate::runtime::wasi;
use crate::store::Migration;
use crate::store::Transaction;

/// Writes an upgrade or a downgrade as a script for psql. No database is asked: `from` says where the script begins, a
/// target that names revisions, or base.
///
/// # Errors
/// [`RunError`]; [`RunError::Offline`] when a migration needs rows.
pub async fn write_offline_sql(
    project: &Project,
    direction: Direction,
    from: &str,
    to: &str,
    options: &Options,
) -> Result<String, RunError> {
    let heads =
        if from == "base" { Vec::new() } else { crate::revision::resolve_revisions(project.graph(), &[], from)? };
    let plan = match direction {
        Direction::Upgrade => plan::upgrade(project.graph(), &heads, to)?,
        Direction::Downgrade => plan::downgrade(project.graph(), &heads, to)?,
    };
    let prepared = CheckedComponents::new(
        project,
        limits::shared_runtime(options, &project.environment().limits)?,
        &plan.steps,
        options,
    )
    .await?;
    let components = prepared.of(&plan).unwrap_or_default();
    let mut loader = Loader::new(project, &prepared);
    let mut kept = None;
    let tables = project.tables();
    let mut script = OfflineScript::default();
    let mut needs_psql = components.iter().any(|checked| is_non_transactional(&checked.migration));
    for (step, checked) in plan.steps.iter().zip(components) {
        let component = &loader.component(checked)?;
        let refused = |error| components::refused(project, &checked.migration, error);
        let loaded = loader.load(component).await.map_err(refused)?;
        let statements = statements(project, step, component, (&loaded, loader.runtime(), &mut kept), options).await?;
        needs_psql |= statements.iter().any(|statement| matches!(statement, OfflineStatement::Copy(_)));
        let text = StepText {
            step,
            message: &component.migration.metadata.message,
            statements: &statements,
            is_non_transactional: is_non_transactional(&component.migration),
            source_digest: component.migration.source_digest.to_string(),
            component_digest: component.component.digest.to_string(),
            runtime_digest: component.language.as_ref().map(|language| language.digest().to_string()),
            timeouts: options.timeouts(&project.environment().limits),
            role: project.environment().role.as_deref(),
            tables: &tables,
        };
        text.write(&mut script);
    }
    let mut whole = OfflineScript::default();
    header(&mut whole, &plan, from, to, needs_psql);
    look_at_tables(&mut whole, &tables, direction == Direction::Upgrade);
    Ok(whole.into_text() + &script.into_text())
}

/// What psql has to be told before anything else. A file of somebody's own (`~/.psqlrc`) or an option may have said otherwise: that
/// a failed statement is undone alone, that a line's end is a statement's, that queries go through cursors. Any other program
/// refuses these lines, so that it runs nothing of a script that needs psql.
pub const PSQL: [&str; 7] = [
    "\\set ON_ERROR_STOP on",
    "\\set ON_ERROR_ROLLBACK off",
    "\\set AUTOCOMMIT on",
    "\\set SINGLELINE off",
    "\\set SINGLESTEP off",
    "\\unset FETCH_COUNT",
    "\\encoding UTF8",
];

fn header(script: &mut OfflineScript, plan: &Plan, from: &str, to: &str, needs_psql: bool) {
    script.comment(&format!(
        "Written by host {}: {} from {from} to {to}, {} step(s).",
        env!("CARGO_PKG_VERSION"),
        plan.direction,
        plan.steps.len(),
    ));
    script.comment("Run it with: psql -X -f FILE");
    if !needs_psql {
        script.comment("Another program can run it as one text, without the lines that begin with a backslash.");
    }
    for line in PSQL {
        script.line(line);
    }
    script.line("");
}

/// One statement without its semicolon as [`write_offline_sql`] writes it: as it is where psql reads it as the server does, or in a form
/// that leaves nothing to read.
pub fn script_statement(statement: &str) -> String {
    let mut script = OfflineScript::default();
    script.statement(statement);
    script.into_text()
}

/// The statements that make host's tables where they are missing, with a check of where that is.
pub fn offline_tables_sql(tables: &Tables) -> String {
    let mut script = OfflineScript::default();
    look_at_tables(&mut script, tables, true);
    script.into_text()
}

fn look_at_tables(script: &mut OfflineScript, tables: &Tables, make: bool) {
    script.line("BEGIN;");
    // What somebody set in this session is not what a run would find.
    script.line("RESET search_path;");
    checks::tables(script, tables);
    let statements = if make { create_tables_sql(&checks::qualified(tables)) } else { String::new() };
    for statement in crate::sql::statements(&statements).flatten() {
        script.statement(statement.text);
    }
    checks::complete_log(script, tables);
    script.line("COMMIT;\n");
}

/// Runs a guest against a script, and gives its statements.
async fn statements(
    project: &Project,
    step: &Step,
    component: &StepComponent,
    (loaded, runtime, kept): (&Loaded, &Runtime, &mut Option<Instance>),
    options: &Options,
) -> Result<Vec<OfflineStatement>, RunError> {
    let limits = limits::guest(&project.environment().limits);
    // What a guest says while a script is written has nobody to read it.
    let (events, _) = Events::new(&limits);
    let seed = seed(step.revision.as_str());
    let run = RunInfo {
        revision: step.revision.to_string(),
        server_version: 0,
        search_path: Vec::new(),
        dry_run: true,
        now_micros: 0,
        seed,
        args: options.args.clone(),
    };
    let script = if is_non_transactional(&component.migration) {
        OfflineSession::non_transactional()
    } else {
        OfflineSession::default()
    };
    let session = GuestSession::Offline(script);
    let wasi = wasi::context(0, seed, &events);
    let state = GuestState::new(session, run, limits, Interrupt::default(), wasi, events).granting(component.grant);
    let source = component.script.as_ref().map(|(source, _)| source);
    // As in a run: what has no transaction begins in a new one.
    let mut none = None;
    let kept = if is_non_transactional(&component.migration) {
        *kept = None;
        &mut none
    } else {
        kept
    };
    let program = (loaded, component.language.as_ref().map(LanguageRuntime::digest));
    let (ending, (session, journal)) = runtime.run_kept(kept, program, step.direction, source, state).await;
    let reason = match ending {
        Ending::Done => {
            return Ok(match session {
                GuestSession::Offline(script) => script.into_statements(),
                GuestSession::Database(_) | GuestSession::NonTransactional(_) => Vec::new(),
            });
        }
        Ending::Failed(Failure::Sql(error)) => refusal(&error),
        Ending::Failed(Failure::Message(message)) => message,
        Ending::Failed(Failure::Irreversible) => "it says that it cannot be undone".to_owned(),
        Ending::Stopped(stop) => stop.to_string(),
        Ending::Trapped(trapped) => journal.panic.map_or(trapped.reason, |panic| panic.message),
    };
    Err(RunError::Offline { revision: step.revision.clone(), file: component.migration.file.clone(), reason })
}

fn is_non_transactional(migration: &Migration) -> bool {
    migration.metadata.transaction == Transaction::None
}
