//! Rows in the tables of a shadow database, so that it shows whether something loses them.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgRow;

use crate::quote::quote_identifier;

/// Tables, as `schema.name`, with how many rows they have.
pub type Counts = BTreeMap<String, u64>;

/// The connection was lost.
#[derive(Debug, thiserror::Error)]
#[error("lost the shadow database: {0}")]
pub struct SeedError(#[source] pub sqlx::Error);

/// Tables that refer to each other get their rows in as many rounds as it takes, and no more than this.
const ROUNDS_MAX: usize = 20;

/// The tables that may have rows of their own: no partitioned ones, whose rows are those of their partitions, and none of an
/// extension.
const TABLES: &str = "SELECT n.nspname::pg_catalog.text, c.relname::pg_catalog.text FROM pg_catalog.pg_class AS c \
     JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
     WHERE c.relkind OPERATOR(pg_catalog.=) 'r' AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_') \
     AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema' \
     AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend AS d WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass \
     AND d.objid OPERATOR(pg_catalog.=) c.oid AND d.deptype OPERATOR(pg_catalog.=) 'e') ORDER BY 1, 2";

/// The columns of a table that need a value, each with an expression for one. A column with a foreign key takes the value of a row
/// that is there; any other one a value that its type allows.
const COLUMNS: &str = "SELECT a.attname::pg_catalog.text, pg_catalog.format_type(a.atttypid, a.atttypmod), t.typtype::pg_catalog.text, \
     t.typcategory::pg_catalog.text, \
     (SELECT pg_catalog.format('(SELECT %I FROM %I.%I WHERE %I IS NOT NULL LIMIT 1)', fa.attname, fn.nspname, fc.relname, fa.attname) \
      FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_class AS fc ON fc.oid OPERATOR(pg_catalog.=) k.confrelid \
      JOIN pg_catalog.pg_namespace AS fn ON fn.oid OPERATOR(pg_catalog.=) fc.relnamespace \
      JOIN pg_catalog.pg_attribute AS fa ON fa.attrelid OPERATOR(pg_catalog.=) k.confrelid \
      AND fa.attnum OPERATOR(pg_catalog.=) k.confkey[pg_catalog.array_position(k.conkey, a.attnum)] \
      WHERE k.conrelid OPERATOR(pg_catalog.=) a.attrelid AND k.contype OPERATOR(pg_catalog.=) 'f' \
      AND a.attnum OPERATOR(pg_catalog.=) ANY (k.conkey) LIMIT 1), \
     (SELECT pg_catalog.quote_literal(e.enumlabel) FROM pg_catalog.pg_enum AS e WHERE e.enumtypid OPERATOR(pg_catalog.=) t.oid \
      ORDER BY e.enumsortorder LIMIT 1) \
     FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS ty ON ty.oid OPERATOR(pg_catalog.=) a.atttypid \
     JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) CASE WHEN ty.typtype OPERATOR(pg_catalog.=) 'd' \
     THEN ty.typbasetype ELSE ty.oid END \
     WHERE a.attrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1) AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped \
     AND (a.attnotnull OR ty.typnotnull) AND NOT a.atthasdef AND a.attidentity OPERATOR(pg_catalog.=) '' ORDER BY a.attnum";

/// Puts one row into each table that has none, where columns and constraints allow it, and gives the number of rows of each table.
/// `own_tables` are passed over, as (schema, name).
///
/// # Errors
/// [`SeedError`] where the connection is lost. What the server refuses is passed over.
pub async fn fill(connection: &mut PgConnection, own_tables: &[(String, String)]) -> Result<Counts, SeedError> {
    let tables = tables(connection, own_tables).await?;
    let counts = counts_of(connection, &tables).await?;
    let mut empty: Vec<_> = tables.iter().filter(|table| counts.get(&shown(table)) == Some(&0)).collect();
    for _ in 0..ROUNDS_MAX {
        let before = empty.len();
        let mut left = Vec::new();
        for table in empty {
            if !insert(connection, table).await? {
                left.push(table);
            }
        }
        empty = left;
        if empty.is_empty() || empty.len() == before {
            break;
        }
    }
    counts_of(connection, &tables).await
}

/// The number of rows of each table.
///
/// # Errors
/// As [`fill`].
pub async fn counts(connection: &mut PgConnection, own_tables: &[(String, String)]) -> Result<Counts, SeedError> {
    let tables = tables(connection, own_tables).await?;
    counts_of(connection, &tables).await
}

/// Removes the rows of tables that [`fill`] filled, by the names that it gave. Whether the server let it.
///
/// # Errors
/// As [`fill`].
pub async fn empty(connection: &mut PgConnection, filled: &[String]) -> Result<bool, SeedError> {
    let all = tables(connection, &[]).await?;
    let names: Vec<String> = all
        .iter()
        .filter(|table| filled.contains(&shown(table)))
        .map(|(schema, name)| format!("{}.{}", quote_identifier(schema), quote_identifier(name)))
        .collect();
    if names.is_empty() {
        return Ok(true);
    }
    match rows(connection, format!("TRUNCATE {}", names.join(", "))).await {
        Ok(_) => Ok(true),
        // A table that refers to them has rows of its own.
        Err(SeedError(sqlx::Error::Database(_))) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn tables(
    connection: &mut PgConnection,
    own_tables: &[(String, String)],
) -> Result<Vec<(String, String)>, SeedError> {
    let rows = rows(connection, TABLES.to_owned()).await?;
    let names = rows.iter().map(|row| (text(row, 0), text(row, 1)));
    Ok(names.filter(|table| !own_tables.contains(table)).collect())
}

/// In one statement, so that it is one round trip however many there are.
async fn counts_of(connection: &mut PgConnection, tables: &[(String, String)]) -> Result<Counts, SeedError> {
    if tables.is_empty() {
        return Ok(Counts::new());
    }
    let one = |(index, (schema, name)): (usize, &(String, String))| {
        let (schema, name) = (quote_identifier(schema), quote_identifier(name));
        format!("SELECT {index}::pg_catalog.text, pg_catalog.count(*)::pg_catalog.text FROM ONLY {schema}.{name}")
    };
    let sql: Vec<String> = tables.iter().enumerate().map(one).collect();
    let rows = rows(connection, sql.join(" UNION ALL ")).await?;
    let entry = |row: &PgRow| {
        let table = tables.get(text(row, 0).parse::<usize>().ok()?)?;
        Some((shown(table), text(row, 1).parse().ok()?))
    };
    Ok(rows.iter().filter_map(entry).collect())
}

/// Whether the row went in.
async fn insert(connection: &mut PgConnection, (schema, name): &(String, String)) -> Result<bool, SeedError> {
    let table = format!("{}.{}", quote_identifier(schema), quote_identifier(name));
    let columns =
        sqlx::query(COLUMNS).bind(&table).persistent(false).fetch_all(&mut *connection).await.map_err(SeedError)?;
    let mut names = Vec::new();
    let mut values = Vec::new();
    for column in &columns {
        let get = |index: usize| column.try_get::<Option<String>, _>(index).ok().flatten();
        let (Some(name), Some(kind)) = (get(0), get(1)) else { return Ok(false) };
        names.push(quote_identifier(&name));
        values.push(match (get(4), get(5)) {
            (Some(of_parent), _) => of_parent,
            (None, Some(label)) => format!("{label}::{kind}"),
            (None, None) => value(get(3).as_deref().unwrap_or_default(), get(2).as_deref().unwrap_or_default(), &kind),
        });
    }
    let sql = match names.is_empty() {
        true => format!("INSERT INTO {table} DEFAULT VALUES"),
        false => format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", ")),
    };
    match rows(connection, sql).await {
        Ok(_) => Ok(true),
        // A constraint or a trigger wants something else.
        Err(SeedError(sqlx::Error::Database(_))) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A value of a type by its category (PostgreSQL manual, `pg_type.typcategory`).
fn value(category: &str, kind_of_type: &str, type_name: &str) -> String {
    let text = match (category, kind_of_type) {
        (_, "r") => "empty",
        ("N", _) => "1",
        ("B", _) => "true",
        ("D", _) if type_name.starts_with("time ") || type_name.starts_with("time(") => "00:00",
        ("D", _) => "2000-01-01",
        ("T", _) => "1 day",
        ("A", _) => "{}",
        ("I", _) => "127.0.0.1",
        ("V", _) => "1",
        ("U", _) if type_name == "uuid" => "00000000-0000-4000-8000-000000000001",
        ("U", _) if type_name.starts_with("json") => "{}",
        ("U", _) if type_name == "xml" => "<a/>",
        _ => "a",
    };
    format!("'{text}'::{type_name}")
}

fn shown((schema, name): &(String, String)) -> String {
    format!("{schema}.{name}")
}

async fn rows(connection: &mut PgConnection, sql: String) -> Result<Vec<PgRow>, SeedError> {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).fetch_all(connection).await.map_err(SeedError)
}

fn text(row: &PgRow, index: usize) -> String {
    row.try_get_raw(index).ok().and_then(|value| value.as_str().ok().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_fits_its_type() {
        for (category, kind, name, expected) in [
            ("N", "b", "numeric(8,2)", "'1'::numeric(8,2)"),
            ("R", "r", "int4range", "'empty'::int4range"),
            ("D", "b", "time without time zone", "'00:00'::time without time zone"),
            ("D", "b", "timestamp with time zone", "'2000-01-01'::timestamp with time zone"),
            ("U", "b", "uuid", "'00000000-0000-4000-8000-000000000001'::uuid"),
            ("S", "b", "character varying(1)", "'a'::character varying(1)"),
        ] {
            assert_eq!(value(category, kind, name), expected);
        }
    }
}
