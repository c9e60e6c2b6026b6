//! Savepoints in each other, kept, undone, dropped and misused. What is left at the end says whether all of it worked.

use host_guest::{Error, Failure, Migration, Savepoint, execute, execute_script, query_one, savepoint};

struct Savepoints;

host_guest::export!(Savepoints);

impl Migration for Savepoints {
    fn upgrade() -> Result<(), Failure> {
        execute("CREATE TABLE steps (name text PRIMARY KEY)", &[])?;
        fail_and_go_on()?;
        release()?;
        drop_without_release()?;
        nest()?;
        misuse()?;
        expect(&["after the failure", "dropped before", "inner kept", "outer", "released"])
    }

    fn downgrade() -> Result<(), Failure> {
        execute_script("DROP TABLE steps")?;
        Ok(())
    }
}

fn fail_and_go_on() -> Result<(), Failure> {
    let point = Savepoint::begin()?;
    step("undone")?;
    let Err(Error::Sql(error)) = execute("SELECT 1 / 0", &[]) else {
        return Err("the division by zero was not refused".into());
    };
    if error.sqlstate != "22012" {
        return Err(format!("SQLSTATE {} instead of 22012", error.sqlstate).into());
    }
    let Err(Error::Sql(error)) = execute("SELECT 1", &[]) else {
        return Err("a statement ran in a failed transaction".into());
    };
    if error.sqlstate != "25P02" {
        return Err(format!("SQLSTATE {} instead of 25P02", error.sqlstate).into());
    }
    point.rollback()?;
    step("after the failure")?;
    point.release()?;
    Ok(())
}

fn release() -> Result<(), Failure> {
    savepoint(|| step("released"))?;
    Ok(())
}

fn drop_without_release() -> Result<(), Failure> {
    step("dropped before")?;
    {
        let _point = Savepoint::begin()?;
        step("dropped inside")?;
    }
    let failed = savepoint(|| execute("INSERT INTO steps VALUES ('dropped before')", &[]));
    match failed {
        Err(Error::Sql(error)) if error.constraint.as_deref() == Some("steps_pkey") => Ok(()),
        other => Err(format!("the duplicate gave {other:?}").into()),
    }
}

fn nest() -> Result<(), Failure> {
    let outer = Savepoint::begin()?;
    step("outer")?;
    savepoint(|| step("inner kept"))?;
    let undone = savepoint(|| -> Result<(), Failure> {
        step("inner undone")?;
        Err("on purpose")?
    });
    if undone != Err(Failure::message("on purpose")) {
        return Err(format!("the inner savepoint gave {undone:?}").into());
    }
    outer.release()?;
    Ok(())
}

/// A savepoint is gone once an outer one has ended. The host says so, and sends nothing.
fn misuse() -> Result<(), Failure> {
    let outer = Savepoint::begin()?;
    let inner = Savepoint::begin()?;
    outer.release()?;
    let rollback = inner.rollback();
    let release = inner.release();
    match (rollback, release) {
        (Err(Error::Misuse(_)), Err(Error::Misuse(_))) => Ok(()),
        other => Err(format!("a savepoint that is gone gave {other:?}").into()),
    }
}

fn step(name: &str) -> Result<u64, Error> {
    execute("INSERT INTO steps VALUES ($1)", &[&name])
}

fn expect(names: &[&str]) -> Result<(), Failure> {
    let row = query_one("SELECT array_agg(name ORDER BY name) AS names FROM steps", &[])?;
    let found = row.get::<Vec<&str>>("names")?;
    if found == names { Ok(()) } else { Err(format!("{found:?} is left instead of {names:?}").into()) }
}
