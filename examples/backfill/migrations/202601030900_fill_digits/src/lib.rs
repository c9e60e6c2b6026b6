//! Fills in the digits of phone numbers, by which guests are found, batch by batch while the restaurant is open.

use host_guest::bulk::{Batch, RowWriter};
use host_guest::transform::{Plan, Transform};
use host_guest::{Failure, Migration, execute};

struct FillDigits;

host_guest::export_transform!(FillDigits);

impl Migration for FillDigits {
    fn upgrade() -> Result<(), Failure> {
        Plan::update("guests", &["id", "digits"])
            .source("SELECT id, phone FROM guests WHERE digits IS NULL", &["id"])
            .batch(5_000, 8 << 20)
            .parallelism(2)
            .commit_per_batch()
            .run("digits")?;
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        execute("UPDATE guests SET digits = NULL WHERE digits IS NOT NULL", &[])?;
        Ok(())
    }
}

impl Transform for FillDigits {
    fn apply(_pipeline: &str, guests: &Batch, out: &mut RowWriter) -> Result<(), Failure> {
        let mut digits = String::new();
        for guest in guests.read::<(i64, &str)>() {
            let (id, phone) = guest?;
            digits.clear();
            digits.extend(phone.chars().filter(char::is_ascii_digit));
            out.row((id, digits.as_str()));
        }
        Ok(())
    }
}
