//! What becomes of rows: batches on their way to the transform of a migration and back.

use std::fmt;
use std::future::Future;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::LazyLock;

use tokio::sync::Semaphore;

use super::Stop;
use crate::bindings::types::Failure;
use crate::bindings::types::Tuples;

/// A batch of rows for a transform.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Which of its transforms the migration is to run.
    pub pipeline: Arc<str>,
    /// The rows.
    pub rows: Arc<Tuples>,
}

/// What a transform made of a batch.
#[derive(Debug)]
pub enum Applied {
    /// These rows.
    Rows(Tuples),
    /// Nothing: it failed, or trapped, which is a message then.
    Rejected(Failure),
    /// Nothing: the host ended it.
    Stopped(Stop),
    /// The migration has no transform.
    Missing,
}

type Applying = Pin<Box<dyn Future<Output = Applied> + Send>>;

/// The most instances that are at work at a time: each has the memory of a guest, and more than there are processors gain nothing.
const INSTANCES_MAX: usize = 8;

/// How many of them compute at the same time. Asking for it reads files of the kernel, and there is an applier for each migration.
static PROCESSORS: LazyLock<usize> =
    LazyLock::new(|| std::thread::available_parallelism().map_or(1, NonZero::get).min(INSTANCES_MAX));

/// Gives batches to a transform, each to an instance of its own.
#[derive(Clone)]
pub struct Applier {
    apply: Arc<dyn Fn(Batch) -> Applying + Send + Sync>,
    at_work: Arc<Semaphore>,
    rejected_max: Option<u64>,
}

impl Applier {
    /// An applier that does this with each batch.
    pub fn new<F>(apply: impl Fn(Batch) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Applied> + Send + 'static,
    {
        let at_work = Arc::new(Semaphore::new(*PROCESSORS));
        Self { apply: Arc::new(move |batch| Box::pin(apply(batch))), at_work, rejected_max: None }
    }

    /// Lets rows be passed over that the transform or the server rejects, at most so many of one transform; none lets the first
    /// one end it.
    #[must_use]
    pub fn passing_over(self, rejected_max: Option<u64>) -> Self {
        Self { rejected_max, ..self }
    }

    /// How many rows may be passed over, if any.
    pub(super) fn rejected_max(&self) -> Option<u64> {
        self.rejected_max
    }

    /// Begins to work on a batch on another thread, so that the database works at the same time.
    pub(super) fn begin(&self, batch: Batch) -> InWork {
        let applying = (self.apply)(batch);
        let (runtime, at_work) = (tokio::runtime::Handle::current(), Arc::clone(&self.at_work));
        let work = async move {
            // Never closed.
            let _permit = at_work.acquire().await;
            applying.await
        };
        InWork(tokio::task::spawn_blocking(move || runtime.block_on(work)))
    }
}

impl fmt::Debug for Applier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Applier").finish_non_exhaustive()
    }
}

/// A batch that is being worked on. Dropped, it is worked on to its end, for nothing.
pub(super) struct InWork(tokio::task::JoinHandle<Applied>);

impl InWork {
    /// Waits for the end.
    pub(super) async fn finished(self) -> Applied {
        match self.0.await {
            Ok(applied) => applied,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shut down.
                Err(_) => Applied::Stopped(Stop::Interrupted),
            },
        }
    }
}
