//! Functions, procedures and window functions.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Named;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// A function, procedure or window function.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Function {
    /// Whether it is called with CALL.
    pub procedure: bool,
    /// The arguments with names, modes and defaults.
    pub arguments: String,
    /// The arguments with names and modes, without defaults.
    pub signature: String,
    /// Name, mode and type of each argument, where some are outputs.
    pub outputs: Option<Vec<String>>,
    /// Whether it is a window function.
    pub window: bool,
    /// How many arguments have a default.
    pub defaults: i32,
    /// What it returns; none for a procedure.
    pub result: Option<String>,
    /// The language.
    pub language: String,
    /// The whole CREATE OR REPLACE.
    pub definition: String,
    /// The body, where it is a string that nothing looks into.
    pub body: Option<String>,
}

impl PartialEq for Function {
    /// The definition has all the rest.
    fn eq(&self, other: &Self) -> bool {
        self.definition == other.definition
    }
}

#[derive(Deserialize)]
struct Row {
    argument_types: String,
    #[serde(flatten)]
    function: Function,
}

pub(crate) const SOURCE: Source = Source {
    what: "functions",
    query: |version| {
        let body = if version >= 140_000 { "CASE WHEN p.prosqlbody IS NULL THEN p.prosrc END" } else { "p.prosrc" };
        format!(
            "SELECT p.oid::int8, n.nspname AS schema, p.proname AS name, pg_catalog.pg_get_userbyid(p.proowner) AS owner, {acl} AS acl, pg_catalog.oidvectortypes(p.proargtypes) AS argument_types,
                    p.prokind = 'p' AS procedure, pg_catalog.pg_get_function_arguments(p.oid) AS arguments, pg_catalog.pg_get_function_identity_arguments(p.oid) AS signature, p.pronargdefaults AS defaults, p.prokind = 'w' AS window,
                    (SELECT pg_catalog.array_agg(pg_catalog.concat_ws(' ', p.proargmodes[u.place], p.proargnames[u.place], pg_catalog.format_type(u.type, NULL)) ORDER BY u.place)
                     FROM pg_catalog.unnest(p.proallargtypes) WITH ORDINALITY AS u(type, place)) AS outputs,
                    pg_catalog.pg_get_function_result(p.oid) AS result, l.lanname AS language, pg_catalog.rtrim(pg_catalog.pg_get_functiondef(p.oid), E'\\n ') AS definition, {body} AS body
             FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
             WHERE p.prokind <> 'a' AND {user}
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 1255 AND d.objid = p.oid AND d.deptype = 'i')",
            acl = reader::acl("p.proacl", "p.proowner"),
            user = reader::USER_SCHEMA
        )
    },
    take: |text, builder| {
        let row: Named<Row> = reader::row(text)?;
        let id = FactId::new(Kind::Function, [row.schema, row.name, row.payload.argument_types]);
        if let Some(id) = builder.object((class::PROC, row.oid, 0), id, row.payload.function) {
            builder.access(&id, row.owner, row.acl);
        }
        Ok(())
    },
};
