//! `host edit`.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use super::failure::Failure;
use super::failure::with_causes;
use super::report::text::safe_line;
use super::settings::Settings;
use super::settings::variable;
use crate::language::Source;
use crate::store::Migration;

/// The editor of those who have named none; POSIX has it.
const USUAL_EDITOR: &str = "vi";

#[derive(Debug, Args)]
#[command(
    after_help = "The editor is VISUAL, else EDITOR, else vi; arguments follow after spaces, as in `code --wait`. \
                        The exit code is that of the editor."
)]
pub(super) struct EditArguments {
    /// The revision: an id, a unique prefix, a branch label, head, heads, or current
    #[arg(allow_negative_numbers = true)]
    revision: String,
}

#[expect(clippy::disallowed_methods, reason = "this process becomes the editor")]
pub(super) async fn run(settings: &Settings, arguments: &EditArguments) -> Result<u8, Failure> {
    let project = settings.project()?;
    let ids = super::show::named(settings, &project, &arguments.revision).await?;
    let folder = settings.project_folder()?;
    // So that no name of a folder can look like an option of the editor.
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    let migrations = ids.iter().filter_map(|id| project.migration(id));
    let files = migrations.map(|migration| source(&folder, migration)).collect::<Result<Vec<_>, _>>()?;
    if files.is_empty() {
        let why = match arguments.revision.as_str() {
            "current" => "nothing is applied".to_owned(),
            other => format!("'{}' names no revision", safe_line(other)),
        };
        let hint = "name a revision; `host history` lists all";
        return Err(Failure::new("no-revision", format!("there is nothing to edit: {why}"), hint));
    }
    let editor = variable("VISUAL").or_else(|| variable("EDITOR")).unwrap_or_else(|| USUAL_EDITOR.to_owned());
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or(USUAL_EDITOR);
    // Replaces this process, so that the terminal, signals and the exit code are the editor's own.
    let error = Command::new(program).args(words).args(files).exec();
    Err(Failure::new(
        "no-editor",
        format!("cannot run the editor '{}': {}", safe_line(program), with_causes(&error)),
        "set VISUAL or EDITOR to an editor of this machine",
    ))
}

/// The file in which a migration's author works.
fn source(folder: &Path, migration: &Migration) -> Result<PathBuf, Failure> {
    let path = folder.join(&migration.file);
    match migration.language.profile().source {
        Source::Text { .. } | Source::Foreign { .. } => Ok(path),
        Source::Folder { main, .. } | Source::Command { main } => Ok(path.join(main)),
        Source::Component => Err(Failure::new(
            "no-source",
            format!(
                "{} is a component that was built elsewhere, so there is no source to edit",
                safe_line(&migration.file)
            ),
            format!("edit it where it is built; `host inspect {}` shows what it is", migration.metadata.revision),
        )),
    }
}
