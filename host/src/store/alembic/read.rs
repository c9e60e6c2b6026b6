//! A revision of Alembic as a migration.

use serde::Deserialize;

use super::super::Block;
use super::super::BlockError;
use super::super::Metadata;
use super::super::Migration;
use super::super::StoreError;
use super::super::Transaction;
use super::settings::AlembicFolders;
use crate::alembic::PythonFacts;
use crate::alembic::PythonProblem;
use crate::alembic::RevisionFacts;
use crate::config::TomlProblem;
use crate::digest::Digest;
use crate::grant::Classes;
use crate::language::Language;
use crate::revision::RevisionId;

/// How long a message may be, in bytes: that of a component is cut where it is longer, and would be another one.
const MESSAGE_BYTES_MAX: usize = 4 << 10;

/// The migration in a file that was read.
pub(super) fn migration(
    path: &str,
    text: &str,
    facts: &PythonFacts,
    digest: Digest,
    folders: &AlembicFolders,
) -> Result<Migration, StoreError> {
    let refused = |PythonProblem { line, message, hint }: &PythonProblem| StoreError::Alembic {
        place: format!("{path}:{line}"),
        problem: message.clone(),
        hint: hint.clone(),
    };
    if let Some(problem) = &facts.broken {
        return Err(refused(problem));
    }
    let said = match &facts.revision {
        Some(Ok(said)) => said,
        Some(Err(problem)) => return Err(refused(problem)),
        None => return Err(no_revision(path, folders)),
    };
    let Some(id) = said.revision.as_deref().or_else(|| id_of_name(path)) else {
        return Err(no_revision(path, folders));
    };
    let id_of = |id: &str| {
        RevisionId::new(id).map_err(|error| StoreError::Alembic {
            place: format!("{path}:{}", said.line),
            problem: error.to_string(),
            hint: "Alembic takes letters, digits and '_'; give the revision another id, there and wherever it is named"
                .to_owned(),
        })
    };
    let RevisionFacts {
        down_revision,
        branch_labels,
        depends_on,
        message,
        created,
        autocommits,
        irreversible,
        needs,
        ..
    } = said.clone();
    let said_here = said_here(path, text)?;
    let metadata = Metadata {
        revises: down_revision.iter().map(|id| id_of(id)).collect::<Result<_, _>>()?,
        depends_on,
        branch_labels,
        message: super::super::short::shortened(message, MESSAGE_BYTES_MAX),
        created: created.as_deref().and_then(time),
        // Otherwise `autocommit_block()` could not commit.
        transaction: if autocommits { Transaction::None } else { said_here.transaction },
        irreversible: irreversible || said_here.irreversible,
        asks: Classes::usual().union(needs),
        ..Metadata::new(id_of(id)?)
    };
    Ok(Migration {
        metadata,
        file: path.to_owned(),
        language: Language::Alembic,
        source_digest: digest,
        lock_digest: None,
    })
}

/// What a revision may say to host alone, in a block of metadata.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default, expecting = "a table")]
struct SaidHere {
    transaction: Transaction,
    irreversible: bool,
}

fn said_here(path: &str, text: &str) -> Result<SaidHere, StoreError> {
    let in_file = |error| StoreError::Block { file: path.to_owned(), error };
    let Some(block) = Block::find(text, "#").map_err(in_file)? else { return Ok(SaidHere::default()) };
    toml::from_str(&block.toml).map_err(|error| {
        let mut problem = TomlProblem::new(&block.toml, &error);
        problem.line += block.line;
        in_file(BlockError::Toml(problem))
    })
}

fn no_revision(path: &str, folders: &AlembicFolders) -> StoreError {
    let folder = folders.version_locations.iter().find(|folder| path.starts_with(&format!("{folder}/")));
    StoreError::Alembic {
        place: path.to_owned(),
        problem: "there is no 'revision' in it, and Alembic takes every .py file there for a revision".to_owned(),
        hint: format!(
            "write `revision = \"…\"` and `down_revision = …` at its top; if it is no revision, move it out of '{}': only names \
             that begin with '__init__' or '.#' are left out",
            folder.map_or("the folder of the revisions", String::as_str)
        ),
    }
}

/// The id of a file without `revision`, as Alembic 0.1 had them: its name, if that has hexadecimal digits only.
fn id_of_name(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?.strip_suffix(".py")?;
    let is_digit = |character: char| matches!(character, 'a'..='f' | '0'..='9');
    (!name.is_empty() && name.chars().all(is_digit)).then_some(name)
}

/// A time as Python writes it, as in RFC 3339. Without a zone it is taken for UTC.
fn time(text: &str) -> Option<String> {
    let text = text.trim().replacen(' ', "T", 1);
    let text = text.replace(' ', "");
    let with_zone = [text.clone(), format!("{text}Z")];
    let time = with_zone.iter().find_map(|text| text.parse::<jiff::Timestamp>().ok())?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_python_are_read() {
        for (text, expected) in [
            ("2026-11-30 10:11:12.123456", Some("2026-11-30T10:11:12Z")),
            ("2026-11-30 10:11:12+02:00", Some("2026-11-30T08:11:12Z")),
            ("2026-11-30 10:11:12.5+00:00", Some("2026-11-30T10:11:12Z")),
            ("2026-11-30", None),
            ("yesterday", None),
        ] {
            assert_eq!(time(text).as_deref(), expected, "{text}");
        }
        assert_eq!(id_of_name("a/versions/1975ea.py"), Some("1975ea"));
        assert_eq!(id_of_name("a/versions/helpers.py"), None);
    }
}
