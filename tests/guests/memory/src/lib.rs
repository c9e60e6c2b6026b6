//! Allocates without end.

use host_guest::{Failure, Migration};

struct Memory;

host_guest::export!(Memory);

impl Migration for Memory {
    fn upgrade() -> Result<(), Failure> {
        let mut blocks = Vec::new();
        loop {
            blocks.push(std::hint::black_box(vec![1u8; 1 << 20]));
        }
    }

    fn downgrade() -> Result<(), Failure> {
        Ok(())
    }
}
