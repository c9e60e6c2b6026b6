//! Tables that are rewritten batch by batch.

use host_guest::bulk::{Batch, RowWriter};
use host_guest::transform::Plan;
use host_guest::{Date, Failure, Time, Timestamptz, Uuid, execute};

use crate::note;

pub fn rewrite(transform: &str) -> Result<(), Failure> {
    execute("INSERT INTO numbers SELECT n, CASE WHEN n % 7 <> 0 THEN 'row ' || n END FROM generate_series(1, 1000) AS n", &[])?;
    let plan = Plan::update("numbers", &["n", "name"]).source("SELECT n, name FROM numbers", &["n"]).batch(300, 1 << 20);
    note("written", &plan.run(transform)?.to_string())
}

pub fn shout(rows: &Batch, out: &mut RowWriter) -> Result<(), Failure> {
    for row in rows.read::<(i32, Option<&str>)>() {
        let (n, name) = row?;
        if n % 10 != 0 {
            out.row((n, name.map(str::to_uppercase)));
        }
    }
    Ok(())
}

pub fn reject(rows: &Batch, out: &mut RowWriter) -> Result<(), Failure> {
    for row in rows.read::<(i32, Option<&str>)>() {
        let (n, name) = row?;
        if n == 500 {
            return Err("the kitchen is closed".into());
        }
        out.row((n, name));
    }
    Ok(())
}

/// What has no form in bulk is its bytes.
type Row<'a> = (
    i32,
    Option<bool>,
    Option<i16>,
    Option<i32>,
    Option<i64>,
    Option<f32>,
    Option<f64>,
    Option<&'a [u8]>,
    Option<&'a str>,
    Option<&'a [u8]>,
    Option<Date>,
    Option<Time>,
    Option<Timestamptz>,
    Option<&'a [u8]>,
    Option<Uuid>,
    Option<&'a [u8]>,
);

pub fn same(rows: &Batch, out: &mut RowWriter) -> Result<(), Failure> {
    for row in rows.read::<Row>() {
        out.row(row?);
    }
    Ok(())
}

pub fn values() -> Result<(), Failure> {
    let columns = [
        "id", "a_bool", "an_int2", "an_int4", "an_int8", "a_float4", "a_float8", "a_numeric", "a_text", "a_bytea", "a_date",
        "a_time", "a_timestamptz", "an_interval", "a_uuid", "a_jsonb",
    ];
    let source = format!("SELECT {} FROM edges", columns.join(", "));
    Plan::insert("copies", &columns).source(&source, &["id"]).run("same")?;
    Ok(())
}
