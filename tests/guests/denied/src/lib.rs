//! Sends statements that no migration may send, and others that it did not ask for, in every way that there is. It asked
//! for `data`. None of them may reach the server, so the transaction stays sound.

use host_guest::{Error, Failure, Migration, Statement, execute, execute_script, query};

struct Denied;

host_guest::export!(Denied);

const STATEMENTS: [&str; 20] = [
    "COMMIT",
    "SET SESSION AUTHORIZATION postgres",
    "SET LOCAL \"role\" TO postgres",
    "RESET ROLE",
    "SET standard_conforming_strings = off",
    "SET LOCAL lock_timeout = 0",
    "COPY host_version TO STDOUT",
    "COPY host_version TO PROGRAM 'true'",
    "PREPARE a AS DELETE FROM host_version",
    "DEALLOCATE ALL",
    "LISTEN a",
    "DISCARD ALL",
    "LOAD 'plpgsql'",
    "ALTER SYSTEM SET work_mem = '1GB'",
    "CREATE DATABASE a",
    "CREATE TABLE a (id int)",
    "SELECT 1 INTO a",
    "DO $$ BEGIN NULL; END $$",
    "SELECT set_config('role', 'postgres', false)",
    "SELECT 1; COMMIT",
];

impl Migration for Denied {
    fn upgrade() -> Result<(), Failure> {
        for statement in STATEMENTS {
            denied(statement, "execute", execute(statement, &[]).err())?;
            denied(statement, "query", query(statement, &[]).err())?;
            denied(statement, "prepare", Statement::prepare(statement).err())?;
            denied(statement, "a script", execute_script(statement).err())?;
        }
        denied("the second of two", "a script", execute_script("SELECT 1; CREATE TABLE a (id int)").err())?;
        // The transaction is sound all the same.
        execute("SELECT set_config('search_path', 'public', true)", &[])?;
        execute("CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1", &[])?;
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        Ok(())
    }
}

fn denied(statement: &str, call: &str, error: Option<Error>) -> Result<(), String> {
    match error {
        Some(Error::Denied(_)) => Ok(()),
        other => Err(format!("{statement} through {call}: {other:?}")),
    }
}
