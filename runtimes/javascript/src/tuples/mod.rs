//! Fields of rows in PostgreSQL's binary form: for each row the number of its fields, and before each field its length, -1 for NULL
//! (PostgreSQL manual, "COPY", "Binary Format"). A field has the form of its type's send function.

mod numeric;
mod read;
mod write;

use crate::bindings::host::migration::types::Oid;

pub(crate) use read::{Fields, scalar};
pub(crate) use write::field;

/// How the values of a type are written; the numbers are those of `pg_type.oid`. Enums and the like count as `text`, which is how
/// they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Bytea,
    Int2,
    Int4,
    Int8,
    Text,
    Json,
    Jsonb,
    Float4,
    Float8,
    Date,
    Time,
    TimeTz,
    Timestamp,
    Timestamptz,
    Interval,
    Numeric,
    Uuid,
    /// Any other type: its bytes as they are.
    Other(Oid),
}

impl Kind {
    pub(crate) fn of(oid: Oid) -> Self {
        match oid {
            16 => Self::Bool,
            17 => Self::Bytea,
            20 => Self::Int8,
            21 => Self::Int2,
            23 => Self::Int4,
            // text, name, bpchar, varchar, unknown
            25 | 19 | 1042 | 1043 | 705 => Self::Text,
            114 => Self::Json,
            700 => Self::Float4,
            701 => Self::Float8,
            1082 => Self::Date,
            1083 => Self::Time,
            1114 => Self::Timestamp,
            1184 => Self::Timestamptz,
            1186 => Self::Interval,
            1266 => Self::TimeTz,
            1700 => Self::Numeric,
            2950 => Self::Uuid,
            3802 => Self::Jsonb,
            other => Self::Other(other),
        }
    }
}
