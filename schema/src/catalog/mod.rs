//! A database read into facts: one file for each kind, with its query and what the answer means.

pub mod aggregate;
pub mod builder;
pub mod cast;
pub mod collation;
pub mod column;
pub mod comment;
pub mod constraint;
pub mod default;
mod dependency;
pub mod extension;
pub mod foreign;
pub mod function;
pub mod index;
pub mod inheritance;
pub mod member;
pub mod operator;
pub mod owner;
mod pattern;
pub mod policy;
pub mod privilege;
pub mod publication;
mod reader;
pub mod rule;
pub mod schema;
pub mod sequence;
pub mod statistics;
pub mod subscription;
pub mod table;
pub mod text_search;
pub mod trigger;
pub mod types;
mod unmodelled;
pub mod view;

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

pub use pattern::Pattern;
pub use reader::read;

use crate::fact::Fact;

/// What to leave out.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Tables that belong to `host`, as (schema, name): left out with their indexes, sequences and types.
    pub own_tables: Vec<(String, String)>,
    /// Objects that are left out, with all that is in them.
    pub exclude: Vec<Pattern>,
    /// Names under which roles are read, as (name, name to read): what belongs to the user of a shadow's server stands for what
    /// belongs to somebody else in a live database.
    pub role_names: Vec<(String, String)>,
}

impl ReadOptions {
    /// The name under which a role is read.
    pub(crate) fn role_name(&self, role: String) -> String {
        self.role_names.iter().find(|(name, _)| *name == role).map_or(role, |(_, read)| read.clone())
    }

    fn excludes(&self, schema: &str, name: &str) -> bool {
        self.own_tables.iter().any(|(s, n)| s == schema && n == name)
            || self.exclude.iter().any(|pattern| pattern.matches(schema, name))
    }
}

/// Something that was found and is not compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unmodelled {
    /// E.g. `conversion`.
    pub kind: String,
    /// E.g. `public.latin`.
    pub name: String,
}

/// The facts of one database.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Catalog {
    pub(crate) server_version: u32,
    /// Who read: what is made for the target gets this owner by itself.
    pub(crate) user: String,
    pub(crate) extensions: Vec<(String, String)>,
    pub(crate) unmodelled: Vec<Unmodelled>,
    pub(crate) facts: Vec<Fact>,
    /// Pairs of types between which values are cast when they are assigned.
    pub(crate) assignment_casts: BTreeSet<(String, String)>,
    /// Pairs of types that need `CAST` or `::`.
    pub(crate) explicit_casts: BTreeSet<(String, String)>,
}

impl Catalog {
    /// As in `server_version_num`, e.g. 150018.
    #[must_use]
    pub fn server_version(&self) -> u32 {
        self.server_version
    }

    /// Name and version of each extension.
    pub fn extensions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.extensions.iter().map(|(name, version)| (name.as_str(), version.as_str()))
    }

    /// What was found and is not compared.
    #[must_use]
    pub fn unmodelled(&self) -> &[Unmodelled] {
        &self.unmodelled
    }

    /// All facts, ordered by kind and name.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter()
    }
}

impl PartialEq for Catalog {
    /// Equal facts; versions of servers and extensions do not count.
    fn eq(&self, other: &Self) -> bool {
        self.facts == other.facts
    }
}
