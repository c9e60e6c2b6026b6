//! Statements, results, errors and savepoints.

use host_guest::bulk::{CopyIn, Cursor, RowWriter};
use host_guest::{Error, Failure, Statement, execute, execute_script, query, query_one, query_optional, savepoint};

use crate::note;

pub fn rows() -> Result<(), Failure> {
    let (mut sum, mut names) = (0, 0);
    for row in query("SELECT n, 'row ' || n AS name FROM generate_series(1, 1000) AS n", &[])? {
        let n = row.get::<i64>("n")?;
        sum += n;
        names += i64::from(row.get::<&str>(1)? == format!("row {n}"));
    }
    let insert = "INSERT INTO notes VALUES ('sum', $1), ('names', $2)";
    execute(insert, &[&sum.to_string(), &names.to_string()])?;
    let seven = query_one("SELECT 7 AS seven", &[])?.get::<i32>("seven")?;
    note("seven", &seven.to_string())?;
    let nothing = query_optional("SELECT 1 WHERE false", &[])?;
    note("nothing", if nothing.is_none() { "none" } else { "one" })
}

pub fn prepared() -> Result<(), Failure> {
    let insert = Statement::prepare("INSERT INTO numbers VALUES ($1, $2)")?;
    let one = insert.execute(&[&0i32, &"zero"])?;
    let many = insert.execute_many((1..=1000i32).map(|i| (i, format!("n{i}"))))?;
    note("one", &one.to_string())?;
    note("many", &many.to_string())?;
    let find = Statement::prepare("SELECT name FROM numbers WHERE n = $1")?;
    note("found", find.query_one(&[&500i32])?.get("name")?)
}

pub fn bulk() -> Result<(), Failure> {
    let query = "SELECT n, CASE WHEN n % 7 <> 0 THEN 'row ' || n END AS name FROM generate_series(1, 1000) AS n";
    let numbers = Cursor::open(query, &[])?;
    let mut copy = CopyIn::into_table("numbers", &["n", "name"])?;
    let mut rows = RowWriter::new();
    while let Some(batch) = numbers.batch(300)? {
        for row in batch.read::<(i32, Option<&str>)>() {
            rows.row(row?);
        }
        copy.write(&mut rows)?;
    }
    note("written", &copy.finish()?.to_string())?;
    let mut dropped = CopyIn::into_table_of("public", "numbers", &["n", "name"])?;
    rows.row((0, "zero"));
    dropped.write(&mut rows)?;
    Ok(())
}

pub fn script() -> Result<(), Failure> {
    execute_script("INSERT INTO notes VALUES ('a; b', '1'); INSERT INTO notes VALUES ('c', '2');")?;
    Ok(())
}

pub fn caught() -> Result<(), Failure> {
    let twice = savepoint(|| -> Result<(), Error> {
        execute("INSERT INTO notes VALUES ('twice', '1')", &[])?;
        execute("INSERT INTO notes VALUES ('twice', '2')", &[])?;
        Ok(())
    });
    let Err(Error::Sql(error)) = twice else { return Err("a duplicate was taken".into()) };
    note("sqlstate", &error.sqlstate)?;
    note("constraint", error.constraint.as_deref().unwrap_or_default())?;
    note("table", error.table.as_deref().unwrap_or_default())?;
    note("schema", error.schema.as_deref().unwrap_or_default())
}

pub fn savepoints() -> Result<(), Failure> {
    note("outer", "1")?;
    savepoint(|| {
        note("inner", "1")?;
        let given_up = savepoint(|| -> Result<(), Failure> {
            note("innermost", "1")?;
            Err("given up".into())
        });
        if given_up.is_ok() { Err("the block gave no error".into()) } else { Ok(()) }
    })
}

pub fn insert_nowhere() -> Result<(), Failure> {
    execute("INSERT INTO nowhere VALUES (1)", &[])?;
    Ok(())
}
