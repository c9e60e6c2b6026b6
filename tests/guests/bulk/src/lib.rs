//! Reads and writes big tables: `-x case=…` says how.

use host_guest::bindings::host::migration::bulk as contract;
use host_guest::bulk::{CopyIn, Cursor, RowWriter};
use host_guest::{Error, Failure, Migration, execute, query_one, run_info, savepoint};

struct Bulk;

host_guest::export!(Bulk);

const ROWS: i64 = 50_000;
const SOURCE: &str = "SELECT id, name, paid, seen FROM source ORDER BY id";
const COLUMNS: [&str; 4] = ["id", "name", "paid", "seen"];

type Row<'a> = (i64, Option<&'a str>, f64, host_guest::Timestamptz);

impl Migration for Bulk {
    fn upgrade() -> Result<(), Failure> {
        execute(
            "CREATE TABLE source AS SELECT n AS id, CASE WHEN n % 3 > 0 THEN repeat('ü', 40) || n END AS name, n * 0.5::float8 AS paid, \
             timestamptz '2026-01-01' + n * interval '1 minute' AS seen FROM generate_series(1, $1::bigint) AS n",
            &[&ROWS],
        )?;
        execute("CREATE TABLE target (id bigint PRIMARY KEY, name text, paid float8, seen timestamptz)", &[])?;
        let args = run_info().args;
        let case = args.iter().find(|(name, _)| name == "case").map_or("", |(_, value)| value);
        match case {
            "copies" => copies(),
            "columns" => columns(),
            "values" => values(),
            "rows" => rows(),
            "dropped" => dropped(),
            "refused" => refused(),
            "wrong" => wrong(),
            "order" => order(),
            "many" => many(),
            "cursors" => cursors(),
            "names" => names(),
            "own" => own(),
            "syntax" => Ok(drop(Cursor::open("SELECT id FROM source ORDRE BY id", &[])?)),
            "insert" => Ok(drop(Cursor::open("INSERT INTO target (id) VALUES (1) RETURNING id", &[])?)),
            other => Err(format!("there is no case {other:?}").into()),
        }
    }

    fn downgrade() -> Result<(), Failure> {
        execute("DROP TABLE source", &[])?;
        execute("DROP TABLE target", &[])?;
        Ok(())
    }
}

/// All rows, a part at a time, with other statements and another cursor in between.
fn copies() -> Result<(), Failure> {
    let other = Cursor::open("SELECT generate_series(1, $1)", &[&3i32])?;
    let cursor = Cursor::open(SOURCE, &[])?;
    let mut copy = CopyIn::into_table_of("public", "target", &COLUMNS)?;
    let mut writer = RowWriter::new();
    let mut batches = 0;
    while let Some(batch) = cursor.batch(7_000)? {
        for row in batch.read::<Row<'_>>() {
            writer.row(row?);
        }
        copy.write(&mut writer)?;
        batches += 1;
        if let Some(batch) = other.batch(1)? {
            let numbers: Vec<(i32,)> = batch.read().collect::<Result<_, _>>()?;
            same("the other cursor", numbers, vec![(batches,)])?;
        }
        execute("SELECT 1", &[])?;
    }
    same("rows written", copy.finish()?, ROWS.unsigned_abs())?;
    same("the end", cursor.batch(1)?.is_none(), true)?;
    equal()
}

fn columns() -> Result<(), Failure> {
    let cursor = contract::open_cursor(SOURCE, &[]).map_err(Error::from)?;
    let target = contract::Target {
        schema: None,
        table: "target".to_owned(),
        columns: COLUMNS.map(str::to_owned).to_vec(),
    };
    let copy = contract::copy_in(&target).map_err(Error::from)?;
    loop {
        let columns = cursor.fetch_columns(9_000, 1 << 20).map_err(Error::from)?;
        if columns.rows == 0 {
            break;
        }
        same("bytes of names", matches!(columns.cols[1].data, contract::ColData::Bytes(_)), true)?;
        same("numbers of ids", matches!(columns.cols[0].data, contract::ColData::I64s(_)), true)?;
        copy.write_columns(&columns).map_err(Error::from)?;
    }
    same("rows written", copy.finish().map_err(Error::from)?, ROWS.unsigned_abs())?;
    equal()
}

fn values() -> Result<(), Failure> {
    let cursor = Cursor::open("SELECT id, name, ARRAY[id, NULL] AS pair, paid::numeric AS paid FROM source ORDER BY id", &[])?;
    let mut next = 1;
    loop {
        let rows = cursor.rows(10_000)?;
        if rows.is_empty() {
            break;
        }
        for row in rows.iter() {
            same("an id", row.get::<i64>("id")?, next)?;
            same("a pair", row.get::<Vec<Option<i64>>>("pair")?, vec![Some(next), None])?;
            next += 1;
        }
    }
    same("rows read", next - 1, ROWS)
}

/// Rows of values, of which the host makes what the columns need.
fn rows() -> Result<(), Failure> {
    execute("CREATE TABLE typed (id numeric(9, 2), tags text[], span int4range, mood inet, day date)", &[])?;
    let mut copy = CopyIn::into_table("typed", &["id", "tags", "span", "mood", "day"])?;
    let tags = vec![Some("a"), None];
    copy.write_rows((1..=1_000i32).map(|id| (id, tags.clone(), "[1,5)", "192.0.2.1", "2026-01-01")))?;
    let wrong = copy.write_rows([(1i32, 5i32, "[1,5)", "192.0.2.1", "2026-01-01")]).expect_err("no array").to_string();
    same("the place", wrong.starts_with("the parameters do not fit: row 1: column 2: "), true)?;
    let short = copy.write_rows([(1i32, 5i32)]).expect_err("short").to_string();
    same("short", short.as_str(), "the parameters do not fit: row 1: it has 2 value(s), the target 5 column(s)")?;
    same("rows written", copy.finish()?, 1_000)?;
    let sum = query_one("SELECT sum(id)::text || min(tags::text) || min(mood::text) || min(span::text) FROM typed", &[])?;
    same("what is there", sum.get::<&str>(0)?, "500500.00{a,NULL}192.0.2.1/32[1,5)")
}

/// Six megabytes are sent before the writer is dropped.
fn dropped() -> Result<(), Failure> {
    let mut copy = CopyIn::into_table("target", &["id", "name"])?;
    let text = "x".repeat(1_000);
    let mut writer = RowWriter::new();
    for id in 0..6_000i64 {
        writer.row((id, text.as_str()));
        if writer.len() == 500 {
            copy.write(&mut writer)?;
        }
    }
    drop(copy);
    same("rows left", count("target")?, 0)
}

fn refused() -> Result<(), Failure> {
    let mut copy = CopyIn::into_table("target", &["id"])?;
    let mut writer = RowWriter::new();
    writer.row((1i64,));
    writer.row((1i64,));
    copy.write(&mut writer)?;
    match copy.finish() {
        Err(Error::Sql(error)) => same("a SQLSTATE", error.sqlstate.as_str(), "23505")?,
        other => Err(format!("two equal keys: {other:?}"))?,
    }
    // The savepoint of the copy took everything back.
    same("rows left", count("target")?, 0)
}

fn wrong() -> Result<(), Failure> {
    let mut copy = CopyIn::into_table("target", &["id", "name"])?;
    let mut writer = RowWriter::new();
    writer.row((1i64,));
    let error = copy.write(&mut writer).expect_err("one field").to_string();
    same("too few", error.as_str(), "the parameters do not fit: row 1 has 1 field(s), the target 2 column(s)")?;
    let data = vec![0, 2, 0, 0, 0, 9];
    let tuples = contract::Tuples { rows: 1, data };
    let target = contract::Target { schema: None, table: "target".to_owned(), columns: vec!["id".to_owned(), "name".to_owned()] };
    {
        let raw = contract::copy_in(&target).map_err(Error::from)?;
        let error = Error::from(raw.write_tuples(&tuples).expect_err("cut")).to_string();
        same("cut", error.as_str(), "the parameters do not fit: the bytes end inside of row 1")?;
        let none = contract::Target { columns: Vec::new(), ..target };
        let error = Error::from(contract::copy_in(&none).expect_err("no columns")).to_string();
        same("no columns", error.as_str(), "the parameters do not fit: the target names no columns")?;
    }
    // A number of four bytes for a bigint: the server says so.
    writer.row((1i32, "x"));
    copy.write(&mut writer)?;
    match copy.finish() {
        Err(Error::Sql(error)) => same("a SQLSTATE", error.sqlstate.as_str(), "08P01"),
        other => Err(format!("a short number: {other:?}").into()),
    }
}

/// A hundred writers, each of which keeps as much as one may: host holds no more than one of them would.
fn many() -> Result<(), Failure> {
    let text = "x".repeat(1 << 20);
    let mut copies = Vec::new();
    for id in 0..100i64 {
        let mut copy = CopyIn::into_table("target", &["id", "name"])?;
        let mut writer = RowWriter::new();
        for part in 0..3 {
            writer.row((3 * id + part, text.as_str()));
        }
        copy.write(&mut writer)?;
        copies.push(copy);
    }
    while let Some(copy) = copies.pop() {
        same("rows written", copy.finish()?, 3)?;
    }
    same("rows", count("target")?, 300)
}

/// What begins later ends earlier.
fn order() -> Result<(), Failure> {
    let mut copy = CopyIn::into_table("target", &["id"])?;
    let mut writer = RowWriter::new();
    writer.row((1i64,));
    let inside = savepoint(|| copy.write(&mut writer));
    same("inside of a savepoint", matches!(inside, Err(Error::Misuse(_))), true)?;
    let second = CopyIn::into_table("target", &["id"])?;
    writer.row((2i64,));
    same("beside another", matches!(copy.write(&mut writer), Err(Error::Misuse(_))), true)?;
    same("nothing", second.finish()?, 0)?;
    writer.row((3i64,));
    copy.write(&mut writer)?;
    same("the last row", copy.finish()?, 1)?;
    same("rows", count("target")?, 1)
}

/// A cursor ends with the savepoint after which it was opened, and its handle may outlive it.
fn cursors() -> Result<(), Failure> {
    let mut inside = None;
    let undone: Result<(), Error> = savepoint(|| {
        inside = Some(Cursor::open(SOURCE, &[])?);
        Err(Error::Misuse("undo".to_owned()))
    });
    same("undone", undone.is_err(), true)?;
    drop(inside);
    let open = Cursor::open(SOURCE, &[])?;
    same("rows", open.batch(10)?.map(|batch| batch.len()), Some(10))?;
    let busy = savepoint(|| execute("ALTER TABLE source ADD more integer", &[]));
    same("in use", busy.is_err(), true)?;
    drop(open);
    execute("ALTER TABLE source ADD more integer", &[])?;
    Ok(())
}

/// Names are names, whatever is in them.
fn names() -> Result<(), Failure> {
    execute(r#"CREATE TABLE "x""; DROP TABLE source; --" ("a\b""ü" integer)"#, &[])?;
    let mut copy = CopyIn::into_table("x\"; DROP TABLE source; --", &["a\\b\"ü"])?;
    let mut writer = RowWriter::new();
    writer.row((7i32,));
    copy.write(&mut writer)?;
    same("rows written", copy.finish()?, 1)?;
    same("the source", count("source")?, ROWS)
}

fn own() -> Result<(), Failure> {
    let mut copy = CopyIn::into_table("host_version", &["version_num"])?;
    let mut writer = RowWriter::new();
    writer.row(("forged",));
    copy.write(&mut writer)?;
    copy.finish()?;
    Ok(())
}

fn equal() -> Result<(), Failure> {
    let different = query_one(
        "SELECT count(*) FROM ((TABLE source EXCEPT ALL TABLE target) UNION ALL (TABLE target EXCEPT ALL TABLE source)) AS rows",
        &[],
    )?;
    same("rows that are different", different.get::<i64>(0)?, 0)
}

fn count(table: &str) -> Result<i64, Error> {
    query_one(&format!("SELECT count(*) FROM {table}"), &[])?.get(0)
}

fn same<T: std::fmt::Debug + PartialEq>(what: &str, found: T, expected: T) -> Result<(), Failure> {
    if found == expected { Ok(()) } else { Err(format!("{what}: got {found:?}, expected {expected:?}").into()) }
}
