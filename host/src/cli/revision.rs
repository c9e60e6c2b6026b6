//! `host revision` and `host merge`.

use clap::Args;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use serde_json::json;

use super::failure::Failure;
use super::settings::Settings;
use crate::grant::Class;
use crate::grant::Classes;
use crate::language::Language;
use crate::project::Project;
use crate::revision::NewRevision;
use crate::revision::RevisionId;
use crate::revision::place;
use crate::scaffold;
use crate::scaffold::NewMigration;
use crate::store::Metadata;
use crate::store::StoreError;

#[derive(Debug, Args)]
pub(super) struct RevisionArguments {
    /// What the migration does, in a few words
    #[arg(short, long, allow_hyphen_values = true)]
    message: Option<String>,
    /// The language [default: sql; in a project of Alembic its own]
    #[arg(long, value_name = "LANGUAGE", value_parser = language_parser())]
    lang: Option<Language>,
    /// In a project of Alembic with several folders of revisions: the folder
    #[arg(long, value_name = "FOLDER")]
    version_path: Option<String>,
    /// The parent (can be repeated)
    #[arg(long, value_name = "REVISION", default_value = "head")]
    head: Vec<String>,
    /// Allow a parent that is not a head: a new branch begins there
    #[arg(long)]
    splice: bool,
    /// A revision of another branch that must be applied first (can be repeated)
    #[arg(long, value_name = "REVISION")]
    depends_on: Vec<String>,
    /// A name for the branch that begins here (can be repeated)
    #[arg(long, value_name = "LABEL")]
    branch_label: Vec<String>,
    /// The revision id [default: twelve random hexadecimal digits]
    #[arg(long, value_name = "ID")]
    rev_id: Option<String>,
    /// All classes of statements that it asks for [default: data,schema]
    #[arg(long, value_name = "CLASS", value_delimiter = ',', value_parser = class_parser(), conflicts_with = "autogenerate")]
    asks: Vec<Class>,
    /// Write what turns the schema of the migrations into that of the models (host.toml, [default.schema]), both ways
    #[arg(long, help_heading = "Autogenerate")]
    pub(super) autogenerate: bool,
    #[command(flatten)]
    pub(super) generate: super::compare::GenerateArguments,
}

/// Reads a class of statements; help and completions list them.
fn class_parser() -> impl TypedValueParser<Value = Class> {
    PossibleValuesParser::new(Class::ALL.map(Class::word)).try_map(|word| word.parse::<Class>())
}

#[derive(Debug, Args)]
pub(super) struct MergeArguments {
    /// The revisions to merge; `heads` for all heads
    #[arg(required = true)]
    revisions: Vec<String>,
    /// What the merge does, in a few words
    #[arg(short, long, allow_hyphen_values = true)]
    message: Option<String>,
    /// The language [default: sql; in a project of Alembic its own]
    #[arg(long, value_name = "LANGUAGE", value_parser = language_parser())]
    lang: Option<Language>,
    /// Allow parents that are not heads
    #[arg(long)]
    splice: bool,
    /// A name for the branch that begins here (can be repeated)
    #[arg(long, value_name = "LABEL")]
    branch_label: Vec<String>,
    /// The revision id [default: twelve random hexadecimal digits]
    #[arg(long, value_name = "ID")]
    rev_id: Option<String>,
}

/// Reads a language in which host can write a migration; completions list them.
pub(super) fn language_parser() -> impl TypedValueParser<Value = Language> {
    let with_template = Language::ALL.into_iter().filter(|language| language.profile().template.is_some());
    PossibleValuesParser::new(with_template.map(Language::name)).try_map(|name| name.parse::<Language>())
}

/// What is to be made.
pub(super) struct Wanted<'a> {
    message: Option<&'a str>,
    language: Option<Language>,
    version_path: Option<&'a str>,
    heads: Vec<String>,
    merge: bool,
    splice: bool,
    depends_on: Vec<String>,
    branch_labels: Vec<String>,
    id: Option<&'a str>,
    asks: Option<Classes>,
}

/// A migration that was written.
pub(super) struct Written {
    pub(super) id: RevisionId,
    pub(super) path: String,
}

pub(super) async fn run(settings: &Settings, arguments: &RevisionArguments) -> Result<u8, Failure> {
    if arguments.autogenerate {
        return super::compare::autogenerate::run(settings, arguments).await;
    }
    if let Some(option) = arguments.generate.given() {
        return Err(Failure::usage(format!("{option} is for --autogenerate"), "add --autogenerate, or leave it out"));
    }
    let asks = arguments.asks.iter().copied().collect::<Classes>();
    let asks = (!arguments.asks.is_empty()).then(|| asks.with(Class::Query));
    let made = make(settings, Wanted { asks, ..arguments.wanted() })?;
    written(settings, &made);
    Ok(0)
}

impl RevisionArguments {
    /// The language, if one was named.
    pub(super) fn language(&self) -> Option<Language> {
        self.lang
    }

    /// Where a new revision of Alembic goes, where the project has several folders.
    pub(super) fn version_path(&self) -> Option<&str> {
        self.version_path.as_deref()
    }

    /// What the arguments ask for.
    pub(super) fn wanted(&self) -> Wanted<'_> {
        Wanted {
            message: self.message.as_deref(),
            language: self.lang,
            version_path: self.version_path.as_deref(),
            heads: self.head.clone(),
            merge: false,
            splice: self.splice,
            depends_on: self.depends_on.clone(),
            branch_labels: self.branch_label.clone(),
            id: self.rev_id.as_deref(),
            asks: None,
        }
    }
}

pub(super) fn merge(settings: &Settings, arguments: &MergeArguments) -> Result<u8, Failure> {
    let default = format!("merge {}", arguments.revisions.join(" and "));
    let made = make(
        settings,
        Wanted {
            message: Some(arguments.message.as_deref().unwrap_or(&default)),
            language: arguments.lang,
            version_path: None,
            heads: arguments.revisions.clone(),
            merge: true,
            splice: arguments.splice,
            depends_on: Vec::new(),
            branch_labels: arguments.branch_label.clone(),
            id: arguments.rev_id.as_deref(),
            asks: None,
        },
    )?;
    written(settings, &made);
    Ok(0)
}

/// The first migration of a new project. It is not told yet.
pub(super) fn first(settings: &Settings, language: Language) -> Result<Written, Failure> {
    make(
        settings,
        Wanted {
            message: Some("first migration"),
            language: Some(language),
            version_path: None,
            heads: vec!["head".to_owned()],
            merge: false,
            splice: false,
            depends_on: Vec::new(),
            branch_labels: Vec::new(),
            id: None,
            asks: None,
        },
    )
}

/// Checks what the graph would be like, and only then writes.
fn make(settings: &Settings, wanted: Wanted<'_>) -> Result<Written, Failure> {
    let project = settings.project()?;
    let (language, merges, version_path) =
        (wanted.language.unwrap_or(Language::Sql), wanted.merge, wanted.version_path);
    let (metadata, now) = planned(&project, wanted)?;
    let id = metadata.revision.clone();
    if project.store()?.is_alembic() {
        let path = super::revision_alembic::write(settings, &project, &metadata, now, version_path)?;
        return Ok(Written { id, path });
    }
    let files = scaffold::new_migration(NewMigration {
        language,
        metadata: &metadata,
        time: scaffold::time_of_name(now, names(&project)),
        merges,
        migrations: project.store()?.migrations_folder(),
    })
    .map_err(|error| no_template(&error))?;
    crate::toolchain::write_sdk(language, project.store()?)?;
    crate::toolchain::write_editor_settings(language, project.store()?)?;
    let path = write_files(&project, &files)?;
    Ok(Written { id, path })
}

/// Why a template could not be filled.
pub(super) fn no_template(error: &scaffold::ScaffoldError) -> Failure {
    let hint = error.hint().unwrap_or_else(|| "choose another message".to_owned());
    Failure::new("no-template", super::failure::with_causes(error), hint)
}

/// Writes a new migration, and answers its path.
pub(super) fn write_files(project: &Project, files: &[crate::store::NewFile]) -> Result<String, Failure> {
    project.store()?.create_migration(files).map_err(|error| match error {
        StoreError::Exists { .. } => Failure::new(
            "project-files",
            error.to_string(),
            "run the command again: another one has just written a migration of this name",
        ),
        error => error.into(),
    })
}

/// What a new migration says about itself, and the time now, in UTC. What the graph would be like is checked.
#[expect(clippy::disallowed_methods, reason = "a new migration is named after the time")]
pub(super) fn planned(project: &Project, wanted: Wanted<'_>) -> Result<(Metadata, jiff::civil::DateTime), Failure> {
    match project.store()?.is_alembic() {
        true if wanted.language.is_some() || wanted.asks.is_some() => {
            return Err(Failure::usage(
                "a new revision of a project of Alembic is written as Alembic writes it",
                "leave out --lang and --asks",
            ));
        }
        false if wanted.version_path.is_some() => {
            return Err(Failure::usage("--version-path is for projects of Alembic", "leave it out"));
        }
        _ => {}
    }
    let id = match wanted.id {
        Some(id) => {
            let id =
                RevisionId::new(id).map_err(|error| Failure::usage(error.to_string(), "choose another --rev-id"))?;
            if !id.is_plain() || (project.store()?.is_alembic() && id.as_str().contains('.')) {
                let message = format!(
                    "'{id}' has characters other than letters, digits, '_' and '.', which only old ids may have"
                );
                return Err(Failure::usage(message, "choose another --rev-id"));
            }
            id
        }
        None => random_id()?,
    };
    // Without any migration there is no head, and the new one is a base.
    let heads = if project.graph().is_empty() && wanted.heads == ["head"] { Vec::new() } else { wanted.heads };
    let new = NewRevision {
        id: id.clone(),
        heads,
        merge: wanted.merge,
        splice: wanted.splice,
        depends_on: wanted.depends_on,
        branch_labels: wanted.branch_labels.clone(),
    };
    let place = place(project.graph(), &new)?;
    // Not by name: a small machine has no database of time zones.
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let metadata = Metadata {
        revises: place.revises,
        depends_on: place.depends_on,
        branch_labels: wanted.branch_labels,
        message: wanted.message.unwrap_or_default().to_owned(),
        asks: wanted.asks.unwrap_or_else(Classes::usual),
        created: Some(now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ..Metadata::new(id)
    };
    Ok((metadata, now.datetime()))
}

/// The names of the files and folders of the migrations.
pub(super) fn names(project: &Project) -> impl Iterator<Item = &str> {
    project.migrations().iter().filter_map(|migration| migration.file.rsplit('/').next())
}

/// Tells which migration was written.
pub(super) fn written(settings: &Settings, made: &Written) {
    let (Written { id, path }, report) = (made, settings.report());
    if report.is_json() {
        report.document(&json!({"event": "written", "revision": id, "file": path}));
    } else {
        report.line(&format!("wrote {path} (revision {id})"));
    }
}

/// A new revision id.
pub(super) fn random_id() -> Result<RevisionId, Failure> {
    let mut random = [0; 6];
    getrandom::fill(&mut random).map_err(|error| Failure::bug(format!("cannot get random bytes: {error}")))?;
    Ok(scaffold::new_revision_id(random))
}
