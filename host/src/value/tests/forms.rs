//! Known values: their bytes, in both directions, and their text.

use super::super::Encoded;
use super::super::decode;
use super::super::encode;
use super::super::literal;
use super::super::oid;
use super::super::quote_identifier;
use super::super::quote_text;
use super::super::text as text_of;
use super::*;
use crate::bindings::types::Interval;
use crate::bindings::types::TimeTz;
use crate::bindings::types::Uuid;

/// An enum, a text-like type and a custom range, as a catalogue might number them.
const MOOD: Oid = 20_000;
const CITEXT: Oid = 20_010;
const FLOATRANGE: Oid = 20_020;

fn interval(months: i32, days: i32, micros: i64) -> Scalar {
    Scalar::Interval(Interval { months, days, micros })
}

/// Shape, value, bytes in hexadecimal (blanks do not count), text.
#[rustfmt::skip]
fn scalars() -> Vec<(TypeShape, Scalar, &'static str, &'static str)> {
    let uuid = Uuid { hi: 0x0011_2233_4455_6677, lo: 0x8899_AABB_CCDD_EEFF };
    let timetz = TimeTz { micros: 1_500_000, offset_secs: -3600 };
    vec![
        (builtin(oid::BOOL), Scalar::Boolean(true), "01", "true"),
        (builtin(oid::BOOL), Scalar::Boolean(false), "00", "false"),
        (builtin(oid::INT2), Scalar::Int2(-2), "fffe", "-2"),
        (builtin(oid::INT4), Scalar::Int4(258), "00000102", "258"),
        (builtin(oid::INT8), Scalar::Int8(i64::MIN), "8000000000000000", "-9223372036854775808"),
        (builtin(oid::FLOAT4), Scalar::Float4(0.1), "3dcccccd", "0.1"),
        (builtin(oid::FLOAT4), Scalar::Float4(f32::MAX), "7f7fffff", "3.4028235e38"),
        (builtin(oid::FLOAT8), Scalar::Float8(-0.0), "8000000000000000", "-0"),
        (builtin(oid::FLOAT8), Scalar::Float8(1e300), "7e37e43c8800759c", "1e300"),
        (builtin(oid::FLOAT8), Scalar::Float8(5e-324), "0000000000000001", "5e-324"),
        (builtin(oid::FLOAT8), Scalar::Float8(f64::INFINITY), "7ff0000000000000", "Infinity"),
        (builtin(oid::FLOAT8), Scalar::Float8(f64::NEG_INFINITY), "fff0000000000000", "-Infinity"),
        (builtin(oid::NUMERIC), numeric("-1.500"), "0002 0000 4000 0003 0001 1388", "-1.500"),
        (builtin(oid::NUMERIC), numeric("NaN"), "0000 0000 c000 0000", "NaN"),
        (builtin(oid::TEXT), text("häh"), "68c3a468", "häh"),
        (builtin(oid::VARCHAR), text(""), "", ""),
        (builtin(oid::BPCHAR), text("a "), "6120", "a "),
        (builtin(oid::NAME), text("n"), "6e", "n"),
        (builtin(oid::CHAR), text("r"), "72", "r"),
        (builtin(oid::CHAR), text(""), "00", ""),
        (builtin(oid::BYTEA), Scalar::Bytea(vec![0, 0x5c, 0xff]), "005cff", "\\x005cff"),
        (builtin(oid::DATE), Scalar::Date(-1), "ffffffff", "1999-12-31"),
        (builtin(oid::DATE), Scalar::Date(i32::MIN), "80000000", "-infinity"),
        (builtin(oid::TIME), Scalar::Time(86_400_000_000), "000000141dd76000", "24:00:00"),
        (builtin(oid::TIMETZ), Scalar::Timetz(timetz), "000000000016e360 00000e10", "00:00:01.5-01"),
        (builtin(oid::TIMESTAMP), Scalar::Timestamp(1), "0000000000000001", "2000-01-01 00:00:00.000001"),
        (builtin(oid::TIMESTAMPTZ), Scalar::Timestamptz(-1), "ffffffffffffffff", "1999-12-31 23:59:59.999999+00"),
        (builtin(oid::TIMESTAMPTZ), Scalar::Timestamptz(i64::MAX), "7fffffffffffffff", "infinity"),
        (builtin(oid::INTERVAL), interval(1, -2, 3), "0000000000000003 fffffffe 00000001", "+1 mons -2 days +00:00:00.000003"),
        (builtin(oid::INTERVAL), interval(0, 0, -3_600_000_000), "ffffffff296c5c00 00000000 00000000", "+0 mons +0 days -01:00:00"),
        (builtin(oid::UUID), Scalar::Uuid(uuid), "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"),
        (builtin(oid::JSON), Scalar::Json("{ }".to_owned()), "7b207d", "{ }"),
        (builtin(oid::JSONB), Scalar::Jsonb("{}".to_owned()), "017b7d", "{}"),
        (TypeShape::Enum(MOOD), text("sad"), "736164", "sad"),
        (TypeShape::TextLike(CITEXT), text("A"), "41", "A"),
        (domain(20_001, builtin(oid::INT4)), Scalar::Int4(1), "00000001", "1"),
    ]
}

/// Shape, value, bytes in hexadecimal, text.
#[rustfmt::skip]
fn arrays_and_ranges() -> Vec<(TypeShape, Value, &'static str, &'static str)> {
    let one_two = || vec![Scalar::Int4(1), Scalar::Int4(2)];
    vec![
        (builtin(1007), array(oid::INT4, &[], vec![]), "00000000 00000000 00000017", "{}"),
        (builtin(1007), list(oid::INT4, one_two()),
            "00000001 00000000 00000017 00000002 00000001 00000004 00000001 00000004 00000002", "{1,2}"),
        (builtin(1007), array(oid::INT4, &[(2, 0)], vec![Scalar::Null, Scalar::Int4(2)]),
            "00000001 00000001 00000017 00000002 00000000 ffffffff 00000004 00000002", "[0:1]={NULL,2}"),
        (builtin(1007), array(oid::INT4, &[(1, 1), (2, -1)], one_two()),
            "00000002 00000000 00000017 00000001 00000001 00000002 ffffffff 00000004 00000001 00000004 00000002",
            "[1:1][-1:0]={{1,2}}"),
        (builtin(1009), list(oid::TEXT, vec![text("a,\"\\"), text("Null"), text("")]),
            "00000001 00000000 00000019 00000003 00000001 00000004 612c225c 00000004 4e756c6c 00000000",
            "{\"a,\\\"\\\\\",\"Null\",\"\"}"),
        (array_shape(20_003, domain(20_001, builtin(oid::INT2))), list(20_001, vec![Scalar::Int2(7)]),
            "00000001 00000000 00004e21 00000001 00000001 00000002 0007", "{7}"),
        (builtin(3904), empty_range(oid::INT4), "01", "empty"),
        (builtin(3904), range(oid::INT4, Some((Scalar::Int4(1), true)), Some((Scalar::Int4(5), false))),
            "02 00000004 00000001 00000004 00000005", "[1,5)"),
        (builtin(3904), range(oid::INT4, None, None), "18", "(,)"),
        (builtin(3908), range(oid::TIMESTAMP, None, Some((Scalar::Timestamp(0), true))),
            "0c 00000008 0000000000000000", "(,\"2000-01-01 00:00:00\"]"),
        (range_shape(FLOATRANGE, builtin(oid::FLOAT8)), range(oid::FLOAT8, Some((Scalar::Float8(1.0), false)), None),
            "10 00000008 3ff0000000000000", "(1,)"),
    ]
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits: String = hexadecimal.split_whitespace().collect();
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn known_forms_in_all_directions() {
    let scalars = scalars().into_iter().map(|(shape, scalar, bytes, text)| (shape, Value::Scalar(scalar), bytes, text));
    for (shape, value, hexadecimal, text) in scalars.chain(arrays_and_ranges()) {
        let bytes = bytes(hexadecimal);
        assert_eq!(decode(&shape, Some(&bytes)).unwrap(), value, "{shape:?}");
        assert_eq!(encode(&value, &shape).unwrap(), Encoded::Binary(bytes), "{value:?}");
        assert_eq!(text_of(&value).unwrap().as_deref(), Some(text));
    }
}

#[test]
fn null_and_nan() {
    let null = Value::Scalar(Scalar::Null);
    assert_eq!(decode(&builtin(oid::INT4), None).unwrap(), null);
    assert_eq!(encode(&null, &builtin(1007)).unwrap(), Encoded::Null);
    assert_eq!(text_of(&null).unwrap(), None);
    let nan = Value::Scalar(Scalar::Float4(f32::NAN));
    assert_eq!(text_of(&nan).unwrap().as_deref(), Some("NaN"));
    let sent = encode(&nan, &builtin(oid::FLOAT8)).unwrap();
    let Encoded::Binary(sent) = sent else {
        panic!("{sent:?}");
    };
    let Value::Scalar(Scalar::Float8(back)) = decode(&builtin(oid::FLOAT8), Some(&sent)).unwrap() else {
        panic!("not a float");
    };
    assert!(back.is_nan());
}

#[test]
fn types_without_a_case_are_raw() {
    let cases = [TypeShape::Other(869), builtin(oid::OID), builtin(oid::XML), domain(20_001, TypeShape::Other(869))];
    for shape in cases {
        let value = decode(&shape, Some(b"\x00\xff")).unwrap();
        let type_oid = shape.base().oid();
        let expected = raw(type_oid, Format::Binary, b"\x00\xff");
        assert_eq!(value, Value::Scalar(expected));
    }
    // An element that is itself a range has no scalar case either.
    let ranges = "00000001 00000000 00000f40 00000001 00000001 00000001 01";
    assert_eq!(
        decode(&builtin(3905), Some(&bytes(ranges))).unwrap(),
        list(3904, vec![raw(3904, Format::Binary, &[1])])
    );
}

#[test]
fn internal_char_above_ascii() {
    let decoded = decode(&builtin(oid::CHAR), Some(&[0xE9])).unwrap();
    assert_eq!(decoded, Value::Scalar(text("\\351")));
}

#[test]
fn malformed_bytes_are_errors() {
    let cases = [
        (builtin(oid::BOOL), ""),
        (builtin(oid::INT4), "000001"),
        (builtin(oid::INT8), "000000000000000000"),
        (builtin(oid::TEXT), "ff"),
        (builtin(oid::TIMETZ), "0000000000000000 80000000"),
        (builtin(oid::INTERVAL), "00"),
        (builtin(oid::UUID), "00"),
        (builtin(oid::JSONB), ""),
        (builtin(oid::JSONB), "027b7d"),
        (builtin(oid::NUMERIC), "0001 0000 0000 0000"),
        (builtin(1007), "00000007 00000000 00000017"),
        (builtin(1007), "ffffffff 00000000 00000017"),
        (builtin(1007), "00000000 00000000 00000019"),
        (builtin(1007), "00000000 00000000 00000017 00"),
        (builtin(1007), "00000001 00000000 00000017 7fffffff 00000001"),
        (builtin(1007), "00000002 00000000 00000017 7fffffff 00000001 7fffffff 00000001"),
        (builtin(1007), "00000001 00000000 00000017 00000001 00000001 fffffffe"),
        (builtin(3904), ""),
        (builtin(3904), "02 00000004 00000001"),
        (builtin(3904), "10 ffffffff"),
        (builtin(3904), "01 00"),
    ];
    for (shape, hexadecimal) in cases {
        let decoded = decode(&shape, Some(&bytes(hexadecimal)));
        assert!(decoded.is_err(), "{shape:?} {hexadecimal}: {decoded:?}");
    }
}

#[test]
fn numerics_cannot_blow_up_memory() {
    let huge = "0000000a 0001 7fff 0000 0000 0001";
    let count = 3;
    let header = format!("00000001 00000000 000006a4 {count:08x} 00000001");
    let array = format!("{header} {}", huge.repeat(count));
    assert!(decode(&builtin(1231), Some(&bytes(&array))).is_err());
}

#[test]
fn literals() {
    #[rustfmt::skip]
    let cases = [
        (Value::Scalar(Scalar::Null), "NULL"),
        (Value::Scalar(Scalar::Int4(5)), "'5'::pg_catalog.int4"),
        (Value::Scalar(text("it's")), "'it''s'"),
        (Value::Scalar(text("a\\'b")), "E'a\\\\''b'"),
        (Value::Scalar(Scalar::Bytea(vec![1])), "E'\\\\x01'::pg_catalog.bytea"),
        (Value::Scalar(raw(869, Format::Text, b"::1")), "'::1'::pg_catalog.inet"),
        (Value::Scalar(raw(1007, Format::Text, b"{1}")), "'{1}'::pg_catalog.int4[]"),
        (Value::Scalar(raw(20_000, Format::Text, b"x")), "'x'"),
        (list(oid::INT4, vec![Scalar::Int4(1), Scalar::Null]), "'{1,NULL}'::pg_catalog.int4[]"),
        (list(oid::CHAR, vec![text("a")]), "'{a}'::pg_catalog.\"char\"[]"),
        (list(20_000, vec![text("sad")]), "'{sad}'"),
        (empty_range(oid::DATE), "'empty'::pg_catalog.daterange"),
        (empty_range(oid::FLOAT8), "'empty'"),
    ];
    for (value, expected) in cases {
        assert_eq!(literal(&value).unwrap(), expected);
    }
    assert!(literal(&Value::Scalar(raw(869, Format::Binary, b""))).is_err());
    assert_eq!(quote_identifier("a\"B c"), "\"a\"\"B c\"");
    assert_eq!(quote_text(""), "''");
}

#[test]
fn boxes_are_separated_by_semicolons() {
    let item = || raw(oid::BOX, Format::Text, b"(1,1),(0,0)");
    let boxes = list(oid::BOX, vec![item(), item()]);
    assert_eq!(text_of(&boxes).unwrap().as_deref(), Some("{\"(1,1),(0,0)\";\"(1,1),(0,0)\"}"));
}
