use crate::bindings::host::migration::sql;
use crate::row::Text;
use crate::{Error, Row, Rows, ToValue, Value};

/// Runs one statement and gives the number of rows that it touched. Parameters are `$1`, `$2`, …
///
/// ```no_run
/// # fn main() -> Result<(), host_guest::Error> {
/// let gone = host_guest::execute("DELETE FROM visits WHERE guests < $1", &[&1i32])?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When the server or the host refuses the statement, or the parameters do not fit.
pub fn execute(sql: &str, params: &[&dyn ToValue]) -> Result<u64, Error> {
    sql::execute(sql, &to_values(params)).map_err(Error::from)
}

/// Runs many statements, separated by semicolons, without parameters. It stops at the first one that fails.
///
/// ```no_run
/// # fn main() -> Result<(), host_guest::Error> {
/// host_guest::execute_script(
///     "CREATE TABLE dishes (id integer PRIMARY KEY, name text NOT NULL);
///      CREATE INDEX dishes_name ON dishes (name);",
/// )?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When the server or the host refuses a statement.
pub fn execute_script(sql: &str) -> Result<(), Error> {
    sql::execute_script(sql).map_err(Error::from)
}

/// Runs one statement and gives all its rows. For small results: past the host's limit it answers [`Error::Exceeded`].
///
/// ```no_run
/// # fn main() -> Result<(), host_guest::Error> {
/// for row in host_guest::query("SELECT id, name FROM dishes WHERE id > $1", &[&10i32])? {
///     let (id, name) = (row.get::<i32>("id")?, row.get::<String>("name")?);
///     host_guest::info!("{id}: {name}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As for [`execute`].
pub fn query(sql: &str, params: &[&dyn ToValue]) -> Result<Rows, Error> {
    sql::query(sql, &to_values(params)).map(|result| Rows::new(result, &Text::new(sql))).map_err(Error::from)
}

/// Runs one statement that must give exactly one row.
///
/// ```no_run
/// # fn main() -> Result<(), host_guest::Error> {
/// let dishes: i64 = host_guest::query_one("SELECT count(*) FROM dishes", &[])?.get(0)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As for [`execute`], and [`Error::Conversion`] when it gives no row, or more than one.
#[track_caller]
pub fn query_one(sql: &str, params: &[&dyn ToValue]) -> Result<Row, Error> {
    query(sql, params)?.one()
}

/// Runs one statement that must give one row or none.
///
/// ```no_run
/// # fn main() -> Result<(), host_guest::Error> {
/// let menu = host_guest::query_optional("SELECT id FROM menus WHERE day = current_date", &[])?;
/// let menu: Option<i32> = menu.map(|row| row.get(0)).transpose()?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As for [`execute`], and [`Error::Conversion`] when it gives more than one row.
#[track_caller]
pub fn query_optional(sql: &str, params: &[&dyn ToValue]) -> Result<Option<Row>, Error> {
    query(sql, params)?.optional()
}

pub(crate) fn to_values(params: &[&dyn ToValue]) -> Vec<Value> {
    params.iter().map(|param| param.to_value()).collect()
}
