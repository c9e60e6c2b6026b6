//! Runs a script whose statement in the third line fails.

use host_guest::{Failure, Migration, execute_script};

struct Script;

host_guest::export!(Script);

impl Migration for Script {
    fn upgrade() -> Result<(), Failure> {
        execute_script(SCRIPT)?;
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        Ok(())
    }
}

/// The position is that of `colour` in the third line, counted in characters: the second line has some of two bytes.
const SCRIPT: &str = "CREATE TABLE dishes (id integer, name text);
INSERT INTO dishes VALUES (1, 'crème brûlée; with a semicolon');
SELECT id, colour FROM dishes;
DROP TABLE dishes;
";
