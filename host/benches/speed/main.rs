//! How fast `host` is, measured on this machine: `scripts/bench` runs it, docs/benchmarks.md holds what it said.
//!
//! Every figure with a limit is printed with it, and a limit that is exceeded makes the exit code 1. Words on the command
//! line choose sections, for example `scripts/bench nothing-to-do planner`; without any, all of them run. `--rows N` is the size of
//! the table of `transform`.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark makes folders and starts the command")]

mod alembic;
mod bulk;
mod figures;
mod image;
mod languages;
mod latency;
mod machine;
mod nothing_to_do;
mod overhead;
mod plain_loop;
mod planner;
mod process;
mod project;
mod proxy;
mod round_trips;
mod sandbox;
mod schema;
mod server;
mod texts;
mod thousand;
mod transform;
mod tuples;

use std::process::ExitCode;

use figures::Figures;
use project::TestProject;
use server::Server;

/// Any failure ends the benchmark.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A large project.
const MANY: usize = 1_000;

/// One that nobody has, and that must be no trouble.
const MOST: usize = 10_000;

/// A project to compare it with.
const FEW: usize = 100;

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    // Cargo says so when it runs benchmarks, and says nothing when it runs them as tests.
    let benchmark = words.iter().any(|word| word == "--bench");
    words.retain(|word| word != "--bench");
    if !benchmark {
        println!("nothing is measured without --bench: use scripts/bench");
        return ExitCode::SUCCESS;
    }
    match rows_of(&mut words).and_then(|rows| run(&words, rows)) {
        Ok(figures) if figures.all_within_limits() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Takes `--rows N` out of the words.
fn rows_of(words: &mut Vec<String>) -> Result<u64> {
    let Some(place) = words.iter().position(|word| word == "--rows") else { return Ok(bulk::ROWS) };
    let given = words.drain(place..(place + 2).min(words.len())).nth(1);
    let rows = given.as_deref().and_then(|given| given.parse().ok()).filter(|rows| *rows >= 100_000);
    rows.ok_or_else(|| "--rows takes a number from 100000 on".into())
}

fn run(words: &[String], rows: u64) -> Result<Figures> {
    let wanted = |section: &str| words.is_empty() || words.iter().any(|word| word == section);
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut figures = Figures::default();
    let server = Server::start(folder.path())?;
    println!("{}", machine::facts(&server)?);
    if wanted("size") {
        process::measure_binary(&mut figures)?;
    }
    if wanted("nothing-to-do") || wanted("round-trips") {
        let few = TestProject::generate(folder.path(), "few", FEW, project::mixed)?;
        let many = TestProject::generate(folder.path(), "many", MANY, project::mixed)?;
        let databases = [server.create_database("few_up")?, server.create_database("many_up")?];
        for (project, url) in [&few, &many].into_iter().zip(&databases) {
            process::run(project.host(url, &["upgrade", "head"]))?;
        }
        if wanted("round-trips") {
            round_trips::measure(&mut figures, &server, &many, "many_up", folder.path())?;
        }
        if wanted("nothing-to-do") {
            nothing_to_do::measure(&mut figures, [(&few, &databases[0]), (&many, &databases[1])])?;
            nothing_to_do::measure_long_log(&mut figures, &server, &many, &databases[1])?;
            nothing_to_do::measure_most(&mut figures, &server, folder.path())?;
        }
    }
    if wanted("thousand") {
        thousand::measure(&mut figures, &server, folder.path(), &runtime)?;
    }
    if wanted("latency") {
        latency::measure(&mut figures, &server, folder.path(), &runtime)?;
    }
    if wanted("sandbox") {
        sandbox::measure(&mut figures, &server, folder.path(), &runtime)?;
    }
    if wanted("image") {
        image::measure(&mut figures, &folder.path().join("image"), &runtime)?;
    }
    if wanted("languages") {
        languages::measure(&mut figures, &server, folder.path())?;
    }
    if wanted("alembic") {
        alembic::measure(&mut figures, &server, folder.path())?;
    }
    if wanted("bulk") {
        bulk::measure(&mut figures, &server, folder.path(), &runtime)?;
    }
    if wanted("transform") {
        transform::measure(&mut figures, &server, folder.path(), &runtime, rows)?;
    }
    if wanted("tuples") {
        tuples::measure(&mut figures, &server, folder.path(), &runtime)?;
    }
    if wanted("schema") {
        schema::measure(&mut figures, &server, folder.path(), &runtime)?;
    }
    if wanted("texts") {
        texts::measure(&mut figures, folder.path())?;
    }
    if wanted("planner") {
        planner::measure(&mut figures)?;
    }
    println!("{figures}");
    Ok(figures)
}
