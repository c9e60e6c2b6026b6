//! Ignores an error of the server and says that all is well. The transaction is lost, so the host must not believe it.

use host_guest::{Failure, Migration, execute};

struct Swallows;

host_guest::export!(Swallows);

impl Migration for Swallows {
    fn upgrade() -> Result<(), Failure> {
        let _ = execute("INSERT INTO no_such_table VALUES (1)", &[]);
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        Ok(())
    }
}
