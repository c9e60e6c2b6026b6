//! What a url begins with: how other programs write it, and other database systems.

use std::borrow::Cow;

use super::FORM;
use super::UrlProblem;

/// Drivers that SQLAlchemy takes behind a plus sign.
const SQLALCHEMY_DRIVERS: [&str; 9] =
    ["psycopg", "psycopg2", "psycopg2cffi", "psycopg_async", "asyncpg", "pg8000", "aiopg", "pygresql", "psqlpy"];

/// Schemes that other tools take for PostgreSQL: Django, Laravel, Doctrine, Phoenix, Ruby and others.
const OTHER_SPELLINGS: [&str; 8] = ["pgsql", "psql", "pg", "postgis", "ecto", "postgre", "postgressql", "pdo-pgsql"];

/// Other database systems, and how they are called.
const OTHER_SYSTEMS: [(&str, &str); 19] = [
    ("mysql", "MySQL"),
    ("mysql2", "MySQL"),
    ("mariadb", "MariaDB"),
    ("sqlite", "SQLite"),
    ("sqlite3", "SQLite"),
    ("file", "a file"),
    ("sqlserver", "SQL Server"),
    ("mssql", "SQL Server"),
    ("oracle", "Oracle"),
    ("mongodb", "MongoDB"),
    ("mongodb+srv", "MongoDB"),
    ("redis", "Redis"),
    ("rediss", "Redis"),
    ("clickhouse", "ClickHouse"),
    ("duckdb", "DuckDB"),
    ("snowflake", "Snowflake"),
    ("http", "a web server"),
    ("https", "a web server"),
    ("prisma", "a proxy of Prisma"),
];

/// A url without the driver that SQLAlchemy takes behind a plus sign, for projects whose variables have one.
pub fn without_driver(url: &str) -> Cow<'_, str> {
    let base = |scheme: &str| {
        let (base, driver) = scheme.split_once('+')?;
        let known = matches!(base, "postgres" | "postgresql") && SQLALCHEMY_DRIVERS.contains(&driver);
        known.then(|| base.to_owned())
    };
    match url.split_once("://").and_then(|(scheme, rest)| Some((base(scheme)?, rest))) {
        Some((base, rest)) => Cow::Owned(format!("{base}://{rest}")),
        None => Cow::Borrowed(url),
    }
}

/// What stands behind `postgres://` or `postgresql://`.
pub(super) fn without_scheme(url: &str) -> Result<&str, UrlProblem> {
    // The parser of urls takes blanks around it away, and line breaks in it.
    let url = url.trim();
    if url.chars().any(char::is_control) {
        return Err(UrlProblem::new(
            "it has a line break or another control character in it",
            "write it in one line; in a password percent-encode them: %0A, %09",
        ));
    }
    if url.starts_with(['"', '\'']) {
        return Err(UrlProblem::new("it begins with a quotation mark", "leave the quotation marks out"));
    }
    if let Some(rest) = ["postgres://", "postgresql://"].iter().find_map(|scheme| url.strip_prefix(scheme)) {
        return Ok(rest);
    }
    Err(other(url))
}

/// What it is instead, as far as that is known.
fn other(url: &str) -> UrlProblem {
    let lower = url.to_ascii_lowercase();
    let Some((scheme, _)) = lower.split_once("://") else { return without_slashes(&lower) };
    let base = scheme.strip_prefix("jdbc:").unwrap_or(scheme);
    let (base, driver) = base.split_once('+').map_or((base, None), |(base, driver)| (base, Some(driver)));
    let is_postgres = matches!(base, "postgres" | "postgresql");
    if let Some(system) =
        OTHER_SYSTEMS.iter().find(|(name, _)| *name == base || *name == scheme).map(|(_, system)| system)
    {
        return UrlProblem::new(
            format!("it is one of {system}, and host works with PostgreSQL"),
            format!("{FORM}, or use url = \"local:\""),
        );
    }
    if is_postgres && scheme.starts_with("jdbc:") {
        return jdbc();
    }
    match driver {
        Some(driver) if is_postgres => {
            let named = SQLALCHEMY_DRIVERS.iter().find(|known| **known == driver);
            let named = named.map_or_else(|| "a driver".to_owned(), |known| format!("the driver {known}"));
            UrlProblem::new(
                format!("it names {named} behind the '+', as SQLAlchemy does"),
                "write postgresql:// and the rest as it is, without the '+' and the driver",
            )
        }
        None if is_postgres => {
            UrlProblem::new("it does not begin with postgres:// in small letters", "write postgres:// in small letters")
        }
        None if OTHER_SPELLINGS.contains(&base) => UrlProblem::new(
            format!("it begins with {base}://, which only some other programs take for PostgreSQL"),
            "write postgres:// and the rest as it is",
        ),
        _ => unknown(),
    }
}

/// What has no `://` at all.
fn without_slashes(lower: &str) -> UrlProblem {
    if lower.starts_with("jdbc:postgresql:") {
        return jdbc();
    }
    if ["postgres:", "postgresql:"].iter().any(|scheme| lower.starts_with(scheme)) {
        return UrlProblem::new("it has no '//' behind postgres:", FORM);
    }
    if ["local", "local:", "local:/"].contains(&lower) {
        return UrlProblem::new("it does not begin with postgres://", "write local: for the development cluster");
    }
    let words = ["host=", "hostaddr=", "dbname=", "service=", "user=", "password=", "server="];
    if words.iter().any(|word| lower.contains(word)) {
        return UrlProblem::new(
            "it is a list of keywords and values (host=… dbname=…), not a url",
            format!("{FORM}; parameters follow behind a '?'"),
        );
    }
    unknown()
}

fn jdbc() -> UrlProblem {
    UrlProblem::new(
        "it is one of JDBC",
        "leave out jdbc:, and put user and password before the host: postgres://user:password@host:5432/database",
    )
}

fn unknown() -> UrlProblem {
    UrlProblem::new("it does not begin with postgres://", format!("{FORM}, or use url = \"local:\""))
}
