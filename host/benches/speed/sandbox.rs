//! What the sandbox costs before a guest runs.

use std::path::Path;
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
use host::plan::Direction;
use host::runtime::BuiltIn;
use host::runtime::CompileCache;
use host::runtime::Ending;
use host::runtime::Loaded;
use host::runtime::Runtime;
use host::runtime::Source;
use tokio::runtime::Runtime as TokioRuntime;

use crate::Result;
use crate::figures::Figures;
use crate::figures::mebibytes;
use crate::figures::spread;
use crate::overhead;
use crate::process;
use crate::server::Server;

const RUNS: usize = 20;

/// How many calls of a guest are measured at once.
const CALLS: u32 = 200;

pub(crate) fn measure(figures: &mut Figures, server: &Server, folder: &Path, runtime: &TokioRuntime) -> Result<()> {
    figures.add("making the engine and its linker", spread(&times(|| Ok(Runtime::new(None, overhead::STACK_BYTES)?))?));
    figures.add("assembling the SQL runtime", spread(&times(|| Ok(BuiltIn::Sql.component()?))?));
    let uncached = Runtime::new(None, overhead::STACK_BYTES)?;
    figures.add("loading the SQL runtime, compiled anew", spread(&times(|| Ok(uncached.load_script(BuiltIn::Sql)?))?));
    let cache = Dir::open_ambient_dir(folder, ambient_authority())?;
    let cached = Runtime::new(CompileCache::open(&cache), overhead::STACK_BYTES)?;
    cached.load_script(BuiltIn::Sql)?;
    figures.add(
        "loading the SQL runtime from the compile cache",
        spread(&times(|| Ok(cached.load_script(BuiltIn::Sql)?))?),
    );
    let script = cached.load_script(BuiltIn::Sql)?;
    figures.add(
        "instance and call of an empty SQL migration, without database",
        spread(&runtime.block_on(empty_calls(&cached, &script, server))?),
    );
    match rust_guest(&folder.join("rust")) {
        Ok(guest) => {
            let digest = "rust guest";
            let load = |runtime: &Runtime| times(|| Ok(runtime.load_migration(&guest, digest)?));
            let size = mebibytes(u64::try_from(guest.len())?);
            figures.add(format!("loading a Rust guest ({size}), compiled anew"), spread(&load(&uncached)?));
            cached.load_migration(&guest, digest)?;
            figures.add("loading it from the compile cache", spread(&load(&cached)?));
        }
        Err(error) => figures.add("loading a Rust guest", format!("not measured: {error}")),
    }
    overhead::measure(figures, runtime)
}

/// The average of many calls, several times.
async fn empty_calls(runtime: &Runtime, script: &Loaded, server: &Server) -> Result<Vec<Duration>> {
    let url = server.url_through(&server.socket_folder, "host", "host")?;
    let tables = Tables {
        version: TableName::new("unused")?,
        history: TableName::new("unused")?,
        journal: TableName::new("unused")?,
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
