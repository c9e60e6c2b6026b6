//! What is known of a file in Python without running it: between the process that reads it and the one that asked.

use serde::Deserialize;
use serde::Serialize;

use crate::grant::Classes;

/// The name of reading Python between the processes.
pub const READ_JOB: &str = "read-python";

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PythonFile {
    /// Its path from the project's folder.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PythonFacts {
    /// What it imports, wherever in it, as dotted names: `app.models`, `.helpers`. Of `from a import b` both `a` and `a.b`,
    /// because `b` may be a module. And what may be a revision: of texts such as `"ae1027a6acf8.view"`, by which revisions name
    /// objects of others, the first part with an '@' before it.
    pub imports: Vec<String>,
    /// What it says as a revision of Alembic, or why that cannot be said without running it.
    pub revision: Option<Result<RevisionFacts, PythonProblem>>,
    /// What it says as an `env.py`.
    pub env: EnvFacts,
    /// Why it is no Python, if it is none.
    pub broken: Option<PythonProblem>,
}

/// Why something cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PythonProblem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// What a file says as a revision of Alembic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionFacts {
    /// The id; none where the file does not say `revision`.
    pub revision: Option<String>,
    /// The line of the id, from 1.
    pub line: usize,
    /// The parents.
    pub down_revision: Vec<String>,
    /// Names of the branch that begins here.
    pub branch_labels: Vec<String>,
    /// Revisions or labels that have to be there first.
    pub depends_on: Vec<String>,
    /// The first paragraph of its docstring, in one line.
    pub message: String,
    /// What stands behind `Create Date:` there.
    pub created: Option<String>,
    /// Whether it has `autocommit_block()`, and so statements outside of a transaction.
    pub autocommits: bool,
    /// Whether it has no way back: no function `downgrade`, or one that begins with `raise`.
    pub irreversible: bool,
    /// What the SQL needs that it has as text, as far as it can be seen.
    pub needs: Classes,
}

/// What a file says as an `env.py`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvFacts {
    /// `version_table` of `context.configure(…)`.
    pub version_table: Setting,
    /// `version_table_schema` of the same.
    pub version_table_schema: Setting,
}

/// A setting in Python.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Setting {
    /// It is not set.
    #[default]
    Absent,
    /// It is a text, or `None` as one that is not set.
    Text(String),
    /// It has a value only when the file runs, or several.
    Unknown {
        /// The line, from 1.
        line: usize,
    },
}
