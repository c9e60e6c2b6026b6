//! What a value may become, and what it may not.

use super::super::EncodeError;
use super::super::Encoded;
use super::super::declared_type;
use super::super::encode;
use super::super::oid;
use super::*;

fn scalar(scalar: Scalar) -> Value {
    Value::Scalar(scalar)
}

fn binary(bytes: &[u8]) -> Encoded {
    Encoded::Binary(bytes.to_vec())
}

#[test]
fn declared_types() {
    let cases = [
        (scalar(Scalar::Null), 0),
        (scalar(text("a")), 0),
        (scalar(Scalar::Int2(1)), oid::INT2),
        (scalar(Scalar::Jsonb("1".to_owned())), oid::JSONB),
        (scalar(raw(869, Format::Binary, b"")), 869),
        (scalar(raw(869, Format::Text, b"::1")), 869),
        (scalar(raw(0, Format::Text, b"")), 0),
        (list(oid::TEXT, vec![]), 1009),
        (list(20_000, vec![]), 0),
        (list(0, vec![]), 0),
        (empty_range(oid::INT8), 3926),
        (empty_range(oid::FLOAT8), 0),
    ];
    for (value, expected) in cases {
        assert_eq!(declared_type(&value), expected, "{value:?}");
    }
}

#[test]
fn conversions() {
    let enumeration = TypeShape::Enum(20_000);
    let text_of = |text: &str| Encoded::Text(text.to_owned());
    #[rustfmt::skip]
    let cases = [
        (scalar(Scalar::Int8(-1)), builtin(oid::INT2), binary(&[0xff, 0xff])),
        (scalar(Scalar::Int2(1)), builtin(oid::INT8), binary(&[0, 0, 0, 0, 0, 0, 0, 1])),
        (scalar(Scalar::Int8(0xffff_ffff)), builtin(oid::OID), binary(&[0xff; 4])),
        (scalar(Scalar::Int4(1259)), builtin(2205), binary(&[0, 0, 4, 0xeb])),
        (scalar(Scalar::Int4(-10_000)), builtin(oid::NUMERIC), binary(&[0, 1, 0, 1, 0x40, 0, 0, 0, 0, 1])),
        (scalar(Scalar::Int4(2)), builtin(oid::FLOAT8), binary(&2_f64.to_be_bytes())),
        (scalar(Scalar::Int4(2)), builtin(oid::FLOAT4), binary(&2_f32.to_be_bytes())),
        (scalar(Scalar::Float4(0.5)), builtin(oid::FLOAT8), binary(&0.5_f64.to_be_bytes())),
        (scalar(Scalar::Float8(0.1)), builtin(oid::FLOAT4), binary(&0.1_f32.to_be_bytes())),
        (scalar(Scalar::Float8(f64::INFINITY)), builtin(oid::FLOAT4), binary(&f32::INFINITY.to_be_bytes())),
        (scalar(text("{}")), builtin(oid::JSON), binary(b"{}")),
        (scalar(text("{}")), builtin(oid::JSONB), binary(b"\x01{}")),
        (scalar(Scalar::Json("1".to_owned())), builtin(oid::JSONB), binary(b"\x011")),
        (scalar(Scalar::Jsonb("1".to_owned())), builtin(oid::JSON), binary(b"1")),
        (scalar(text("<a/>")), builtin(oid::XML), binary(b"<a/>")),
        (scalar(text("<?xml version='1.0' encoding='latin1'?><a/>")), builtin(oid::XML),
            text_of("<?xml version='1.0' encoding='latin1'?><a/>")),
        (scalar(text("sad")), enumeration.clone(), binary(b"sad")),
        (scalar(text("sad")), domain(20_005, enumeration.clone()), binary(b"sad")),
        (scalar(text("ab")), builtin(oid::CHAR), text_of("ab")),
        (scalar(text(&"n".repeat(64))), builtin(oid::NAME), text_of(&"n".repeat(64))),
        (scalar(text("5")), builtin(oid::INT4), text_of("5")),
        (scalar(text("::1")), builtin(869), text_of("::1")),
        (scalar(text("{1,2}")), builtin(1007), text_of("{1,2}")),
        (scalar(text("(1,x)")), TypeShape::Other(20_030), text_of("(1,x)")),
        (scalar(raw(0, Format::Text, b"a")), builtin(oid::TEXT), binary(b"a")),
        (scalar(raw(869, Format::Text, b"::1")), builtin(869), text_of("::1")),
        (scalar(raw(869, Format::Binary, b"x")), builtin(869), binary(b"x")),
        (scalar(raw(0, Format::Binary, b"x")), builtin(869), binary(b"x")),
        (scalar(raw(869, Format::Binary, b"x")), domain(20_005, builtin(869)), binary(b"x")),
        (scalar(raw(1007, Format::Binary, b"x")), builtin(1007), binary(b"x")),
        (list(oid::INT8, vec![Scalar::Int8(3)]), builtin(1005),
            binary(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 21, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 3])),
        (list(0, vec![text("1.5"), Scalar::Int4(2), Scalar::Null]), builtin(1231), text_of("{1.5,2,NULL}")),
        (list(0, vec![text("(0,0),(1,1)"), Scalar::Null]), builtin(1020), text_of("{\"(0,0),(1,1)\";NULL}")),
        (range(0, Some((text("2020-01-01"), true)), None), builtin(3912), text_of("[2020-01-01,)")),
        (range(oid::INT8, None, Some((Scalar::Int8(1), true))), builtin(3904),
            binary(&[0x0c, 0, 0, 0, 4, 0, 0, 0, 1])),
    ];
    for (value, shape, expected) in cases {
        assert_eq!(encode(&value, &shape), Ok(expected), "{value:?}");
    }
}

#[test]
fn refusals() {
    #[rustfmt::skip]
    let cases = [
        (scalar(Scalar::Boolean(true)), builtin(oid::INT4), "the statement takes int4, got boolean"),
        (scalar(Scalar::Date(0)), builtin(oid::TIMESTAMP), "the statement takes timestamp, got date"),
        (scalar(Scalar::Timestamp(0)), builtin(oid::TIMESTAMPTZ), "the statement takes timestamptz, got timestamp"),
        (scalar(Scalar::Int4(1)), builtin(oid::TEXT), "the statement takes text, got int4"),
        (scalar(numeric("1")), builtin(oid::INT4), "the statement takes int4, got numeric"),
        (scalar(Scalar::Int4(1)), TypeShape::Enum(20_000), "the statement takes type 20000, got int4"),
        (scalar(Scalar::Int4(1)), builtin(1007), "the statement takes int4[], got int4"),
        (list(23, vec![]), builtin(oid::INT4), "the statement takes int4, got an array of int4"),
        (list(0, vec![Scalar::Boolean(true)]), builtin(1007), "the statement takes int4, got boolean"),
        (list(0, vec![text("1"), Scalar::Boolean(true)]), builtin(1007), "the statement takes int4, got boolean"),
        (empty_range(0), builtin(oid::INT4), "the statement takes int4, got a range"),
        (scalar(raw(869, Format::Binary, b"")), builtin(oid::TEXT), "the statement takes text, got a raw value of inet"),
        (scalar(Scalar::Int4(40_000)), builtin(oid::INT2), "40000 is out of range for int2"),
        (scalar(Scalar::Int4(-1)), builtin(oid::OID), "-1 is out of range for oid"),
        (scalar(Scalar::Float8(1e39)), builtin(oid::FLOAT4), "1e39 is out of range for float4"),
        (scalar(Scalar::Float8(1e-60)), builtin(oid::FLOAT4), "1e-60 is out of range for float4"),
        (scalar(Scalar::Date(i32::MIN + 1)), builtin(oid::DATE), "-2147483647 is out of range for date"),
        (scalar(Scalar::Time(-1)), builtin(oid::TIME), "-1 is out of range for time"),
        (scalar(numeric("1,5")), builtin(oid::NUMERIC), "'1,5' is not a numeric"),
        (scalar(text("a\0")), builtin(oid::TEXT), "PostgreSQL's text cannot hold the character NUL"),
        (scalar(raw(0, Format::Text, &[0xff])), builtin(oid::TEXT), "a raw value in text format is not UTF-8"),
        (array(23, &[(3, 1)], vec![]), builtin(1007), "an array has 0 elements, but dimensions for 3"),
        (range(23, Some((Scalar::Null, true)), None), builtin(3904), "a bound of a range is NULL"),
    ];
    for (value, shape, message) in cases {
        let error = encode(&value, &shape).unwrap_err();
        assert_eq!(error.to_string(), message, "{value:?}");
    }
}

#[test]
fn a_binary_element_cannot_become_text() {
    let mixed = vec![text("::1"), raw(869, Format::Binary, b"x")];
    let error = encode(&list(869, mixed), &builtin(1041)).unwrap_err();
    assert_eq!(error, EncodeError::NoText { type_oid: 869 });
    assert!(error.hint().is_some());
}
