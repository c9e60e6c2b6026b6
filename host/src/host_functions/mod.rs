//! What a guest may do: the contract's imports, on top of one session: a database or a script.
//!
//! The traits here are thin. Each call of a guest is counted and guarded (one statement, no transaction control), its work
//! with the database is not counted as the guest's, and what went wrong is written down in the [`ExecutionTrace`], so that the operator learns it
//! whatever the guest makes of the error. Errors that a guest may handle go back to it; everything else ends it at once.

mod apply;
mod budget;
mod bulk;
mod compute_time;
mod env;
mod events;
mod interrupt;
mod limit;
mod made;
mod memory;
mod online;
mod preview;
mod retry;
mod script;
mod search;
mod sift;
mod sql;
mod state;
mod text;
mod trace;
mod transform_sample;
mod transforms;

pub use apply::Applied;
pub use apply::Applier;
pub use apply::Batch;
pub use budget::Budget;
pub use budget::LockWait;
pub(crate) use compute_time::ComputeTime;
pub use env::no_run;
pub use events::Events;
pub use events::GuestEvent;
pub use interrupt::Interrupt;
pub use limit::Exceeded;
pub use limit::GuestLimits;
pub use limit::Limit;
pub use limit::Stop;
pub use made::words_of_error;
pub(crate) use memory::INSTANCES_MAX;
pub(crate) use memory::MEMORIES_MAX;
pub(crate) use memory::TABLES_MAX;
pub use online::Gate;
pub use online::Work;
pub use online::WorkError;
pub use retry::Retried;
pub use retry::RetryStop;
pub use retry::retry_row;
pub use state::GuestState;
pub(crate) use state::OTHER_HANDLES_MAX;
pub use state::Remains;
pub(crate) use text::cut;
pub use trace::ExecutionTrace;
pub use trace::Panic;
pub use trace::StatementFailure;
pub use transform_sample::Change;
pub use transform_sample::TransformSample;
pub use transforms::check_stored;

use crate::bindings::CallError;
use crate::bindings::types::Error;
use crate::db::GuestStatement;
use crate::db::SessionError;

/// What stands behind the handle of a prepared statement.
struct OpenStatement {
    prepared: GuestStatement,
}

/// What stands behind the handle of a savepoint.
struct OpenSavepoint {
    name: String,
}

impl From<SessionError> for CallError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Guest(error) => Self::Guest(error),
            SessionError::TooLarge(limits, crate::bindings::types::Limit::Rows) => {
                Self::stop(Stop::limit(Limit::ResultRows, limits.rows_max))
            }
            SessionError::TooLarge(limits, _) => Self::stop(Stop::limit(Limit::ResultSize, limits.bytes_max)),
            SessionError::Fatal(error) => Self::stop(Stop::Database(error)),
        }
    }
}

impl From<wasmtime::component::ResourceTableError> for CallError {
    fn from(error: wasmtime::component::ResourceTableError) -> Self {
        Self::Stop(error.into())
    }
}

impl CallError {
    fn guest(error: Error) -> Self {
        Self::Guest(Box::new(error))
    }

    fn stop(stop: Stop) -> Self {
        Self::Stop(wasmtime::Error::new(stop))
    }
}
