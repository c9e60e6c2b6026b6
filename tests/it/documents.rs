//! The documents: examples that can be read by a machine are read by one, links lead somewhere, no option is missing.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use host::config::Config;
use host::store::Block;
use host::store::Metadata;

/// One document and its fenced blocks.
struct Document {
    path: PathBuf,
    text: String,
}

/// A fenced block: its language, its text, and the line on which it begins.
struct Fence {
    language: String,
    text: String,
    line: usize,
}

impl Document {
    fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path, text }
    }

    fn fences(&self) -> Vec<Fence> {
        let mut fences: Vec<Fence> = Vec::new();
        let mut open = false;
        for (index, line) in self.text.lines().enumerate() {
            match line.strip_prefix("```") {
                Some(_) if open => open = false,
                Some(language) => {
                    open = true;
                    fences.push(Fence { language: language.to_owned(), text: String::new(), line: index + 1 });
                }
                None if open => {
                    if let Some(fence) = fences.last_mut() {
                        fence.text.push_str(line);
                        fence.text.push('\n');
                    }
                }
                None => {}
            }
        }
        assert!(!open, "{}: the last fence is not closed", self.path.display());
        fences
    }

    /// All blocks in a language, with a word for where each one is.
    fn blocks(&self, language: &str) -> Vec<(String, String)> {
        self.fences()
            .into_iter()
            .filter(|fence| fence.language == language)
            .map(|fence| (format!("{}:{}", self.path.display(), fence.line), fence.text))
            .collect()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn documents() -> Vec<Document> {
    documents_in(&["", "docs"])
}

fn documents_in(folders: &[&str]) -> Vec<Document> {
    let mut paths: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(root().join(folder)).expect("a folder with documents"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    paths.sort();
    assert!(paths.len() > 5, "the documents were not found");
    paths.into_iter().map(Document::read).collect()
}

fn document(path: &str) -> Document {
    Document::read(root().join(path))
}

#[test]
fn settings_metadata_and_json_can_be_read() {
    let mut read = (0, 0);
    for document in documents() {
        for (place, text) in document.blocks("toml") {
            read.0 += 1;
            // Settings have sections, metadata has none.
            if text.lines().any(|line| line.starts_with('[')) {
                Config::parse(&text, "host.toml").unwrap_or_else(|error| panic!("{place}: {error}"));
            } else {
                Metadata::from_toml(&text).unwrap_or_else(|error| panic!("{place}: {error}"));
            }
        }
        for (place, text) in document.blocks("json") {
            for line in text.lines() {
                let _: serde_json::Value =
                    serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}: {line}"));
                read.1 += 1;
            }
        }
    }
    assert!(read.0 > 5 && read.1 > 3, "{read:?} blocks and lines were found");
}

#[test]
fn migrations_in_sql_can_be_built() {
    let blocks: Vec<_> = documents().iter().flat_map(|document| document.blocks("sql")).collect();
    assert!(!blocks.is_empty(), "no migrations were found");
    for (place, text) in blocks {
        let block = Block::find(&text, "--").unwrap_or_else(|error| panic!("{place}: {error}"));
        let block = block.unwrap_or_else(|| panic!("{place}: no metadata block"));
        block.metadata().unwrap_or_else(|error| panic!("{place}: {error}"));
        host::sql::check_whole_sql_file(&text).unwrap_or_else(|error| panic!("{place}: {error}"));
        let sections = host::sql::sections(&text).unwrap_or_else(|error| panic!("{place}: {error}"));
        host::sql::split(&text[sections.upgrade]).unwrap_or_else(|error| panic!("{place}: {error}"));
    }
}

#[test]
fn links_lead_somewhere() {
    let mut links = 0;
    for document in documents_in(&["", "docs", "docs/languages"]) {
        let folder = document.path.parent().expect("a folder");
        for link in document.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") {
                assert!(folder.join(file).exists(), "{}: {link} leads nowhere", document.path.display());
                links += 1;
            }
        }
    }
    assert!(links > 20, "{links} links were found");
}

#[test]
fn what_is_written_twice_is_the_same() {
    let reference = include_str!("../../host/src/config/reference.toml");
    assert!(document("docs/configuration.md").text.contains(reference), "docs/configuration.md has old settings");
    let flow: String = include_str!("../../host/src/lib.rs")
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
        .skip_while(|line| !line.starts_with("cli "))
        .take_while(|line| !line.starts_with("```"))
        .collect();
    assert!(flow.lines().count() > 10, "{flow}");
    assert!(document("ARCHITECTURE.md").text.contains(&flow), "ARCHITECTURE.md has an old data flow");
}

/// `module::test` in docs/reliability.md and in SECURITY.md is a test in tests/it, and a path there is a file.
#[test]
fn every_promise_names_tests_that_exist() {
    for (document, least) in [("docs/reliability.md", 20), ("SECURITY.md", 20)] {
        names_tests_that_exist(document, least);
    }
}

fn names_tests_that_exist(path: &str, least: usize) {
    let text = document(path).text;
    let mut named = 0;
    for name in text.split('`').skip(1).step_by(2) {
        if name.starts_with("host/src/") || name.starts_with("tests/it/") {
            assert!(root().join(name).exists(), "{path}: {name}: no such file");
        }
        if !name.contains("::") {
            continue;
        }
        let (module, test) = name.rsplit_once("::").expect("a module and a test");
        let module = root().join("tests/it").join(module.replace("::", "/"));
        let files = [module.with_extension("rs"), module.join("mod.rs")];
        let source = files.iter().find_map(|file| std::fs::read_to_string(file).ok());
        let source = source.unwrap_or_else(|| panic!("{path}: {name}: no such module"));
        assert!(source.contains(&format!("\nfn {test}()")), "{path}: {name}: no such test");
        named += 1;
    }
    assert!(named > least, "{path}: {named} tests were found");
}

#[test]
fn every_command_and_option_is_described() {
    let help = |command: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_host")).args(command).arg("--help").output().expect("host runs");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let text = document("docs/commands.md").text;
    let overview = help(&[]);
    let commands = overview
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help");
    let mut options = 0;
    for command in commands {
        assert!(text.contains(&format!("host {command}")), "docs/commands.md says nothing of {command}");
        for line in help(&[command]).lines().filter(|line| line.trim_start().starts_with('-')) {
            let option = line.split_whitespace().find(|word| word.starts_with("--") && word.len() > 2);
            let option = option.unwrap_or("-x").trim_end_matches(',');
            let described = matches!(option, "--help")
                || text.contains(&format!("`{option}"))
                || text.contains(&format!("[{option}"));
            assert!(described, "docs/commands.md says nothing of {command} {option}");
            options += 1;
        }
    }
    assert!(options > 100, "{options} options were found");
}
