//! What a guest costs that begins with a large memory, such as an interpreter with its libraries.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use host::db::GuestSession;
use host::db::OfflineSession;
use host::digest::Digest;
use host::plan::Direction;
use host::runtime::CompileCache;
use host::runtime::CompileLimits;
use host::runtime::Compiler;
use host::runtime::Ending;
use host::runtime::Runtime;
use host::worker::Cancel;
use host::worker::Limits;
use tokio::runtime::Runtime as TokioRuntime;

use crate::Result;
use crate::figures::Figures;
use crate::figures::spread;
use crate::overhead;

const RUNS: usize = 20;

/// The memory that it begins with, in bytes: about that of CPython with its library.
const BYTES: usize = 30 << 20;

/// How large the compile cache may become, in bytes.
const CACHE_BYTES: u64 = 1 << 30;

/// After this time an entry of the cache can be found whole once and for all.
const SETTLED: Duration = Duration::from_millis(2_100);

pub(crate) fn measure(figures: &mut Figures, folder: &Path, runtime: &TokioRuntime) -> Result<()> {
    let component = component()?;
    let digest = Digest::of(&component);
    let (limits, cancel) = (CompileLimits { process: Limits::default(), threads: 1 }, Cancel::default());
    std::fs::create_dir_all(folder)?;
    let open = || {
        let folder = Dir::open_ambient_dir(folder, ambient_authority())?;
        let cache = Some(Arc::new(CompileCache::open(folder, CACHE_BYTES)?));
        Result::Ok(Runtime::new(&Compiler { cache, ..Compiler::default() }, overhead::STACK_BYTES)?)
    };
    open()?.compile(&component, &digest, limits, &cancel)?;
    let load = |sandbox: &Runtime| {
        let started = Instant::now();
        let loaded = sandbox.load_migration(&component, &digest, limits, &cancel)?;
        Result::Ok((loaded, started.elapsed()))
    };
    let first = load(&open()?)?.1;
    figures.add("loading 30 MiB of memory and its code for the first time", spread(&[first]));
    std::thread::sleep(SETTLED);
    load(&open()?)?;
    let (mut loads, mut instances) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let sandbox = open()?;
        let (loaded, time) = load(&sandbox)?;
        loads.push(time);
        for _ in 0..2 {
            let state = overhead::state(GuestSession::Offline(OfflineSession::default()));
            let started = Instant::now();
            let (ending, _) = runtime.block_on(sandbox.run(&loaded, Direction::Upgrade, None, state));
            instances.push(started.elapsed());
            if !matches!(ending, Ending::Done) {
                return Err(format!("{ending:?}").into());
            }
        }
    }
    figures.add("the same from the cache", spread(&loads));
    figures.add("instance and call of it", spread(&instances));
    Ok(())
}

/// A migration that reads one byte of its memory, and does nothing else.
fn component() -> Result<Vec<u8>> {
    let data: String =
        (0..BYTES).map(|index| char::from(b'a' + u8::try_from(index % 23).unwrap_or_default())).collect();
    let mut module = wat::parse_str(format!(
        r#"(module
            (memory (export "memory") {})
            (data (i32.const 0) "{data}")
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            ;; Its answer, "ok", lies behind the data.
            (func (export "host:migration/migration@0.1.0#upgrade") (result i32)
                (i32.add (i32.const {BYTES}) (i32.mul (i32.const 0) (i32.load8_u (i32.const 4096)))))
            (func (export "host:migration/migration@0.1.0#downgrade") (result i32) (i32.const {BYTES})))"#,
        (BYTES >> 16) + 1
    ))?;
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("migration.wit", host::bindings::CONTRACT)?;
    let world = resolve.select_world(&[package], Some("migration-guest"))?;
    wit_component::embed_component_metadata(&mut module, &resolve, world, wit_component::StringEncoding::UTF8)?;
    Ok(wit_component::ComponentEncoder::default().module(&module)?.encode()?)
}
