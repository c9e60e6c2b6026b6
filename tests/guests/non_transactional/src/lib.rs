//! Without a transaction: statements with and without parameters, batches, reads, and what is refused there.

use host_guest::{Error, Failure, Migration, Savepoint, Statement, execute, execute_script, query, query_one, run_info};

struct NonTransactional;

host_guest::export!(NonTransactional);

impl Migration for NonTransactional {
    fn upgrade() -> Result<(), Failure> {
        // 1, 2
        execute_script("CREATE TABLE nights (id integer PRIMARY KEY, note text); CREATE TABLE clock (micros bigint);")?;
        // 3: a rerun sees the same time, or it could not go on.
        execute("INSERT INTO clock VALUES ($1)", &[&run_info().now_micros])?;
        // 4: a batch is one statement.
        let insert = Statement::prepare("INSERT INTO nights (id) VALUES ($1)")?;
        same("rows written", insert.execute_many((0..1000).map(|id| (id,)))?, 1000)?;
        same("rows read", query_one("SELECT count(*) FROM nights", &[])?.get::<i64>(0)?, 1000)?;
        // 5 to 8: the rows that a rerun gets are those of the first run.
        let update = Statement::prepare("UPDATE nights SET note = coalesce(note, '') || 'x' WHERE id BETWEEN $1 AND $2")?;
        for batch in 0..4 {
            same("rows touched", update.execute(&[&(batch * 250), &(batch * 250 + 249)])?, 250)?;
        }
        // 9
        execute("CREATE INDEX CONCURRENTLY nights_note ON nights (note)", &[])?;
        let Err(Error::Misuse(_)) = Savepoint::begin() else { Err("a savepoint without a transaction")? };
        let Err(Error::Misuse(_)) = execute("SET LOCAL work_mem = '1MB'", &[]) else { Err("SET LOCAL has no effect")? };
        let Err(Error::Misuse(_)) = query("VACUUM", &[]) else { Err("VACUUM gives no rows")? };
        if let Some(how) = run_info().arg("fail") {
            match how {
                "write" => drop(query("INSERT INTO nights VALUES (-1) RETURNING id", &[])?),
                "swallow" => {
                    // 10
                    let Err(Error::Sql(_)) = execute("SELECT 1 / 0", &[]) else { Err("no error")? };
                    let Err(Error::Misuse(_)) = execute("DELETE FROM nights", &[]) else { Err("it went on")? };
                }
                _ => Err("as it was told")?,
            }
        }
        // 10
        same("rows deleted", execute("DELETE FROM nights WHERE id < $1", &[&10i32])?, 10)
    }

    fn downgrade() -> Result<(), Failure> {
        execute("DROP INDEX CONCURRENTLY nights_note", &[])?;
        execute("DROP TABLE nights, clock", &[])?;
        Ok(())
    }
}

fn same<T: std::fmt::Debug + PartialEq>(what: &str, found: T, expected: T) -> Result<(), Failure> {
    if found == expected { Ok(()) } else { Err(format!("{what}: got {found:?}, expected {expected:?}").into()) }
}
