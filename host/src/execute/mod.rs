//! Running a plan: the loop over steps, their transactions, and who is to blame when one fails.
//!
//! [`Runner`] plans, takes the lock, checks every component of the plan before the first step runs, and then takes one step
//! after the other. What happens is reported to an [`Observer`]; only the caller decides how that looks.

mod applier;
mod author;
mod backfills;
mod cancellation;
mod checks;
mod compile;
mod components;
mod error;
mod event;
mod failure;
mod goal;
mod in_doubt_commit;
mod judge;
mod limits;
mod lock;
mod non_transactional;
mod offline;
mod options;
mod partial_progress;
mod prepare;
mod preview;
mod progress;
mod read_ahead;
mod repair;
mod retry;
mod retry_failed;
mod run;
mod runner;
mod script_check;
mod stamp;
mod step;
mod step_component;
mod step_result;
mod unfinished;
mod work;
mod work_error;

pub use author::AuthorRequest;
pub use checks::DryRun;
pub use checks::check_migrations;
pub use error::RunError;
pub use event::Event;
pub use event::Observer;
pub use event::Silent;
pub use failure::Blame;
pub use failure::Cause;
pub use failure::SourcePlace;
pub use failure::StepFailure;
#[cfg(feature = "cli")]
pub(crate) use limits::compile_limits;
pub use limits::runtime;
pub use offline::PSQL;
pub use offline::offline_tables_sql;
pub use offline::script_statement;
pub use offline::write_offline_sql;
pub use options::Options;
pub use partial_progress::PartialProgress;
pub use partial_progress::Rewritten;
pub use preview::Preview;
pub use preview::PreviewedStep;
pub use repair::AppliedChange;
pub use retry_failed::RetryError;
pub use retry_failed::RetryReport;
pub use runner::Report;
pub use runner::Runner;
pub use script_check::ScriptChecker;
pub use unfinished::UnfinishedError;
#[cfg(feature = "cli")]
pub(crate) use unfinished::finish;
pub use work::WorkReport;
pub use work_error::WorkFailure;
