//! What a shell is offered while a command is being typed; `host completions` tells it how to ask.
//!
//! The project's files are read and nothing else: no database is asked, nothing is started or written, and no migration runs.
//! What is offered goes onto a command line, which some shells do not quote. So only names are offered that every shell takes
//! for what they are; a revision of a hostile project may be called `$(reboot)`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Arg;
use clap::Command;
use clap::CommandFactory as _;
use clap::ValueHint;
use clap_complete::engine::ArgValueCandidates;
use clap_complete::engine::CompletionCandidate;

use super::args::Arguments;
use super::args::Global;
use super::completions::VARIABLE;
use super::completions::asking;
use super::failure::Failure;
use super::process;
use super::report::Report;
use super::report::secrets::Secrets;
use super::report::text::safe_line;
use super::settings;
use super::settings::Settings;
use crate::config::DEFAULT_ENVIRONMENT;
use crate::project::Project;
use crate::store::shortened;

/// How much of a message is shown beside a revision, in bytes.
const MESSAGE_BYTES_MAX: usize = 80;

/// Answers a shell, if it is one that has started this process.
pub(super) fn answer(secrets: &Secrets) -> Option<ExitCode> {
    let shell = settings::variable(VARIABLE)?;
    let report = Report::new(false, true, false, secrets.clone());
    let Some(shell) = asking(&shell) else {
        let message = format!("{VARIABLE}='{}' is no shell that asks for completions", safe_line(&shell));
        return Some(report.end(report.failure(&Failure::usage(message, format!("unset {VARIABLE}")))));
    };
    let mut answer = Vec::new();
    let words = process::words_to_complete();
    let mut command = offering(&Offer::new(&words, secrets), Arguments::command(), shell.is("bash"));
    // Nothing to offer is no failure that a person at a prompt wants to read of.
    let here = process::current_folder();
    let code = shell.write_complete(&mut command, words, here.as_deref(), &mut answer).map_or(1, |()| 0);
    report.exactly(&String::from_utf8_lossy(&answer));
    Some(report.end(code))
}

/// What the project has to offer.
#[derive(Debug, Default)]
struct Offer {
    environments: Vec<String>,
    /// Ids with their messages, newest first.
    revisions: Vec<(String, String)>,
    labels: Vec<String>,
}

impl Offer {
    /// Reads the project that the words are about. What cannot be read offers nothing.
    fn new(words: &[OsString], secrets: &Secrets) -> Self {
        let (dir, env) = project_of(words);
        let global = Global {
            dir,
            env: Some(env.clone()),
            url: None,
            json: false,
            quiet: true,
            verbose: false,
            argument: Vec::new(),
        };
        let settings = Settings::new(&global, secrets.clone());
        let open = || settings.project_folder().and_then(|folder| settings::open_folder(&folder)).ok();
        let environments = open().and_then(|folder| Project::environments(&folder).ok()).unwrap_or_default();
        let env = if environments.contains(&env) { &env } else { DEFAULT_ENVIRONMENT };
        let mut offer = Self { environments, ..Self::default() };
        // Without a key nothing is remembered of what was read, and so nothing is written.
        if let Some(project) = open().and_then(|folder| Project::open(folder, env).ok()) {
            let revisions = project.graph().topological().into_iter().rev();
            offer.revisions = revisions.map(|revision| (revision.id.to_string(), revision.message.clone())).collect();
            offer.labels = project.graph().branch_labels().map(|(label, _)| label.to_owned()).collect();
        }
        offer.environments.retain(|name| is_harmless(name));
        offer.revisions.retain(|(id, _)| is_harmless(id));
        offer.labels.retain(|label| is_harmless(label));
        offer
    }

    /// What an argument of a command can be, each with a word about it; none for one that names nothing of the project.
    fn candidates(&self, command: &str, argument: &str) -> Option<Vec<(String, String)>> {
        if argument == "env" {
            return Some(self.environments.iter().map(|name| (name.clone(), String::new())).collect());
        }
        let words = words(command, argument)?.iter().map(|(word, help)| ((*word).to_owned(), (*help).to_owned()));
        let heads = self.labels.iter().map(|label| (format!("{label}@head"), "the head of this branch".to_owned()));
        let shown = |message: &str| shortened(safe_line(message), MESSAGE_BYTES_MAX);
        let revisions = self.revisions.iter().map(|(id, message)| (id.clone(), shown(message)));
        Some(words.chain(heads).chain(revisions).collect())
    }
}

fn candidate((name, help): &(String, String)) -> CompletionCandidate {
    CompletionCandidate::new(name).help((!help.is_empty()).then(|| help.clone().into()))
}

/// The words that stand for revisions where an argument of a command names some, by the names that `clap` knows both by.
fn words(command: &str, argument: &str) -> Option<&'static [(&'static str, &'static str)]> {
    const HEAD: (&str, &str) = ("head", "the newest revision");
    const HEADS: (&str, &str) = ("heads", "the newest revisions of all branches");
    const BASE: (&str, &str) = ("base", "before the first revision");
    const CURRENT: (&str, &str) = ("current", "what is applied");
    match (command, argument) {
        ("upgrade", "target") => Some(&[HEAD, HEADS, ("+1", "the next one")]),
        ("downgrade", "target") => Some(&[("-1", "the one before"), BASE]),
        (_, "target" | "targets") => Some(&[HEAD, HEADS, BASE]),
        ("show" | "edit", "revision") => Some(&[HEAD, HEADS, CURRENT]),
        (_, "revision" | "revisions" | "what" | "head" | "depends_on") => Some(&[HEAD, HEADS]),
        _ => None,
    }
}

/// The commands with what their arguments can be. In bash without files: it would put their names onto the command line as they
/// are, and by itself it quotes them.
fn offering(offer: &Offer, command: Command, without_files: bool) -> Command {
    let name = command.get_name().to_owned();
    let offered = |argument: Arg| match offer.candidates(&name, argument.get_id().as_str()) {
        Some(candidates) => {
            argument.add(ArgValueCandidates::new(move || candidates.iter().map(candidate).collect::<Vec<_>>()))
        }
        None if without_files
            && argument.get_value_parser().type_id() == clap::builder::ValueParser::path_buf().type_id() =>
        {
            argument.value_hint(ValueHint::Other)
        }
        None => argument,
    };
    command.mut_args(offered).mut_subcommands(|command| offering(offer, command, without_files))
}

/// The folder and the environment that the words name.
fn project_of(words: &[OsString]) -> (Option<PathBuf>, String) {
    let default = || DEFAULT_ENVIRONMENT.to_owned();
    let Ok(found) = Arguments::command().ignore_errors(true).try_get_matches_from(words) else {
        return (None, default());
    };
    let dir = found.try_get_one::<PathBuf>("dir").ok().flatten().cloned();
    (dir, found.try_get_one::<String>("env").ok().flatten().cloned().unwrap_or_else(default))
}

/// Whether a name is one word in every shell, and no option: no character that a shell reads as anything else.
fn is_harmless(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    !name.starts_with('-') && !name.is_empty() && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn only_plain_names_are_offered() {
        for name in ["3f2a9c1b7d04", "prod", "a_b.c", "eu-west"] {
            assert!(is_harmless(name), "{name}");
        }
        for name in ["", "-x", "$(reboot)", "`a`", "a b", "a;b", "*", "a\nb", "größe", "~", "a'b", "{a,b}", "!a", "a:b"]
        {
            assert!(!is_harmless(name), "{name}");
        }
    }

    #[test]
    fn the_project_is_the_one_that_the_words_name() {
        for (line, dir, env) in [
            ("host upgrade ", None, "default"),
            ("host -C shop -e prod upgrade ", Some("shop"), "prod"),
            ("host upgrade --dir shop -e prod he", Some("shop"), "prod"),
            ("host -e", None, "default"),
            ("host unknown -e prod --what", None, "default"),
        ] {
            let (found, name) = project_of(&words_of(line));
            assert_eq!((found.as_deref(), name.as_str()), (dir.map(std::path::Path::new), env), "{line}");
        }
    }

    /// Every argument that is a target or a revision is completed; a new command that calls it otherwise is found here.
    #[test]
    fn every_argument_that_names_a_revision_is_completed() {
        let mut named = 0;
        for command in Arguments::command().get_subcommands() {
            for argument in command.get_arguments() {
                let shown = argument
                    .get_value_names()
                    .unwrap_or_default()
                    .iter()
                    .any(|name| matches!(name.as_str(), "REVISION" | "REVISIONS" | "TARGET" | "TARGETS"));
                if shown {
                    let (command, argument) = (command.get_name(), argument.get_id().as_str());
                    assert!(words(command, argument).is_some(), "{command} {argument}");
                    named += 1;
                }
            }
        }
        assert!(named > 5, "{named} arguments were found");
    }

    #[test]
    fn a_message_is_one_line_beside_its_revision() {
        let message = format!("a\nb\u{1b}[2J{}", "x".repeat(200));
        let offer = Offer { revisions: vec![("a1".to_owned(), message)], ..Offer::default() };
        let candidates = offer.candidates("upgrade", "target").expect("candidates");
        let (_, help) = candidates.last().expect("a revision");
        assert!(help.starts_with("a\\nb\\u{1b}[2Jxxx") && help.len() < 100, "{help}");
    }
}
