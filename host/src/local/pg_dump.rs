//! Dumping the structure of a database with PostgreSQL's own `pg_dump`.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;

use thiserror::Error;

use super::binaries;
use super::programs;

const PROGRAM: &str = "pg_dump";

/// A `pg_dump` that can dump the servers of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgDump {
    program: PathBuf,
    major: u32,
}

/// Why there is no dump.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DumpError {
    /// No `pg_dump` on this machine is new enough: it refuses servers that are newer than itself.
    #[error(
        "the server is PostgreSQL {server}, which only a pg_dump of that version or a newer one can dump; {}",
        if found.is_empty() { "found none".to_owned() } else { format!("found {}", found.join(", ")) }
    )]
    NoProgram {
        /// The major version of the server.
        server: u32,
        /// Those that are here, with their versions, or what is wrong with them.
        found: Vec<String>,
    },
    /// The folder that the user named is none of an absolute path.
    #[error("HOST_PG_BIN is '{}', which is not an absolute path", folder.display())]
    RelativeFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// It could not be run at all.
    #[error("cannot run {}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It failed.
    #[error("{} failed: {output}", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// The last lines of what it printed.
        output: String,
    },
    /// What it wrote is not UTF-8, which it was asked for.
    #[error("{} did not write UTF-8", program.display())]
    NotUtf8 {
        /// The program.
        program: PathBuf,
    },
}

impl DumpError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NoProgram { server, .. } => format!(
                "install it (`apt-get install postgresql-client-{server}`), or set HOST_PG_BIN to the folder of one"
            ),
            Self::RelativeFolder { .. } => "set it to the whole path of the folder".to_owned(),
            Self::Spawn { .. } => "check that it can be executed, or set HOST_PG_BIN to another folder".to_owned(),
            Self::Failed { .. } => {
                "the user needs the right to read every table (pg_read_all_data, or SELECT), also for their structure"
                    .to_owned()
            }
            Self::NotUtf8 { .. } => "check what HOST_PG_BIN and PATH lead to".to_owned(),
        }
    }
}

impl PgDump {
    /// Finds one for a server of this major version: in the folder that the user named (`HOST_PG_BIN`), else on `path` (the
    /// variable `PATH`), else where packages put them. Each one that is there is asked for its version.
    ///
    /// # Errors
    /// [`DumpError::NoProgram`] with all that were found.
    pub fn find(given: Option<&Path>, path: Option<&OsStr>, server: u32) -> Result<Self, DumpError> {
        Self::find_among(folders(given, path)?, server, version)
    }

    fn find_among(
        folders: Vec<PathBuf>,
        server: u32,
        version: impl Fn(&Path) -> Result<u32, String>,
    ) -> Result<Self, DumpError> {
        let mut found = Vec::new();
        for folder in folders {
            let program = folder.join(PROGRAM);
            if !program.is_file() {
                continue;
            }
            match version(&program) {
                Ok(major) if major >= server => return Ok(Self { program, major }),
                Ok(major) => found.push(format!("{} of version {major}", program.display())),
                Err(problem) => found.push(format!("{} ({problem})", program.display())),
            }
        }
        Err(DumpError::NoProgram { server, found })
    }

    /// Its major version.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// Dumps the structure of the database to which the variables lead, without owners and privileges, as SQL.
    ///
    /// `variables` are all that the program gets beside those that make its output the same everywhere: connection parameters
    /// never stand among its arguments. It waits for locks at most `lock_timeout`; zero is for ever.
    ///
    /// # Errors
    /// [`DumpError`].
    pub fn structure(&self, variables: &[(OsString, OsString)], lock_timeout: Duration) -> Result<String, DumpError> {
        self.structure_without(&[], variables, lock_timeout)
    }

    /// The same without some tables, named by (schema, name).
    ///
    /// # Errors
    /// [`DumpError`].
    pub fn structure_without(
        &self,
        tables: &[(String, String)],
        variables: &[(OsString, OsString)],
        lock_timeout: Duration,
    ) -> Result<String, DumpError> {
        let mut command = prepared(&self.program);
        command.args(["--schema-only", "--no-owner", "--no-privileges", "--encoding=UTF8", "--no-password"]);
        // A pattern in quotes is a name (PostgreSQL manual, "Patterns" of psql).
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        command
            .args(tables.iter().map(|(schema, name)| format!("--exclude-table={}.{}", quoted(schema), quoted(name))));
        if !lock_timeout.is_zero() {
            command.arg(format!("--lock-wait-timeout={}", lock_timeout.as_millis()));
        }
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let output = run(command, &self.program)?;
        if !output.status.success() {
            let output = programs::printed(&Output { stdout: Vec::new(), ..output });
            return Err(DumpError::Failed { program: self.program.clone(), output });
        }
        String::from_utf8(output.stdout).map_err(|_| DumpError::NotUtf8 { program: self.program.clone() })
    }
}

/// Where to look.
fn folders(given: Option<&Path>, path: Option<&OsStr>) -> Result<Vec<PathBuf>, DumpError> {
    if let Some(folder) = given {
        // It would be another one in each folder, the project's among them.
        return if folder.is_absolute() {
            Ok(vec![folder.to_path_buf()])
        } else {
            Err(DumpError::RelativeFolder { folder: folder.to_path_buf() })
        };
    }
    let on_path = path.iter().flat_map(std::env::split_paths).filter(|folder| folder.is_absolute());
    Ok(on_path.chain(binaries::packaged_folders(Path::new("/"))).collect())
}

/// The major version that a program says it has.
fn version(program: &Path) -> Result<u32, String> {
    let mut command = prepared(program);
    command.arg("--version");
    let output = run(command, program).map_err(|error| match error {
        DumpError::Spawn { source, .. } => source.to_string(),
        other => other.to_string(),
    })?;
    let output = programs::printed(&output);
    let version = binaries::major_version(&output).and_then(|major| major.split('.').next()?.parse().ok());
    version.ok_or_else(|| format!("its version cannot be read: {output}"))
}

/// A command in an environment that makes it do the same everywhere, and holds nothing of the caller's.
fn prepared(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir("/")
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(mut command: Command, program: &Path) -> Result<Output, DumpError> {
    command.output().map_err(|source| DumpError::Spawn { program: program.to_path_buf(), source })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::tests::TestFolder;
    use super::*;

    #[test]
    fn takes_the_first_that_is_new_enough_and_names_the_others() {
        let test = TestFolder::new();
        let folders: Vec<PathBuf> = ["14", "broken", "17", "18", "nothing"].map(|name| test.path().join(name)).into();
        for folder in &folders[..4] {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join(PROGRAM), "").unwrap();
        }
        std::fs::create_dir_all(&folders[4]).unwrap();
        let version = |program: &Path| {
            let name = program.parent().and_then(Path::file_name).and_then(OsStr::to_str).unwrap_or_default();
            name.parse().map_err(|_| "no".to_owned())
        };
        let found = PgDump::find_among(folders.clone(), 16, version).unwrap();
        assert_eq!((found.major(), found.program), (17, folders[2].join(PROGRAM)));
        let error = PgDump::find_among(folders.clone(), 19, version).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("the server is PostgreSQL 19") && text.contains("14/pg_dump of version 14"), "{text}");
        assert!(text.contains("broken/pg_dump (no)") && error.hint().contains("postgresql-client-19"), "{text}");
        let none = PgDump::find_among(folders[4..].to_vec(), 13, version).unwrap_err().to_string();
        assert!(none.ends_with("found none"), "{none}");
    }

    #[test]
    fn a_named_folder_is_the_only_one_and_absolute() {
        assert_eq!(folders(Some(Path::new("/opt/pg")), Some(OsStr::new("/usr/bin"))).unwrap(), [Path::new("/opt/pg")]);
        assert!(matches!(folders(Some(Path::new("bin")), None), Err(DumpError::RelativeFolder { .. })));
        let on_path = folders(None, Some(OsStr::new("/a:bin:/b"))).unwrap();
        assert_eq!(on_path[..2], [PathBuf::from("/a"), PathBuf::from("/b")]);
    }
}
