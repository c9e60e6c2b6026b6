//! Turns the phone numbers of customers into E.164, the form with a country's calling code and nothing but digits.
//!
//! A number that cannot be understood stays as it is, and `phone_problems` says why. `phone_changes` keeps what was
//! there before, for the way back.

mod phone;
mod plan;

use host_guest::{Failure, Migration, Row, Statement, execute, execute_script, info, progress, query_one, warn};

/// As many rows are read, thought about and written at a time.
const BATCH: i32 = 200;

struct NormalisePhoneNumbers;

host_guest::export!(NormalisePhoneNumbers);

impl Migration for NormalisePhoneNumbers {
    fn upgrade() -> Result<(), Failure> {
        execute_script(
            "CREATE TABLE phone_changes (
               customer_id bigint PRIMARY KEY REFERENCES customers (id) ON DELETE CASCADE,
               original    text NOT NULL,
               normalised  text NOT NULL
             );
             CREATE TABLE phone_problems (
               customer_id bigint PRIMARY KEY REFERENCES customers (id) ON DELETE CASCADE,
               phone       text NOT NULL,
               reason      text NOT NULL
             );",
        )?;
        let total: i64 = query_one("SELECT count(*) FROM customers WHERE phone IS NOT NULL", &[])?.get(0)?;
        // Without a country of their own, customers are taken for locals.
        let read = Statement::prepare(
            "SELECT customers.id, phone, coalesce(customers.country, restaurants.country) AS country
             FROM customers JOIN restaurants ON restaurants.id = restaurant_id
             WHERE phone IS NOT NULL AND customers.id > $1
             ORDER BY customers.id LIMIT $2",
        )?;
        let write = Writer::prepare()?;
        let mut counts = Counts::default();
        let mut last = i64::MIN;
        loop {
            let rows = read.query(&[&last, &i64::from(BATCH)])?;
            let Some(end) = rows.last() else { break };
            last = end.get("id")?;
            let batch = Batch::think(&rows)?;
            write.write(&batch)?;
            counts.add(&batch);
            progress("phone numbers", counts.seen(), u64::try_from(total).ok());
        }
        counts.report();
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        let changes: i64 = query_one("SELECT count(*) FROM phone_changes", &[])?.get(0)?;
        let restored = execute(
            "UPDATE customers SET phone = original FROM phone_changes
             WHERE customers.id = customer_id AND phone = normalised",
            &[],
        )?;
        let edited = u64::try_from(changes).unwrap_or_default().saturating_sub(restored);
        if edited > 0 {
            warn!("{edited} numbers were edited since, they stay as they are");
        }
        execute_script("DROP TABLE phone_problems; DROP TABLE phone_changes;")?;
        info!("{restored} original numbers are back");
        Ok(())
    }
}

/// What is to be done about some customers.
#[derive(Default)]
struct Batch {
    /// Customer, number as it was, number in E.164.
    changed: Vec<(i64, String, String)>,
    /// Customer, number, why it cannot be understood.
    problems: Vec<(i64, String, String)>,
    unchanged: u64,
}

struct Writer {
    update: Statement,
    keep: Statement,
    complain: Statement,
}

#[derive(Default)]
struct Counts {
    changed: usize,
    problems: usize,
    unchanged: u64,
}

impl Batch {
    fn think(rows: &[Row]) -> Result<Self, Failure> {
        let mut batch = Self::default();
        for row in rows {
            let (id, phone) = (row.get::<i64>("id")?, row.get::<String>("phone")?);
            match phone::normalise(&phone, row.get("country")?) {
                Ok(normalised) if normalised == phone => batch.unchanged += 1,
                Ok(normalised) => batch.changed.push((id, phone, normalised)),
                Err(problem) => batch.problems.push((id, phone, problem.to_string())),
            }
        }
        Ok(batch)
    }
}

impl Writer {
    fn prepare() -> Result<Self, Failure> {
        Ok(Self {
            update: Statement::prepare("UPDATE customers SET phone = $2 WHERE id = $1")?,
            keep: Statement::prepare("INSERT INTO phone_changes VALUES ($1, $2, $3)")?,
            complain: Statement::prepare("INSERT INTO phone_problems VALUES ($1, $2, $3)")?,
        })
    }

    fn write(&self, batch: &Batch) -> Result<(), Failure> {
        self.update.execute_many(batch.changed.iter().map(|(id, _, normalised)| (id, normalised)))?;
        self.keep.execute_many(&batch.changed)?;
        self.complain.execute_many(&batch.problems)?;
        Ok(())
    }
}

impl Counts {
    fn add(&mut self, batch: &Batch) {
        self.changed += batch.changed.len();
        self.problems += batch.problems.len();
        self.unchanged += batch.unchanged;
    }

    fn seen(&self) -> u64 {
        let lists = u64::try_from(self.changed + self.problems).unwrap_or_default();
        lists + self.unchanged
    }

    fn report(&self) {
        info!("{} numbers normalised, {} were so already", self.changed, self.unchanged);
        if self.problems > 0 {
            warn!("{} numbers cannot be understood, see the table phone_problems", self.problems);
        }
    }
}
