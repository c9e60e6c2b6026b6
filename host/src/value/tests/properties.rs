//! Laws: what is encoded is decoded to the same value, and no bytes make the codec panic.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::super::Encoded;
use super::super::decode;
use super::super::encode;
use super::super::literal;
use super::super::oid;
use super::super::text as text_of;
use super::*;
use crate::bindings::types::Interval;
use crate::bindings::types::TimeTz;
use crate::bindings::types::Uuid;

const DAY_MICROS: i64 = 86_400_000_000;

fn any_text() -> BoxedStrategy<Scalar> {
    "[^\0]{0,12}".prop_map(Scalar::Text).boxed()
}

/// Every type with a case of its own, and values that it can hold.
fn scalar() -> impl Strategy<Value = (Oid, BoxedStrategy<Scalar>)> {
    let finite = prop::num::f64::ANY.prop_filter("NaN is not equal to itself", |f| !f.is_nan());
    let single = prop::num::f32::ANY.prop_filter("NaN is not equal to itself", |f| !f.is_nan());
    let timetz = (0..=DAY_MICROS, -57_599..57_600)
        .prop_map(|(micros, offset_secs)| Scalar::Timetz(TimeTz { micros, offset_secs }));
    let interval =
        any::<(i32, i32, i64)>().prop_map(|(months, days, micros)| Scalar::Interval(Interval { months, days, micros }));
    let timestamp = || -211_813_488_000_000_000..9_223_371_331_200_000_000_i64;
    let all: Vec<(Oid, BoxedStrategy<Scalar>)> = vec![
        (oid::BOOL, any::<bool>().prop_map(Scalar::Boolean).boxed()),
        (oid::INT2, any::<i16>().prop_map(Scalar::Int2).boxed()),
        (oid::INT4, any::<i32>().prop_map(Scalar::Int4).boxed()),
        (oid::INT8, any::<i64>().prop_map(Scalar::Int8).boxed()),
        (oid::FLOAT4, single.prop_map(Scalar::Float4).boxed()),
        (oid::FLOAT8, finite.prop_map(Scalar::Float8).boxed()),
        (oid::NUMERIC, "-?[1-9][0-9]{0,20}(\\.[0-9]{1,9})?".prop_map(Scalar::Numeric).boxed()),
        (oid::TEXT, any_text()),
        (oid::VARCHAR, any_text()),
        (oid::NAME, any_text()),
        (oid::BYTEA, vec(any::<u8>(), 0..9).prop_map(Scalar::Bytea).boxed()),
        (oid::DATE, (-2_451_545..2_145_031_949).prop_map(Scalar::Date).boxed()),
        (oid::TIME, (0..=DAY_MICROS).prop_map(Scalar::Time).boxed()),
        (oid::TIMETZ, timetz.boxed()),
        (oid::TIMESTAMP, timestamp().prop_map(Scalar::Timestamp).boxed()),
        (oid::TIMESTAMPTZ, timestamp().prop_map(Scalar::Timestamptz).boxed()),
        (oid::INTERVAL, interval.boxed()),
        (oid::UUID, any::<(u64, u64)>().prop_map(|(hi, lo)| Scalar::Uuid(Uuid { hi, lo })).boxed()),
        (oid::JSON, "[^\0]{0,12}".prop_map(Scalar::Json).boxed()),
        (oid::JSONB, "[^\0]{0,12}".prop_map(Scalar::Jsonb).boxed()),
    ];
    prop::sample::select(all)
}

/// Arrays, ranges and scalars with the shape of their type.
fn value() -> impl Strategy<Value = (TypeShape, Value)> {
    scalar().prop_flat_map(|(element, items)| {
        let shape = TypeShape::Simple(element);
        let single = items.clone().prop_map({
            let shape = shape.clone();
            move |scalar| (shape.clone(), Value::Scalar(scalar))
        });
        let item = prop_oneof![4 => items.clone(), 1 => Just(Scalar::Null)];
        let array = (0..4_u32, 1..3_u32, -3..4, vec(item, 12)).prop_map({
            let shape = array_shape(oid::array_of(element).unwrap(), shape.clone());
            move |(rows, columns, lower, items)| {
                let count = usize::try_from(rows * columns).unwrap();
                let dims: &[_] = if count == 0 { &[] } else { &[(rows, lower), (columns, 1)] };
                (shape.clone(), array(element, dims, items[..count].to_vec()))
            }
        });
        let bound = || option::of((items.clone(), any::<bool>()));
        let range = (bound(), bound()).prop_map({
            let shape = range_shape(20_001, shape);
            move |(lower, upper)| (shape.clone(), range(element, lower, upper))
        });
        prop_oneof![single, array, range]
    })
}

fn shape() -> impl Strategy<Value = TypeShape> {
    let numbers: Vec<Oid> = (0..6200).collect();
    let shapes: Vec<TypeShape> = numbers
        .into_iter()
        .filter_map(TypeShape::builtin)
        .chain([TypeShape::Enum(20_000), TypeShape::TextLike(20_001)])
        .chain([range_shape(20_002, builtin(1007))])
        .chain([array_shape(20_003, domain(20_004, builtin(3904)))])
        .collect();
    prop::sample::select(shapes)
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded((shape, value) in value()) {
        let Encoded::Binary(bytes) = encode(&value, &shape).unwrap() else {
            panic!("not binary");
        };
        prop_assert_eq!(decode(&shape, Some(&bytes)).unwrap(), value);
    }

    #[test]
    fn everything_has_a_text_and_a_literal((_, value) in value()) {
        prop_assert!(text_of(&value).unwrap().is_some());
        let literal = literal(&value).unwrap();
        prop_assert!(literal.starts_with('\'') || literal.starts_with("E'"));
    }

    #[test]
    fn no_bytes_make_it_panic(shape in shape(), bytes in vec(any::<u8>(), 0..64)) {
        let _ = decode(&shape, Some(&bytes));
    }

    #[test]
    fn damaged_values_do_not_make_it_panic(
        (shape, value) in value(),
        cut in 0..40_usize,
        place in 0..40_usize,
        byte in any::<u8>(),
    ) {
        let Encoded::Binary(mut bytes) = encode(&value, &shape).unwrap() else {
            panic!("not binary");
        };
        if let Some(damaged) = bytes.get_mut(place) {
            *damaged = byte;
        }
        let _ = decode(&shape, Some(&bytes));
        bytes.truncate(cut);
        let _ = decode(&shape, Some(&bytes));
    }

    #[test]
    fn any_value_can_be_offered_to_any_type(shape in shape(), (_, value) in value()) {
        let _ = encode(&value, &shape);
    }
}
