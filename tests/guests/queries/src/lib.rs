//! What it writes depends on what it reads, and a part of it is undone: few statements, of each kind one. For faults at every
//! message of them.

use host_guest::{Error, Failure, Migration, execute, execute_script, query_one, savepoint};

struct Queries;

host_guest::export!(Queries);

impl Migration for Queries {
    fn upgrade() -> Result<(), Failure> {
        execute("CREATE TABLE tills (number int PRIMARY KEY, cents bigint NOT NULL)", &[])?;
        execute("INSERT INTO tills VALUES ($1, $2)", &[&1i32, &250i64])?;
        let undone = savepoint(|| execute("INSERT INTO tills VALUES (1, 0)", &[]));
        if !matches!(undone, Err(Error::Sql(_))) {
            return Err(format!("the duplicate gave {undone:?}").into());
        }
        let row = query_one("SELECT max(number) AS number, sum(cents)::bigint AS cents FROM tills", &[])?;
        let (number, cents) = (row.get::<i32>("number")?, row.get::<i64>("cents")?);
        execute("INSERT INTO tills VALUES ($1, $2)", &[&(number + 1), &(cents * 2)])?;
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        execute_script("DELETE FROM tills; DROP TABLE tills")?;
        Ok(())
    }
}
