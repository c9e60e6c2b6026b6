//! A mistake in line 12.

use host_guest::Failure;
use host_guest::Migration;

struct Broken;

host_guest::export!(Broken);

impl Migration for Broken {
    fn upgrade() -> Result<(), Failure> {
        let table = ;
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        Ok(())
    }
}
