//! Big tables: rows out of cursors and into tables, many at a time, in PostgreSQL's binary form.
//!
//! For what [`query`](crate::query()) cannot hold and [`Statement::execute_many`](crate::Statement::execute_many) is too slow
//! for. A [`Cursor`] gives [`Batch`]es, whose rows are read without a copy; a [`CopyIn`] takes rows that a [`RowWriter`] puts
//! together. Types have to fit exactly, because nothing converts them: `bigint` is `i64`, not `i32`.
//!
//! ```no_run
//! use host_guest::bulk::{CopyIn, Cursor, RowWriter};
//!
//! # fn main() -> Result<(), host_guest::Error> {
//! let guests = Cursor::open("SELECT id, phone FROM guests", &[])?;
//! let mut phones = CopyIn::into_table("phones", &["guest", "digits"])?;
//! let mut out = RowWriter::new();
//! while let Some(batch) = guests.batch(10_000)? {
//!     for row in batch.read::<(i64, Option<&str>)>() {
//!         let (id, phone) = row?;
//!         let digits = phone.map(|phone| phone.replace(' ', ""));
//!         out.row((id, digits.as_deref()));
//!     }
//!     phones.write(&mut out)?;
//! }
//! phones.finish()?;
//! # Ok(())
//! # }
//! ```
//!
//! Of types that have no form here (numeric, arrays, ranges, …) take the bytes as `&[u8]`, or let the query cast them to one
//! that has.

mod batch;
mod copy_in;
mod cursor;
mod field;
mod tuple;
mod writer;

pub use batch::{Batch, RowView};
pub use copy_in::CopyIn;
pub use cursor::Cursor;
pub use field::{FromField, ToField};
pub use tuple::{FromFields, ToFields};
pub use writer::RowWriter;
