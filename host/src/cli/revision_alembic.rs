//! A new revision in a project of Alembic: a file as Alembic writes it.

mod autogenerate;

pub(super) use autogenerate::autogenerate;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::failure::Failure;
use super::settings::Settings;
use crate::alembic::FileName;
use crate::alembic::NewRevisionFile;
use crate::alembic::new_file;
use crate::alembic::within;
use crate::project::Project;
use crate::revision::RevisionId;
use crate::store::AlembicFolders;
use crate::store::Metadata;

/// Writes the file, and answers its path.
pub(super) fn write(
    settings: &Settings,
    project: &Project,
    metadata: &Metadata,
    now: DateTime,
    version_path: Option<&str>,
) -> Result<String, Failure> {
    let store = project.store()?;
    let folders = folders(settings, project)?;
    let path =
        path(project, &folders, (metadata.revision.as_str(), &metadata.message, &metadata.revises), now, version_path)?;
    let rev = metadata.revision.as_str();
    let message = if metadata.message.is_empty() { "empty message" } else { &metadata.message };
    let down: Vec<_> = metadata.revises.iter().map(RevisionId::to_string).collect();
    let new = NewRevisionFile {
        revision: rev,
        down_revision: &down,
        branch_labels: &metadata.branch_labels,
        depends_on: &metadata.depends_on,
        message,
        create_date: &create_date(now),
        imports: "",
        upgrades: "",
        downgrades: "",
    };
    let mako = store.alembic_template(&folders.script_location)?;
    let (text, is_theirs) = new_file(mako.as_deref(), &new);
    if mako.is_some() && !is_theirs {
        settings.report().note(
            "script.py.mako has more than the usual expressions, which only Mako can run: the file has host's own form",
        );
    }
    store.create_alembic_revision(&path, &text)?;
    Ok(path)
}

/// The folders of a project whose revisions host can write.
fn folders(settings: &Settings, project: &Project) -> Result<AlembicFolders, Failure> {
    let Some(alembic) = project.config().alembic() else { return Err(Failure::bug("no project of Alembic")) };
    let folders = project.store()?.alembic_folders(alembic)?;
    if !folders.settings.databases.is_empty() {
        return Err(Failure::new(
            "no-template",
            format!(
                "a revision of this project has functions for each of its databases ({})",
                folders.settings.databases.join(", ")
            ),
            "write it with `alembic revision`; host works on one database at a time",
        ));
    }
    let utc = |zone: &String| matches!(zone.to_uppercase().as_str(), "UTC" | "ETC/UTC");
    if let Some(zone) = folders.settings.timezone.as_ref().filter(|zone| !utc(zone)) {
        settings.report().note(&format!("the times of the new file are in UTC, not in '{zone}'"));
    }
    Ok(folders)
}

/// When the file is made, as Alembic writes it.
fn create_date(now: DateTime) -> String {
    format!("{}+00:00", now.strftime("%Y-%m-%d %H:%M:%S"))
}

/// The path of a new file, of a revision with an id, a message and parents.
fn path(
    project: &Project,
    folders: &AlembicFolders,
    (rev, message, revises): (&str, &str, &[RevisionId]),
    now: DateTime,
    version_path: Option<&str>,
) -> Result<String, Failure> {
    let folder = folder(project, folders, revises, version_path)?;
    let numbers = [
        now.year().into(),
        now.month().into(),
        now.day().into(),
        now.hour().into(),
        now.minute().into(),
        now.second().into(),
    ];
    let name = FileName {
        rev,
        message,
        slug_characters: folders.settings.slug_characters,
        epoch: now.to_zoned(TimeZone::UTC).map(|time| time.timestamp().as_second()).unwrap_or_default(),
        time: numbers,
    };
    let template = &folders.settings.file_template;
    let name = name.formatted(template).filter(|name| !name.split('/').any(|part| part == "..")).ok_or_else(|| {
        Failure::new(
            "no-template",
            format!("'file_template' of {} cannot be filled in: {}", folders.settings.config_file, template.escape_debug()),
            "write it with the tokens rev, slug, epoch, year, month, day, hour, minute and second, as in `%%(rev)s_%%(slug)s`",
        )
    })?;
    Ok(within(&folder, &name))
}

/// The folder of the new file: the one that was named, that of a parent, or the only one.
fn folder(
    project: &Project,
    folders: &AlembicFolders,
    revises: &[RevisionId],
    named: Option<&str>,
) -> Result<String, Failure> {
    let all = &folders.version_locations;
    if let Some(named) = named {
        let wanted = named.trim_start_matches("./").trim_end_matches('/');
        return all.iter().find(|folder| *folder == wanted).cloned().ok_or_else(|| {
            Failure::usage(
                format!("Path {} is not represented in current version locations", named.escape_debug()),
                format!("name one of: {}", all.join(", ")),
            )
        });
    }
    if let [only] = all.as_slice() {
        return Ok(only.clone());
    }
    let of_parent = revises.iter().find_map(|parent| {
        let file = &project.migration(parent)?.file;
        // The innermost one, where they lie inside each other.
        all.iter().filter(|folder| file.starts_with(&format!("{folder}/"))).max_by_key(|folder| folder.len())
    });
    of_parent.cloned().ok_or_else(|| {
        Failure::usage(
            "Multiple version locations present, please specify --version-path",
            format!("name one of: {}", all.join(", ")),
        )
    })
}
