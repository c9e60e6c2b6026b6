//! Hides a COMMIT in a statement that is one as long as strings are read as the standard says, and then changes how the
//! session reads strings.

use host_guest::{Failure, Migration, Statement, execute};

struct Hides;

host_guest::export!(Hides);

impl Migration for Hides {
    fn upgrade() -> Result<(), Failure> {
        execute("CREATE TABLE before_the_commit (one text, two text, three text)", &[])?;
        let hidden = r"INSERT INTO before_the_commit VALUES ($1, '\', ');COMMIT;CREATE TABLE escaped (id integer);--')";
        let statement = Statement::prepare(hidden)?;
        // Put together, so that nobody reads it in the text.
        execute("DO $$ BEGIN PERFORM set_config('standard_' || 'conforming_strings', 'off', false); END $$", &[])?;
        statement.execute_many([("a row",), ("another row",)])?;
        Err(Failure::from("nothing of this may stay"))
    }

    fn downgrade() -> Result<(), Failure> {
        Ok(())
    }
}
