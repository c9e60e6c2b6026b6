//! Splits the full names of customers into title, given name and family name, so that letters can begin as they should.
//!
//! The full name stays what people gave; the parts are a guess that the staff may correct.

mod name;

use host_guest::{Failure, Migration, Row, Statement, execute, info, progress, query_one};
use name::Name;

/// As many rows are read and written at a time.
const BATCH: i64 = 200;

struct SplitNames;

host_guest::export!(SplitNames);

impl Migration for SplitNames {
    fn upgrade() -> Result<(), Failure> {
        execute("ALTER TABLE customers ADD title text, ADD given_name text, ADD family_name text", &[])?;
        let total: i64 = query_one("SELECT count(*) FROM customers", &[])?.get(0)?;
        let read = Statement::prepare("SELECT id, full_name FROM customers WHERE id > $1 ORDER BY id LIMIT $2")?;
        let write =
            Statement::prepare("UPDATE customers SET title = $2, given_name = $3, family_name = $4 WHERE id = $1")?;
        let mut last = i64::MIN;
        let mut done = 0;
        loop {
            let rows = read.query(&[&last, &BATCH])?;
            let Some(end) = rows.last() else { break };
            last = end.get("id")?;
            let names = rows.iter().map(split).collect::<Result<Vec<_>, Failure>>()?;
            done += write.execute_many(names.iter().map(|(id, name)| (id, &name.title, &name.given, &name.family)))?;
            progress("names", done, u64::try_from(total).ok());
        }
        let nameless: i64 = query_one("SELECT count(*) FROM customers WHERE family_name IS NULL", &[])?.get(0)?;
        info!("{done} names split, {nameless} of them without a family name");
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        execute("ALTER TABLE customers DROP title, DROP given_name, DROP family_name", &[])?;
        Ok(())
    }
}

fn split(row: &Row) -> Result<(i64, Name), Failure> {
    Ok((row.get("id")?, Name::split(row.get("full_name")?)))
}
