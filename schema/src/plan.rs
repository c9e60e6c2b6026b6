//! What a comparison comes to: statements in order, and a list for people.

use serde::Serialize;

use crate::catalog::Unmodelled;
use crate::fact::FactId;

/// The statements between two schemas, and what is different.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// In the order in which they have to run.
    pub actions: Vec<Action>,
    /// In the order of kinds and names.
    pub changes: Vec<Change>,
    /// Removed and added things of equal structure.
    pub rename_candidates: Vec<RenameCandidate>,
    /// What was found on either side and is not compared.
    pub unmodelled: Vec<Unmodelled>,
    /// The statements need `check_function_bodies = off`, because bodies name what is made later.
    pub needs_unchecked_bodies: bool,
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// The statements as a script for `psql`, each ended by `;` and a line break. Empty if there is nothing to do.
    #[must_use]
    pub fn to_sql(&self) -> String {
        let mut text = String::new();
        if self.needs_unchecked_bodies {
            text.push_str("SET check_function_bodies = off;\n");
        }
        for action in &self.actions {
            for decision in &action.decide {
                text.push_str("-- decide: ");
                text.push_str(decision);
                text.push('\n');
            }
            text.push_str(&action.sql);
            text.push_str(";\n");
        }
        text
    }
}

/// One statement in its place in the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Action {
    /// Without the final semicolon; every name is qualified.
    pub sql: String,
    /// Readable, e.g. `table shop.orders`.
    pub object: String,
    /// How it stands to transactions.
    pub boundary: Boundary,
    /// The strongest lock on a table that existed before.
    pub lock: Lock,
    /// Writes the whole table anew.
    pub rewrite: bool,
    /// Reads the whole table.
    pub scan: bool,
    /// The data that it loses, e.g. `drops column shop.orders.note`.
    pub loss: Option<String>,
    /// What a person must decide before it can run on filled tables.
    pub decide: Vec<String>,
}

/// How a statement stands to transactions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Boundary {
    /// Runs in the transaction of the others.
    #[default]
    InTransaction,
    /// Must run in no transaction, e.g. `CREATE INDEX CONCURRENTLY`.
    Alone,
    /// What came before must be committed first, e.g. it uses an enum value that was added.
    CommitBefore,
}

/// A lock on an existing table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// Its strength.
    pub mode: LockMode,
    /// `schema.table`; none where no existing table is locked.
    pub table: Option<String>,
}

/// The table locks of PostgreSQL that statements of a plan take, from weak to strong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockMode {
    /// No existing table is locked.
    #[default]
    None,
    /// Stops only what needs the table alone.
    AccessShare,
    /// Stops other changes of the schema, neither reading nor writing.
    ShareUpdateExclusive,
    /// Stops writing.
    Share,
    /// Stops writing, and is held by one session at a time.
    ShareRowExclusive,
    /// Stops reading and writing.
    AccessExclusive,
}

impl LockMode {
    /// As PostgreSQL's manual writes it; empty for none.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::AccessShare => "ACCESS SHARE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }
}

/// One line of a readable list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Added, changed, removed or renamed.
    pub sign: Sign,
    /// E.g. `column`.
    pub kind: &'static str,
    /// E.g. `shop.orders.total`.
    pub name: String,
    /// E.g. `type numeric(8,2) -> numeric(10,2)`; empty where the line says enough.
    pub detail: String,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.sign.as_char(), self.kind, self.name)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// Only the target has it.
    Added,
    /// Both have it, and it differs.
    Changed,
    /// Only the source has it.
    Removed,
    /// It keeps its content under another name, as was asked for.
    Renamed,
}

impl Sign {
    /// `+`, `~`, `-` or `>`.
    #[must_use]
    pub const fn as_char(self) -> char {
        match self {
            Self::Added => '+',
            Self::Changed => '~',
            Self::Removed => '-',
            Self::Renamed => '>',
        }
    }
}

/// A removed and an added thing of equal structure, which may be one thing with a new name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RenameCandidate {
    /// What the source has.
    pub from: FactId,
    /// What the target has.
    pub to: FactId,
    /// Whether no other pair fits either of them.
    pub unique: bool,
}
