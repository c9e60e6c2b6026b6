//! Compares two databases: `schema-diff --from URL --to URL [--sql]`. With `--sql` it prints the statements that turn the
//! first into the second, otherwise the list of differences.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::process::ExitCode;

use host_schema::Catalog;
use host_schema::DiffOptions;
use host_schema::ReadOptions;
use sqlx::Connection;
use sqlx::PgConnection;

type Failure = Box<dyn std::error::Error>;

async fn catalog(url: &str) -> Result<Catalog, Failure> {
    let mut connection = PgConnection::connect(url).await?;
    let catalog = host_schema::read(&mut connection, &ReadOptions::default()).await?;
    connection.close().await?;
    Ok(catalog)
}

async fn run() -> Result<(), Failure> {
    let (mut from, mut to, mut sql, mut options) = (None, None, false, DiffOptions::default());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--from" => from = arguments.next(),
            "--to" => to = arguments.next(),
            "--rename" => options.renames.push(arguments.next().unwrap_or_default().parse()?),
            "--online" => options.online = true,
            "--sql" => sql = true,
            other => return Err(format!("{other} is not an argument of this program").into()),
        }
    }
    let (Some(from), Some(to)) = (from, to) else { return Err("give --from URL and --to URL".into()) };
    let (from, to) = (catalog(&from).await?, catalog(&to).await?);
    let plan = host_schema::diff(&from, &to, &options)?;
    if sql {
        print!("{}", plan.to_sql());
    } else {
        for change in &plan.changes {
            println!("{change}");
        }
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
