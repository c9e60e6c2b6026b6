//! Reads a bigint as an i32, after a statement that must not survive.

use host_guest::{Failure, Migration, execute, query};

struct Misreads;

host_guest::export!(Misreads);

impl Migration for Misreads {
    fn upgrade() -> Result<(), Failure> {
        execute("CREATE TABLE dishes AS SELECT 7::bigint AS id", &[])?;
        for row in query("SELECT id\n   FROM dishes ORDER BY id", &[])? {
            let id: i32 = row.get("id")?;
            execute("DELETE FROM dishes WHERE id = $1", &[&id])?;
        }
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        Ok(())
    }
}
