//! `host revision --autogenerate` in a project of Alembic: Alembic itself compares the models with the database, in the sandbox, and writes the
//! file by the project's own template.

use std::collections::BTreeSet;

use jiff::civil::DateTime;
use serde_json::json;

use super::create_date;
use super::folders;
use super::path;
use crate::alembic::Author;
use crate::alembic::Authored;
use crate::alembic::AuthoredRevision;
use crate::alembic::OWN_TEMPLATE;
use crate::alembic::within;
use crate::cli::compare::unseen;
use crate::cli::failure::Failure;
use crate::cli::revision::Written;
use crate::cli::revision::written;
use crate::cli::settings::Settings;
use crate::cli::signals;
use crate::execute::AuthorRequest;
use crate::execute::Options;
use crate::project::Project;
use crate::revision::RevisionId;
use crate::store::AlembicFolders;
use crate::store::Metadata;

/// How many revisions that are not applied are named.
const NAMED_MAX: usize = 5;

/// The word for everything that Alembic or env.py make of a request and host cannot use.
const KIND: &str = "autogenerate";

/// Writes the revisions that make the database what the models describe; none where it is that already.
pub(in crate::cli) async fn autogenerate(
    settings: &Settings,
    project: &Project,
    (metadata, now): (&Metadata, DateTime),
    version_path: Option<&str>,
) -> Result<u8, Failure> {
    if project.config().alembic().is_some_and(|alembic| !alembic.env) {
        return Err(Failure::new(
            KIND,
            "env.py says which models there are, and `env = false` in host.toml switches it off",
            "leave `env` out below [alembic]",
        ));
    }
    let folders = folders(settings, project)?;
    let env = within(&folders.script_location, "env.py");
    let request = request(project, &folders, metadata, now)?;
    let runtime = crate::cli::python_packages::alembic_runtime(settings, project)?;
    let options = Options { compiler: crate::cli::worker::compiler(settings)?, ..settings.options() };
    let target = settings.announced_target(project)?;
    let mut runner = settings.runner_on(&target, project, options).await?;
    signals::listen(project, runner.interrupt(), settings.report().clone());
    let answer = match runner.missing().await {
        Ok(missing) if !missing.is_empty() => {
            runner.close().await;
            return Err(not_up_to_date(&missing));
        }
        Ok(_) => {
            let request = AuthorRequest { runtime: &runtime, revision: &metadata.revision, file: &env, text: &request };
            runner.generate(request, &mut settings.report().observer()).await
        }
        Err(error) => Err(error),
    };
    runner.close().await;
    let answer = Authored::read(&answer?).ok_or_else(|| {
        Failure::new(
            KIND,
            "the runtime of Alembic gave an answer of another version",
            "use the host and the runtime of one release: see `host doctor`",
        )
    })?;
    let files = checked(project, &folders, &answer.revisions, now, version_path)?;
    if files.is_empty() {
        if settings.report().is_json() {
            settings.report().document(&json!({"event": "finished", "written": 0}));
        } else {
            settings.report().note("nothing to do: the database has what the models describe");
        }
    }
    for (written_file, text) in &files {
        project.store()?.create_alembic_revision(&written_file.path, text)?;
        written(settings, written_file);
    }
    if let Some(models) = &answer.models {
        let new: Vec<RevisionId> = files.iter().map(|(written, _)| written.id.clone()).collect();
        unseen::tell(settings, models, &new).await;
    }
    Ok(0)
}

/// What the runtime is asked.
fn request(project: &Project, folders: &AlembicFolders, metadata: &Metadata, now: DateTime) -> Result<String, Failure> {
    let store = project.store()?;
    let template = store.alembic_template(&folders.script_location)?;
    let tables = project.tables();
    let author = Author {
        message: &metadata.message,
        create_date: &create_date(now),
        template: template.as_deref().unwrap_or(OWN_TEMPLATE),
        down_revision: metadata.revises.iter().map(RevisionId::as_str).collect(),
        branch_labels: &metadata.branch_labels,
        depends_on: &metadata.depends_on,
        heads: project.graph().heads().into_iter().map(|head| head.id.as_str()).collect(),
        own_tables: [&tables.version, &tables.log, &tables.journal, &tables.rejected]
            .map(|table| (table.schema.as_deref(), table.name.as_str()))
            .to_vec(),
    };
    Ok(store.alembic_author_document(&metadata.revision, author)?)
}

/// The files that are written, all of them before the first one: ids and parents that come from directives of env.py may be anything.
fn checked<'a>(
    project: &Project,
    folders: &AlembicFolders,
    revisions: &'a [AuthoredRevision],
    now: DateTime,
    version_path: Option<&str>,
) -> Result<Vec<(Written, &'a str)>, Failure> {
    let refused = |text: String| Failure::new(KIND, text, "look at process_revision_directives in env.py");
    let mut known = BTreeSet::new();
    let mut files = Vec::new();
    for revision in revisions {
        let id = RevisionId::new(&revision.revision).ok().filter(|id| id.is_plain() && !id.as_str().contains('.'));
        let id = id.ok_or_else(|| refused(format!("'{}' is no revision id", revision.revision.escape_debug())))?;
        if project.migration(&id).is_some() || !known.insert(id.clone()) {
            return Err(refused(format!("there is a revision {id} already")));
        }
        let parents = revision.down_revision.iter().map(|parent| {
            let parent = RevisionId::new(parent).ok();
            parent.filter(|parent| known.contains(parent) || project.migration(parent).is_some())
        });
        let parents: Vec<RevisionId> = parents.collect::<Option<_>>().ok_or_else(|| {
            let named = revision.down_revision.join(", ");
            refused(format!("revision {id} revises '{}', which is not there", named.escape_debug()))
        })?;
        let folder = revision.version_path.as_deref().or(version_path);
        let path = path(project, folders, (id.as_str(), &revision.message, &parents), now, folder)?;
        files.push((Written { id, path }, revision.text.as_str()));
    }
    Ok(files)
}

fn not_up_to_date(missing: &[RevisionId]) -> Failure {
    let mut named: Vec<_> = missing.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    if let Some(more @ 1..) = missing.len().checked_sub(NAMED_MAX) {
        named.push(format!("{more} more"));
    }
    Failure::new(
        "not-at-head",
        format!("Target database is not up to date: not applied are {}", named.join(", ")),
        "run `host upgrade heads` first, or name a database that is at the heads",
    )
}
