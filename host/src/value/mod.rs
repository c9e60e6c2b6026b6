//! PostgreSQL's values: between the wire and the contract, as text, and as SQL. Pure: no I/O, no async.
//!
//! - [`TypeShape`] says how a type is built; the built-in types are known by number ([`oid`]).
//! - [`decode()`] turns what the server sent in binary format into a value of the contract.
//! - [`declared_type`] and [`encode()`] turn a value into a parameter.
//! - [`text()`] and [`literal()`] write a value for people, scripts and `COPY`; [`write_plainly`] for texts of several
//!   statements, whatever the session's settings are.
//!
//! - [`check_tuples`], [`values_of_tuples`], [`columns_of_tuples`] and [`tuples_of_columns`] are for rows in bulk.
//!
//! The client encoding is UTF-8 throughout.

mod calendar;
mod check;
mod columns;
mod decode;
mod encode;
mod encoded;
mod error;
mod literal;
mod numeric;
pub mod oid;
mod plain;
mod scalar;
mod shape;
mod text;
mod tuples;

#[cfg(test)]
mod tests;

pub use columns::columns_of_tuples;
pub use columns::tuples_of_columns;
pub use decode::decode;
pub use encode::declared_type;
pub use encode::encode;
pub use encoded::Encoded;
pub use error::ConversionError;
pub use error::EncodeError;
pub use literal::literal;
pub use literal::quote_identifier;
pub use literal::quote_text;
pub use plain::builtin_type_name;
pub use plain::escaped_identifier;
pub use plain::plain_text;
pub use plain::write_plainly;
pub use shape::TypeShape;
pub use shape::width;
pub use text::text;
pub use tuples::COPY_HEADER;
pub use tuples::COPY_TRAILER;
pub use tuples::TupleError;
pub use tuples::check_tuples;
pub use tuples::fields_of_row;
pub use tuples::push_field;
pub use tuples::push_row;
pub use tuples::row_ends;
pub use tuples::values_of_tuples;
