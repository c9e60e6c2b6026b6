//! Running one guest once.

use wasmtime::Store;
use wasmtime::Trap;
use wasmtime::UpdateDeadline;
use wasmtime::WasmBacktrace;

use super::load::Loaded;
use super::load::Runtime;
use crate::capability::GuestState;
use crate::capability::Stop;
use crate::contract::types::Failure;
use crate::plan::Direction;

/// The source that a language runtime gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file's name, for messages.
    pub file: String,
    /// The text to run.
    pub text: String,
}

/// How a guest ended.
#[derive(Debug)]
pub enum Ending {
    /// It returned without a failure.
    Done,
    /// It returned a failure.
    Failed(Failure),
    /// The host ended it.
    Stopped(Stop),
    /// It trapped.
    Trapped(Trapped),
}

/// A trap: the guest did something that it cannot go on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trapped {
    /// What happened, in a sentence.
    pub reason: String,
    /// Where, innermost function first; as far as the component has names.
    pub frames: Vec<String>,
}

impl Runtime {
    /// Runs one direction of a migration on a fresh instance, and gives the state back.
    ///
    /// `source` is what a language runtime is to run; a migration in a compiled language has none.
    pub async fn run(
        &self,
        loaded: &Loaded,
        direction: Direction,
        source: Option<&Source>,
        state: GuestState,
    ) -> (Ending, GuestState) {
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| state);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            let state = context.data();
            if state.interrupt.is_requested() {
                return Err(wasmtime::Error::new(Stop::Interrupted));
            }
            state.budget.check().map_err(wasmtime::Error::new)?;
            // Lets the task that shows log lines and listens for signals run.
            Ok(UpdateDeadline::Yield(1))
        });
        let ending = match enter(loaded, direction, source, &mut store).await {
            Ok(Ok(())) => Ending::Done,
            Ok(Err(failure)) => Ending::Failed(failure),
            Err(error) => ended(error),
        };
        (ending, store.into_data())
    }
}

async fn enter(
    loaded: &Loaded,
    direction: Direction,
    source: Option<&Source>,
    store: &mut Store<GuestState>,
) -> wasmtime::Result<Result<(), Failure>> {
    match loaded {
        Loaded::Migration(component) => {
            let guest = component.instantiate_async(&mut *store).await?;
            let migration = guest.host_migration_migration();
            match direction {
                Direction::Upgrade => migration.call_upgrade(store).await,
                Direction::Downgrade => migration.call_downgrade(store).await,
            }
        }
        Loaded::Script(component) => {
            let guest = component.instantiate_async(&mut *store).await?;
            let script = guest.host_migration_script();
            let (file, text) = source.map_or(("", ""), |source| (source.file.as_str(), source.text.as_str()));
            match direction {
                Direction::Upgrade => script.call_upgrade(store, file, text).await,
                Direction::Downgrade => script.call_downgrade(store, file, text).await,
            }
        }
    }
}

/// Sorts what wasmtime reports: did the host end the guest, or the guest itself?
fn ended(error: wasmtime::Error) -> Ending {
    let error = match error.downcast::<Stop>() {
        Ok(stop) => return Ending::Stopped(stop),
        Err(error) => error,
    };
    let frames = error.downcast_ref::<WasmBacktrace>().map(frames).unwrap_or_default();
    let reason = match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => "it aborted (unreachable code reached)".to_owned(),
        Some(Trap::StackOverflow) => "its stack overflowed: an endless recursion?".to_owned(),
        Some(Trap::MemoryOutOfBounds) => "it touched memory that is not its own".to_owned(),
        Some(trap) => trap.to_string(),
        None => match error.downcast_ref::<wasmtime_wasi::I32Exit>() {
            Some(exit) => format!("it called exit({})", exit.0),
            None => error.root_cause().to_string(),
        },
    };
    Ending::Trapped(Trapped { reason, frames })
}

fn frames(backtrace: &WasmBacktrace) -> Vec<String> {
    backtrace
        .frames()
        .iter()
        .map(|frame| {
            let name = frame.func_name().unwrap_or("an unnamed function");
            match frame.symbols().first().and_then(|symbol| symbol.file().zip(symbol.line())) {
                Some((file, line)) => format!("{name} at {file}:{line}"),
                None => name.to_owned(),
            }
        })
        .collect()
}
