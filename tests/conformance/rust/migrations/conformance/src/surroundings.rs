//! Failures, the facts of a run, the log, and what a migration must not do.

use std::hint::black_box;

use host_guest::{Failure, Level, log as log_line, println, progress};

use crate::note;

pub fn open_kitchen(key: Option<&str>) -> Result<(), Failure> {
    black_box(key).expect("a key of the kitchen");
    Ok(())
}

/// std has no generator, and here no source of random numbers: the seed of the run is what one begins with.
pub fn random() -> Result<(), Failure> {
    let mut state = host_guest::run_info().seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let numbers = [next(), next(), next()].map(|number| number.to_string());
    note("random", &numbers.join(" "))
}

/// For wasm32-unknown-unknown std has no clock, so that of the run is the one.
pub fn clock() -> Result<(), Failure> {
    note("clock", if host_guest::run_info().now_micros > 0 { "same" } else { "none" })
}

pub fn run_info() -> Result<(), Failure> {
    const NEW_YEAR_2026: i64 = 1_767_225_600_000_000;
    let run = host_guest::run_info();
    let args: Vec<String> = run.args.iter().map(|(key, value)| format!("{key}={value}")).collect();
    note("revision", &run.revision)?;
    note("dry_run", &run.dry_run.to_string())?;
    note("server", &(run.server_version / 10_000).to_string())?;
    note("path", &run.search_path.join(","))?;
    note("args", &args.join(","))?;
    note("seed", &run.seed.to_string())?;
    note("now_is_recent", &(run.now_micros > NEW_YEAR_2026).to_string())
}

pub fn log() -> Result<(), Failure> {
    log_line(Level::Debug, "one");
    log_line(Level::Info, "two");
    log_line(Level::Warn, "three");
    log_line(Level::Error, "four");
    println!("printed");
    progress("tables", 3, 10);
    Ok(())
}

pub fn endless() -> Result<(), Failure> {
    loop {
        black_box(());
    }
}

pub fn memory() -> Result<(), Failure> {
    let mut taken = Vec::new();
    loop {
        taken.push(black_box(vec![1u8; 1 << 20]));
    }
}

pub fn recursion() -> Result<(), Failure> {
    fn descend(depth: u64) -> u64 {
        if black_box(depth) == u64::MAX { 0 } else { descend(depth + 1).wrapping_add(depth) }
    }
    black_box(descend(1));
    Ok(())
}

pub fn file() -> Result<(), Failure> {
    std::fs::read("/etc/passwd").map_err(|error| error.to_string())?;
    Ok(())
}

pub fn network() -> Result<(), Failure> {
    std::net::TcpStream::connect("127.0.0.1:5432").map_err(|error| error.to_string())?;
    Ok(())
}

pub fn process() -> Result<(), Failure> {
    std::process::Command::new("/bin/true").status().map_err(|error| error.to_string())?;
    Ok(())
}
