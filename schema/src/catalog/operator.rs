//! Operators.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Named;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// An operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// The type on the left; none for a prefix operator.
    pub left: Option<String>,
    /// The type on the right.
    pub right: Option<String>,
    /// What stands in the parentheses, each as `NAME = value`.
    pub options: Vec<String>,
}

pub(crate) const SOURCE: Source = Source {
    what: "operators",
    query: |_| {
        let other = |column: &str| {
            format!(
                "(SELECT 'OPERATOR(' || pg_catalog.quote_ident(xn.nspname) || '.' || x.oprname || ')' FROM pg_catalog.pg_operator AS x JOIN pg_catalog.pg_namespace AS xn ON xn.oid = x.oprnamespace WHERE x.oid = o.{column} AND o.{column} <> 0)"
            )
        };
        format!(
            "SELECT o.oid::int8, n.nspname AS schema, o.oprname AS name, pg_catalog.pg_get_userbyid(o.oprowner) AS owner,
                    CASE WHEN o.oprleft <> 0 THEN pg_catalog.format_type(o.oprleft, NULL) END AS left, CASE WHEN o.oprright <> 0 THEN pg_catalog.format_type(o.oprright, NULL) END AS right,
                    pg_catalog.array_remove(ARRAY['FUNCTION = ' || o.oprcode::pg_catalog.regproc::pg_catalog.text, 'LEFTARG = ' || CASE WHEN o.oprleft <> 0 THEN pg_catalog.format_type(o.oprleft, NULL) END,
                        'RIGHTARG = ' || CASE WHEN o.oprright <> 0 THEN pg_catalog.format_type(o.oprright, NULL) END, 'COMMUTATOR = ' || {commutator}, 'NEGATOR = ' || {negator},
                        CASE WHEN o.oprrest <> 0 THEN 'RESTRICT = ' || o.oprrest::pg_catalog.text END, CASE WHEN o.oprjoin <> 0 THEN 'JOIN = ' || o.oprjoin::pg_catalog.text END,
                        CASE WHEN o.oprcanmerge THEN 'MERGES' END, CASE WHEN o.oprcanhash THEN 'HASHES' END], NULL) AS options
             FROM pg_catalog.pg_operator AS o JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace WHERE o.oprcode <> 0 AND {user}",
            commutator = other("oprcom"),
            negator = other("oprnegate"),
            user = reader::USER_SCHEMA
        )
    },
    take: |text, builder| {
        let row: Named<Operator> = reader::row(text)?;
        let none = || "none".to_owned();
        let types = format!(
            "{}, {}",
            row.payload.left.clone().unwrap_or_else(none),
            row.payload.right.clone().unwrap_or_else(none)
        );
        let id = FactId::new(Kind::Operator, [row.schema, row.name, types]);
        if let Some(id) = builder.object((class::OPERATOR, row.oid, 0), id, row.payload) {
            builder.access(&id, row.owner, None);
        }
        Ok(())
    },
};
