//! Collations.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Named;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// A collation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collation {
    /// `libc`, `icu` or `builtin`.
    pub provider: String,
    /// `LC_COLLATE`, where the provider has it.
    pub collate: Option<String>,
    /// `LC_CTYPE`, where the provider has it.
    pub ctype: Option<String>,
    /// The locale, where it is one for both.
    pub locale: Option<String>,
    /// Rules of ICU beside those of the locale.
    pub rules: Option<String>,
    /// Whether equal strings have equal bytes.
    pub deterministic: bool,
}

pub(crate) const SOURCE: Source = Source {
    what: "collations",
    query: |version| {
        let locale = match version {
            170_000.. => "c.colllocale",
            150_000.. => "c.colliculocale",
            _ => "CASE WHEN c.collprovider = 'i' THEN c.collcollate END",
        };
        let rules = if version >= 160_000 { "c.collicurules" } else { "NULL" };
        format!(
            "SELECT c.oid::int8, n.nspname AS schema, c.collname AS name, pg_catalog.pg_get_userbyid(c.collowner) AS owner,
                    CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS provider,
                    CASE WHEN c.collprovider = 'c' THEN c.collcollate END AS collate,
                    CASE WHEN c.collprovider = 'c' THEN c.collctype END AS ctype,
                    {locale} AS locale, {rules} AS rules, c.collisdeterministic AS deterministic
             FROM pg_catalog.pg_collation AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.collnamespace WHERE {}",
            reader::USER_SCHEMA
        )
    },
    take: |text, builder| {
        let row: Named<Collation> = reader::row(text)?;
        let id = FactId::new(Kind::Collation, [row.schema, row.name]);
        if let Some(id) = builder.object((class::COLLATION, row.oid, 0), id, row.payload) {
            builder.access(&id, row.owner, row.acl);
        }
        Ok(())
    },
};
