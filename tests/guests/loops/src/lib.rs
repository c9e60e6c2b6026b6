//! Never ends, without a call to the host.

use host_guest::{Failure, Migration};

struct Loops;

host_guest::export!(Loops);

impl Migration for Loops {
    fn upgrade() -> Result<(), Failure> {
        let mut number = 1u64;
        loop {
            // black_box keeps the compiler from proving that the loop does nothing.
            number = std::hint::black_box(number.wrapping_mul(3));
        }
    }

    fn downgrade() -> Result<(), Failure> {
        Ok(())
    }
}
