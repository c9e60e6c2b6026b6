use super::calendar::{Date, Time, Timestamp, Timestamptz};
use super::text::{Json, Jsonb, Numeric};
use super::{FromScalar, FromValue, ToScalar, ToValue};
use crate::Value;
use crate::types::{Interval, Oid, Raw, Scalar, TimeTz, Uuid};

/// Declares what a Rust type becomes: the number of the type in `pg_type`, and how its value is written.
macro_rules! scalar {
    ($type:ty, $oid:expr, $value:ident => $write:expr) => {
        impl ToScalar for $type {
            const TYPE: Oid = $oid;

            fn to_scalar(&self) -> Scalar {
                let $value = self;
                $write
            }
        }

        impl ToValue for $type {
            fn to_value(&self) -> Value {
                Value::Scalar(self.to_scalar())
            }
        }
    };
}

/// Declares from which scalars a Rust type is read. Borrowed types have the lifetime `'a`.
macro_rules! readable {
    ($type:ty, $($read:pat => $result:expr),+) => {
        impl<'a> FromScalar<'a> for $type {
            fn from_scalar(scalar: &'a Scalar) -> Option<Self> {
                match scalar {
                    $($read => Some($result),)+
                    _ => None,
                }
            }
        }

        impl<'a> FromValue<'a> for $type {
            fn from_value(value: &'a Value) -> Option<Self> {
                match value {
                    Value::Scalar(scalar) => Self::from_scalar(scalar),
                    _ => None,
                }
            }
        }
    };
}

// The numbers are those of PostgreSQL's catalogue, src/include/catalog/pg_type.dat; they never change.
scalar!(bool, 16, value => Scalar::Boolean(*value));
scalar!([u8], 17, value => Scalar::Bytea(value.to_vec()));
scalar!(Vec<u8>, 17, value => Scalar::Bytea(value.clone()));
scalar!(i64, 20, value => Scalar::Int8(*value));
scalar!(i16, 21, value => Scalar::Int2(*value));
scalar!(i32, 23, value => Scalar::Int4(*value));
// Text takes the type that the statement needs, also in arrays: an enum's labels are text.
scalar!(str, 0, value => Scalar::Text(value.to_owned()));
scalar!(String, 0, value => Scalar::Text(value.clone()));
scalar!(Json, 114, value => Scalar::Json(value.0.clone()));
scalar!(f32, 700, value => Scalar::Float4(*value));
scalar!(f64, 701, value => Scalar::Float8(*value));
scalar!(Date, 1082, value => Scalar::Date(value.0));
scalar!(Time, 1083, value => Scalar::Time(value.0));
scalar!(Timestamp, 1114, value => Scalar::Timestamp(value.0));
scalar!(Timestamptz, 1184, value => Scalar::Timestamptz(value.0));
scalar!(Interval, 1186, value => Scalar::Interval(*value));
scalar!(TimeTz, 1266, value => Scalar::Timetz(*value));
scalar!(Numeric, 1700, value => Scalar::Numeric(value.0.clone()));
scalar!(Uuid, 2950, value => Scalar::Uuid(*value));
scalar!(Jsonb, 3802, value => Scalar::Jsonb(value.0.clone()));
scalar!(Raw, 0, value => Scalar::Other(value.clone()));

readable!(bool, Scalar::Boolean(value) => *value);
readable!(Vec<u8>, Scalar::Bytea(value) => value.clone());
readable!(&'a [u8], Scalar::Bytea(value) => value);
readable!(i16, Scalar::Int2(value) => *value);
readable!(i32, Scalar::Int4(value) => *value, Scalar::Int2(value) => i32::from(*value));
readable!(
    i64,
    Scalar::Int8(value) => *value,
    Scalar::Int4(value) => i64::from(*value),
    Scalar::Int2(value) => i64::from(*value)
);
readable!(f32, Scalar::Float4(value) => *value);
readable!(f64, Scalar::Float8(value) => *value, Scalar::Float4(value) => f64::from(*value));
readable!(String, Scalar::Text(value) => value.clone());
readable!(&'a str, Scalar::Text(value) => value);
readable!(Json, Scalar::Json(value) => Self(value.clone()));
readable!(Jsonb, Scalar::Jsonb(value) => Self(value.clone()));
readable!(Numeric, Scalar::Numeric(value) => Self(value.clone()));
readable!(Date, Scalar::Date(value) => Self(*value));
readable!(Time, Scalar::Time(value) => Self(*value));
readable!(TimeTz, Scalar::Timetz(value) => *value);
readable!(Timestamp, Scalar::Timestamp(value) => Self(*value));
readable!(Timestamptz, Scalar::Timestamptz(value) => Self(*value));
readable!(Interval, Scalar::Interval(value) => *value);
readable!(Uuid, Scalar::Uuid(value) => *value);
readable!(Raw, Scalar::Other(value) => value.clone());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_keep_apart() {
        assert_eq!("a".to_value(), Value::Scalar(Scalar::Text("a".into())));
        assert_eq!(b"a".to_vec().to_value(), Value::Scalar(Scalar::Bytea(vec![97])));
        assert_eq!([97u8].to_value(), Value::Scalar(Scalar::Bytea(vec![97])));
        assert_eq!(<&str>::from_value(&"a".to_value()), Some("a"));
        assert_eq!(<&[u8]>::from_value(&"a".to_value()), None);
    }

    #[test]
    fn numbers_widen_but_never_narrow() {
        assert_eq!(i64::from_value(&7i16.to_value()), Some(7));
        assert_eq!(i32::from_value(&7i16.to_value()), Some(7));
        assert_eq!(i32::from_value(&7i64.to_value()), None);
        assert_eq!(f64::from_value(&0.5f32.to_value()), Some(0.5));
        assert_eq!(f64::from_value(&7i32.to_value()), None);
    }

    #[test]
    fn null_needs_an_option() {
        let null = None::<i32>.to_value();
        assert_eq!(null, Value::Scalar(Scalar::Null));
        assert_eq!(i32::from_value(&null), None);
        assert_eq!(Option::<i32>::from_value(&null), Some(None));
        assert_eq!(Option::<i32>::from_value(&7i32.to_value()), Some(Some(7)));
        assert_eq!(Option::<i32>::from_value(&"7".to_value()), None);
    }
}
