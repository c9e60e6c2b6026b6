//! Aggregates.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Named;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// An aggregate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aggregate {
    /// The arguments as CREATE AGGREGATE has them.
    pub arguments: String,
    /// The arguments as DROP AGGREGATE has them.
    pub signature: String,
    /// What stands in the parentheses, each as `NAME = value`.
    pub options: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    argument_types: String,
    #[serde(flatten)]
    aggregate: Aggregate,
}

pub(crate) const SOURCE: Source = Source {
    what: "aggregates",
    query: |_| {
        let mut options = String::new();
        for (name, column) in [
            ("FINALFUNC", "aggfinalfn"),
            ("COMBINEFUNC", "aggcombinefn"),
            ("SERIALFUNC", "aggserialfn"),
            ("DESERIALFUNC", "aggdeserialfn"),
            ("MSFUNC", "aggmtransfn"),
            ("MINVFUNC", "aggminvtransfn"),
            ("MFINALFUNC", "aggmfinalfn"),
        ] {
            options
                .push_str(&format!("CASE WHEN g.{column} <> 0 THEN '{name} = ' || g.{column}::pg_catalog.text END, "));
        }
        for (name, column) in [("SSPACE", "aggtransspace"), ("MSSPACE", "aggmtransspace")] {
            options.push_str(&format!("CASE WHEN g.{column} <> 0 THEN '{name} = ' || g.{column} END, "));
        }
        for (name, column) in [("INITCOND", "agginitval"), ("MINITCOND", "aggminitval")] {
            options.push_str(&format!("'{name} = ' || pg_catalog.quote_literal(g.{column}), "));
        }
        for (name, column) in [("FINALFUNC_EXTRA", "aggfinalextra"), ("MFINALFUNC_EXTRA", "aggmfinalextra")] {
            options.push_str(&format!("CASE WHEN g.{column} THEN '{name}' END, "));
        }
        for (name, column, usual) in [
            ("FINALFUNC_MODIFY", "aggfinalmodify", "aggfinalfn"),
            ("MFINALFUNC_MODIFY", "aggmfinalmodify", "aggmfinalfn"),
        ] {
            // What is usual depends on the kind of the aggregate.
            options.push_str(&format!(
                "CASE WHEN g.{usual} <> 0 AND g.{column} <> CASE WHEN g.aggkind = 'n' THEN 'r' ELSE 'w' END THEN '{name} = ' || CASE g.{column} WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END, "
            ));
        }
        format!(
            "SELECT p.oid::int8, n.nspname AS schema, p.proname AS name, pg_catalog.pg_get_userbyid(p.proowner) AS owner, {acl} AS acl, pg_catalog.oidvectortypes(p.proargtypes) AS argument_types,
                    COALESCE(NULLIF(pg_catalog.pg_get_function_arguments(p.oid), ''), '*') AS arguments, COALESCE(NULLIF(pg_catalog.pg_get_function_identity_arguments(p.oid), ''), '*') AS signature,
                    pg_catalog.array_remove(ARRAY['SFUNC = ' || g.aggtransfn::pg_catalog.text, 'STYPE = ' || pg_catalog.format_type(g.aggtranstype, NULL), {options}
                        CASE WHEN g.aggmtranstype <> 0 THEN 'MSTYPE = ' || pg_catalog.format_type(g.aggmtranstype, NULL) END,
                        CASE WHEN g.aggsortop <> 0 THEN 'SORTOP = ' || (SELECT 'OPERATOR(' || pg_catalog.quote_ident(sn.nspname) || '.' || s.oprname || ')' FROM pg_catalog.pg_operator AS s JOIN pg_catalog.pg_namespace AS sn ON sn.oid = s.oprnamespace WHERE s.oid = g.aggsortop) END,
                        CASE p.proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END, CASE WHEN g.aggkind = 'h' THEN 'HYPOTHETICAL' END], NULL) AS options
             FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_catalog.pg_aggregate AS g ON g.aggfnoid = p.oid
             WHERE {user}",
            acl = reader::acl("p.proacl", "p.proowner"),
            user = reader::USER_SCHEMA
        )
    },
    take: |text, builder| {
        let row: Named<Row> = reader::row(text)?;
        let id = FactId::new(Kind::Aggregate, [row.schema, row.name, row.payload.argument_types]);
        if let Some(id) = builder.object((class::PROC, row.oid, 0), id, row.payload.aggregate) {
            builder.access(&id, row.owner, row.acl);
        }
        Ok(())
    },
};
