//! Running a plan: the loop over steps, their transactions, and who is to blame when one fails.
//!
//! [`Runner`] plans, takes the lock, checks every component of the plan before the first step runs, and then takes one step
//! after the other. What happens is reported to an [`Observer`]; only the caller decides how that looks.

mod activity;
mod compile;
mod components;
mod event;
mod failure;
mod limits;
mod lock;
mod options;
mod outcome;
mod retry;
mod runner;
mod script;
mod stamp;
mod step;
mod unfinished;
mod unframed;
mod watch;

pub use event::Event;
pub use event::Observer;
pub use event::Silent;
pub use failure::Blame;
pub use failure::Cause;
pub use failure::SourcePlace;
pub use failure::StepFailure;
pub(crate) use limits::compile_limits;
pub(crate) use limits::runtime;
pub use options::Options;
pub use runner::Report;
pub use runner::Runner;
pub use script::PSQL;
pub use script::script_statement;
pub use script::tables_script;
pub use script::write_script;
pub use unfinished::UnfinishedError;
pub(crate) use unfinished::finish;
pub use unframed::Unframed;
