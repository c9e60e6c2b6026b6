//! Running one guest: once, or one that stays for the next migration.

use std::fmt::Write as _;

use wasmtime::Store;
use wasmtime::Trap;
use wasmtime::UpdateDeadline;
use wasmtime::WasmBacktrace;
use wasmtime::component::ResourceTableError;

use super::instance::Instance;
use super::load::Loaded;
use super::load::Runtime;
use crate::bindings::types::Failure;
use crate::digest::Digest;
use crate::host_functions::Exceeded;
use crate::host_functions::GuestState;
use crate::host_functions::INSTANCES_MAX;
use crate::host_functions::Limit;
use crate::host_functions::MEMORIES_MAX;
use crate::host_functions::OTHER_HANDLES_MAX;
use crate::host_functions::Remains;
use crate::host_functions::Stop;
use crate::host_functions::TABLES_MAX;
use crate::host_functions::cut;
use crate::plan::Direction;

/// The longest name of a function that is shown, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// The longest name that is taken for a mangled one, in bytes.
const MANGLED_BYTES_MAX: usize = 1000;

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
        let mut store = self.store(state);
        let compute_time = store.data().budget.compute_time().clone();
        let ending = match compute_time.counting(enter(loaded, direction, source, &mut store)).await {
            Ok(Ok(())) => Ending::Done,
            Ok(Err(failure)) => Ending::Failed(failure),
            Err(error) => self.ended(error, store.data()),
        };
        (ending, store.into_data())
    }

    /// Runs one direction of a migration in a language without a compiler, and gives back the session and what was written down.
    ///
    /// `kept` is an instance that an earlier migration left, which is used if it is of this runtime, `language`. After a success it is there
    /// again, or a new one, where the runtime says that it may run another migration; otherwise nothing is.
    pub async fn run_kept(
        &self,
        kept: &mut Option<Instance>,
        (loaded, language): (&Loaded, Option<Digest>),
        direction: Direction,
        source: Option<&Source>,
        state: GuestState,
    ) -> (Ending, Remains) {
        let before = kept.take().filter(|instance| language.is_some_and(|language| instance.is_of(language)));
        let (Loaded::Script(component), Some(language)) = (loaded, language) else {
            let (ending, state) = self.run(loaded, direction, source, state).await;
            return (ending, state.into_parts());
        };
        let compute_time = state.budget.compute_time().clone();
        let (file, text) = source.map_or(("", ""), |source| (source.file.as_str(), source.text.as_str()));
        let running = compute_time.counting(async {
            let mut instance = match before {
                Some(mut instance) => {
                    instance.store.data_mut().begin_next(state);
                    set_limits(&mut instance.store);
                    instance
                }
                None => match Instance::new(language, component, self.store(state)).await {
                    Ok(instance) => instance,
                    Err((error, store)) => return Err((error, store)),
                },
            };
            let script = instance.guest.host_migration_script();
            let called = match direction {
                Direction::Upgrade => script.call_upgrade(&mut instance.store, file, text).await,
                Direction::Downgrade => script.call_downgrade(&mut instance.store, file, text).await,
            };
            let is_fit = match called {
                Ok(Ok(())) => instance.is_fit().await,
                Ok(Err(failure)) => return Ok((Ending::Failed(failure), instance, false)),
                Err(error) => Err(error),
            };
            match is_fit {
                Ok(is_fit) => Ok((Ending::Done, instance, is_fit)),
                Err(error) => Err((error, instance.store)),
            }
        });
        match running.await {
            Ok((ending, mut instance, is_fit)) => {
                let remains = instance.store.data_mut().take_parts();
                *kept = is_fit.then_some(instance);
                (ending, remains)
            }
            Err((error, store)) => {
                let ending = self.ended(error, store.data());
                (ending, store.into_data().into_parts())
            }
        }
    }

    /// Lets an instance that an earlier migration left read the next one, of which nothing runs yet. An instance of the language `language`
    /// that fails, or needs more than there is, is gone afterwards: a new one will say what is wrong.
    pub async fn read_ahead(&self, kept: &mut Option<Instance>, language: Digest, source: &Source, state: GuestState) {
        let Some(mut instance) = kept.take_if(|instance| instance.reads_ahead(language)) else { return };
        instance.store.data_mut().begin_next(state.of_read_ahead());
        set_limits(&mut instance.store);
        let compute_time = instance.store.data().budget.compute_time().clone();
        let read = compute_time.counting(instance.read_ahead(&source.file, &source.text)).await;
        *kept = read.is_ok_and(|is_fit| is_fit).then_some(instance);
    }

    /// Lets a language runtime look for mistakes in a source, without running it. The inner error is what it found.
    ///
    /// # Errors
    /// How the runtime ended instead of answering.
    pub async fn check_source(
        &self,
        loaded: &Loaded,
        source: &Source,
        state: GuestState,
    ) -> Result<Result<(), String>, Box<Ending>> {
        let Loaded::Script(component) = loaded else { return Ok(Ok(())) };
        let mut store = self.store(state);
        let compute_time = store.data().budget.compute_time().clone();
        let checked = compute_time.counting(async {
            let guest = component.instantiate_async(&mut store).await?;
            guest.host_migration_script().call_check(&mut store, &source.file, &source.text).await
        });
        checked.await.map_err(|error| Box::new(self.ended(error, store.data())))
    }

    /// Makes the store of one guest, with its limits.
    pub(super) fn store(&self, state: GuestState) -> Store<GuestState> {
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.memory);
        set_limits(&mut store);
        store.epoch_deadline_callback(|context| {
            context.data().check().map_err(wasmtime::Error::new)?;
            // Lets the task that shows log lines and listens for signals run.
            Ok(UpdateDeadline::Yield(1))
        });
        store
    }
}

/// Sets the limits that wasmtime watches by itself, for one run.
fn set_limits(store: &mut Store<GuestState>) {
    let (call_bytes, open_handles) = (store.data().limits.call_bytes, store.data().limits.open_handles);
    store.set_hostcall_fuel(call_bytes);
    // Handles of resources that the guest's own components make count here, too.
    store.set_max_component_handles(open_handles.saturating_add(OTHER_HANDLES_MAX));
    store.set_epoch_deadline(1);
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
        Loaded::Transform(component) => {
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
    pub(super) fn ended(&self, error: wasmtime::Error, state: &GuestState) -> Ending {
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
            Some(Trap::MemoryOutOfBounds) => "it accessed memory out of bounds".to_owned(),
            Some(trap) => trap.to_string(),
            None => match error.downcast_ref::<wasmtime_wasi::I32Exit>() {
                Some(exit) => format!("it called exit({})", exit.0),
                None => format!("it violated the sandbox: {}", error.root_cause()),
            },
        };
        Ending::Trapped(Trapped { reason, frames })
    }

    /// Finds out which of the limits that wasmtime watches by itself was exceeded. Most of its errors have no type that
    /// could be asked for; tests fail when their texts change.
    fn exceeded(&self, error: &wasmtime::Error, state: &GuestState) -> Option<Exceeded> {
        let text = error.root_cause().to_string();
        let (limit, allowed) = if matches!(error.downcast_ref(), Some(Trap::StackOverflow)) {
            (Limit::Stack, self.stack_bytes)
        } else if text.starts_with("too much data is being copied between the host and the guest") {
            (Limit::Call, state.limits.call_bytes)
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
    backtrace.frames().iter().filter_map(|frame| frame.func_name()).map(readable).collect()
}

/// A name as the author wrote it, if it is Rust's, which mangles names. Bounded on both sides: a few characters of a mangled
/// name can stand for many of the name.
fn readable(name: &str) -> String {
    let mangled = Some(name).filter(|name| name.len() <= MANGLED_BYTES_MAX);
    let Some(Ok(demangled)) = mangled.map(rustc_demangle::try_demangle) else {
        return cut(name.chars().take(NAME_BYTES_MAX + 1).collect(), NAME_BYTES_MAX);
    };
    let mut text = Bounded(String::new());
    // It ends when there is no more room.
    let _ = write!(text, "{demangled:#}");
    cut(text.0, NAME_BYTES_MAX)
}

/// A text that takes what fits into it and then no more.
struct Bounded(String);

impl std::fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.push_str(text);
        if self.0.len() > NAME_BYTES_MAX { Err(std::fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::StoreLimits;
    use wasmtime::StoreLimitsBuilder;
    use wasmtime::component::Component;
    use wasmtime::component::Linker;

    use super::*;

    #[test]
    fn names_are_readable_and_short() {
        assert_eq!(readable("_ZN5guest4work17h0123456789abcdefE"), "guest::work");
        assert_eq!(readable("_RNvC5guest4work"), "guest::work");
        assert_eq!(readable("work"), "work");
        assert_eq!(readable(&"ä".repeat(1 << 20)), format!("{} […]", "ä".repeat(NAME_BYTES_MAX / 2)));
        // A tuple of two of the tuple before, thirty times: a gigabyte of name in some hundred bytes.
        let mut name = String::from("_RIC1aTuuE");
        let mut last = 3;
        for _ in 0..30 {
            let reference = back_reference(last);
            last = name.len() - 2;
            name.push_str(&format!("T{reference}{reference}E"));
        }
        name.push('E');
        let text = readable(&name);
        assert!(text.starts_with("a::<((") || text.starts_with("a<(("), "{text}");
        assert!(text.len() < NAME_BYTES_MAX + 20, "{} bytes", text.len());
    }

    /// A reference to what stands at a position of a mangled name, behind `_R` (RFC 2603, "backref", base 62).
    fn back_reference(position: usize) -> String {
        const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let mut digits = Vec::new();
        let mut rest = position.checked_sub(1);
        while let Some(value) = rest {
            digits.push(char::from(DIGITS[value % 62]));
            rest = (value >= 62).then_some(value / 62);
        }
        format!("B{}_", digits.iter().rev().collect::<String>())
    }

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
