//! Help, version, and arguments that cannot be understood.

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ContextKind;
use clap::error::ContextValue;
use clap::error::ErrorKind;

use super::args::Arguments;
use super::failure;
use super::failure::Failure;
use super::report::Report;
use super::report::secrets::Secrets;
use super::settings;
use super::settings::wants_json;

/// Words of other tools, each with what does the same here. A word that is a command never gets here.
const WORDS: &[(&[&str], &str)] = &[
    (&["version"], "`host --version` prints the version of host, and `host current` the revision of the database"),
    (&["state", "info"], "`host status` shows where the database is and what is pending"),
    (&["migrate", "up", "update", "deploy", "run"], "`host upgrade head` runs everything that is not applied yet"),
    (&["down", "rollback", "revert", "undo"], "`host downgrade -1` takes back the last migration"),
    (&["new", "create", "generate", "add", "make"], "`host revision -m MESSAGE` creates a new migration"),
    (&["list", "ls"], "`host history` lists the migrations, and marks which are applied"),
    (&["pending"], "`host status` shows what is pending"),
    (&["plan", "dry-run", "preview"], "`host upgrade head --dry-run` shows what would run"),
    (&["lint"], "`host validate` makes all checks that a run would make; `--online` also those of the database"),
    (&["autogenerate"], "`host revision --autogenerate` writes the migration that the models need"),
    (&["baseline", "fake", "mark"], "`host stamp head` says that the database is there, and runs nothing"),
    (&["compile"], "`host build` builds the components of migrations"),
    (&["psql", "shell", "connect"], "`host local psql` opens psql on the development cluster"),
    (&["create-db", "createdb"], "`host db create` creates the database"),
    (&["drop", "dropdb", "reset", "clean"], "`host db drop` drops the database, and `host db reset` makes it anew"),
    (&["schema"], "`host dump` writes the structure of the database into a file"),
    (
        &["start", "stop", "destroy"],
        "`host local start`, `host local stop` and `host local destroy` are for the development cluster",
    ),
    (&["completion"], "`host completions bash` prints completions"),
];

/// What to write where a target is missing, by command.
const MISSING: &[(&str, &str)] = &[
    ("upgrade", "`host upgrade head` runs everything that is not applied yet; `--dry-run` shows it first"),
    ("downgrade", "`host downgrade -1` takes back the last migration; `--dry-run` shows it first"),
    ("stamp", "`host stamp head` says that everything is applied"),
    ("show", "`host show head` shows the newest migration"),
    ("edit", "`host edit head` opens the newest migration"),
    ("inspect", "`host inspect head` looks at the newest migration"),
    ("merge", "`host merge heads` joins all heads"),
];

/// Prints help, the version, or what is wrong with the arguments; clap knows which stream and code each one has. A program
/// that asked for JSON gets the last of these as JSON, too.
pub(super) fn not_understood(error: clap::Error, secrets: &Secrets) -> ExitCode {
    let code = u8::try_from(error.exit_code()).unwrap_or(failure::USAGE);
    let json = wants_json();
    let report = Report::new(json && error.use_stderr(), false, false, secrets.clone());
    if !error.use_stderr() {
        report.help(&error.render());
        return report.end(code);
    }
    // The message quotes arguments, so it is made of harmless ones.
    let error = match Arguments::try_parse_from(settings::harmless_arguments()) {
        Err(same) if same.kind() == error.kind() => same,
        _ => error,
    };
    let (text, hint) = explained(error);
    if json {
        let message = text.split("\n\nUsage:").next().unwrap_or_default().trim_start_matches("error:").trim();
        let hint = hint.unwrap_or("see `host --help`");
        return report.end(report.failure(&Failure::usage(message, hint)));
    }
    report.usage(&text, hint);
    report.end(code)
}

/// The text of an error, and what to do about it where more is known than clap says.
fn explained(mut error: clap::Error) -> (String, Option<&'static str>) {
    let hint = match error.kind() {
        ErrorKind::InvalidSubcommand => of_other_tools(&error),
        ErrorKind::MissingRequiredArgument => of_missing_argument(&error),
        _ => None,
    };
    match error.remove(ContextKind::SuggestedSubcommand) {
        // Who knows the word needs no word that looks like it.
        Some(ContextValue::Strings(similar)) if hint.is_none() => {
            let word = invalid_command(&error).to_owned();
            let similar = ContextValue::Strings(most_similar(&word, similar));
            error.insert(ContextKind::SuggestedSubcommand, similar);
        }
        _ => {}
    }
    (error.render().to_string(), hint)
}

fn invalid_command(error: &clap::Error) -> &str {
    match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) => word,
        _ => "",
    }
}

fn of_other_tools(error: &clap::Error) -> Option<&'static str> {
    let word = invalid_command(error).to_lowercase();
    WORDS.iter().find(|(words, _)| words.contains(&word.as_str())).map(|(_, hint)| *hint)
}

/// For a command whose first argument is missing, whichever it is: the usage in the error names the command.
fn of_missing_argument(error: &clap::Error) -> Option<&'static str> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else { return None };
    let usage = usage.to_string();
    let command = usage.split_whitespace().skip_while(|word| *word != "host").nth(1)?;
    MISSING.iter().find(|(name, _)| *name == command).map(|(_, hint)| *hint)
}

/// Of names that look similar those with the same first letter, if there are any: `upgrad` is not meant to be `downgrade`.
fn most_similar(word: &str, similar: Vec<String>) -> Vec<String> {
    let first = word.chars().next();
    let better: Vec<String> = similar.iter().filter(|name| name.chars().next() == first).cloned().collect();
    if better.is_empty() { similar } else { better }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: &[&str]) -> clap::Error {
        Arguments::try_parse_from(line).err().unwrap_or_else(|| panic!("{line:?} is understood"))
    }

    #[test]
    fn every_hint_names_commands_that_exist() {
        for hint in WORDS.iter().map(|(_, hint)| hint).chain(MISSING.iter().map(|(_, hint)| hint)) {
            let commands: Vec<_> =
                hint.split('`').skip(1).step_by(2).filter(|code| code.starts_with("host ")).collect();
            assert!(!commands.is_empty(), "{hint}");
            for command in commands {
                if let Err(error) = Arguments::try_parse_from(command.split(' ')) {
                    assert_eq!(error.kind(), ErrorKind::DisplayVersion, "{command}: {error}");
                }
            }
        }
    }

    #[test]
    fn a_missing_argument_is_explained_for_its_command() {
        for (command, hint) in MISSING {
            let (text, found) = explained(error(&["host", command]));
            assert_eq!(found, Some(*hint), "{text}");
        }
        assert_eq!(explained(error(&["host", "completions"])).1, None);
    }

    #[test]
    fn words_of_other_tools_are_known_and_others_are_compared() {
        let (text, hint) = explained(error(&["host", "rollback"]));
        assert!(hint.is_some_and(|hint| hint.starts_with("`host downgrade -1`")), "{text}");
        assert!(!text.contains("tip:"), "{text}");
        let (text, hint) = explained(error(&["host", "upgrad"]));
        assert!(text.contains("'upgrade'") && !text.contains("'downgrade'") && hint.is_none(), "{text}");
        let (text, _) = explained(error(&["host", "istory"]));
        assert!(text.contains("'history'"), "{text}");
    }
}
