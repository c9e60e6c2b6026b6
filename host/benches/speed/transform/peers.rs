//! The same work by what people use otherwise: a migration of Alembic that loops over rows, and psycopg with COPY.
//!
//! Both lie where `scripts/bench` puts them, in `target/alembic-corpus/python`.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::Result;
use crate::process;

const SETTINGS: &str = "[alembic]\nscript_location = alembic\n";

/// Their programs, and a project of Alembic with one revision.
pub(super) struct Peers {
    programs: PathBuf,
    folder: PathBuf,
}

impl Peers {
    pub(super) fn new(folder: &Path) -> Result<Self> {
        let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/alembic-corpus/python/bin");
        if !programs.join("alembic").exists() {
            return Err(format!("{}: no Alembic there; use scripts/bench transform", programs.display()).into());
        }
        std::fs::create_dir_all(folder.join("alembic/versions"))?;
        std::fs::write(folder.join("alembic.ini"), SETTINGS)?;
        std::fs::write(folder.join("alembic/env.py"), include_str!("../alembic/env.py"))?;
        std::fs::write(folder.join("alembic/versions/phones.py"), include_str!("revision.py"))?;
        std::fs::write(folder.join("copy_phones.py"), include_str!("copy_phones.py"))?;
        Ok(Self { programs, folder: folder.to_owned() })
    }

    /// Alembic: rows by SQLAlchemy Core, written by executemany. `psycopg` is version 3, which sends the statements of executemany
    /// in a pipeline; `psycopg2` waits for each.
    pub(super) fn alembic(&self, url: &str, driver: &str) -> Result<Duration> {
        let mut command = self.command("alembic", &["upgrade", "head"]);
        command.env("DATABASE_URL", url.replacen("postgres://", &format!("postgresql+{driver}://"), 1));
        process::run(command)
    }

    /// psycopg alone: rows of a cursor, written by COPY into a temporary table, and one UPDATE.
    pub(super) fn copy(&self, url: &str) -> Result<Duration> {
        let mut command = self.command("python3", &["copy_phones.py"]);
        command.env("DATABASE_URL", url);
        process::run(command)
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir(&self.folder).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}
