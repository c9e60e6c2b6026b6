//! The name of a bookkeeping table.

use std::fmt;

use serde::Deserialize;

/// The longest name of a PostgreSQL object, in bytes (manual, 4.1.1 "Identifiers and Key Words": NAMEDATALEN - 1).
const NAME_BYTES_MAX: usize = 63;

/// A table, with or without its schema. The parts are names as the catalogue has them, not yet quoted for SQL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct TableName {
    /// The schema, or none for the first of the search path.
    pub schema: Option<String>,
    /// The table.
    pub name: String,
}

/// A text that cannot name a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{}' is not a table's name: expected `table` or `schema.table`, each of 1 to {NAME_BYTES_MAX} bytes", text.escape_debug())]
pub struct InvalidTableName {
    /// The text.
    pub text: String,
}

impl TableName {
    /// Reads `table` or `schema.table`.
    ///
    /// # Errors
    /// [`InvalidTableName`] when a part is empty or longer than PostgreSQL keeps, or there are more than two parts.
    pub fn new(text: &str) -> Result<Self, InvalidTableName> {
        let (schema, name) = match text.split_once('.') {
            Some((schema, name)) => (Some(schema), name),
            None => (None, text),
        };
        let usable = |part: &str| {
            (1..=NAME_BYTES_MAX).contains(&part.len())
                && !part.contains(['.', '"'])
                && !part.chars().any(|character| character.is_control() || character.is_whitespace())
        };
        if !usable(name) || !schema.is_none_or(usable) {
            return Err(InvalidTableName { text: text.to_owned() });
        }
        Ok(Self { schema: schema.map(str::to_owned), name: name.to_owned() })
    }
}

impl TryFrom<String> for TableName {
    type Error = InvalidTableName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(formatter, "{schema}.")?;
        }
        formatter.write_str(&self.name)
    }
}
