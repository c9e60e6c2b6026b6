//! Subscriptions.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// How to connect; none where the role may not see it.
    pub connection: Option<String>,
    /// The publications. Sorted.
    pub publications: Vec<String>,
    /// Whether it is running.
    pub enabled: bool,
    /// The slot on the other server; none is NONE.
    pub slot: Option<String>,
    /// Options of WITH, each as `name = value`.
    pub options: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    oid: u32,
    name: String,
    owner: String,
    #[serde(flatten)]
    payload: Subscription,
}

pub(crate) const SOURCE: Source = Source {
    what: "subscriptions",
    query: |version| {
        let mut options = vec!["'synchronous_commit = ' || pg_catalog.quote_literal(s.subsynccommit)"];
        if version >= 140_000 {
            options.push("'binary = ' || s.subbinary");
        }
        if version >= 160_000 {
            options
                .push("'streaming = ' || CASE s.substream WHEN 'f' THEN 'off' WHEN 't' THEN 'on' ELSE 'parallel' END");
            options.push("'run_as_owner = ' || s.subrunasowner");
            options.push("'password_required = ' || s.subpasswordrequired");
            options.push("'origin = ' || s.suborigin");
        } else if version >= 140_000 {
            options.push("'streaming = ' || s.substream");
        }
        if version >= 150_000 {
            options.push("'two_phase = ' || (s.subtwophasestate <> 'd')");
            options.push("'disable_on_error = ' || s.subdisableonerr");
        }
        // The connection may be read by few, so it is asked for only where it is allowed.
        format!(
            "SELECT s.oid::int8, s.subname AS name, pg_catalog.pg_get_userbyid(s.subowner) AS owner, s.subenabled AS enabled, s.subslotname AS slot,
                    (SELECT pg_catalog.array_agg(p ORDER BY p) FROM pg_catalog.unnest(s.subpublications) AS p) AS publications,
                    CASE WHEN pg_catalog.has_column_privilege('pg_catalog.pg_subscription', 'subconninfo', 'SELECT') THEN
                        (pg_catalog.xpath('//c/text()', pg_catalog.query_to_xml('SELECT pg_catalog.encode(pg_catalog.convert_to(subconninfo, ''UTF8''), ''hex'') AS c FROM pg_catalog.pg_subscription WHERE oid = ' || s.oid, false, true, '')))[1]::pg_catalog.text END AS connection,
                    ARRAY[{}] AS options
             FROM pg_catalog.pg_subscription AS s WHERE s.subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())",
            options.join(", ")
        )
    },
    take: |text, builder| {
        let mut row: Row = reader::row(text)?;
        row.payload.connection = row.payload.connection.as_deref().and_then(from_hex);
        let id = FactId::new(Kind::Subscription, [row.name]);
        if let Some(id) = builder.object((class::SUBSCRIPTION, row.oid, 0), id, row.payload) {
            builder.access(&id, Some(row.owner), None);
        }
        Ok(())
    },
};

/// The text whose bytes are written in `hex`.
fn from_hex(hex: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> =
        (0..hex.len() / 2).map(|at| u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()).collect();
    String::from_utf8(bytes?).ok()
}
