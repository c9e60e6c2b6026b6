//! Projects with many migrations.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::Result;
use crate::process;

/// Longer than a file has to be old before the index of migrations trusts its times.
const INDEX_SETTLES: Duration = Duration::from_millis(2_200);

/// A project in a folder, built.
pub(crate) struct TestProject {
    pub(crate) folder: PathBuf,
}

/// The statements of one migration: upgrade and downgrade.
pub(crate) type Statements = fn(usize) -> (String, String);

impl TestProject {
    /// Writes a chain of migrations in SQL, and builds them.
    pub(crate) fn generate(parent: &Path, name: &str, count: usize, statements: Statements) -> Result<Self> {
        let folder = parent.join(name);
        std::fs::create_dir_all(folder.join("migrations"))?;
        std::fs::write(folder.join("host.toml"), "[default]\n")?;
        for number in 0..count {
            let revises = match number.checked_sub(1) {
                Some(parent) => format!("-- revises = [\"{}\"]\n", revision(parent)),
                None => String::new(),
            };
            let (upgrade, downgrade) = statements(number);
            let id = revision(number);
            let text = format!(
                "-- /// migration\n-- revision = \"{id}\"\n{revises}-- message = \"Step {number} of a long history\"\n\
                 -- created = \"2020-01-01T00:00:00Z\"\n-- ///\n\n\
                 -- upgrade\n{upgrade};\n\n-- downgrade\n{downgrade};\n"
            );
            std::fs::write(folder.join(format!("migrations/{id}_step_{number}.sql")), text)?;
        }
        let project = Self { folder };
        process::run(project.host("postgres://unused@localhost/unused", &["build"]))?;
        std::thread::sleep(INDEX_SETTLES);
        process::run(project.host("postgres://unused@localhost/unused", &["heads"]))?;
        Ok(project)
    }

    /// The same migrations as docs/deploy.md puts them into an image: components in place of sources.
    pub(crate) fn deployed(&self) -> Result<Self> {
        let folder = self.folder.with_extension("deployed");
        std::fs::create_dir_all(folder.join("migrations"))?;
        std::fs::copy(self.folder.join("host.toml"), folder.join("host.toml"))?;
        for entry in std::fs::read_dir(self.folder.join(".host/build"))? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|extension| extension == "wasm") {
                std::fs::copy(entry.path(), folder.join("migrations").join(entry.file_name()))?;
            }
        }
        let project = Self { folder };
        std::thread::sleep(INDEX_SETTLES);
        process::run(project.host("postgres://unused@localhost/unused", &["heads"]))?;
        Ok(project)
    }

    /// `host` on this project and a database.
    pub(crate) fn host(&self, url: &str, arguments: &[&str]) -> Command {
        let mut command = process::host(arguments);
        command.current_dir(&self.folder).env("HOST_DATABASE_URL", url);
        // The user's folders, beside the project: the index of what was read needs a key.
        for (variable, name) in [("HOST_STATE_DIR", "user-state"), ("HOST_CACHE_DIR", "user-cache")] {
            command.env(variable, self.folder.with_file_name(name));
        }
        command
    }
}

/// The id of a migration.
pub(crate) fn revision(number: usize) -> String {
    format!("{:012x}", 0x1000_0000_0000_u64 + u64::try_from(number).unwrap_or(0))
}

/// What histories are made of: tables, columns, indexes, rows, in turn.
pub(crate) fn mixed(number: usize) -> (String, String) {
    let table = format!("thing_{}", number / 4);
    match number % 4 {
        0 => {
            (format!("CREATE TABLE {table} (id bigint PRIMARY KEY, name text NOT NULL)"), format!("DROP TABLE {table}"))
        }
        1 => (
            format!("ALTER TABLE {table} ADD COLUMN seen_at timestamptz"),
            format!("ALTER TABLE {table} DROP COLUMN seen_at"),
        ),
        2 => (format!("CREATE INDEX {table}_name ON {table} (name)"), format!("DROP INDEX {table}_name")),
        _ => (
            format!("INSERT INTO {table} (id, name) VALUES ({number}, 'thing {number}')"),
            format!("DELETE FROM {table} WHERE id = {number}"),
        ),
    }
}

/// The least that a migration can do: one row. The first one makes the table.
pub(crate) fn smallest(number: usize) -> (String, String) {
    match number {
        0 => ("CREATE TABLE thing (id bigint, name text)".to_owned(), "DROP TABLE thing".to_owned()),
        _ => (
            format!("INSERT INTO thing (id, name) VALUES ({number}, 'thing {number}')"),
            format!("DELETE FROM thing WHERE id = {number}"),
        ),
    }
}
