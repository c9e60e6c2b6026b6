//! The database: the one connection of a run, and the host's own tables.
//!
//! This is the only module that names sqlx, and `driver` its boundary. The parts, in the order in which a run uses them:
//! [`Connector`] opens the connection, `own_tables` finds the host's tables, [`applied`] reads what is applied, [`preflight`] looks at
//! the server, [`lock`] keeps other runners away, [`transaction`] begins and ends one step, [`session`] runs a guest's statements
//! ([`offline`] writes them down instead, [`guest`] is either), [`integrity`] says what a migration must leave as it is, `bookkeeping`
//! looks at that and writes down what was done (`fast_commit` does both in one text, with statements that `prepared_end` keeps
//! in a long run, and the next step may begin in it: `begun_ahead`), and [`log`] is the append-only record, from which `log_digests` reads what ran. [`cancel`] stops a statement from
//! outside, [`statement_progress`] tells how far it is, [`liveness`] notices that no answer will come, and [`reconnect`] is for the time after that.
//!
//! Statements of guests go one at a time: through the extended protocol, which refuses a text of several statements, or
//! through the simple one where a text cannot be several. Other texts of the simple protocol are written in this module.

pub mod applied;
pub mod backfill;
mod begun_ahead;
mod bookkeeping;
pub mod cancel;
pub mod connect;
mod connector;
pub mod databases;
mod driver;
mod earlier_log;
pub mod error;
mod fast_commit;
pub mod guest;
mod hint;
pub mod integrity;
mod interrupted_statement;
mod known;
mod libpq;
pub mod liveness;
pub mod location;
pub mod lock;
pub mod log;
pub mod log_detail;
mod log_digests;
pub mod names;
pub mod non_transactional;
pub mod offline;
pub mod opening;
mod own_tables;
pub mod parameters;
pub mod passing;
mod pooler;
pub mod preflight;
mod prepared_end;
mod problems;
pub mod reconnect;
pub mod rejected;
mod rejected_row;
mod server_error;
pub mod session;
pub mod sqlstate;
pub mod statement_journal;
pub mod statement_progress;
mod table_state;
pub mod transaction;
mod types;
pub mod version_rows;
pub mod violation;

pub use applied::AppliedState;
pub use backfill::Backfill;
pub use backfill::Claim;
pub use cancel::Canceller;
pub use connect::Database;
#[cfg(feature = "schema")]
pub use connector::Connection;
pub use connector::Connector;
pub use databases::Existing;
pub use driver::is_in_driver;
pub use error::DatabaseError;
pub use guest::GuestSession;
pub use guest::GuestStatement;
pub use location::Location;
pub use log::LogRow;
pub use log_detail::LogDetail;
pub use log_detail::Repaired;
pub use log_digests::Digests;
pub use log_digests::LoggedDigest;
pub use names::Tables;
pub use non_transactional::JournalError;
pub use non_transactional::NonTransactionalSession;
pub use non_transactional::Progression;
pub use offline::OfflineSession;
pub use offline::OfflineStatement;
pub use rejected::RecordedRow;
pub use rejected_row::RejectedPlan;
pub use rejected_row::RejectedRow;
pub use session::CopyTarget;
pub use session::Cursor;
pub use session::Extent;
pub use session::Isolation;
pub use session::Key;
pub use session::Part;
pub use session::Session;
pub use session::SessionError;
pub use session::ShownRow;
pub use session::Transform;
pub use statement_journal::Unfinished;
pub use statement_progress::StatementProgress;
