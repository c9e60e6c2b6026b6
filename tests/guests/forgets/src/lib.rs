//! Ends inside of a savepoint, with a trigger that waits for the COMMIT. What is set in a savepoint is undone at its end, which
//! comes with the COMMIT and before the trigger.

use host_guest::{Failure, Migration, Savepoint, execute};

struct Forgets;

host_guest::export!(Forgets);

impl Migration for Forgets {
    fn upgrade() -> Result<(), Failure> {
        execute("CREATE TABLE waits (id int)", &[])?;
        execute(
            "CREATE FUNCTION forge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF NEW.id = 1 THEN SET CONSTRAINTS ALL DEFERRED; INSERT INTO waits VALUES (2); \
             ELSE UPDATE host_log SET error = 'forged'; END IF; RETURN NULL; END $$",
            &[],
        )?;
        execute(
            "CREATE CONSTRAINT TRIGGER forge AFTER INSERT ON waits DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION forge()",
            &[],
        )?;
        std::mem::forget(Savepoint::begin()?);
        execute("INSERT INTO waits VALUES (1)", &[])?;
        std::mem::forget(Savepoint::begin()?);
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        Ok(())
    }
}
