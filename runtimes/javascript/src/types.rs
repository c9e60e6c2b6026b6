//! Which type of PostgreSQL a value has that JavaScript does not tell apart: numbers, and the items of an array.

use crate::bindings::host::migration::types::{Oid, Scalar};

/// Why a value cannot be a parameter.
pub(crate) type Refused = String;

/// The largest number of which all smaller ones are exact in JavaScript: `Number.MAX_SAFE_INTEGER`.
const SAFE_INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

/// A number as the smallest of `integer`, `bigint` and `double precision` that holds it without a change.
pub(crate) fn number_scalar(number: f64) -> Scalar {
    let is_whole =
        number.fract() == 0.0 && number.abs() <= SAFE_INTEGER_MAX && !(number == 0.0 && number.is_sign_negative());
    if !is_whole {
        return Scalar::Float8(number);
    }
    // Whole and small enough, so nothing is cut.
    let whole = number as i64;
    i32::try_from(whole).map_or(Scalar::Int8(whole), Scalar::Int4)
}

/// Makes the items of an array one type, and says which.
pub(crate) fn unify(items: &mut [Scalar]) -> Result<Oid, Refused> {
    let mut element = 0;
    let mut first = None;
    for (place, item) in items.iter().enumerate() {
        if matches!(item, Scalar::Null) {
            continue;
        }
        let own = type_of(item);
        element = match first {
            None => own,
            Some(_) => common(element, own).ok_or_else(|| {
                format!("item {} is {}, but the items before it are {}", place + 1, name(own), name(element))
            })?,
        };
        first = first.or(Some(place));
    }
    for item in items {
        let widened = match (&item, element) {
            (Scalar::Int4(number), INT8) => Scalar::Int8((*number).into()),
            (Scalar::Int4(number), FLOAT8) => Scalar::Float8((*number).into()),
            (Scalar::Int8(number), FLOAT8) => Scalar::Float8(*number as f64),
            (Scalar::Int4(number), NUMERIC) => Scalar::Numeric(number.to_string()),
            (Scalar::Int8(number), NUMERIC) => Scalar::Numeric(number.to_string()),
            _ => continue,
        };
        *item = widened;
    }
    Ok(element)
}

const INT4: Oid = 23;
const INT8: Oid = 20;
const FLOAT8: Oid = 701;
const NUMERIC: Oid = 1700;

/// The type that holds both without a loss.
fn common(one: Oid, other: Oid) -> Option<Oid> {
    match (one, other) {
        (one, other) if one == other => Some(one),
        (INT4, INT8) | (INT8, INT4) => Some(INT8),
        (INT4, FLOAT8) | (FLOAT8, INT4) => Some(FLOAT8),
        (INT4 | INT8, NUMERIC) | (NUMERIC, INT4 | INT8) => Some(NUMERIC),
        // A whole number beyond integer is a float here only where it was written as a number, which is exact.
        (INT8, FLOAT8) | (FLOAT8, INT8) => Some(FLOAT8),
        _ => None,
    }
}

/// The type as in `pg_type.oid`; text takes the type that the statement needs, like a quoted literal.
fn type_of(scalar: &Scalar) -> Oid {
    match scalar {
        Scalar::Null | Scalar::Text(_) => 0,
        Scalar::Boolean(_) => 16,
        Scalar::Int2(_) => 21,
        Scalar::Int4(_) => INT4,
        Scalar::Int8(_) => INT8,
        Scalar::Float4(_) => 700,
        Scalar::Float8(_) => FLOAT8,
        Scalar::Numeric(_) => NUMERIC,
        Scalar::Bytea(_) => 17,
        Scalar::Date(_) => 1082,
        Scalar::Time(_) => 1083,
        Scalar::Timetz(_) => 1266,
        Scalar::Timestamp(_) => 1114,
        Scalar::Timestamptz(_) => 1184,
        Scalar::Interval(_) => 1186,
        Scalar::Uuid(_) => 2950,
        Scalar::Json(_) => 114,
        Scalar::Jsonb(_) => 3802,
        Scalar::Other(raw) => raw.type_oid,
    }
}

fn name(element: Oid) -> &'static str {
    match element {
        0 => "text",
        16 => "boolean",
        17 => "bytea",
        INT4 => "integer",
        INT8 => "bigint",
        FLOAT8 => "double precision",
        NUMERIC => "numeric",
        1082 => "date",
        1083 => "time",
        1114 => "timestamp",
        1184 => "timestamptz",
        1186 => "interval",
        1266 => "timetz",
        114 => "json",
        3802 => "jsonb",
        _ => "of another type",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_the_smallest_type_that_holds_them() {
        assert_eq!(number_scalar(4.0), Scalar::Int4(4));
        assert_eq!(number_scalar(2_147_483_648.0), Scalar::Int8(2_147_483_648));
        assert_eq!(number_scalar(0.5), Scalar::Float8(0.5));
        assert_eq!(number_scalar(1e300), Scalar::Float8(1e300));
        assert!(matches!(number_scalar(-0.0), Scalar::Float8(zero) if zero.is_sign_negative()));
    }

    #[test]
    fn items_become_one_type() {
        let mut items = [Scalar::Int4(1), Scalar::Null, Scalar::Int8(1 << 40)];
        assert_eq!(unify(&mut items), Ok(INT8));
        assert_eq!(items, [Scalar::Int8(1), Scalar::Null, Scalar::Int8(1 << 40)]);
        let mut items = [Scalar::Int4(1), Scalar::Float8(0.5)];
        assert_eq!(unify(&mut items), Ok(FLOAT8));
        let mut items = [Scalar::Text("a".to_owned()), Scalar::Int4(1)];
        assert_eq!(unify(&mut items), Err("item 2 is integer, but the items before it are text".to_owned()));
        assert_eq!(unify(&mut [Scalar::Null]), Ok(0));
    }
}
