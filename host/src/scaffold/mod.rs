//! What a new project and a new migration begin with: templates and names. Writing them is for the store.

mod grants;

pub use grants::GrantSet;

use std::fmt::Write as _;

use jiff::ToSpan as _;
use jiff::civil::DateTime;

use crate::language::Language;
use crate::language::Profile;
use crate::language::Source;
use crate::language::Template;
use crate::revision::RevisionId;
use crate::store::FOLDER_METADATA_FILE;
use crate::store::Metadata;
use crate::store::NewFile;
use crate::store::write_block;

/// The `host.toml` of a new project, without its grants.
const HOST_TOML: &str = include_str!("host.toml");

/// The longest slug, in characters.
pub const SLUG_CHARACTERS_MAX: usize = 40;

/// The slug of a message without any letter or digit.
const SLUG_OF_NOTHING: &str = "migration";

/// The digits of a time at the beginning of a name: `YYYYMMDDHHMM`.
const TIME_DIGITS: usize = 12;

/// How far ahead of the clock the time in a name may be and still count, in hours. That many migrations in one go is one a minute
/// for a day; what is further ahead comes from a clock that was wrong, or is no time at all.
const HOURS_AHEAD_MAX: i64 = 24;

/// What a new migration is made of.
#[derive(Debug, Clone, Copy)]
pub struct NewMigration<'a> {
    /// What it is written in.
    pub language: Language,
    /// What it says about itself.
    pub metadata: &'a Metadata,
    /// The time for its name, so that names sort by age: see [`time_of_name`].
    pub time: DateTime,
    /// Whether there is nothing to do in it: it only joins branches. Otherwise it does not build until its downgrade is written.
    pub merges: bool,
    /// The migrations folder, relative to the project's, as [`crate::store::Store::migrations_folder`] has it.
    pub migrations: &'a str,
}

/// Why there is no new migration.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    /// There is no template for that language.
    #[error("no template for migrations in {language}")]
    NoTemplate {
        /// The language.
        language: Language,
    },
    /// The metadata cannot be written down.
    #[error("the metadata of revision {revision} cannot be written")]
    Metadata {
        /// The revision.
        revision: RevisionId,
        /// Why not.
        source: toml::ser::Error,
    },
}

impl ScaffoldError {
    /// What the user should do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoTemplate { .. } => Some(format!("create a folder with the component and a {FOLDER_METADATA_FILE}")),
            Self::Metadata { .. } => None,
        }
    }
}

/// The `host.toml` of a new project.
pub fn host_toml(grants: GrantSet) -> String {
    fill(HOST_TOML, &[("{{grants}}", &grants.lines())])
}

/// A new revision id of twelve hexadecimal digits, as Alembic has them.
pub fn new_revision_id(random: [u8; 6]) -> RevisionId {
    let mut id = String::with_capacity(12);
    for byte in random {
        // Writing to a String cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    RevisionId::new(id).expect("hexadecimal digits are a revision id")
}

/// The time for the name of a new migration, so that it sorts after all that are there: now, or a minute after the latest
/// name. `names` are those of files and folders among the migrations; those without a time count for nothing.
pub fn time_of_name<'a>(now: DateTime, names: impl IntoIterator<Item = &'a str>) -> DateTime {
    let far_ahead = now.saturating_add(HOURS_AHEAD_MAX.hours());
    let latest = names.into_iter().filter_map(time_in_name).filter(|time| *time < far_ahead).max();
    let after_latest = latest.map(|time| time.saturating_add(1.minute()));
    after_latest.map_or(now, |time| time.max(now))
}

/// The time at the beginning of `YYYYMMDDHHMM_slug.sql`.
fn time_in_name(name: &str) -> Option<DateTime> {
    let (digits, _) = name.split_at_checked(TIME_DIGITS).filter(|(_, rest)| rest.starts_with('_'))?;
    DateTime::strptime("%Y%m%d%H%M", digits).ok()
}

/// A message as part of a file name: lowercase letters and digits of ASCII, with one `_` for anything between them, at
/// most [`SLUG_CHARACTERS_MAX`] characters, never empty. Letters of other alphabets are spelt in that of English.
pub fn slug(message: &str) -> String {
    let mut slug = String::new();
    // More is cut anyway; one character may become several, or none.
    let beginning: String = message.chars().take(SLUG_CHARACTERS_MAX * 4).collect();
    for character in deunicode::deunicode(&beginning).chars() {
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
        if slug.len() == SLUG_CHARACTERS_MAX {
            break;
        }
    }
    let slug = slug.trim_end_matches('_');
    if slug.is_empty() { SLUG_OF_NOTHING.to_owned() } else { slug.to_owned() }
}

/// The files of a new migration, by their paths in the migrations folder: `YYYYMMDDHHMM_slug.sql`, or a folder of such a
/// name.
///
/// # Errors
/// [`ScaffoldError::NoTemplate`] for a language of which host writes no source.
pub fn new_migration(new: NewMigration<'_>) -> Result<Vec<NewFile>, ScaffoldError> {
    let NewMigration { language, metadata, time, merges, migrations } = new;
    let written = |source| ScaffoldError::Metadata { revision: metadata.revision.clone(), source };
    let name = name(time, &metadata.message);
    let Profile { source, template, .. } = language.profile();
    let Some(Template { files, undecided, nothing_to_do }) = template else {
        return Err(ScaffoldError::NoTemplate { language });
    };
    let downgrade = if merges { *nothing_to_do } else { *undecided };
    let message = metadata.message.lines().collect::<Vec<_>>().join(" ");
    let message = if message.trim().is_empty() { "A migration." } else { message.trim() };
    let file = |path: &str, text: String| NewFile { path: format!("{name}{path}"), text };
    match source {
        Source::Text { extension, comment_prefix, .. } => {
            let block = write_block(metadata, comment_prefix).map_err(written)?;
            let text = |text: &str| {
                fill(
                    text,
                    &[
                        ("{{metadata}}\n", &format!("{block}\n")),
                        ("{{message}}", message),
                        ("{{downgrade}}", downgrade),
                    ],
                )
            };
            Ok(files.iter().map(|(_, template)| file(&format!(".{extension}"), text(template))).collect())
        }
        Source::Folder { sdk_folder, .. } => {
            // The name of a package must not begin with a digit.
            let (package, sdk) = (format!("m{name}"), path_to_sdk(migrations, sdk_folder));
            let values = [
                ("{{package}}", package.as_str()),
                ("{{sdk}}", &sdk),
                ("{{message}}", message),
                ("{{downgrade}}", downgrade),
            ];
            let from_template = |(path, text): &(&str, &str)| file(&format!("/{path}"), fill(text, &values));
            let metadata = file(&format!("/{FOLDER_METADATA_FILE}"), metadata.to_toml().map_err(written)?);
            Ok(files.iter().map(from_template).chain([metadata]).collect())
        }
        Source::Foreign { .. } | Source::Command { .. } | Source::Component => {
            Err(ScaffoldError::NoTemplate { language })
        }
    }
}

/// The files of a new migration in a language, whose source is known: those of its template, with this text in the place of what stands
/// in the file of the source.
///
/// # Errors
/// Those of [`new_migration`].
pub fn written_migration(new: NewMigration<'_>, source: &str) -> Result<Vec<NewFile>, ScaffoldError> {
    let mut files = new_migration(new)?;
    match new.language.profile().source {
        Source::Text { comment_prefix, .. } => {
            let written = |source| ScaffoldError::Metadata { revision: new.metadata.revision.clone(), source };
            let block = write_block(new.metadata, comment_prefix).map_err(written)?;
            files.iter_mut().for_each(|file| file.text = format!("{block}\n{source}"));
        }
        Source::Folder { main, .. } => {
            let of_source = files.iter_mut().filter(|file| file.path.ends_with(&format!("/{main}")));
            of_source.for_each(|file| source.clone_into(&mut file.text));
        }
        Source::Foreign { .. } | Source::Command { .. } | Source::Component => {}
    }
    Ok(files)
}

/// The file of a new migration in SQL whose two directions are known: its metadata, and below them this text.
///
/// # Errors
/// [`ScaffoldError::Metadata`].
pub fn sql_migration(metadata: &Metadata, time: DateTime, text: &str) -> Result<NewFile, ScaffoldError> {
    let written = |source| ScaffoldError::Metadata { revision: metadata.revision.clone(), source };
    let block = write_block(metadata, "--").map_err(written)?;
    Ok(NewFile { path: format!("{}.sql", name(time, &metadata.message)), text: format!("{block}\n{text}") })
}

/// The name of a new migration without an extension: `YYYYMMDDHHMM_slug`.
fn name(time: DateTime, message: &str) -> String {
    format!(
        "{:04}{:02}{:02}{:02}{:02}_{}",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        slug(message)
    )
}

/// Puts values in the place of what stands for them. What a value says is not looked through again.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    loop {
        let places = values.iter().filter_map(|(sign, value)| Some((rest.find(sign)?, sign.len(), *value)));
        let Some((at, length, value)) = places.min_by_key(|(at, ..)| *at) else { break };
        filled.push_str(&rest[..at]);
        filled.push_str(value);
        rest = &rest[at + length..];
    }
    filled.push_str(rest);
    filled
}

/// The SDK's folder as seen from a folder in the migrations folder.
fn path_to_sdk(migrations: &str, sdk_folder: &str) -> String {
    let levels = migrations.split('/').filter(|part| !part.is_empty() && *part != ".").count();
    format!("{}{sdk_folder}", "../".repeat(levels + 1))
}

#[cfg(test)]
mod tests;
