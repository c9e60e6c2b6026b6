//! Every type of value goes in and out. The first one that comes back different ends the migration with its name.

mod cases;

use cases::Case;
use host_guest::types::{Array, ArrayDim, Format, Raw, Scalar, Value};
use host_guest::{Error, Failure, Migration, Range, execute, execute_script, query, query_one};

struct Values;

host_guest::export!(Values);

impl Migration for Values {
    fn upgrade() -> Result<(), Failure> {
        for case in cases::all() {
            check(&case)?;
        }
        execute_script(
            "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
             CREATE TYPE pair AS (number integer, word text);
             CREATE DOMAIN seats AS integer CHECK (value > 0);
             CREATE TABLE guests (id integer, mood mood, sizes text[], party seats);",
        )?;
        check_enum()?;
        check_composite()?;
        check_raw_text()?;
        check_columns()?;
        check_rust_types()?;
        check_refusals()
    }

    fn downgrade() -> Result<(), Failure> {
        execute_script("DROP TABLE guests; DROP DOMAIN seats; DROP TYPE pair; DROP TYPE mood;")?;
        Ok(())
    }
}

/// Reads the literal, then sends the value and reads it back.
fn check(case: &Case) -> Result<(), Failure> {
    let Case { sql_type, literal, value } = case;
    let quoted = if literal == "NULL" { literal.clone() } else { format!("'{}'", literal.replace('\'', "''")) };
    let read: Value = query_one(&format!("SELECT {quoted}::{sql_type} AS value"), &[])?.get("value")?;
    same(&format!("reading {sql_type} {literal}"), &read, value)?;
    let sent: Value = query_one(&format!("SELECT $1::{sql_type} AS value"), &[value])?.get("value")?;
    same(&format!("sending {sql_type} {literal}"), &sent, value)
}

/// Labels are text, alone and in arrays; the array's elements have the enum's own type.
fn check_enum() -> Result<(), Failure> {
    let oid = type_oid("mood")?;
    let row = query_one("SELECT 'ok'::mood, ARRAY['sad', NULL]::mood[]", &[])?;
    same("reading an enum", &row.get::<Value>(0)?, &Value::Scalar(Scalar::Text("ok".into())))?;
    let dims = vec![ArrayDim { len: 2, lower: 1 }];
    let moods = Value::Array(Array { element: oid, dims, items: vec![Scalar::Text("sad".into()), Scalar::Null] });
    same("reading an array of an enum", &row.get::<Value>(1)?, &moods)?;
    execute("INSERT INTO guests (id, mood) VALUES (1, $1)", &[&"happy"])?;
    let sent = query_one("SELECT $1::mood[]", &[&moods])?;
    same("sending an array of an enum", &sent.get::<Value>(0)?, &moods)?;
    let sent = query_one("SELECT $1::mood[]", &[&[Some("sad"), None]])?;
    same("sending an array without a type", &sent.get::<Value>(0)?, &moods)
}

/// A composite comes as its bytes, and goes back as them.
fn check_composite() -> Result<(), Failure> {
    let pair: Raw = query_one("SELECT ROW(7, 'seven')::pair AS pair", &[])?.get("pair")?;
    same("the type of a composite", &pair.type_oid, &type_oid("pair")?)?;
    same("the format of a composite", &pair.format, &Format::Binary)?;
    let row = query_one("SELECT ($1::pair).number, ($1::pair).word", &[&pair])?;
    same("a number in a composite", &row.get::<i32>("number")?, &7)?;
    same("a word in a composite", &row.get::<&str>("word")?, &"seven")
}

/// What has no case of its own can be written as text.
fn check_raw_text() -> Result<(), Failure> {
    let address = Raw { type_oid: 0, format: Format::Text, data: b"192.0.2.7/24".to_vec() };
    let row = query_one("SELECT host($1::inet) AS host, $1::inet AS address", &[&address])?;
    same("the host of an address", &row.get::<&str>("host")?, &"192.0.2.7")?;
    let read: Raw = row.get("address")?;
    same("the type of an address", &read.type_oid, &type_oid("inet")?)?;
    let again = query_one("SELECT $1 = '192.0.2.7/24'::inet AS equal", &[&read])?;
    same("an address sent back", &again.get::<bool>("equal")?, &true)
}

fn check_columns() -> Result<(), Failure> {
    let rows = query("SELECT g.*, 1 AS one FROM guests AS g WHERE false", &[])?;
    same("rows of an empty result", &rows.len(), &0)?;
    let names: Vec<_> = rows.columns().iter().map(|column| (column.name.as_str(), column.type_name.as_str())).collect();
    let expected = [("id", "int4"), ("mood", "mood"), ("sizes", "text[]"), ("party", "int4"), ("one", "int4")];
    same("names and types of columns", &names.as_slice(), &&expected[..])?;
    let table: i64 = query_one("SELECT 'guests'::regclass::oid::int8", &[])?.get(0)?;
    let places: Vec<_> = rows.columns().iter().map(|column| (i64::from(column.table_oid), column.attnum)).collect();
    same("tables of columns", &places, &vec![(table, 1), (table, 2), (table, 3), (table, 4), (0, 0)])
}

/// The SDK's own conversions.
fn check_rust_types() -> Result<(), Failure> {
    let row = query_one(
        "SELECT $1::int8[] AS ids, $2::text[] AS words, $3::int4range AS span",
        &[&vec![1i64, 2], &["a", "b"], &Range::new(1..=4)],
    )?;
    same("a vector", &row.get::<Vec<i64>>("ids")?, &vec![1, 2])?;
    same("a vector of text", &row.get::<Vec<&str>>("words")?, &vec!["a", "b"])?;
    same("a range", &row.get::<Range<i32>>("span")?, &Range::new(1..5))?;
    let (error, line) = (row.get::<i32>("words").map_err(|error| error.to_string()), line!());
    let statement = "SELECT $1::int8[] AS ids, $2::text[] AS words, $3::int4range AS span";
    let message = format!("column \"words\" of \"{statement}\" is text[], i32 was wanted, at src/lib.rs:{line}");
    same("an error of type", &error, &Err(message))
}

/// What the host answers without asking the server: the transaction stays usable.
fn check_refusals() -> Result<(), Failure> {
    let too_few = query("SELECT $1::int4", &[]);
    same("a missing parameter", &matches!(too_few, Err(Error::BadParams(_))), &true)?;
    same("the transaction after it", &query_one("SELECT 1", &[])?.get::<i32>(0)?, &1)
}

fn type_oid(name: &str) -> Result<u32, Failure> {
    let oid: i64 = query_one("SELECT $1::text::regtype::oid::int8", &[&name])?.get(0)?;
    u32::try_from(oid).map_err(|_| Failure::message("an oid does not fit into 32 bits"))
}

/// Compares what is printed: there NaN equals itself, and -0 differs from 0.
fn same<T: std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), Failure> {
    let (found, expected) = (format!("{found:?}"), format!("{expected:?}"));
    if found == expected { Ok(()) } else { Err(format!("{what}: got {found}, expected {expected}").into()) }
}
