//! The cases of the conformance suite in Rust: see tests/conformance/README.md.

mod statements;
mod surroundings;
mod transforms;
mod values;

use host_guest::bulk::{Batch, RowWriter};
use host_guest::transform::Transform;
use host_guest::{Error, Failure, Migration, Statement, execute, run_info};

struct Conformance;

host_guest::export_transform!(Conformance);

impl Migration for Conformance {
    fn upgrade() -> Result<(), Failure> {
        match case().as_str() {
            "edges" => values::edges(),
            "native" => values::native(),
            "rows" => statements::rows(),
            "prepared" => statements::prepared(),
            "bulk" => statements::bulk(),
            "transform" => transforms::rewrite("shout"),
            "transform_values" => transforms::values(),
            "transform_rejects" => transforms::rewrite("reject"),
            "script" => statements::script(),
            "caught" => statements::caught(),
            "savepoints" => statements::savepoints(),
            "bad_params" => kind(Statement::prepare("SELECT $1::int").and_then(|one| one.execute(&[])).map(drop)),
            "denied" => kind(execute("COMMIT", &[]).map(drop)),
            "conversion" => kind(host_guest::query("SELECT '{[1,2)}'::int4multirange", &[]).map(drop)),
            // A savepoint that was released is gone, so the compiler does not let it be released again.
            "misuse" => note("kind", "misuse"),
            "sql_error" => statements::insert_nowhere(),
            "failure" => Err("the kitchen is closed".into()),
            "panic" => surroundings::open_kitchen(None),
            "offline" => note("offline", "it's"),
            "offline_query" => Ok(host_guest::query("SELECT 1", &[]).map(drop)?),
            "random" => surroundings::random(),
            "clock" => surroundings::clock(),
            "run_info" => surroundings::run_info(),
            "log" => surroundings::log(),
            "endless" => surroundings::endless(),
            "memory" => surroundings::memory(),
            "recursion" => surroundings::recursion(),
            "file" => surroundings::file(),
            "network" => surroundings::network(),
            "process" => surroundings::process(),
            "irreversible" => note("up", "1"),
            other => Err(format!("unknown case {other}").into()),
        }
    }

    fn downgrade() -> Result<(), Failure> {
        if case() == "irreversible" { Err(Failure::irreversible()) } else { Ok(()) }
    }
}

impl Transform for Conformance {
    fn apply(pipeline: &str, rows: &Batch, out: &mut RowWriter) -> Result<(), Failure> {
        match pipeline {
            "shout" => transforms::shout(rows, out),
            "same" => transforms::same(rows, out),
            _ => transforms::reject(rows, out),
        }
    }
}

fn case() -> String {
    run_info().arg("case").unwrap_or_default().to_owned()
}

fn note(name: &str, value: &str) -> Result<(), Failure> {
    execute("INSERT INTO notes VALUES ($1, $2)", &[&name, &value])?;
    Ok(())
}

/// Notes the kind of an error that was caught.
fn kind(outcome: Result<(), Error>) -> Result<(), Failure> {
    match outcome {
        Err(Error::BadParams(_)) => note("kind", "bad-params"),
        Err(Error::Denied(_)) => note("kind", "denied"),
        Err(Error::Conversion(_)) => note("kind", "conversion"),
        Err(Error::Misuse(_)) => note("kind", "misuse"),
        other => Err(format!("not refused by host: {other:?}").into()),
    }
}
