//! Hides a COMMIT in a parameter of a batch: in the encoding that the session is made to take, the last byte of a letter takes
//! along the character after it.

use host_guest::{Failure, Migration, Statement, execute};

struct Encodes;

host_guest::export!(Encodes);

impl Migration for Encodes {
    fn upgrade() -> Result<(), Failure> {
        execute("CREATE TABLE taken (value text)", &[])?;
        let statement = Statement::prepare("INSERT INTO taken VALUES ($1)")?;
        // Put together, so that nobody reads it in the text.
        for (name, value) in [("client_encoding", "SJIS"), ("backslash_quote", "on")] {
            let (first, rest) = name.split_at(3);
            execute(
                &format!("DO $$ BEGIN PERFORM set_config('{first}' || '{rest}', '{value}', false); END $$"),
                &[],
            )?;
        }
        statement.execute_many([
            ("\u{3041}\\');COMMIT;CREATE TABLE escaped (id integer);--",),
            ("\u{3041}');COMMIT;CREATE TABLE escaped (id integer);--",),
            ("\u{e0}',$$",),
        ])?;
        Err(Failure::from("nothing of this may stay"))
    }

    fn downgrade() -> Result<(), Failure> {
        Ok(())
    }
}
