//! `[alembic]`: the migrations of the project are revisions of Alembic, and where its settings are.

use serde::Deserialize;

/// A project of Alembic.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with config")]
pub struct AlembicProject {
    /// The file with Alembic's settings, relative to the project's folder: an ini file, or `pyproject.toml`.
    #[serde(default = "config")]
    pub config: String,
    /// The section of that file.
    #[serde(default = "section")]
    pub section: String,
    /// Modules and packages of the project that env.py or revisions import; with `.*` everything below.
    #[serde(default)]
    pub include: Vec<String>,
    /// Whether env.py is run.
    #[serde(default = "env")]
    pub env: bool,
}

fn config() -> String {
    "alembic.ini".to_owned()
}

fn section() -> String {
    "alembic".to_owned()
}

fn env() -> bool {
    true
}
