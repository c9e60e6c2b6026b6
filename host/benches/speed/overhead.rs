//! What the walls of the sandbox cost a guest that is inside: for each statement, and for each turn of a loop.

use std::time::Duration;
use std::time::Instant;

use host::bindings::env::RunInfo;
use host::db::GuestSession;
use host::db::OfflineSession;
use host::grant::Classes;
use host::grant::Grant;
use host::host_functions::Events;
use host::host_functions::GuestLimits;
use host::host_functions::GuestState;
use host::host_functions::Interrupt;
use host::plan::Direction;
use host::runtime::CompileLimits;
use host::runtime::Compiler;
use host::runtime::Ending;
use host::runtime::Loaded;
use host::runtime::Runtime;
use host::runtime::Source;
use host::runtime::engine;
use host::runtime::wasi;
use host::worker::Cancel;
use host::worker::Limits;
use tokio::runtime::Runtime as TokioRuntime;
use wasmtime::Config;
use wasmtime::Engine;
use wasmtime::Instance;
use wasmtime::Module;
use wasmtime::Store;
use wasmtime::TypedFunc;
use wasmtime::UpdateDeadline;

use crate::Result;
use crate::figures::Figures;
use crate::figures::Limit;
use crate::figures::median;
use crate::figures::spread;
use crate::figures::time;

const RUNS: usize = 20;

/// The stack of guests that are measured, in bytes: that of the default settings.
pub(crate) const STACK_BYTES: usize = 1 << 20;

const STATEMENTS: u32 = 1_000;

/// The statements of one run, about as long as those of a migration.
const STATEMENT: &str = "INSERT INTO guest (id, name, seen_at) VALUES (42, 'Ada Lovelace', '2026-01-01T00:00:00Z');\n";

/// Loops as a compiler makes them: numbers and memory in the one, floating point in the other.
const LOOPS: &str = r#"(module
  (memory 1)
  (func (export "integers") (param $turns i32) (result i32)
    (local $number i32) (local $place i32)
    (local.set $number (i32.const 1))
    (loop $again
      (local.set $number (i32.xor (local.get $number) (i32.shl (local.get $number) (i32.const 13))))
      (local.set $number (i32.xor (local.get $number) (i32.shr_u (local.get $number) (i32.const 17))))
      (local.set $number (i32.xor (local.get $number) (i32.shl (local.get $number) (i32.const 5))))
      (local.set $place (i32.and (local.get $number) (i32.const 0xfffc)))
      (i32.store (local.get $place) (i32.add (i32.load (local.get $place)) (local.get $number)))
      (local.set $turns (i32.sub (local.get $turns) (i32.const 1)))
      (br_if $again (local.get $turns)))
    (local.get $number))
  (func (export "floats") (param $turns i32) (result i32)
    (local $number f64)
    (local.set $number (f64.const 1.5))
    (loop $again
      (local.set $number (f64.add (f64.mul (local.get $number) (f64.const 0.999)) (f64.const 0.25)))
      (local.set $number (f64.sqrt (f64.add (local.get $number) (f64.const 2))))
      (local.set $turns (i32.sub (local.get $turns) (i32.const 1)))
      (br_if $again (local.get $turns)))
    (i32.trunc_sat_f64_s (local.get $number))))"#;

const TURNS: i32 = 20_000_000;

pub(crate) fn measure(figures: &mut Figures, runtime: &TokioRuntime) -> Result<()> {
    let statements = runtime.block_on(statements())?;
    let each = median(&statements);
    figures.limited(
        "a statement of a guest: call, guard and limits, without database",
        spread(&statements),
        each.as_secs_f64(),
        Limit { value: 20e-6, shown: "20 µs" },
    );
    for name in ["integers", "floats"] {
        let mut loops = [Loop::new(&engine::engine(STACK_BYTES)?, name)?, Loop::new(&bare(true)?, name)?];
        let (ratio, shown) = runtime.block_on(compare(&mut loops))?;
        let limit = Limit { value: 1.15, shown: "1.15" };
        let figure = format!("a loop over {name} in the sandbox, against an engine without limits");
        figures.limited(figure, shown, ratio, limit);
    }
    // Not a limit but a promise: two runs give equal results. The loop does nothing but wait for floating point.
    let mut loops = [Loop::new(&bare(true)?, "floats")?, Loop::new(&bare(false)?, "floats")?];
    let (_, shown) = runtime.block_on(compare(&mut loops))?;
    figures.add("the loop over floats with one form of NaN, against many", shown);
    Ok(())
}

/// Makes the runtime of SQL ready.
pub(crate) fn load_sql(runtime: &Runtime) -> Result<Loaded> {
    let language = runtime.languages().find("sql", None)?;
    let limits = CompileLimits { process: Limits::default(), threads: 1 };
    Ok(runtime.load_script(&language, limits, &Cancel::default())?)
}

/// The time of one statement on the whole way from a guest into a script, several times. What a script costs besides (it
/// is cut into statements twice) is measured, too.
async fn statements() -> Result<Vec<Duration>> {
    let runtime = Runtime::new(&Compiler::default(), STACK_BYTES)?;
    let script = load_sql(&runtime)?;
    let text = STATEMENT.repeat(usize::try_from(STATEMENTS)?);
    let source = Source { file: "statements.sql".to_owned(), text };
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let state = state(GuestSession::Offline(OfflineSession::default()));
        let started = Instant::now();
        let (ending, _) = runtime.run(&script, Direction::Upgrade, Some(&source), state).await;
        times.push(started.elapsed() / STATEMENTS);
        if !matches!(ending, Ending::Done) {
            return Err(format!("{ending:?}").into());
        }
    }
    Ok(times)
}

/// The state of a guest with the limits of the default settings.
pub(crate) fn state(session: GuestSession) -> GuestState {
    let limits = GuestLimits {
        guest_time: Duration::from_secs(60),
        migration_time: None,
        memory_bytes: 512 << 20,
        open_handles: 1_000,
        call_bytes: 128 << 20,
        statements: 10_000_000,
        log_lines: 100_000,
        log_bytes: 16 << 20,
    };
    let run = RunInfo {
        revision: "a".to_owned(),
        server_version: 150_000,
        search_path: Vec::new(),
        dry_run: false,
        now_micros: 0,
        seed: 0,
        args: Vec::new(),
    };
    let (events, _receiver) = Events::new(&limits);
    let wasi = wasi::context(0, 0, &events);
    GuestState::new(session, run, limits, Interrupt::default(), wasi, events).granting(Grant::of_asks(Classes::usual()))
}

/// An engine without limits.
fn bare(one_nan: bool) -> Result<Engine> {
    let mut config = Config::new();
    config.concurrency_support(false).cranelift_nan_canonicalization(one_nan);
    Ok(Engine::new(&config)?)
}

/// A loop on an engine, interrupted as a guest is where the engine interrupts.
struct Loop {
    store: Store<()>,
    function: TypedFunc<i32, i32>,
}

impl Loop {
    fn new(engine: &Engine, name: &str) -> Result<Self> {
        let module = Module::new(engine, wat::parse_str(LOOPS)?)?;
        let mut store = Store::new(engine, ());
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
        let instance = Instance::new(&mut store, &module, &[])?;
        let function = instance.get_typed_func(&mut store, name)?;
        Ok(Self { store, function })
    }

    async fn run(&mut self) -> Result<Duration> {
        let started = Instant::now();
        self.function.call_async(&mut self.store, TURNS).await?;
        Ok(started.elapsed())
    }
}

/// How much longer the first loop takes than the second, as a number and in words. They take turns, and the shortest times
/// count: whatever else the machine does can only make one longer.
async fn compare([one, other]: &mut [Loop; 2]) -> Result<(f64, String)> {
    let mut shortest = [Duration::MAX; 2];
    for _ in 0..RUNS {
        shortest = [shortest[0].min(one.run().await?), shortest[1].min(other.run().await?)];
    }
    let [one, other] = shortest;
    let ratio = one.as_secs_f64() / other.as_secs_f64();
    Ok((ratio, format!("{ratio:.2} ({} against {})", time(one), time(other))))
}
