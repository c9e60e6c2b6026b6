//! Casts.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// A cast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cast {
    /// How it is done: `WITH FUNCTION …`, `WITH INOUT` or `WITHOUT FUNCTION`.
    pub method: String,
    /// When it is done without being asked for: `AS ASSIGNMENT`, `AS IMPLICIT` or nothing.
    pub context: String,
}

#[derive(Deserialize)]
struct Row {
    oid: u32,
    source: String,
    target: String,
    #[serde(flatten)]
    payload: Cast,
}

pub(crate) const SOURCE: Source = Source {
    what: "casts",
    query: |_| {
        "SELECT k.oid::int8, pg_catalog.format_type(k.castsource, NULL) AS source, pg_catalog.format_type(k.casttarget, NULL) AS target,
                CASE k.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || k.castfunc::pg_catalog.regprocedure::pg_catalog.text WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END AS method,
                CASE k.castcontext WHEN 'a' THEN 'AS ASSIGNMENT' WHEN 'i' THEN 'AS IMPLICIT' ELSE '' END AS context
         FROM pg_catalog.pg_cast AS k WHERE k.oid >= 16384
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.refclassid = 2605 AND d.refobjid = k.oid AND d.deptype = 'i')
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 2605 AND d.objid = k.oid AND d.deptype = 'i')"
            .to_owned()
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        builder.object((class::CAST, row.oid, 0), FactId::new(Kind::Cast, [row.source, row.target]), row.payload);
        Ok(())
    },
};

#[derive(Deserialize)]
struct Pair {
    source: String,
    target: String,
    assignment: bool,
}

/// All casts, those of the system too: which type changes need USING.
pub(crate) const CASTS: Source = Source {
    what: "casts",
    query: |_| {
        "SELECT pg_catalog.format_type(k.castsource, NULL) AS source, pg_catalog.format_type(k.casttarget, NULL) AS target, k.castcontext <> 'e' AS assignment FROM pg_catalog.pg_cast AS k".to_owned()
    },
    take: |text, builder| {
        let pair: Pair = reader::row(text)?;
        let casts =
            if pair.assignment { &mut builder.catalog.assignment_casts } else { &mut builder.catalog.explicit_casts };
        casts.insert((pair.source, pair.target));
        Ok(())
    },
};
