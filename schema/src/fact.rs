//! Facts: what a schema consists of, at the grain of `pg_depend`.

use serde::Deserialize;
use serde::Serialize;

/// Which kind of object a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// A schema.
    Schema,
}

impl Kind {
    /// As lists say it, e.g. `materialized view`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
        }
    }
}

/// The identity of a fact: names, never oids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FactId {
    /// The kind of object.
    pub kind: Kind,
    /// From the schema inwards, e.g. `["shop", "orders", "total"]` for a column. Functions have their argument types last.
    pub path: Vec<String>,
}

impl std::fmt::Display for FactId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.path.join("."))
    }
}

/// One thing that a schema consists of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Kind and name.
    pub id: FactId,
    /// The object that it is a part of and goes away with: the table of a column.
    pub parent: Option<FactId>,
    /// What else is known about it.
    pub payload: Payload,
    /// What has to exist for it.
    pub depends_on: Vec<FactId>,
}

/// What is known about a fact beside its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Payload {
    /// A schema.
    Schema {},
}

/// The parts of a name at the front of `text`, separated by dots and quoted as in SQL where needed, and what follows.
pub(crate) fn split_name(text: &str) -> Option<(Vec<String>, &str)> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let part;
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut name = String::new();
            let mut chars = quoted.char_indices().peekable();
            loop {
                match chars.next()? {
                    (_, '"') if chars.peek().is_some_and(|&(_, c)| c == '"') => {
                        chars.next();
                        name.push('"');
                    }
                    (at, '"') => {
                        rest = &quoted[at + 1..];
                        break;
                    }
                    (_, c) => name.push(c),
                }
            }
            part = name;
        } else {
            let end = rest.find(['.', '=', '"']).unwrap_or(rest.len());
            part = rest[..end].to_owned();
            rest = &rest[end..];
        }
        if part.is_empty() {
            return None;
        }
        parts.push(part);
        match rest.strip_prefix('.') {
            Some(more) => rest = more,
            None => return Some((parts, rest)),
        }
    }
}
