//! {{message}}

use host_guest::Failure;
use host_guest::Migration;

struct Revision;

impl Migration for Revision {
    fn upgrade() -> Result<(), Failure> {
        // host_guest::execute("CREATE TABLE …", &[])?;
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        // host_guest::execute("DROP TABLE …", &[])?;
        Ok(())
    }
}

host_guest::export!(Revision);
