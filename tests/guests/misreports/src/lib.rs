//! Calls an error of the server something else. The host knows better.

use host_guest::{Failure, Migration, execute};

struct Misreports;

host_guest::export!(Misreports);

impl Migration for Misreports {
    fn upgrade() -> Result<(), Failure> {
        execute("INSERT INTO no_such_table VALUES (1)", &[]).map_err(|_| "something went wrong")?;
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        Ok(())
    }
}
