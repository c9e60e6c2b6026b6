//! Finding the tables of `host` in a database, which are left out of what is read.

use sqlx::Row as _;
use sqlx::postgres::PgConnection;

use crate::error::ReadError;
use crate::quote::quote_identifier;

/// Where tables are, as (schema, name): those with a schema where they say, the others where the search path of the session finds
/// them. What is not there is left out.
///
/// # Errors
/// [`ReadError::Query`].
pub async fn find_tables(
    connection: &mut PgConnection,
    tables: &[(Option<String>, String)],
) -> Result<Vec<(String, String)>, ReadError> {
    let names: Vec<String> = tables
        .iter()
        .map(|(schema, name)| match schema {
            Some(schema) => format!("{}.{}", quote_identifier(schema), quote_identifier(name)),
            None => quote_identifier(name),
        })
        .collect();
    let sql = "SELECT n.nspname::pg_catalog.text, c.relname::pg_catalog.text FROM pg_catalog.unnest($1::pg_catalog.text[]) AS t (name) \
               JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(t.name) \
               JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace";
    let query = |source| ReadError::Query { what: "the tables of host", source };
    let rows = sqlx::query(sql).bind(&names).persistent(false).fetch_all(connection).await.map_err(query)?;
    rows.iter().map(|row| Ok((row.try_get(0).map_err(query)?, row.try_get(1).map_err(query)?))).collect()
}
