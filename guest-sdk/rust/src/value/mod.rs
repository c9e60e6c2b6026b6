//! How Rust's types become PostgreSQL's values and the other way round.

mod array;
pub(crate) mod calendar;
pub(crate) mod range;
mod row;
mod scalar;
pub(crate) mod text;
pub(crate) mod uuid;

pub use row::ToRow;

use crate::Value;
use crate::types::{Oid, Scalar};

/// What can be a parameter.
///
/// | Rust | PostgreSQL |
/// |---|---|
/// | `bool`, `i16`, `i32`, `i64`, `f32`, `f64` | `boolean`, `smallint`, `integer`, `bigint`, `real`, `double precision` |
/// | `&str`, `String` | what the statement needs there, the way a quoted literal does; else write `$1::text` |
/// | `&[u8]`, `Vec<u8>`, `[u8; N]` | `bytea` |
/// | [`Numeric`](crate::Numeric), [`Json`](crate::Json), [`Jsonb`](crate::Jsonb), [`Uuid`](crate::Uuid) | of the same name |
/// | [`Date`](crate::Date), [`Time`](crate::Time), [`TimeTz`](crate::TimeTz), [`Timestamp`](crate::Timestamp), [`Timestamptz`](crate::Timestamptz), [`Interval`](crate::Interval) | of the same name |
/// | `Option<T>` | `None` is NULL |
/// | `Vec<T>`, `&[T]`, `[T; N]` of the above except `u8`, also of `Option<T>` | an array with the lower bound 1 |
/// | [`Range<T>`](crate::Range) | a range |
/// | [`types::Array`](crate::types::Array), [`types::Range`](crate::types::Range), [`types::Raw`](crate::types::Raw), [`Value`] | anything |
///
/// A type of one's own becomes a parameter in three lines:
///
/// ```
/// use host_guest::{ToValue, Value};
///
/// enum Tier { Guest, Regular }
///
/// impl ToValue for Tier {
///     fn to_value(&self) -> Value {
///         match self { Self::Guest => "guest", Self::Regular => "regular" }.to_value()
///     }
/// }
/// ```
pub trait ToValue {
    /// The value as the contract has it.
    fn to_value(&self) -> Value;
}

/// What can be an element of an array or the bound of a range. For a parameter of its own there is [`ToValue`].
pub trait ToScalar {
    /// The type as in `pg_type.oid`; 0 leaves it to the server.
    const TYPE: Oid;

    /// The value as the contract has it.
    fn to_scalar(&self) -> Scalar;
}

/// What can be read from a result: the types that [`ToValue`] lists, and `&Value`. Only what loses nothing is read: an
/// `i64` from `integer`, but no `i16`.
///
/// ```
/// use host_guest::{FromValue, Value};
///
/// #[derive(Debug, PartialEq)]
/// enum Tier { Guest, Regular }
///
/// impl<'a> FromValue<'a> for Tier {
///     fn from_value(value: &'a Value) -> Option<Self> {
///         match <&str>::from_value(value)? {
///             "guest" => Some(Self::Guest),
///             "regular" => Some(Self::Regular),
///             _ => None,
///         }
///     }
/// }
/// # use host_guest::ToValue;
/// # assert_eq!(Tier::from_value(&"regular".to_value()), Some(Tier::Regular));
/// ```
pub trait FromValue<'a>: Sized {
    /// The value, or nothing when it is NULL or of another type.
    fn from_value(value: &'a Value) -> Option<Self>;
}

/// What can be read from an element of an array or the bound of a range. For a cell there is [`FromValue`].
pub trait FromScalar<'a>: Sized {
    /// The value, or nothing when it is NULL or of another type.
    fn from_scalar(scalar: &'a Scalar) -> Option<Self>;
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

impl<T: ToScalar + ?Sized> ToScalar for &T {
    const TYPE: Oid = T::TYPE;

    fn to_scalar(&self) -> Scalar {
        (**self).to_scalar()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Scalar(Scalar::Null), T::to_value)
    }
}

impl<T: ToScalar> ToScalar for Option<T> {
    const TYPE: Oid = T::TYPE;

    fn to_scalar(&self) -> Scalar {
        self.as_ref().map_or(Scalar::Null, T::to_scalar)
    }
}

impl<'a, T: FromValue<'a>> FromValue<'a> for Option<T> {
    fn from_value(value: &'a Value) -> Option<Self> {
        match value {
            Value::Scalar(Scalar::Null) => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl<'a, T: FromScalar<'a>> FromScalar<'a> for Option<T> {
    fn from_scalar(scalar: &'a Scalar) -> Option<Self> {
        match scalar {
            Scalar::Null => Some(None),
            scalar => T::from_scalar(scalar).map(Some),
        }
    }
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl<'a> FromValue<'a> for Value {
    fn from_value(value: &'a Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl<'a> FromValue<'a> for &'a Value {
    fn from_value(value: &'a Value) -> Option<Self> {
        Some(value)
    }
}
