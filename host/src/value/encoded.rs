//! What a value becomes on the wire.

/// A parameter, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// SQL NULL.
    Null,
    /// The type's binary form.
    Binary(Vec<u8>),
    /// Text from which the server has to make the type: `SELECT CAST($1::text AS type)`.
    Text(String),
}
