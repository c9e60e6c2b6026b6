//! Rewrites a table batch by batch. Whatever is done twice to a row shows: `-x workers=…`, `-x reject=ID`,
//! `-x reject-each=N` (whose ids N divides), `-x slow=ROUNDS`, `-x index=1`; with `-x alone=1` it does nothing else.

use host_guest::bulk::{Batch, RowWriter};
use host_guest::transform::{Plan, Transform};
use host_guest::{Failure, Migration, execute, run_info};

struct Backfill;

host_guest::export_transform!(Backfill);

impl Migration for Backfill {
    fn upgrade() -> Result<(), Failure> {
        let alone = number("alone").is_some();
        if !alone {
            execute("CREATE TABLE begun (at timestamptz DEFAULT now())", &[])?;
        }
        Plan::update("guests", &["id", "phone", "times"])
            .source("SELECT id, phone, times FROM guests", &["id"])
            .batch(100, 1 << 20)
            .parallelism(number("workers").unwrap_or(1))
            .commit_per_batch()
            .run("times")?;
        if number("index").is_some() {
            execute("CREATE INDEX CONCURRENTLY phones ON guests (phone)", &[])?;
        }
        if !alone {
            execute("CREATE TABLE ended (at timestamptz DEFAULT now())", &[])?;
        }
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        execute("DROP TABLE begun", &[])?;
        execute("DROP TABLE ended", &[])?;
        Ok(())
    }
}

impl Transform for Backfill {
    fn apply(_pipeline: &str, rows: &Batch, out: &mut RowWriter) -> Result<(), Failure> {
        let [reject, reject_each] = ["reject", "reject-each"].map(|name| number(name).map(i64::from));
        let slow = number("slow").unwrap_or(0);
        for row in rows.read::<(i64, &str, i32)>() {
            let (id, phone, times) = row?;
            if reject == Some(id) || reject_each.is_some_and(|each| id % each == 0) {
                return Err("this row is rejected".into());
            }
            (0..slow).for_each(|round| drop(std::hint::black_box(round)));
            out.row((id, phone.replace(' ', ""), times + 1));
        }
        Ok(())
    }
}

/// What was given with `-x NAME=NUMBER`.
fn number(name: &str) -> Option<u32> {
    let args = run_info().args;
    args.iter().find(|(found, _)| found == name).and_then(|(_, value)| value.parse().ok())
}
