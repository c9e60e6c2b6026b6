//! The conversation with the server: one round trip to begin and one for all queries.

use futures_util::TryStreamExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sqlx::AssertSqlSafe;
use sqlx::Either;
use sqlx::Executor;
use sqlx::PgConnection;
use sqlx::Row;

use super::Catalog;
use super::ReadOptions;
use super::builder::Builder;
use crate::error::ReadError;

/// How one kind of object is read.
pub(crate) struct Source {
    /// For messages, e.g. `indexes`.
    pub(crate) what: &'static str,
    /// A SELECT for this server version; each row becomes a JSON object with the columns as its fields.
    pub(crate) query: fn(u32) -> String,
    /// Takes in one row.
    pub(crate) take: fn(&str, &mut Builder<'_>) -> Result<(), serde_json::Error>,
}

/// In an order in which what a row refers to has been read before.
const SOURCES: &[Source] = &[
    super::extension::SOURCE,
    super::extension::MEMBERS,
    super::schema::SOURCE,
    super::collation::SOURCE,
    super::table::SOURCE,
    super::sequence::SOURCE,
    super::view::SOURCE,
    super::types::SOURCE,
    super::foreign::WRAPPERS,
    super::foreign::SERVERS,
    super::foreign::USER_MAPPINGS,
    super::column::SOURCE,
    super::function::SOURCE,
    super::aggregate::SOURCE,
    super::operator::SOURCE,
    super::cast::SOURCE,
    super::cast::CASTS,
    super::text_search::SOURCE,
    super::default::SOURCE,
    super::constraint::SOURCE,
    super::index::SOURCE,
    super::index::ATTACHMENTS,
    super::inheritance::SOURCE,
    super::table::REPLICA_IDENTITIES,
    super::table::CLUSTERS,
    super::statistics::SOURCE,
    super::rule::SOURCE,
    super::trigger::SOURCE,
    super::trigger::EVENT_TRIGGERS,
    super::policy::SOURCE,
    super::publication::SOURCE,
    super::publication::TABLES,
    super::publication::SCHEMAS,
    super::subscription::SOURCE,
    super::member::SOURCE,
    super::comment::SOURCE,
    super::privilege::VIEW_COLUMNS,
    super::privilege::DEFAULTS,
    super::dependency::SOURCE,
    super::sequence::OWNERS,
    super::unmodelled::SOURCE,
];

/// Settings that decide how the server writes definitions, and the versions. An empty search_path makes every name
/// qualified.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL search_path = '';
SET LOCAL DateStyle = ISO;
SET LOCAL IntervalStyle = postgres;
SET LOCAL extra_float_digits = 3;
SET LOCAL bytea_output = hex;
SET LOCAL standard_conforming_strings = on;
SET LOCAL quote_all_identifiers = off;
SET LOCAL TimeZone = 'UTC';
SET LOCAL row_security = off;
SET LOCAL jit = off;
SELECT pg_catalog.current_setting('server_version_num'), current_user::pg_catalog.text";

/// Reads everything in one REPEATABLE READ READ ONLY snapshot with an empty search_path. Never writes. Begins and ends
/// its own transaction.
///
/// # Errors
///
/// A query that fails, an object that vanishes meanwhile, or a server that is too old.
pub async fn read(connection: &mut PgConnection, options: &ReadOptions) -> Result<Catalog, ReadError> {
    let result = read_in_transaction(connection, options).await;
    let ended = connection.execute("ROLLBACK").await;
    let catalog = result?;
    ended.map_err(|source| ReadError::Query { what: "the end of the transaction", source })?;
    Ok(catalog)
}

async fn read_in_transaction(connection: &mut PgConnection, options: &ReadOptions) -> Result<Catalog, ReadError> {
    let failed = |source| ReadError::Query { what: "the settings", source };
    let row = sqlx::raw_sql(BEGIN).fetch_one(&mut *connection).await.map_err(failed)?;
    let version: String = row.try_get(0).map_err(failed)?;
    let version: u32 = version.parse().unwrap_or(0);
    if version < 130_000 {
        return Err(ReadError::TooOld(version));
    }
    let mut builder = Builder::new(options);
    builder.catalog.server_version = version;
    builder.catalog.user = builder.options.role_name(row.try_get(1).map_err(failed)?);

    let mut batch = String::new();
    for source in SOURCES {
        batch.push_str("SELECT pg_catalog.row_to_json(host_row)::pg_catalog.text FROM (");
        batch.push_str(&(source.query)(version));
        batch.push_str(") AS host_row;\n");
    }
    let mut at = 0;
    let mut answers = sqlx::raw_sql(AssertSqlSafe(batch)).fetch_many(connection);
    loop {
        let what = SOURCES.get(at).map_or("the end", |source| source.what);
        match answers.try_next().await.map_err(|source| query_error(what, source))? {
            None => break,
            Some(Either::Left(_)) => at += 1,
            Some(Either::Right(row)) => {
                let text: &str = row.try_get(0).map_err(|source| query_error(what, source))?;
                if let Some(source) = SOURCES.get(at) {
                    (source.take)(text, &mut builder).map_err(|source| ReadError::Decode { what, source })?;
                }
            }
        }
    }
    drop(answers);
    super::dependency::complete(&mut builder);
    Ok(builder.finish())
}

/// Functions such as `pg_get_viewdef` look at the newest state, so they do not find what was dropped meanwhile.
fn query_error(what: &'static str, source: sqlx::Error) -> ReadError {
    let message = source.as_database_error().map(|error| error.message().to_owned()).unwrap_or_default();
    let vanished =
        message.starts_with("could not open relation with OID") || message.starts_with("cache lookup failed");
    if vanished { ReadError::Changed(message) } else { ReadError::Query { what, source } }
}

/// One row of an answer.
pub(crate) fn row<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(text)
}

/// What every object in a schema has.
#[derive(Deserialize)]
pub(crate) struct Named<T> {
    pub(crate) oid: u32,
    pub(crate) schema: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) owner: Option<String>,
    #[serde(default)]
    pub(crate) acl: Option<Vec<super::privilege::AclItem>>,
    #[serde(flatten)]
    pub(crate) payload: T,
}

/// A condition that leaves out the schemas of the system.
pub(crate) const USER_SCHEMA: &str = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/// An expression for the list of privileges in `column`; NULL is the built-in default.
pub(crate) fn acl(column: &str, owner: &str) -> String {
    format!(
        "(CASE WHEN {column} IS NOT NULL THEN COALESCE((SELECT pg_catalog.json_agg(pg_catalog.json_build_object(\
         'grantee', CASE WHEN a.grantee = {owner} THEN 'o' WHEN a.grantee = 0 THEN 'p' ELSE 'r' || pg_catalog.pg_get_userbyid(a.grantee) END, \
         'privilege', a.privilege_type, 'grantable', a.is_grantable)) FROM pg_catalog.aclexplode({column}) AS a), '[]') END)"
    )
}
