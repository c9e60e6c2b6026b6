//! Commands that have to fail and change nothing.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use super::Output;
use super::TestDatabase;
use super::TestProject;

/// Everything that a refused command must leave as it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    /// The tables of the database with all their rows.
    pub(crate) tables: String,
    /// The files of the project with their content, and its links with their targets.
    pub(crate) files: BTreeMap<PathBuf, String>,
}

impl TestProject {
    /// Runs `host`, which has to fail with this exit code, say so once and with a hint, and change nothing.
    #[must_use = "compare it with a snapshot"]
    pub(crate) fn refuses(&self, code: i32, arguments: &[&str]) -> Output {
        self.refuses_command(code, self.command(arguments))
    }

    /// The same for a command that was prepared.
    #[must_use = "compare it with a snapshot"]
    pub(crate) fn refuses_command(&self, code: i32, command: Command) -> Output {
        let before = self.contents();
        let output = self.run(command).with_code(code);
        self.contents().assert_same(&before, &output.stable());
        let lines = |start: &str| output.stderr.lines().filter(|line| line.starts_with(start)).count();
        // Of several problems each has a hint, below it.
        let hints = if output.stderr.contains(" problems were found\n") { "    hint: " } else { "hint: " };
        assert_eq!((lines("error: "), lines(hints) > 0), (1, true), "{}", output.stable());
        output
    }

    /// What is there now. The compiled code and the index in `.host` are only remembered, so they do not count.
    pub(crate) fn contents(&self) -> Contents {
        let mut files = BTreeMap::new();
        list(&self.path(""), &mut files);
        files.retain(|path, _| {
            let state = path.components().any(|part| part.as_os_str() == ".host");
            !state || path.extension().is_some_and(|extension| extension == "wasm")
        });
        Contents { tables: tables(&self.database), files }
    }
}

impl Contents {
    /// Asserts that nothing has changed.
    pub(crate) fn assert_same(&self, before: &Self, output: &str) {
        assert_eq!(self.tables, before.tables, "the database was changed:\n{output}");
        let names = |contents: &Self| contents.files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(self), names(before), "files came or went:\n{output}");
        for (path, content) in &self.files {
            assert_eq!(Some(content), before.files.get(path), "{} was changed:\n{output}", path.display());
        }
    }
}

fn tables(database: &TestDatabase) -> String {
    database.query(
        "SELECT string_agg(format('%I.%I: %s', schemaname, tablename, \
         query_to_xml(format('SELECT * FROM %I.%I', schemaname, tablename), true, false, '')), E'\\n' \
         ORDER BY schemaname, tablename) \
         FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    )
}

fn list(folder: &Path, files: &mut BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let kind = path.symlink_metadata().expect("an entry that is still there").file_type();
        if kind.is_dir() {
            list(&path, files);
        } else if kind.is_symlink() {
            let target = std::fs::read_link(&path).expect("a link");
            files.insert(path, target.as_os_str().as_bytes().escape_ascii().to_string());
        } else {
            let content = std::fs::read(&path).expect("a file");
            files.insert(path, content.escape_ascii().to_string());
        }
    }
}
