//! Every guest language through the same list of cases (`tests/conformance/README.md`).
//!
//! What a case leaves in the database is compared byte for byte with what stands here, and what it says in structure. The table
//! of languages and cases is written to `target/conformance.md`. `HOST_CONFORMANCE=python,go` chooses languages.

mod expected;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use crate::harness::Output;
use crate::harness::TestProject;

use expected::CASES;
use expected::Case;
use expected::Outcome;

/// Where the languages are: one folder each.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance")
}

/// The languages of the suite, by their folders.
fn languages() -> Vec<String> {
    let chosen = std::env::var("HOST_CONFORMANCE").ok();
    let entries = std::fs::read_dir(folder()).expect("the folder of the suite").map(|entry| entry.expect("an entry"));
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().expect("UTF-8"))
        .filter(|name| chosen.as_ref().is_none_or(|chosen| chosen.split(',').any(|one| one == name)))
        .collect();
    names.sort();
    names
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), &to).expect("a file");
        }
    }
}

/// A project for a language, with its runtime where it has one.
fn project(language: &str) -> TestProject {
    let language: host::language::Language = language.parse().expect("a folder has the name of a language");
    match language.runtime() {
        Some(runtime) if runtime != "sql" => TestProject::with_runtime(runtime),
        _ => TestProject::sharing_code(),
    }
}

/// What became of each case, by language.
type Results = BTreeMap<String, Vec<(&'static str, Result<(), String>)>>;

/// One language with its migration built.
struct Suite {
    project: TestProject,
    setup: String,
    language: String,
}

impl Suite {
    fn new(language: &str) -> Self {
        let project = project(language);
        // Limits that the cases for limits reach soon.
        let toml = std::fs::read_to_string(project.path("host.toml")).expect("settings");
        project.write("host.toml", &format!("{toml}\n[default.limits]\nguest-time = \"3s\"\nmemory = \"256MiB\"\n"));
        copy(&folder().join(language).join("migrations"), &project.path("migrations"));
        let setup = std::fs::read_to_string(folder().join("setup.sql")).expect("the set-up");
        let suite = Self { project, setup, language: language.to_owned() };
        suite.project.host(&["build"]).success();
        suite
    }

    /// Brings the database back to where every case begins.
    fn reset(&self) {
        self.project.database.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
        self.project.database.query(&self.setup);
    }

    /// Does one case; the error says what is different.
    fn check(&self, case: &Case) -> Result<(), String> {
        if case.not_for.contains(&self.language.as_str()) {
            return Ok(());
        }
        let first = self.run_once(case)?;
        if case.twice {
            let second = self.run_once(case)?;
            if first != second {
                return Err(format!("two runs differ: {first} and {second}"));
            }
        }
        Ok(())
    }

    fn run_once(&self, case: &Case) -> Result<String, String> {
        self.reset();
        let argument = format!("case={}", case.name);
        let mut arguments = vec!["--json", "-x", &argument];
        arguments.extend(case.arguments);
        let output = self.project.host(&arguments);
        let output = self.followed(case, output)?;
        match &case.outcome {
            Outcome::Leaves { query, rows } => {
                expect_code(&output, 0)?;
                let found = self.project.database.query(query);
                if rows.is_none_or(|rows| rows == found) {
                    return Ok(found);
                }
                Err(format!("left\n{found}\ninstead of\n{}", rows.unwrap_or_default()))
            }
            Outcome::Fails { kinds, has } => {
                expect_code(&output, 1)?;
                let error = failure(&output)?;
                let kind = error["kind"].as_str().unwrap_or_default().to_owned();
                if !kinds.contains(&kind.as_str()) {
                    return Err(format!("failed with {kind} instead of {}:\n{}", kinds.join(" or "), output.stable()));
                }
                let all = format!("{}\n{}", output.stderr, error);
                match has(&self.language).iter().find(|word| !all.contains(**word)) {
                    Some(word) => Err(format!("does not say '{word}':\n{all}")),
                    None => Ok(kind),
                }
            }
            Outcome::Says { events } => {
                expect_code(&output, 0)?;
                let said = events_of(&output);
                for (key, value) in *events {
                    if !said.iter().any(|event| event.0 == *key && event.1.contains(value)) {
                        return Err(format!("does not say {key} '{value}': {said:?}"));
                    }
                }
                Ok(String::new())
            }
        }
    }

    /// What comes after the command: a script is run, an upgrade is taken back.
    fn followed(&self, case: &Case, output: Output) -> Result<Output, String> {
        match case.name {
            "offline" => {
                let sql = self.project.host(&["-x", "case=offline", "upgrade", "base:head", "--sql"]);
                expect_code(&sql, 0)?;
                self.reset();
                self.project.write("script.sql", &sql.stdout);
                let script = self.project.path("script.sql");
                let psql = self.project.database.psql().arg("-f").arg(script).output().expect("psql runs");
                if !psql.status.success() {
                    return Err(String::from_utf8_lossy(&psql.stderr).into_owned());
                }
                Ok(sql)
            }
            "irreversible" => {
                expect_code(&output, 0)?;
                Ok(self.project.host(&["--json", "-x", "case=irreversible", "downgrade", "base"]))
            }
            _ => Ok(output),
        }
    }

    /// A file that cannot be built says where.
    fn broken(&self) -> Result<(), String> {
        let project = project(&self.language);
        copy(&folder().join(&self.language).join("broken"), &project.path("migrations"));
        let output = project.host(&["build"]);
        expect_code(&output, 1)?;
        let has_line = [":12", "line 12"].iter().any(|place| output.stderr.contains(place));
        if has_line { Ok(()) } else { Err(format!("does not name line 12:\n{}", output.stable())) }
    }
}

fn expect_code(output: &Output, code: i32) -> Result<(), String> {
    if output.code == code { Ok(()) } else { Err(format!("ended with {}:\n{}", output.code, output.stable())) }
}

/// The document of a failure, wherever it was printed.
fn failure(output: &Output) -> Result<Value, String> {
    let lines = output.stdout.lines().chain(output.stderr.lines());
    let mut documents = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let found = documents.find_map(|document| document.get("error").cloned());
    found.ok_or_else(|| format!("there is no failure in\n{}", output.stable()))
}

/// What a run said on its way: level and message of each line, label and numbers of progress.
fn events_of(output: &Output) -> Vec<(String, String)> {
    let lines = output.stdout.lines().chain(output.stderr.lines());
    let documents = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    documents
        .filter_map(|event| {
            let text = |key: &str| event[key].as_str().map(str::to_owned);
            match event["event"].as_str()? {
                "log" => Some((text("level")?, text("message")?)),
                "progress" => {
                    Some(("progress".to_owned(), format!("{} {} of {}", text("label")?, event["done"], event["total"])))
                }
                _ => None,
            }
        })
        .collect()
}

#[test]
fn every_language_passes_every_case() {
    let languages = languages();
    assert!(!languages.is_empty());
    let results: Results = std::thread::scope(|scope| {
        let running: Vec<_> = languages
            .iter()
            .map(|language| {
                scope.spawn(move || {
                    let suite = Suite::new(language);
                    let mut results: Vec<_> = CASES.iter().map(|case| (case.name, suite.check(case))).collect();
                    results.push(("broken", suite.broken()));
                    (language.clone(), results)
                })
            })
            .collect();
        running.into_iter().map(|suite| suite.join().expect("the suite of a language")).collect()
    });
    let table = table(&results);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    std::fs::write(target.join("conformance.md"), &table).expect("the table");
    let failures: Vec<String> = results
        .iter()
        .flat_map(|(language, results)| {
            results
                .iter()
                .filter_map(move |(case, result)| Some(format!("== {language}, {case}: {}", result.as_ref().err()?)))
        })
        .collect();
    assert!(failures.is_empty(), "{table}\n{}", failures.join("\n"));
}

/// Languages in columns, cases in rows.
fn table(results: &Results) -> String {
    let mut table = format!("| case | {} |\n|---|", results.keys().cloned().collect::<Vec<_>>().join(" | "));
    table.push_str(&"---|".repeat(results.len()));
    let cases = results.values().next().map(|results| results.iter().map(|(case, _)| *case).collect::<Vec<_>>());
    for (index, case) in cases.unwrap_or_default().iter().enumerate() {
        table.push_str(&format!("\n| {case} |"));
        for results in results.values() {
            table.push_str(if results[index].1.is_ok() { " ok |" } else { " FAILED |" });
        }
    }
    table.push('\n');
    table
}
