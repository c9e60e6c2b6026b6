//! What the sandbox costs before a guest runs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use host::config::TableName;
use host::db::Database;
use host::db::GuestSession;
use host::db::Session;
use host::db::Tables;
use host::db::session::ResultLimits;
use host::digest::Digest;
use host::plan::Direction;
use host::runtime::CompileCache;
use host::runtime::CompileLimits;
use host::runtime::Compiler;
use host::runtime::Ending;
use host::runtime::Loaded;
use host::runtime::Runtime;
use host::runtime::Source;
use host::worker::Cancel;
use host::worker::Limits;
use host::worker::Worker;
use tokio::runtime::Runtime as TokioRuntime;
use wasm_encoder::ComponentSection as _;
use wasm_encoder::CustomSection;

use crate::Result;
use crate::figures::Figures;
use crate::figures::mebibytes;
use crate::figures::spread;
use crate::overhead;
use crate::process;
use crate::server::Server;

const RUNS: usize = 20;

/// How large the compile cache may become, in bytes.
const CACHE_BYTES: u64 = 1 << 30;

/// How many calls of a guest are measured at once.
const CALLS: u32 = 200;

pub(crate) fn measure(figures: &mut Figures, server: &Server, folder: &Path, runtime: &TokioRuntime) -> Result<()> {
    figures.add(
        "making the engine and its linker",
        spread(&times(|| Ok(Runtime::new(&Compiler::default(), overhead::STACK_BYTES)?))?),
    );
    figures.add("loading the SQL runtime, compiled anew", spread(&compiled_sql_runtime()?));
    let cache = Dir::open_ambient_dir(folder, ambient_authority())?;
    let cache = Some(Arc::new(CompileCache::open(cache, CACHE_BYTES)?));
    let cached = Runtime::new(&Compiler { cache, ..Compiler::default() }, overhead::STACK_BYTES)?;
    overhead::load_sql(&cached)?;
    figures.add("loading the SQL runtime from the compile cache", spread(&times(|| overhead::load_sql(&cached))?));
    let script = overhead::load_sql(&cached)?;
    figures.add(
        "instance and call of an empty SQL migration, without database",
        spread(&runtime.block_on(empty_calls(&cached, &script, server))?),
    );
    match rust_guest(&folder.join("rust")) {
        Ok(guest) => {
            let digest = Digest::of(&guest);
            let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            let limits = CompileLimits { process: Limits::default(), threads };
            let cancel = Cancel::default();
            let size = mebibytes(u64::try_from(guest.len())?);
            let worker = Some(Worker::new(process::HOST));
            for (compiler, place) in [
                (Compiler::default(), "on threads of the process"),
                (Compiler { worker, ..Compiler::default() }, "in a process of its own"),
            ] {
                let runtime = Runtime::new(&compiler, overhead::STACK_BYTES)?;
                let mut number = 0;
                // Another component each time: what was compiled is kept.
                let compile = || {
                    number += 1;
                    let mut guest = guest.clone();
                    let name = format!("{number}");
                    CustomSection { name: name.into(), data: (&[]).into() }.append_to_component(&mut guest);
                    Ok(runtime.compile(&guest, &Digest::of(&guest), limits, &cancel)?)
                };
                figures.add(format!("compiling a Rust guest ({size}) {place}"), spread(&times(compile)?));
            }
            cached.compile(&guest, &digest, limits, &cancel)?;
            let load = || Ok(cached.load_migration(&guest, &digest, limits, &cancel)?);
            figures.add("loading it from the compile cache", spread(&times(load)?));
        }
        Err(error) => figures.add("loading a Rust guest", format!("not measured: {error}")),
    }
    overhead::measure(figures, runtime)
}

/// Each time in a runtime of its own, which has not compiled it yet.
fn compiled_sql_runtime() -> Result<Vec<Duration>> {
    (0..RUNS)
        .map(|_| {
            let runtime = Runtime::new(&Compiler::default(), overhead::STACK_BYTES)?;
            let started = Instant::now();
            let loaded = overhead::load_sql(&runtime)?;
            let time = started.elapsed();
            drop(loaded);
            Ok(time)
        })
        .collect()
}

/// The average of many calls, several times.
async fn empty_calls(runtime: &Runtime, script: &Loaded, server: &Server) -> Result<Vec<Duration>> {
    let url = server.url_through(&server.socket_folder, "host", "host")?;
    let tables = Tables {
        version: TableName::new("unused")?,
        version_characters: None,
        log: TableName::new("unused")?,
        journal: TableName::new("unused")?,
        rejected: TableName::new("unused")?,
    };
    let mut database = Database::connect(&url, "benchmark", tables).await?;
    let source = Source { file: "empty.sql".to_owned(), text: String::new() };
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        for _ in 0..CALLS {
            let session = Session::new(database, ResultLimits { rows_max: 1, bytes_max: 1 });
            let state = overhead::state(GuestSession::Database(Box::new(session)));
            let (ending, state) = runtime.run(script, Direction::Upgrade, Some(&source), state).await;
            if !matches!(ending, Ending::Done) {
                return Err(format!("{ending:?}").into());
            }
            database = state.into_parts().0.into_database().ok_or("the database is gone")?;
        }
        times.push(started.elapsed() / CALLS);
    }
    database.close().await;
    Ok(times)
}

fn times<T>(mut work: impl FnMut() -> Result<T>) -> Result<Vec<Duration>> {
    (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            let made = work()?;
            let time = started.elapsed();
            drop(made);
            Ok(time)
        })
        .collect()
}

/// The migration that `host revision --lang rust` writes, built.
fn rust_guest(folder: &Path) -> Result<Vec<u8>> {
    let inside = |arguments: &[&str]| {
        let mut command = process::host(arguments);
        command.current_dir(folder);
        for variable in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
            if let Some(value) = std::env::var_os(variable) {
                command.env(variable, value);
            }
        }
        process::run(command)
    };
    std::fs::create_dir_all(folder.join("migrations"))?;
    std::fs::write(folder.join("host.toml"), "[default]\n")?;
    inside(&["revision", "-m", "A guest", "--lang", "rust"])?;
    inside(&["build"])?;
    for entry in std::fs::read_dir(folder.join(".host/build"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            return Ok(std::fs::read(path)?);
        }
    }
    Err("host build left no component".into())
}
