//! The schema engine: reads what a PostgreSQL database consists of as facts, compares two databases, and writes the
//! statements that turn one into the other, in an order that works.
//!
//! [`read`] is the only part that talks to a server. [`diff()`] is pure: the downgrade is the same call with the sides
//! swapped.

pub mod catalog;
pub mod diff;
pub mod error;
pub mod fact;
pub mod load;
mod own;
pub mod picture;
pub mod plan;
pub mod prove;
mod quote;
mod render;
mod rules;
pub mod seed;
pub mod shadow;

pub use catalog::Catalog;
pub use catalog::Pattern;
pub use catalog::ReadOptions;
pub use catalog::Unmodelled;
pub use catalog::read;
pub use diff::DiffOptions;
pub use diff::Rename;
pub use diff::diff;
pub use error::DiffError;
pub use error::ReadError;
pub use error::SyntaxError;
pub use fact::Fact;
pub use fact::FactId;
pub use fact::Kind;
pub use fact::Payload;
pub use own::find_tables;
pub use plan::Action;
pub use plan::Boundary;
pub use plan::Change;
pub use plan::Lock;
pub use plan::LockMode;
pub use plan::Plan;
pub use plan::RenameCandidate;
pub use plan::Sign;
