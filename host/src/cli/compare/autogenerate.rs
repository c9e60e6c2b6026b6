//! `host revision --autogenerate`: the migration from what the migrations make to what the models say, in both directions, tried
//! before it is written.

use clap::Args;
use host_schema::DiffOptions;
use host_schema::RenameCandidate;
use jiff::ToSpan as _;
use serde_json::json;

use super::Loaded;
use super::ShadowArguments;
use super::Sides;
use super::diff::DiffHow;
use super::diff::note_versions;
use super::dump::Dumper;
use super::list;
use super::with_shadows;
use crate::cli::failure::Failure;
use crate::cli::report::terminal;
use crate::cli::report::text::count;
use crate::cli::revision;
use crate::cli::revision::RevisionArguments;
use crate::cli::revision::Written;
use crate::cli::revision_alembic;
use crate::cli::settings::Settings;
use crate::language::Language;
use crate::project::Project;
use crate::scaffold::NewMigration;
use crate::schema::SchemaError;
use crate::schema::Shadows;
use crate::schema::Source;
use crate::schema::drafts::Draft;
use crate::schema::drafts::locks;
use crate::schema::prove::Proved;
use crate::schema::prove::Side;
use crate::schema::prove::drafts;
use crate::schema::wrapped;
use crate::store::Metadata;
use crate::store::NewFile;
use crate::store::Transaction;

#[derive(Debug, Args)]
#[command(next_help_heading = "Autogenerate")]
pub(in crate::cli) struct GenerateArguments {
    /// Print the migration and write nothing
    #[arg(long, requires = "autogenerate")]
    dry_run: bool,
    /// Write it also where the proof on a shadow database failed, with what is different as a comment
    #[arg(long, requires = "autogenerate")]
    unproved: bool,
    #[command(flatten)]
    how: DiffHow,
    #[command(flatten)]
    shadow: ShadowArguments,
}

impl GenerateArguments {
    /// An option that makes no sense without `--autogenerate`, if one was given; the others say so themselves.
    pub(in crate::cli) fn given(&self) -> Option<&'static str> {
        [
            (self.how.online, "--online"),
            (!self.how.rename.is_empty(), "--rename"),
            (!self.how.exclude.is_empty(), "--exclude"),
            (self.shadow.shadow_url.is_some(), "--shadow-url"),
        ]
        .into_iter()
        .find_map(|(is_given, option)| is_given.then_some(option))
    }
}

/// A migration that is ready to be written.
struct Ready {
    metadata: Metadata,
    files: Vec<NewFile>,
    draft: Draft,
}

pub(in crate::cli) async fn run(settings: &Settings, arguments: &RevisionArguments) -> Result<u8, Failure> {
    let generate = &arguments.generate;
    let project = settings.project()?;
    if project.store()?.is_alembic() {
        return of_alembic(settings, &project, arguments).await;
    }
    let mut options = generate.how.options()?;
    let language = arguments.language().filter(|language| *language != Language::Sql);
    // What would be wrong with a new revision is told before anything is started.
    let (metadata, now) = revision::planned(&project, arguments.wanted())?;
    let sides = Sides::new(settings, Some(&project), &generate.how.exclude)?;
    let place = settings.shadow_place(Some(&project), &generate.shadow)?;
    let proved = with_shadows(settings, place, async |shadows| {
        let from = sides.load(shadows, &Source::Migrations(None)).await?;
        let to = sides.models(shadows).await?;
        note_versions(settings, &from, &to);
        if let Some(live) = sides.live_if_there().await {
            note_versions(settings, &from, &live);
        }
        ask_for_renames(settings, &from, &to, &mut options)?;
        prove(settings, &sides, shadows, &from, &to, &options).await
    })
    .await?;
    list::notes(settings.report(), &proved.rename_candidates, &proved.unmodelled);
    if proved.drafts.is_empty() {
        nothing_to_do(settings);
        return Ok(0);
    }
    let unproved: Vec<&str> = proved.unproved().collect();
    if !unproved.is_empty() && !generate.unproved {
        return Err(not_proved(&unproved));
    }
    let ready = ready(&project, &proved, metadata, (now, language))?;
    if generate.dry_run {
        show(settings, &ready, &proved);
        return Ok(0);
    }
    let mut written = Vec::new();
    if let Some(language) = language {
        crate::toolchain::write_sdk(language, project.store()?)?;
        crate::toolchain::write_editor_settings(language, project.store()?)?;
    }
    for Ready { metadata, files, .. } in &ready {
        let path = revision::write_files(&project, files)?;
        written.push(Written { id: metadata.revision.clone(), path });
    }
    told(settings, &ready, &written, &proved);
    Ok(0)
}

/// In a project of Alembic its own autogenerate does the work, which has its own settings in env.py.
async fn of_alembic(settings: &Settings, project: &Project, arguments: &RevisionArguments) -> Result<u8, Failure> {
    let generate = &arguments.generate;
    let given = [(generate.dry_run, "--dry-run"), (generate.unproved, "--unproved")];
    let given =
        given.into_iter().find_map(|(is_given, option)| is_given.then_some(option)).or_else(|| generate.given());
    if let Some(option) = given {
        return Err(Failure::usage(
            format!("{option} is not for projects of Alembic, whose own autogenerate writes the revision"),
            "leave it out; env.py says what is compared and how it is written",
        ));
    }
    let (metadata, now) = revision::planned(project, arguments.wanted())?;
    revision_alembic::autogenerate(settings, project, (&metadata, now), arguments.version_path()).await
}

/// Makes the migrations and tries them.
async fn prove(
    settings: &Settings,
    sides: &Sides<'_>,
    shadows: &mut Shadows,
    from: &Loaded,
    to: &Loaded,
    options: &DiffOptions,
) -> Result<Proved, Failure> {
    let read = sides.of_shadows();
    let dumper = Dumper::find(settings, shadows.server().version / 10_000, &read);
    let side = |loaded: &'_ Loaded| (loaded.database.clone(), loaded.catalog.clone());
    let ((from_database, from_catalog), (to_database, to_catalog)) = (side(from), side(to));
    let from = Side { database: from_database.as_deref(), catalog: &from_catalog };
    let to = Side { database: to_database.as_deref(), catalog: &to_catalog };
    let dump = |connector: &crate::db::Connector| dumper.as_ref().and_then(|dumper| dumper.dump(connector));
    Ok(drafts(shadows, from, to, options, &read, &dump).await?)
}

/// Asks on a terminal what was renamed. Elsewhere the option says it, and what might be one is noted.
fn ask_for_renames(settings: &Settings, from: &Loaded, to: &Loaded, options: &mut DiffOptions) -> Result<(), Failure> {
    if !settings.report().can_ask() {
        return Ok(());
    }
    let mut refused: Vec<RenameCandidate> = Vec::new();
    loop {
        let plan = host_schema::diff(&from.catalog, &to.catalog, options).map_err(SchemaError::from)?;
        let Some(candidate) = plan.rename_candidates.into_iter().find(|candidate| !refused.contains(candidate)) else {
            return Ok(());
        };
        let question = format!("was {} renamed to {}? [y/N] ", candidate.from, candidate.to);
        let answer = terminal::ask(&question, settings.report().secrets()).unwrap_or_default();
        if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
            let rename = host_schema::Rename { old: candidate.from.path.clone(), new: candidate.to.path.clone() };
            options.renames.push(rename);
        } else {
            refused.push(candidate);
        }
    }
}

fn not_proved(unproved: &[&str]) -> Failure {
    let mut message = "the migration was tried on a shadow database and does not make what the models say:".to_owned();
    for line in unproved {
        message.push_str(&format!("\n{line}"));
    }
    Failure::new(
        "not-proved",
        message,
        "nothing was written; --unproved writes it with these lines as a comment. This is a gap of host: please report it",
    )
}

/// The source in another language than SQL.
fn in_language(language: Language, draft: &Draft) -> Result<String, Failure> {
    if draft.is_undecided() {
        return Err(Failure::new(
            "autogenerate",
            format!("something in it has to be decided, which only a migration in SQL can say, not one in {language}"),
            "leave out --lang, decide at the lines with '-- decide:', or rewrite that file afterwards",
        ));
    }
    wrapped::source(language, draft).ok_or_else(|| Failure::bug("a language without statements came this far"))
}

/// The files, in a chain: each one revises the one before.
fn ready(
    project: &Project,
    proved: &Proved,
    metadata: Metadata,
    (now, language): (jiff::civil::DateTime, Option<Language>),
) -> Result<Vec<Ready>, Failure> {
    let count = proved.drafts.len();
    let notes: Vec<String> = proved
        .rename_candidates
        .iter()
        .map(|candidate| {
            let option = list::option(candidate);
            format!("{} may be {} with a new name: {option} keeps what is in it", candidate.to, candidate.from)
        })
        .collect();
    let mut time = crate::scaffold::time_of_name(now, revision::names(project));
    let mut revises = metadata.revises.clone();
    let mut ready: Vec<Ready> = Vec::with_capacity(count);
    for (index, draft) in proved.drafts.iter().enumerate() {
        let is_last = index + 1 == count;
        let mut draft = draft.clone();
        if index == 0 {
            draft.notes.extend(notes.iter().cloned());
        }
        // The id that was asked for is that of the end of the chain.
        let id = if is_last { metadata.revision.clone() } else { revision::random_id()? };
        let part = if count > 1 { format!(" ({} of {count})", index + 1) } else { String::new() };
        let own = Metadata {
            revision: id.clone(),
            revises: std::mem::replace(&mut revises, vec![id]),
            depends_on: if index == 0 { metadata.depends_on.clone() } else { Vec::new() },
            branch_labels: if index == 0 { metadata.branch_labels.clone() } else { Vec::new() },
            message: format!("{}{part}", message(&metadata.message, proved)),
            asks: draft.asks(),
            transaction: if draft.in_transaction { Transaction::PerMigration } else { Transaction::None },
            ..metadata.clone()
        };
        let files = match language {
            None => crate::scaffold::sql_migration(&own, time, &draft.text()).map(|file| vec![file]),
            Some(language) => {
                let new = NewMigration {
                    language,
                    metadata: &own,
                    time,
                    merges: true,
                    migrations: project.store()?.migrations_folder(),
                };
                crate::scaffold::written_migration(new, &in_language(language, &draft)?)
            }
        }
        .map_err(|error| revision::no_template(&error))?;
        time = time.saturating_add(1.minute());
        ready.push(Ready { metadata: own, files, draft });
    }
    Ok(ready)
}

/// What was asked for, and otherwise what it does to the first thing.
fn message(given: &str, proved: &Proved) -> String {
    if !given.trim().is_empty() {
        return given.to_owned();
    }
    let Some(first) = proved.changes.first() else { return "follow the models".to_owned() };
    let verb = match first.sign {
        host_schema::Sign::Added => "add",
        host_schema::Sign::Changed => "change",
        host_schema::Sign::Removed => "drop",
        host_schema::Sign::Renamed => "rename",
    };
    let more = if proved.changes.len() > 1 { " and more" } else { "" };
    format!("{verb} {} {}{more}", first.kind, first.name)
}

fn nothing_to_do(settings: &Settings) {
    let report = settings.report();
    if report.is_json() {
        report.document(&json!({"event": "finished", "written": 0}));
    } else {
        report.note("nothing to do: the migrations make what the models say");
    }
}

/// The migrations as they would be written.
fn show(settings: &Settings, ready: &[Ready], proved: &Proved) {
    let report = settings.report();
    if report.is_json() {
        return report.document(&document("would-write", ready, None, proved));
    }
    for file in ready.iter().flat_map(|ready| &ready.files) {
        report.progress(&format!("{}:", file.path));
        report.exactly(&file.text);
    }
}

fn document(event: &str, ready: &[Ready], written: Option<&[Written]>, proved: &Proved) -> serde_json::Value {
    let migrations: Vec<_> = ready
        .iter()
        .enumerate()
        .map(|(index, Ready { metadata, files, draft })| {
            let path = written.and_then(|written| written.get(index)).map(|written| written.path.as_str());
            // In a folder, what is not its settings.
            let is_source = |file: &&NewFile| !file.path.ends_with(".toml") && !file.path.ends_with("ignore");
            let file = files.iter().find(is_source).or(files.first());
            json!({
                "revision": metadata.revision,
                "file": path.or(file.map(|file| file.path.as_str())),
                "text": file.map(|file| &file.text),
                "transaction": draft.in_transaction,
                "upgrade": {"actions": draft.up, "locks": locks(&draft.up)},
                "downgrade": {"actions": draft.down, "locks": locks(&draft.down)},
                "unproved": draft.unproved,
            })
        })
        .collect();
    json!({
        "event": event, "migrations": migrations, "changes": proved.changes,
        "rename_candidates": proved.rename_candidates.iter().map(list::candidate).collect::<Vec<_>>(),
        "unmodelled": proved.unmodelled, "pg_dump_compared": proved.dumped,
    })
}

/// Tells what was written and what is left to do.
fn told(settings: &Settings, ready: &[Ready], written: &[Written], proved: &Proved) {
    let report = settings.report();
    if report.is_json() {
        return report.document(&document("generated", ready, Some(written), proved));
    }
    for line in list::lines(&proved.changes) {
        report.progress(line.text());
    }
    written.iter().for_each(|written| revision::written(settings, written));
    let all = || ready.iter().flat_map(|ready| ready.draft.up.iter().chain(&ready.draft.down));
    let to_decide = all().map(|action| action.decide.len()).sum::<usize>();
    if to_decide > 0 {
        let things = count(u64::try_from(to_decide).unwrap_or(u64::MAX), "line");
        report.note(&format!("{things} '-- decide:' to look at: `host build` refuses until they are removed"));
    }
    let losses = ready.iter().flat_map(|ready| &ready.draft.up).filter_map(|action| action.loss.as_deref());
    for loss in losses {
        report.note(&format!("the upgrade loses data: {loss}"));
    }
    let unproved = proved.unproved().count();
    if unproved > 0 {
        report.warn("the migration is not proved; the comment at its top says what is different", None);
    } else if !proved.dumped {
        report.note("proved by its facts alone: pg_dump was not asked, because there is none for this server or something is excluded");
    }
}
