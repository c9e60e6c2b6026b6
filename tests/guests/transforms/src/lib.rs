//! Rewrites big tables: `-x case=…` says how.

use host_guest::bulk::{Batch, RowWriter};
use host_guest::transform::{Plan, Transform};
use host_guest::{Failure, Migration, execute, execute_script, query_one, run_info, savepoint};

struct Transforms;

host_guest::export_transform!(Transforms);

const ROWS: i64 = 20_000;

impl Migration for Transforms {
    fn upgrade() -> Result<(), Failure> {
        let args = run_info().args;
        let case = args.iter().find(|(name, _)| name == "case").map_or("", |(_, value)| value);
        execute(
            "CREATE TABLE guests (id bigint PRIMARY KEY, phone text, seen timestamptz NOT NULL DEFAULT '2026-01-01', \
             long text GENERATED ALWAYS AS (phone || phone) STORED)",
            &[],
        )?;
        execute("INSERT INTO guests (id, phone) SELECT n * 3, '0 ' || n FROM generate_series(1, $1::bigint) AS n", &[&ROWS])?;
        match case {
            "updates" => updates(),
            "inserts" => inserts(),
            "upserts" => upserts(),
            "texts" => texts(),
            "composite" => composite(),
            "partitions" => partitions(),
            "nothing" => nothing(),
            "handles" => handles(),
            "undoes" => undoes(),
            _ => refused(case),
        }
    }

    fn downgrade() -> Result<(), Failure> {
        execute_script("DROP TABLE guests; DROP TABLE IF EXISTS other")?;
        Ok(())
    }
}

impl Transform for Transforms {
    fn apply(pipeline: &str, rows: &Batch, out: &mut RowWriter) -> Result<(), Failure> {
        match pipeline {
            "texts" => {
                for row in rows.read::<(&str, &str)>() {
                    let (name, phone) = row?;
                    out.row((name, digits(phone)));
                }
                return Ok(());
            }
            "composite" => {
                for row in rows.read::<(i32, &str, &str)>() {
                    let (a, b, phone) = row?;
                    out.row((a, b, digits(phone)));
                }
                return Ok(());
            }
            _ => {}
        }
        for row in rows.read::<(i64, &str)>() {
            let (id, phone) = row?;
            match pipeline {
                "phones" => out.row((id, digits(phone))),
                // Rows for which nothing is written stay as they are.
                "even" if id % 2 == 0 => out.row((id, digits(phone))),
                "even" => {}
                "shifted" => out.row((id + 1_000_000, digits(phone))),
                "rejects" if id == 30_003 => return Err("this is no phone number".into()),
                "rejects" => out.row((id, phone)),
                "panics" => {
                    assert_ne!(id, 30_003, "three");
                    out.row((id, phone));
                }
                "twice" => {
                    out.row((id, phone));
                    out.row((id, phone));
                }
                "three fields" => out.row((id, phone, id)),
                "statements" => {
                    execute("SELECT 1", &[])?;
                }
                "loops" => loop {},
                other => return Err(format!("there is no pipeline {other:?}").into()),
            }
        }
        Ok(())
    }
}

fn digits(phone: &str) -> String {
    phone.replace(' ', "")
}

fn phones() -> Plan {
    Plan::update("guests", &["id", "phone"]).source("SELECT id, phone FROM guests", &["id"]).batch(777, 1 << 20)
}

fn updates() -> Result<(), Failure> {
    same("rows", phones().run("phones")?, ROWS.unsigned_abs())?;
    same("left", count("SELECT count(*) FROM guests WHERE phone <> '0' || id / 3")?, 0)?;
    same("all", count("SELECT count(*) FROM guests WHERE long = phone || phone")?, ROWS)?;
    execute("UPDATE guests SET phone = '0 ' || id / 3", &[])?;
    let even = phones().in_schema("public").batch(1_000, 10_000).parallelism(3).run("even")?;
    same("even rows", even, ROWS.unsigned_abs() / 2)?;
    same("even left", count("SELECT count(*) FROM guests WHERE phone LIKE '% %'")?, ROWS / 2)?;
    same("temporary", count("SELECT count(*) FROM pg_class WHERE relname LIKE 'host\\_s%'")?, 0)
}

fn inserts() -> Result<(), Failure> {
    execute("CREATE TABLE other (guest bigint, digits text)", &[])?;
    let plan = Plan::insert("other", &["guest", "digits"]).source("SELECT id, phone FROM guests WHERE id % 2 = 0", &["id"]);
    same("rows", plan.batch(999, 1 << 20).run("shifted")?, ROWS.unsigned_abs() / 2)?;
    same("all", count("SELECT count(DISTINCT guest) FROM other WHERE digits = '0' || (guest - 1000000) / 3")?, ROWS / 2)
}

fn upserts() -> Result<(), Failure> {
    execute("CREATE TABLE other (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, phone text)", &[])?;
    execute("INSERT INTO other (id, phone) OVERRIDING SYSTEM VALUE SELECT id, 'old' FROM guests WHERE id % 2 = 0", &[])?;
    let plan = Plan::upsert("other", &["id", "phone"]).source("SELECT id, phone FROM guests", &["id"]);
    same("rows", plan.batch(999, 1 << 20).run("phones")?, ROWS.unsigned_abs())?;
    same("all", count("SELECT count(*) FROM other WHERE phone = '0' || id / 3")?, ROWS)
}

fn texts() -> Result<(), Failure> {
    execute_script(
        "CREATE TABLE other (\"Näme\" text COLLATE \"C\" PRIMARY KEY, phone varchar(20));
         INSERT INTO other SELECT E'it''s \\\\ ü ' || md5(id::text), phone FROM guests",
    )?;
    let plan = Plan::update("other", &["Näme", "phone"]).source("SELECT \"Näme\", phone FROM other", &["Näme"]);
    same("rows", plan.batch(999, 1 << 20).run("texts")?, ROWS.unsigned_abs())?;
    same("left", count("SELECT count(*) FROM other WHERE phone LIKE '% %'")?, 0)
}

fn composite() -> Result<(), Failure> {
    execute_script(
        "CREATE TYPE size AS ENUM ('small', 'large');
         CREATE TABLE other (a integer, b size, phone text, PRIMARY KEY (a, b));
         INSERT INTO other SELECT id / 3 / 2, CASE WHEN id % 2 = 0 THEN 'small' ELSE 'large' END::size, phone FROM guests ORDER BY 1 DESC",
    )?;
    let plan = Plan::update("other", &["a", "b", "phone"]).source("SELECT a, b, phone FROM other", &["a", "b"]);
    same("rows", plan.batch(333, 1 << 20).run("composite")?, ROWS.unsigned_abs())?;
    same("left", count("SELECT count(*) FROM other WHERE phone LIKE '% %'")?, 0)?;
    execute_script("DROP TABLE other; DROP TYPE size")?;
    Ok(())
}

fn partitions() -> Result<(), Failure> {
    execute_script(
        "CREATE TABLE other (id bigint PRIMARY KEY, phone text) PARTITION BY RANGE (id);
         CREATE TABLE other_1 PARTITION OF other FOR VALUES FROM (0) TO (30000);
         CREATE TABLE other_2 PARTITION OF other FOR VALUES FROM (30000) TO (1000000);
         INSERT INTO other SELECT id, phone FROM guests",
    )?;
    let plan = Plan::update("other", &["id", "phone"]).source("SELECT id, phone FROM other", &["id"]);
    same("rows", plan.batch(999, 1 << 20).run("phones")?, ROWS.unsigned_abs())?;
    same("left", count("SELECT count(*) FROM other WHERE phone LIKE '% %'")?, 0)?;
    into_partitions()
}

/// What is written decides into which partition it goes.
fn into_partitions() -> Result<(), Failure> {
    execute_script(
        "DROP TABLE other;
         CREATE TABLE other (guest bigint, digits text) PARTITION BY RANGE (digits);
         CREATE TABLE other_1 PARTITION OF other FOR VALUES FROM (MINVALUE) TO ('015');
         CREATE TABLE other_2 PARTITION OF other FOR VALUES FROM ('015') TO (MAXVALUE)",
    )?;
    let plan = Plan::insert("other", &["guest", "digits"]).source("SELECT id, phone FROM guests", &["id"]);
    same("rows", plan.batch(999, 1 << 20).run("phones")?, ROWS.unsigned_abs())?;
    same("all", count("SELECT count(*) FROM other_1")? + count("SELECT count(*) FROM other_2")?, ROWS)
}

fn nothing() -> Result<(), Failure> {
    let plan = phones().source("SELECT id, phone FROM guests WHERE false", &["id"]);
    same("rows", plan.run("phones")?, 0)
}

/// What a migration handles leaves nothing, and the transaction is sound.
fn handles() -> Result<(), Failure> {
    if phones().run("rejects").is_ok() {
        return Err("a row should be rejected".into());
    }
    same("left", count("SELECT count(*) FROM guests WHERE phone LIKE '% %'")?, ROWS)?;
    same("temporary", count("SELECT count(*) FROM pg_class WHERE relname LIKE 'host\\_s%'")?, 0)?;
    updates()
}

/// What is undone has skipped no row.
fn undoes() -> Result<(), Failure> {
    let undone: Result<(), Failure> = savepoint(|| {
        phones().run("rejects")?;
        Err("undo it".into())
    });
    same("undone", undone.is_err(), true)
}

/// What cannot come to a good end.
fn refused(case: &str) -> Result<(), Failure> {
    let plan = match case {
        "null key" => {
            execute_script("CREATE TABLE other (id bigint UNIQUE, phone text); INSERT INTO other VALUES (1, 'a'), (NULL, 'b')")?;
            Plan::update("other", &["id", "phone"]).source("SELECT id, phone FROM other", &["id"])
        }
        "no index" => {
            execute("CREATE TABLE other AS SELECT id, phone FROM guests", &[])?;
            Plan::update("other", &["id", "phone"]).source("SELECT id, phone FROM other", &["id"])
        }
        "no index in the target" => {
            execute("CREATE TABLE other AS SELECT id, phone FROM guests", &[])?;
            Plan::update("other", &["id", "phone"]).source("SELECT id, phone FROM guests", &["id"])
        }
        "duplicates" => phones().source("SELECT id, phone FROM guests, generate_series(1, 2)", &["id"]),
        "computed key" => phones().source("SELECT id + 1 AS id, phone FROM guests", &["id"]),
        "no key" => phones().source("SELECT id, phone FROM guests", &[]),
        "key of the target" => Plan::update("guests", &["phone", "seen"]).source("SELECT id, phone FROM guests", &["id"]),
        "generated" => Plan::update("guests", &["id", "long"]).source("SELECT id, phone FROM guests", &["id"]),
        "types" => {
            execute_script("CREATE TABLE other (id integer PRIMARY KEY, phone text)")?;
            Plan::update("other", &["id", "phone"]).source("SELECT id, phone FROM guests", &["id"])
        }
        "view" => {
            execute_script("CREATE VIEW other AS SELECT id, phone FROM guests")?;
            Plan::update("other", &["id", "phone"]).source("SELECT id, phone FROM guests", &["id"])
        }
        "trigger" => {
            execute_script(
                "CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF new.id = 9 THEN RETURN NULL; END IF; RETURN new; END';
                 CREATE TRIGGER quiet BEFORE UPDATE ON guests FOR EACH ROW EXECUTE FUNCTION quiet()",
            )?;
            phones()
        }
        "own" => Plan::insert("host_version", &["version_num"]).source("SELECT id, phone FROM guests", &["id"]),
        "endless" => Plan::insert("guests", &["id", "phone"]).source("SELECT id, phone FROM guests", &["id"]),
        "no table" => Plan::update("gone", &["id", "phone"]).source("SELECT id, phone FROM guests", &["id"]),
        "large row" => {
            execute("UPDATE guests SET phone = repeat('x', 2000000) WHERE id = 9", &[])?;
            phones()
        }
        "syntax" => phones().source("SELECT id, phone FORM guests", &["id"]),
        "injection" => phones().source("SELECT id, phone FROM guests) TO PROGRAM 'true'; --", &["id"]),
        "writes" => phones().source("WITH x AS (DELETE FROM guests RETURNING id, phone) SELECT id, phone FROM x", &["id"]),
        "zero" => phones().batch(0, 1),
        "identity" => {
            execute("ALTER TABLE guests ADD COLUMN number integer GENERATED ALWAYS AS IDENTITY", &[])?;
            Plan::update("guests", &["id", "number"]).source("SELECT id, phone FROM guests", &["id"])
        }
        "not null" => {
            execute("CREATE TABLE other (id bigint PRIMARY KEY, phone text, size integer NOT NULL)", &[])?;
            Plan::upsert("other", &["id", "phone"]).source("SELECT id, phone FROM guests", &["id"])
        }
        "narrow" => {
            execute("CREATE TABLE other (id integer, phone text)", &[])?;
            Plan::insert("other", &["id", "phone"]).source("SELECT id, phone FROM guests", &["id"])
        }
        "huge row" => {
            execute_script(
                "CREATE TABLE other (id bigint PRIMARY KEY, phone text);
                 INSERT INTO other VALUES (8, 'y'), (9, repeat('x', 900000000))",
            )?;
            Plan::update("other", &["id", "phone"]).source("SELECT id, phone FROM other", &["id"])
        }
        pipeline => {
            phones().run(pipeline)?;
            return Ok(());
        }
    };
    plan.run("phones")?;
    Ok(())
}

fn count(sql: &str) -> Result<i64, Failure> {
    Ok(query_one(sql, &[])?.get(0)?)
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, expected: T) -> Result<(), Failure> {
    if got == expected { Ok(()) } else { Err(format!("{what}: {got:?} instead of {expected:?}").into()) }
}
