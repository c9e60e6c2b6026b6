//! Panics, after a statement that must not survive.

use host_guest::{Failure, Migration, execute};

struct Panics;

host_guest::export!(Panics);

impl Migration for Panics {
    fn upgrade() -> Result<(), Failure> {
        execute("CREATE TABLE before_the_panic (id integer)", &[])?;
        let seats: Vec<u32> = Vec::new();
        assert!(!seats.is_empty(), "there are {} tables without seats", 7);
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        Ok(())
    }
}
