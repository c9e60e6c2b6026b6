//! What can be wrong with a value, on its way in or out.

use std::str::Utf8Error;

use super::oid;
use crate::bindings::types::Oid;

/// A value from the server that is not what its type promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConversionError {
    /// The value has the wrong number of bytes.
    #[error("a value of {} has {got} bytes instead of {expected}", oid::describe(*.type_oid))]
    Length {
        /// The type.
        type_oid: Oid,
        /// The bytes that the type has.
        expected: usize,
        /// The bytes that came.
        got: usize,
    },
    /// The value ends too early.
    #[error("a value of {} ends too early", oid::describe(*.type_oid))]
    Truncated {
        /// The type.
        type_oid: Oid,
    },
    /// Bytes are left over.
    #[error("a value of {} has {bytes} bytes too many", oid::describe(*.type_oid))]
    Trailing {
        /// The type.
        type_oid: Oid,
        /// The bytes left over.
        bytes: usize,
    },
    /// The text is not UTF-8.
    #[error("a value of {} is not UTF-8", oid::describe(*.type_oid))]
    NotUtf8 {
        /// The type.
        type_oid: Oid,
        /// Where it goes wrong.
        #[source]
        source: Utf8Error,
    },
    /// The bytes break a rule of the type's binary form.
    #[error("a value of {} has {what}", oid::describe(*.type_oid))]
    Malformed {
        /// The type.
        type_oid: Oid,
        /// What is wrong.
        what: &'static str,
    },
    /// The value would need far more memory than it had bytes.
    #[error("a value of {} is too large to be written out as decimal text", oid::describe(*.type_oid))]
    TooLarge {
        /// The type.
        type_oid: Oid,
    },
}

impl ConversionError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotUtf8 { .. } => Some("set client_encoding to UTF8".to_owned()),
            Self::TooLarge { .. } => Some("select fewer values at a time, or round them".to_owned()),
            _ => Some("cast the column to text in the query".to_owned()),
        }
    }
}

/// A value from a migration that cannot be given to the server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The value has another type than the statement needs.
    #[error("the statement takes {expected}, got {got}")]
    Mismatch {
        /// The type that is needed.
        expected: String,
        /// What the value is.
        got: String,
    },
    /// The type has no such value.
    #[error("{value} is out of range for {type_name}")]
    OutOfRange {
        /// The type.
        type_name: String,
        /// The value.
        value: String,
    },
    /// The text of a numeric is not a number.
    #[error("'{text}' is not a numeric")]
    NotNumeric {
        /// The text, shortened where it is long.
        text: String,
    },
    /// The text has a character that PostgreSQL cannot store.
    #[error("PostgreSQL's text cannot hold the character NUL")]
    NulCharacter,
    /// A raw text is not UTF-8.
    #[error("a raw value in text format is not UTF-8")]
    NotUtf8 {
        /// Where it goes wrong.
        #[source]
        source: Utf8Error,
    },
    /// The dimensions of an array do not multiply to the number of its elements.
    #[error("an array has {items} elements, but dimensions for {expected}")]
    ArrayItems {
        /// The elements that its dimensions need.
        expected: u64,
        /// The elements that are there.
        items: usize,
    },
    /// An array has more dimensions than PostgreSQL allows.
    #[error("an array has {count} dimensions, more than 6")]
    ArrayDimensions {
        /// The dimensions.
        count: usize,
    },
    /// The indexes of an array leave the range of an integer.
    #[error("an array of {len} elements cannot begin at index {lower}")]
    ArrayBounds {
        /// The elements in the dimension.
        len: u32,
        /// The first index.
        lower: i32,
    },
    /// A range that is empty has bounds.
    #[error("an empty range has bounds")]
    EmptyRangeWithBounds,
    /// A bound of a range is NULL.
    #[error("a bound of a range is NULL")]
    NullBound,
    /// A raw value in binary format has no text that is known here.
    #[error("a raw value of {} in binary format has no text form", oid::describe(*.type_oid))]
    NoText {
        /// The type.
        type_oid: Oid,
    },
    /// The value does not fit into the protocol's 32-bit lengths.
    #[error("a value has more than 2 GiB")]
    TooLong,
}

impl EncodeError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Mismatch { .. } => {
                "pass a value of that type, pass it as text, or write a cast such as $1::int4 in the statement"
            }
            Self::NulCharacter => "remove the character, or store the value as bytea",
            Self::NullBound => "leave the bound out: a range without it is unbounded there",
            Self::NoText { .. } => "pass the value in text format",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
