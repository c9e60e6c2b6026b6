//! The database: the one connection of a run, and the tables in which the host keeps its books.
//!
//! This is the only module that names sqlx, and `driver` its boundary. The parts, in the order in which a run uses them:
//! [`connect`] opens the connection, `own_tables` finds the host's tables, [`books`] reads what is applied, [`prepare`] looks at
//! the server, [`lock`] keeps other runners away, [`transaction`] begins and ends one step, [`session`] runs a guest's statements
//! ([`script`] writes them down instead, [`guest`] is either), [`frame`] says what a migration must leave as it is, `bookkeeping`
//! looks at that and writes down what was done, and [`history`] is the append-only record. [`cancel`] stops a statement from
//! outside, [`activity`] tells how far it is, [`watch`] notices that no answer will come, and [`loss`] is for the time after that.
//!
//! Statements of guests go one at a time through the extended protocol, which refuses a text of several statements.
//! Only texts written in this module go through the simple protocol.

pub mod activity;
mod bookkeeping;
pub mod books;
pub mod cancel;
pub mod connect;
mod driver;
pub mod error;
pub mod frame;
pub mod guest;
mod hint;
pub mod history;
pub mod journal;
pub mod lock;
pub mod loss;
pub mod names;
mod own_tables;
pub mod parameters;
mod pooler;
pub mod prepare;
mod recovery;
pub mod script;
mod server_error;
pub mod session;
pub mod transaction;
mod types;
pub mod unframed;
pub mod watch;

pub use activity::Activity;
pub use books::Books;
pub use cancel::Canceller;
pub use connect::Database;
pub use driver::is_in_driver;
pub use error::DatabaseError;
pub use guest::GuestSession;
pub use guest::GuestStatement;
pub use history::HistoryRow;
pub use journal::Unfinished;
pub use names::Tables;
pub use script::ScriptSession;
pub use session::Session;
pub use session::SessionError;
pub use unframed::JournalError;
pub use unframed::UnframedSession;
