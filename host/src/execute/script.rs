//! A plan as an SQL script, for those who may not or will not let a program at their database.
//!
//! The guests run as always, only that their statements are written down. The script does for psql what [`super::Runner`]
//! does online: one transaction for each step, with the version rows and the history row in it, and a check that the
//! database is where the step begins.

use std::fmt::Write as _;
use std::sync::Arc;

use super::components;
use super::components::Loader;
use super::components::StepComponent;
use super::failure::refusal;
use super::limits;
use super::options::Options;
use super::step::seed;
use crate::capability::Events;
use crate::capability::GuestState;
use crate::capability::Interrupt;
use crate::contract::env::RunInfo;
use crate::contract::types::Failure;
use crate::db::GuestSession;
use crate::db::ScriptSession;
use crate::db::Tables;
use crate::db::books::create_tables_sql;
use crate::db::transaction::Timeouts;
use crate::error::Error;
use crate::plan;
use crate::plan::Direction;
use crate::plan::Plan;
use crate::plan::Step;
use crate::project::Project;
use crate::revision::RevisionId;
use crate::revision::is_visible;
use crate::runtime::CompileCache;
use crate::runtime::Ending;
use crate::runtime::Loaded;
use crate::runtime::Runtime;
use crate::runtime::wasi;
use crate::sql::READ_AS_THE_SCANNER;
use crate::sql::Sending;
use crate::sql::reads_alike;
use crate::store::Transaction;
use crate::value::quote_text;

/// Writes an upgrade or a downgrade as a script for psql. No database is asked: `from` says where the script begins, a
/// target that names revisions, or base.
///
/// # Errors
/// [`Error`]; [`Error::Offline`] when a migration needs rows.
pub async fn write_script(
    project: &Project,
    direction: Direction,
    from: &str,
    to: &str,
    options: &Options,
) -> Result<String, Error> {
    let heads =
        if from == "base" { Vec::new() } else { crate::revision::resolve_revisions(project.graph(), &[], from)? };
    let plan = match direction {
        Direction::Upgrade => plan::upgrade(project.graph(), &heads, to)?,
        Direction::Downgrade => plan::downgrade(project.graph(), &heads, to)?,
    };
    let components = components::check(project, &plan.steps)?;
    let limits = &project.environment().limits;
    let runtime = Runtime::new(CompileCache::open(project.store().root()), limits::stack_bytes(limits))
        .map_err(Error::Runtime)?;
    components::validate(project, &runtime, &components)?;
    let mut loader = Loader::new(Arc::new(runtime), limits);
    let tables = project.tables();
    let mut script = header(&plan, from, to);
    // psql finds the ends of statements, and its own commands between them, with its session's eyes.
    script.push_str(&format!("{READ_AS_THE_SCANNER}\n\n"));
    if direction == Direction::Upgrade {
        let _ = write!(script, "BEGIN;\n{}\nCOMMIT;\n\n", create_tables_sql(&tables));
    }
    for (step, component) in plan.steps.iter().zip(&components) {
        let refused = |error| Error::ComponentRefused {
            revision: step.revision.clone(),
            file: project.store().component_path(&component.migration),
            error,
        };
        let loaded = loader.load(component).await.map_err(refused)?;
        let statements = statements(project, step, component, &loaded, loader.runtime(), options).await?;
        write_step(&mut script, project, step, component, &statements, &tables, options);
    }
    Ok(script)
}

fn header(plan: &Plan, from: &str, to: &str) -> String {
    let verb = verb(plan.direction);
    format!(
        "-- Written by host {}: {verb} from {} to {}, {} step(s).\n\
         -- Run it with: psql -X -v ON_ERROR_STOP=1 -f FILE\n\n",
        env!("CARGO_PKG_VERSION"),
        one_line(from),
        one_line(to),
        plan.steps.len(),
    )
}

/// Runs a guest against a script, and gives its statements.
async fn statements(
    project: &Project,
    step: &Step,
    component: &StepComponent,
    loaded: &Loaded,
    runtime: &Runtime,
    options: &Options,
) -> Result<Vec<String>, Error> {
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
    let script = if is_unframed(component) { ScriptSession::unframed() } else { ScriptSession::default() };
    let session = GuestSession::Script(script);
    let wasi = wasi::context(0, seed, &events);
    let state = GuestState::new(session, run, limits, Interrupt::default(), wasi, events).granting(component.grant);
    let source = component.script.as_ref().map(|(source, _)| source);
    let (ending, state) = runtime.run(loaded, step.direction, source, state).await;
    let (session, journal) = state.into_parts();
    let reason = match ending {
        Ending::Done => {
            return Ok(match session {
                GuestSession::Script(script) => script.into_statements(),
                GuestSession::Database(_) | GuestSession::Unframed(_) => Vec::new(),
            });
        }
        Ending::Failed(Failure::Sql(error)) => refusal(&error),
        Ending::Failed(Failure::Message(message)) => message,
        Ending::Failed(Failure::Irreversible) => "it says that it cannot be undone".to_owned(),
        Ending::Stopped(stop) => stop.to_string(),
        Ending::Trapped(trapped) => journal.panic.map_or(trapped.reason, |panic| panic.message),
    };
    Err(Error::Offline { revision: step.revision.clone(), file: component.migration.file.clone(), reason })
}

fn write_step(
    script: &mut String,
    project: &Project,
    step: &Step,
    component: &StepComponent,
    statements: &[String],
    tables: &Tables,
    options: &Options,
) {
    let timeouts = options.timeouts(&project.environment().limits);
    let version = tables.version.quoted();
    let message = one_line(&component.migration.metadata.message);
    let mut line = |text: String| {
        script.push_str(&text);
        script.push('\n');
    };
    line(format!("-- Running {} {} -> {}, {message}", verb(step.direction), join(&step.from), join(&step.to)));
    let role = project.environment().role.as_deref().map(crate::value::quote_identifier);
    if is_unframed(component) {
        unframed_statements(&mut line, statements, timeouts, &begins_here(step, &version), role.as_deref());
    }
    line("BEGIN;".to_owned());
    line("RESET ALL;".to_owned());
    line(READ_AS_THE_SCANNER.to_owned());
    line(format!("SET LOCAL lock_timeout = {};", timeouts.lock_milliseconds));
    line(format!("SET LOCAL statement_timeout = {};", timeouts.statement_milliseconds));
    line(format!("LOCK TABLE {version} IN SHARE ROW EXCLUSIVE MODE;"));
    line(begins_here(step, &version));
    let role = role.filter(|_| !is_unframed(component));
    if let Some(role) = &role {
        line(format!("SET LOCAL ROLE {role};"));
    }
    let inside = if is_unframed(component) { &[] } else { statements };
    for statement in inside {
        // What came before may have changed how psql reads.
        if !reads_alike(statement) {
            line(READ_AS_THE_SCANNER.to_owned());
        }
        line(format!("{statement};"));
    }
    line(READ_AS_THE_SCANNER.to_owned());
    if role.is_some() {
        line("RESET ROLE;".to_owned());
    }
    // The names below have to mean what they meant above.
    line("RESET search_path;".to_owned());
    if !step.change.remove.is_empty() {
        line(format!("DELETE FROM {version} WHERE version_num IN ({});", literals(&step.change.remove)));
    }
    for row in &step.change.add {
        line(format!("INSERT INTO {version} (version_num) VALUES ({});", quote_text(row.as_str())));
    }
    line(format!(
        "INSERT INTO {history} (id, revision, direction, outcome, source_digest, component_digest, started_at, finished_at, \
         statements, rows, database_user, host_version) OVERRIDING SYSTEM VALUE \
         VALUES (COALESCE((SELECT max(id) FROM ONLY {history}), 0) + 1, {}, '{}', 'done', '{}', '{}', transaction_timestamp(), \
         clock_timestamp(), {}, 0, current_user, '{}');",
        quote_text(step.revision.as_str()),
        verb(step.direction),
        component.migration.source_digest,
        component.component.digest,
        statements.len(),
        env!("CARGO_PKG_VERSION"),
        history = tables.history.quoted(),
    ));
    line("COMMIT;\n".to_owned());
}

/// Statements without a transaction around them: what was done before one that fails stays.
fn unframed_statements(
    line: &mut dyn FnMut(String),
    statements: &[String],
    timeouts: Timeouts,
    begins_here: &str,
    role: Option<&str>,
) {
    let limits = [("lock_timeout", timeouts.lock_milliseconds), ("statement_timeout", timeouts.statement_milliseconds)];
    let set = |line: &mut dyn FnMut(String), limited: bool| {
        for (name, milliseconds) in limits {
            line(format!("SET {name} = {};", if limited { milliseconds } else { 0 }));
        }
    };
    line(
        "-- It runs without a transaction. When a statement fails, those before it stay: go on by hand from there."
            .to_owned(),
    );
    line("RESET ALL;".to_owned());
    line(READ_AS_THE_SCANNER.to_owned());
    set(line, true);
    line(begins_here.to_owned());
    if let Some(role) = role {
        line(format!("SET ROLE {role};"));
    }
    for statement in statements {
        if !reads_alike(statement) {
            line(READ_AS_THE_SCANNER.to_owned());
        }
        // A limit on waiting would only leave a broken index behind.
        let is_concurrent = matches!(crate::sql::sending(statement), Sending::Alone(kind) if kind.is_concurrent());
        if is_concurrent {
            set(line, false);
        }
        line(format!("{statement};"));
        if is_concurrent {
            set(line, true);
        }
    }
    if role.is_some() {
        line("RESET ROLE;".to_owned());
    }
}

fn is_unframed(component: &StepComponent) -> bool {
    component.migration.metadata.transaction == Transaction::None
}

/// Stops psql when the database is somewhere else than the script takes it to be.
fn begins_here(step: &Step, version: &str) -> String {
    let applied = match step.direction {
        // What a new branch or a base begins on has no row of its own; that it is not applied yet is all that can be said.
        Direction::Upgrade if step.change.remove.is_empty() => {
            let row = quote_text(step.revision.as_str());
            return raise(
                &format!("EXISTS (SELECT FROM {version} WHERE version_num = {row})"),
                &format!("this script applies {}, which is applied already", step.revision),
            );
        }
        _ => &step.change.remove,
    };
    raise(
        &format!("(SELECT count(*) FROM {version} WHERE version_num IN ({})) <> {}", literals(applied), applied.len()),
        &format!("this script begins at {}, and the database is not there", join(applied)),
    )
}

fn raise(condition: &str, message: &str) -> String {
    let message = quote_text(&message.replace('%', "%%"));
    format!("DO $host$ BEGIN IF {condition} THEN RAISE EXCEPTION {message}; END IF; END $host$;")
}

fn literals(rows: &[RevisionId]) -> String {
    rows.iter().map(|row| quote_text(row.as_str())).collect::<Vec<_>>().join(", ")
}

fn join(rows: &[RevisionId]) -> String {
    rows.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn verb(direction: Direction) -> &'static str {
    match direction {
        Direction::Upgrade => "upgrade",
        Direction::Downgrade => "downgrade",
    }
}

/// A comment ends with its line, and must not look like something else to whoever reads the script.
fn one_line(text: &str) -> String {
    text.replace(|character: char| !is_visible(character), " ")
}
