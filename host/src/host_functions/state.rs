//! What belongs to one run of one guest.

use wasmtime::component::Resource;
use wasmtime::component::ResourceTable;
use wasmtime::component::ResourceTableError;

use super::Applier;
use super::Budget;
use super::Events;
use super::ExecutionTrace;
use super::GuestEvent;
use super::GuestLimits;
use super::Interrupt;
use super::Limit;
use super::LockWait;
use super::Stop;
use super::memory::Memory;
use crate::bindings::CallError;
use crate::bindings::env::RunInfo;
use crate::bindings::types::Error;
use crate::db::GuestSession;
use crate::db::OfflineSession;
use crate::db::backfill::BackfillTerms;
use crate::grant::Grant;

/// Handles that a guest may hold besides statements and savepoints: the streams of WASI.
pub(crate) const OTHER_HANDLES_MAX: usize = 1_000;

/// The largest script that is written instead of a database changed, in bytes: it is put together in memory.
const SCRIPT_BYTES_MAX: usize = 1 << 30;

const APPLYING: &str =
    "a transform gets rows and gives rows, it runs no statements: let the source of the plan join what it needs";
const READING_AHEAD: &str = "the migration that is read has not begun: send statements when it runs";

/// What is left of a run: the session, and what was written down.
pub type Remains = (GuestSession, ExecutionTrace);

/// The data of a guest's store: everything that the host does for it, it does through this.
pub struct GuestState {
    pub(crate) session: GuestSession,
    pub(crate) run: RunInfo,
    pub(crate) grant: Grant,
    pub(crate) trace: ExecutionTrace,
    pub(crate) budget: Budget,
    pub(crate) interrupt: Interrupt,
    pub(crate) limits: GuestLimits,
    pub(crate) table: ResourceTable,
    pub(crate) wasi: wasmtime_wasi::WasiCtx,
    /// The guest's monotonic clock.
    pub(crate) monotonic_nanoseconds: u64,
    pub(crate) memory: Memory,
    events: Events,
    /// The ways of runs that the same instance was for before, as far as streams that it opened have them.
    events_before: Vec<Events>,
    open_handles: usize,
    /// What runs its `apply`, where it may rewrite tables.
    pub(super) applier: Option<Applier>,
    /// What the operator and the run say about tables that it rewrites batch by batch, where it may do that.
    pub(super) backfill_terms: Option<BackfillTerms>,
    /// How many rows of a range its transforms are tried on, in a preview.
    pub(super) sampling: Option<u32>,
    /// Why the guest may run no statements, where it may not.
    without_statements: Option<&'static str>,
    /// What its writers of rows have gathered and not sent yet, in bytes.
    pub(super) gathered: usize,
}

impl GuestState {
    /// Puts together what a run needs, and begins to measure its time.
    pub fn new(
        session: GuestSession,
        run: RunInfo,
        limits: GuestLimits,
        interrupt: Interrupt,
        wasi: wasmtime_wasi::WasiCtx,
        events: Events,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.open_handles.saturating_add(OTHER_HANDLES_MAX));
        Self {
            session,
            run,
            grant: Grant::default(),
            trace: ExecutionTrace::default(),
            budget: Budget::new(&limits),
            interrupt,
            table,
            wasi,
            monotonic_nanoseconds: 0,
            memory: Memory::new(limits.memory_bytes),
            limits,
            events,
            events_before: Vec::new(),
            open_handles: 0,
            gathered: 0,
            applier: None,
            backfill_terms: None,
            sampling: None,
            without_statements: None,
        }
    }

    /// Lets the guest do what it asks for. Without this it may read.
    #[must_use]
    pub fn granting(self, grant: Grant) -> Self {
        Self { grant, ..self }
    }

    /// Lets the guest rewrite tables with its own `apply`.
    #[must_use]
    pub fn applying(self, applier: Applier) -> Self {
        Self { applier: Some(applier), ..self }
    }

    /// Lets it do so batch by batch, on these terms.
    #[must_use]
    pub fn with_backfills(self, terms: BackfillTerms) -> Self {
        Self { backfill_terms: Some(terms), ..self }
    }

    /// Tries its transforms on ranges of so many rows, of which nothing stays, if any; and leaves out what cannot run in a transaction.
    #[must_use]
    pub fn sampling(self, rows: Option<u32>) -> Self {
        Self { sampling: rows, ..self }
    }

    /// Makes it the state of an instance that gets rows, and gives rows, and can do nothing else.
    #[must_use]
    pub fn of_apply(self) -> Self {
        Self { without_statements: Some(APPLYING), ..self }
    }

    /// Makes it the state of an instance that reads the next migration, whose transaction has not begun.
    #[must_use]
    pub fn of_read_ahead(self) -> Self {
        Self { without_statements: Some(READING_AHEAD), ..self }
    }

    /// Gives back the session and what was written down.
    pub fn into_parts(self) -> Remains {
        (self.session, self.trace)
    }

    /// Takes the session and what was written down out of the state of an instance that stays. Nothing runs in it until
    /// [`GuestState::begin_next`].
    pub(crate) fn take_parts(&mut self) -> Remains {
        let nothing = GuestSession::Offline(OfflineSession::default());
        (std::mem::replace(&mut self.session, nothing), std::mem::take(&mut self.trace))
    }

    /// Whether the guest holds nothing of the host's: no statement, savepoint, cursor or writer of its run.
    pub(crate) fn holds_nothing(&self) -> bool {
        self.open_handles == 0 && self.gathered == 0
    }

    /// Lets the instance run for the next migration: with the session, the grant, the limits and the accounts of that one. Its
    /// memory, its clock and the streams that it opened stay, and the memory that it has counts as before.
    pub(crate) fn begin_next(&mut self, mut next: Self) {
        std::mem::swap(&mut self.table, &mut next.table);
        std::mem::swap(&mut self.memory, &mut next.memory);
        std::mem::swap(&mut self.events_before, &mut next.events_before);
        next.monotonic_nanoseconds = self.monotonic_nanoseconds;
        let Self { events, .. } = std::mem::replace(self, next);
        self.events_before.push(events);
        // Those that no stream has are of no use any more.
        self.events_before.retain(Events::is_shared);
        self.events_before.iter().for_each(|before| before.redirect(&self.events));
    }

    /// What to tell when a statement waited too long for a lock.
    pub fn lock_wait(&self) -> LockWait {
        self.budget.lock_wait()
    }

    /// Whether the run has to end now: the operator wants it, or its time is used up.
    ///
    /// # Errors
    /// [`Stop`].
    pub(crate) fn check(&self) -> Result<(), Stop> {
        if self.interrupt.is_requested() {
            return Err(Stop::Interrupted);
        }
        self.budget.check()
    }

    pub(crate) fn emit(&self, event: GuestEvent) -> wasmtime::Result<()> {
        self.events.emit(event).map_err(wasmtime::Error::new)
    }

    /// Says something of the host, which no account counts.
    pub(super) fn tell(&self, event: GuestEvent) {
        self.events.tell(event);
    }

    /// Refuses to start anything new when the run has to end, or was to run too many statements.
    pub(super) fn begin(&mut self, statements: u64) -> Result<(), CallError> {
        self.check().map_err(CallError::stop)?;
        if let Some(why) = self.without_statements {
            return Err(CallError::guest(Error::Misuse(why.to_owned())));
        }
        if self.session.script_bytes() > SCRIPT_BYTES_MAX {
            let bytes = u64::try_from(SCRIPT_BYTES_MAX).unwrap_or(u64::MAX);
            return Err(CallError::stop(Stop::limit(Limit::Script, bytes)));
        }
        self.budget.count(statements).map_err(CallError::stop)
    }

    /// Refuses to open one handle more than there may be.
    pub(super) fn may_open(&self) -> Result<(), CallError> {
        if self.open_handles < self.limits.open_handles {
            return Ok(());
        }
        let allowed = u64::try_from(self.limits.open_handles).unwrap_or(u64::MAX);
        Err(CallError::stop(Stop::limit(Limit::OpenHandles, allowed)))
    }

    /// Gives a handle to the guest. `H` is its type in the contract, `T` what the table keeps behind it.
    pub(super) fn open<T: Send + 'static, H: 'static>(&mut self, kept: T) -> Result<Resource<H>, CallError> {
        let kept = self.table.push(kept)?;
        self.open_handles += 1;
        Ok(Resource::new_own(kept.rep()))
    }

    /// What stands behind a handle.
    pub(super) fn held<T: Send + 'static, H: 'static>(&self, handle: &Resource<H>) -> Result<&T, ResourceTableError> {
        self.table.get(&Resource::new_borrow(handle.rep()))
    }

    /// The same, to change it.
    pub(super) fn held_mut<T: Send + 'static, H: 'static>(
        &mut self,
        handle: &Resource<H>,
    ) -> Result<&mut T, ResourceTableError> {
        self.table.get_mut(&Resource::new_borrow(handle.rep()))
    }

    /// Takes a handle back.
    pub(super) fn close<T: Send + 'static, H: 'static>(&mut self, handle: &Resource<H>) -> wasmtime::Result<T> {
        let kept = self.table.delete(Resource::new_own(handle.rep()))?;
        self.open_handles = self.open_handles.saturating_sub(1);
        Ok(kept)
    }
}
