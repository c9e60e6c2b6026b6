//! Sleeps in the server, where no guest time passes.

use host_guest::{Failure, Migration, execute};

struct Sleeps;

host_guest::export!(Sleeps);

impl Migration for Sleeps {
    fn upgrade() -> Result<(), Failure> {
        execute("SELECT pg_sleep(30)", &[])?;
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        Ok(())
    }
}
