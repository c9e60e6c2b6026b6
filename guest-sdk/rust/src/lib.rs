//! What a database migration written in Rust imports.
//!
//! A migration is a crate of type `cdylib` for the target `wasm32-unknown-unknown`. It implements [`Migration`] and
//! hands itself to [`export!`]:
//!
//! ```
//! use host_guest::{Failure, Migration, execute};
//!
//! struct CreateTables;
//!
//! impl Migration for CreateTables {
//!     fn upgrade() -> Result<(), Failure> {
//!         execute("CREATE TABLE tables (number integer PRIMARY KEY, place text)", &[])?;
//!         execute("INSERT INTO tables VALUES ($1, $2)", &[&1i32, &"by the window"])?;
//!         Ok(())
//!     }
//!
//!     fn downgrade() -> Result<(), Failure> {
//!         execute("DROP TABLE tables", &[])?;
//!         Ok(())
//!     }
//! }
//!
//! host_guest::export!(CreateTables);
//! ```
//!
//! The host owns the one connection and the one transaction: what is done here is committed together with the version
//! when the migration returns `Ok`, and rolled back otherwise. There are no files, no network and no clock.
//!
//! - [`execute`], [`execute_script`], [`query`], [`query_one`], [`query_optional`] and [`Statement`] run SQL.
//! - [`ToValue`] says what can be a parameter, [`FromValue`] what can be read from a [`Row`].
//! - [`bulk`] reads and writes big tables, [`transform`] rewrites them batch by batch.
//! - [`Savepoint`] and [`savepoint()`] undo a part.
//! - [`info!`] and its like write to the host's log, and so do [`println!`](crate::println!), [`eprintln!`](crate::eprintln!) and [`dbg!`](crate::dbg!), which take the place of
//!   those of std where they are imported; [`progress`] says how far a long piece of work is, [`run_info`] has
//!   the facts of this run.
//!
//! The crate also compiles natively, so that the pure part of a migration can be tested with `cargo test`; every
//! function that would ask the host panics there.

pub mod bindings;
pub mod bulk;
mod env;
mod error;
mod migration;
mod row;
mod savepoint;
mod sql;
mod statement;
pub mod transform;
#[doc(hidden)]
pub mod transform_bindings;
mod value;

#[doc(hidden)]
pub use env::print_line;
pub use env::{Level, RunInfo, log, progress, run_info};
pub use error::{Error, Failure, Limit, SqlError};
pub use migration::Migration;
#[doc(hidden)]
pub use migration::run;
pub use row::{ColumnIndex, Row, Rows};
pub use savepoint::{Savepoint, savepoint};
pub use sql::{execute, execute_script, query, query_one, query_optional};
pub use statement::Statement;
pub use value::calendar::{Date, Time, Timestamp, Timestamptz};
pub use value::range::Range;
pub use value::text::{Json, Jsonb, Numeric};
pub use value::uuid::ParseUuidError;
pub use value::{FromScalar, FromValue, ToRow, ToScalar, ToValue};

/// The contract's model of values, for what has no Rust type of its own: composites, addresses, arrays of more than
/// one dimension, …
///
/// ```no_run
/// use host_guest::{execute, types::{Format, Raw}};
///
/// # fn main() -> Result<(), host_guest::Error> {
/// // An address as text; type 0 leaves the type to the server.
/// let address = Raw { type_oid: 0, format: Format::Text, data: b"192.0.2.7".to_vec() };
/// execute("INSERT INTO logins (address) VALUES ($1)", &[&address])?;
/// # Ok(())
/// # }
/// ```
pub mod types {
    pub use crate::bindings::host::migration::types::{
        Array, ArrayDim, Bound, Column, Format, Interval, Oid, Range, Raw, Scalar, TimeTz, Uuid, Value,
    };
}

pub use types::{Column, Interval, TimeTz, Uuid, Value};
