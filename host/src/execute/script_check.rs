//! Looks for mistakes in the sources of languages without a compiler, when they are built: the runtime of the language reads
//! them and runs nothing.

use std::collections::HashMap;

use super::limits;
use crate::config::Limits;
use crate::db::GuestSession;
use crate::db::OfflineSession;
use crate::digest::Digest;
use crate::host_functions::Events;
use crate::host_functions::GuestState;
use crate::host_functions::Interrupt;
use crate::host_functions::no_run;
use crate::runtime::Compiler;
use crate::runtime::Ending;
use crate::runtime::Loaded;
use crate::runtime::Runtime;
use crate::runtime::Source;
use crate::runtime::wasi;
use crate::source_problem::SourceProblem;
use crate::worker::Cancel;

/// What is kept between two sources of a build. Nothing is loaded before the first one.
pub struct ScriptChecker {
    compiler: Compiler,
    limits: Limits,
    runtime: Option<Runtime>,
    loaded: HashMap<Digest, Loaded>,
}

impl ScriptChecker {
    /// Makes one for a build under the limits of an environment.
    pub fn new(compiler: Compiler, limits: &Limits) -> Self {
        Self { compiler, limits: limits.clone(), runtime: None, loaded: HashMap::new() }
    }

    /// Lets the runtime with this name and digest look at a source. Blocks, and compiles the runtime where that was not done
    /// before.
    ///
    /// # Errors
    /// [`SourceProblem`].
    pub fn check(&mut self, name: &str, digest: &Digest, source: &Source) -> Result<(), SourceProblem> {
        let unchecked = |reason: String, hint: String| SourceProblem::Unchecked { reason, hint };
        if self.runtime.is_none() {
            let made = limits::runtime(&self.compiler, &self.limits);
            self.runtime = Some(made.map_err(|error| unchecked(error.to_string(), error.hint().unwrap_or_default()))?);
        }
        let Some(runtime) = &self.runtime else { return Ok(()) };
        let loaded = match self.loaded.get(digest) {
            Some(loaded) => loaded.clone(),
            None => {
                let found = runtime.languages().find(name, Some(digest)).and_then(|language| {
                    runtime.load_script(&language, limits::compile_limits(&self.limits), &Cancel::default())
                });
                let loaded = found.map_err(|error| unchecked(error.to_string(), error.hint()))?;
                self.loaded.insert(*digest, loaded.clone());
                loaded
            }
        };
        let state = self.state();
        // A thread of its own, because this one may be driving other tasks.
        let checked = std::thread::scope(|scope| {
            let work = scope.spawn(|| {
                let alone = tokio::runtime::Builder::new_current_thread().build();
                alone.map(|alone| alone.block_on(runtime.check_source(&loaded, source, state)))
            });
            work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        const HINT: &str = "look for what is unusual in the source: very deep nesting, or very much of it";
        match checked {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(mistake))) => Err(SourceProblem::Mistake(mistake)),
            Ok(Err(ending)) => Err(unchecked(said(*ending), HINT.to_owned())),
            Err(error) => Err(unchecked(error.to_string(), "run the command again".to_owned())),
        }
    }

    /// What a guest gets that has no database, no time and no name.
    fn state(&self) -> GuestState {
        let limits = limits::guest(&self.limits);
        let (events, _) = Events::new(&limits);
        let run = no_run();
        let session = GuestSession::Offline(OfflineSession::default());
        let wasi = wasi::context(0, 0, &events);
        GuestState::new(session, run, limits, Interrupt::default(), wasi, events)
    }
}

fn said(ending: Ending) -> String {
    match ending {
        Ending::Stopped(stop) => stop.to_string(),
        Ending::Trapped(trapped) => format!("its language runtime failed: {}", trapped.reason),
        Ending::Done | Ending::Failed(_) => "its language runtime gave no answer".to_owned(),
    }
}
