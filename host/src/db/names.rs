//! The names of the host's own tables, as they stand in statements.

use crate::config::TableName;
use crate::value::quote_identifier;

/// The tables of host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// One row for each head (Alembic's shape, with TEXT).
    pub version: TableName,
    /// How many characters an id in it may have where host makes that table, as Alembic makes it; any number where there is none.
    pub version_characters: Option<u32>,
    /// One row for each thing that happened, never changed.
    pub log: TableName,
    /// One row for each statement of a migration without a transaction that is not finished yet.
    pub journal: TableName,
    /// One row for each row that a transform passed over. It is only there once rows may be passed over.
    pub rejected: TableName,
}

/// One of the host's own tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// The one that holds the heads.
    Version,
    /// The one that records what ran.
    Log,
    /// The one that holds the statements of unfinished steps.
    Journal,
    /// The one that holds the rows that transforms passed over.
    Rejected,
}

impl TableKind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Log => "log",
            Self::Journal => "journal",
            Self::Rejected => "rejected rows",
        }
    }

    /// The key of host.toml that names it.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Version => "version-table",
            Self::Log => "log-table",
            Self::Journal => "journal-table",
            Self::Rejected => "rejected-table",
        }
    }
}

/// The kinds in the order in which they are read.
pub(super) const KINDS: [TableKind; 4] = [TableKind::Version, TableKind::Log, TableKind::Journal, TableKind::Rejected];

impl Tables {
    /// The names of the tables and of their indexes, as the catalogue has them, without schemas. PostgreSQL calls an index of a
    /// primary key `<table>_pkey` unless it is told otherwise, one of another constraint `<table>_<columns>_key`, and one of its
    /// own `<table>_<columns>_idx`.
    pub fn relations(&self) -> Vec<String> {
        let tables = [&self.version, &self.log, &self.journal, &self.rejected];
        let suffixes = ["", "_pkey", "_pkc", "_revision_id_key", "_revision_id_idx"];
        tables.iter().flat_map(|table| suffixes.map(|suffix| format!("{}{suffix}", table.name))).collect()
    }
}

impl TableName {
    /// The name with a schema: its own, or the given one.
    pub fn or_schema(&self, schema: &str) -> Self {
        Self { schema: Some(self.schema.clone().unwrap_or_else(|| schema.to_owned())), name: self.name.clone() }
    }

    /// The name as it stands in a statement, quoted part by part.
    pub fn quoted(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", quote_identifier(schema), quote_identifier(&self.name)),
            None => quote_identifier(&self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::TableName;

    #[test]
    fn a_name_is_quoted_part_by_part() {
        let name = |text: &str| TableName::new(text).expect("a name");
        assert_eq!(name("host_version").or_schema("app").quoted(), "\"app\".\"host_version\"");
        assert_eq!(name("Ops.version").or_schema("app").quoted(), "\"Ops\".\"version\"");
    }
}
