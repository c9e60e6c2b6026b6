//! Running one guest once.

use wasmtime::Store;
use wasmtime::Trap;
use wasmtime::UpdateDeadline;
use wasmtime::WasmBacktrace;
use wasmtime::component::ResourceTableError;

use super::load::Loaded;
use super::load::Runtime;
use crate::capability::Exceeded;
use crate::capability::GuestState;
use crate::capability::INSTANCES_MAX;
use crate::capability::Limit;
use crate::capability::MEMORIES_MAX;
use crate::capability::OTHER_HANDLES_MAX;
use crate::capability::Stop;
use crate::capability::TABLES_MAX;
use crate::capability::cut;
use crate::contract::types::Failure;
use crate::plan::Direction;

/// The longest name of a function that is shown, in bytes.
const NAME_BYTES_MAX: usize = 200;

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
        let (call_bytes, open_handles) = (store.data().limits.call_bytes, store.data().limits.open_handles);
        store.set_hostcall_fuel(call_bytes);
        // Handles of resources that the guest's own components make count here, too.
        store.set_max_component_handles(open_handles.saturating_add(OTHER_HANDLES_MAX));
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            context.data().check().map_err(wasmtime::Error::new)?;
            // Lets the task that shows log lines and listens for signals run.
            Ok(UpdateDeadline::Yield(1))
        });
        let ending = match enter(loaded, direction, source, &mut store).await {
            Ok(Ok(())) => Ending::Done,
            Ok(Err(failure)) => Ending::Failed(failure),
            Err(error) => self.ended(error, store.data()),
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

impl Runtime {
    /// Sorts what wasmtime reports: did the host end the guest, or the guest itself?
    fn ended(&self, error: wasmtime::Error, state: &GuestState) -> Ending {
        let error = match error.downcast::<Stop>() {
            Ok(stop) => return Ending::Stopped(stop),
            Err(error) => error,
        };
        let frames = error.downcast_ref::<WasmBacktrace>().map(frames).unwrap_or_default();
        if let Some(mut exceeded) = self.exceeded(&error, state) {
            exceeded.function = frames.into_iter().next().filter(|_| exceeded.limit == Limit::Stack);
            return Ending::Stopped(Stop::Limit(exceeded));
        }
        let reason = match error.downcast_ref::<Trap>() {
            Some(Trap::UnreachableCodeReached) => "it aborted (unreachable code reached)".to_owned(),
            Some(Trap::MemoryOutOfBounds) => "it touched memory that is not its own".to_owned(),
            Some(trap) => trap.to_string(),
            None => match error.downcast_ref::<wasmtime_wasi::I32Exit>() {
                Some(exit) => format!("it called exit({})", exit.0),
                None => format!("it broke a rule of the sandbox: {}", error.root_cause()),
            },
        };
        Ending::Trapped(Trapped { reason, frames })
    }

    /// Finds out which of the limits that wasmtime watches by itself was exceeded. Most of its errors have no type that
    /// could be asked for; tests fail when their texts change.
    fn exceeded(&self, error: &wasmtime::Error, state: &GuestState) -> Option<Exceeded> {
        let text = error.root_cause().to_string();
        let (limit, allowed) = if matches!(error.downcast_ref(), Some(Trap::StackOverflow)) {
            (Limit::Stack, self.stack_bytes >> 10)
        } else if text.starts_with("too much data is being copied between the host and the guest") {
            (Limit::Call, state.limits.call_bytes >> 20)
        } else if matches!(error.downcast_ref(), Some(ResourceTableError::Full))
            || text.ends_with("store handle limit exceeded")
        {
            (Limit::OpenHandles, state.limits.open_handles)
        } else {
            count_exceeded(error)?
        };
        Some(Exceeded::new(limit, u64::try_from(allowed).unwrap_or(u64::MAX)))
    }
}

/// The limits on what a guest consists of.
fn count_exceeded(error: &wasmtime::Error) -> Option<(Limit, usize)> {
    let text = error.root_cause().to_string();
    match text.strip_prefix("resource limit exceeded: ")?.split_once(" count")?.0 {
        "instance" => Some((Limit::Instances, INSTANCES_MAX)),
        "memory" => Some((Limit::Memories, MEMORIES_MAX)),
        "table" => Some((Limit::Tables, TABLES_MAX)),
        _ => None,
    }
}

/// The functions that have names, innermost first. A guest chooses its names.
fn frames(backtrace: &WasmBacktrace) -> Vec<String> {
    let frame = |frame: &wasmtime::FrameInfo| {
        let symbol = frame.symbols().first();
        let name = symbol.and_then(|symbol| symbol.name()).or(frame.func_name())?;
        let name = cut(name.to_owned(), NAME_BYTES_MAX);
        Some(match symbol.and_then(|symbol| symbol.file().zip(symbol.line())) {
            Some((file, line)) => format!("{name} at {file}:{line}"),
            None => name,
        })
    };
    backtrace.frames().iter().filter_map(frame).collect()
}

#[cfg(test)]
mod tests {
    use wasmtime::StoreLimits;
    use wasmtime::StoreLimitsBuilder;
    use wasmtime::component::Component;
    use wasmtime::component::Linker;

    use super::*;

    #[tokio::test]
    async fn the_counts_that_wasmtime_watches_are_known_by_its_words() {
        let engine = super::super::engine::engine(1 << 20).expect("an engine");
        let two = |inside: &str| {
            format!(
                "(component (core module $m {inside}) (core instance (instantiate $m)) (core instance (instantiate $m)))"
            )
        };
        let one = StoreLimitsBuilder::new;
        for (limits, text, expected) in [
            (one().instances(1).build(), two(""), Limit::Instances),
            (one().memories(1).build(), two("(memory 1)"), Limit::Memories),
            (one().tables(1).build(), two("(table 1 funcref)"), Limit::Tables),
        ] {
            let bytes = wat::parse_str(text).expect("valid text");
            let component = Component::new(&engine, bytes).expect("a component");
            let mut store: Store<StoreLimits> = Store::new(&engine, limits);
            store.limiter(|limits| limits);
            store.set_epoch_deadline(1_000);
            let error = Linker::new(&engine).instantiate_async(&mut store, &component).await.expect_err("too many");
            assert_eq!(count_exceeded(&error).map(|(limit, _)| limit), Some(expected), "{error:#}");
        }
    }
}
