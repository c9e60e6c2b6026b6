//! What PostgreSQL writes, and what the contract says it looks like to a guest.

use host_guest::types::{Array, ArrayDim, Bound, Interval, Range, Scalar, TimeTz, Uuid, Value};

/// A type, a literal of it, and its value.
pub struct Case {
    pub sql_type: &'static str,
    pub literal: String,
    pub value: Value,
}

const INT4: u32 = 23;
const TEXT: u32 = 25;
const TIMESTAMPTZ: u32 = 1184;
const NUMERIC: u32 = 1700;

/// All cases whose types exist in every database.
pub fn all() -> Vec<Case> {
    let mut cases = scalars();
    cases.extend(texts());
    cases.extend(moments());
    cases.extend(arrays());
    cases.extend(ranges());
    cases
}

fn scalars() -> Vec<Case> {
    let big = format!("1{}", "0".repeat(1000));
    let small = format!("0.{}1", "0".repeat(1000));
    let uuid = Uuid { hi: 0xa0ee_bc99_9c0b_4ef8, lo: 0xbb6d_6bb9_bd38_0a11 };
    vec![
        scalar("bool", "true", Scalar::Boolean(true)),
        scalar("bool", "false", Scalar::Boolean(false)),
        scalar("int2", "-32768", Scalar::Int2(i16::MIN)),
        scalar("int4", "2147483647", Scalar::Int4(i32::MAX)),
        scalar("int8", "-9223372036854775808", Scalar::Int8(i64::MIN)),
        scalar("float4", "0.1", Scalar::Float4(0.1)),
        scalar("float4", "-Infinity", Scalar::Float4(f32::NEG_INFINITY)),
        scalar("float8", "1.7976931348623157e308", Scalar::Float8(f64::MAX)),
        scalar("float8", "-0", Scalar::Float8(-0.0)),
        scalar("float8", "NaN", Scalar::Float8(f64::NAN)),
        scalar("numeric", "0", numeric("0")),
        scalar("numeric", "1.500", numeric("1.500")),
        scalar("numeric", "-0.00012345678901234567890", numeric("-0.00012345678901234567890")),
        scalar("numeric", "10000", numeric("10000")),
        scalar("numeric", "NaN", numeric("NaN")),
        scalar("numeric", "-Infinity", numeric("-Infinity")),
        scalar("numeric", "1e1000", numeric(&big)),
        scalar("numeric", "1e-1001", numeric(&small)),
        scalar("bytea", r"\x00ff5c27", Scalar::Bytea(vec![0x00, 0xff, 0x5c, 0x27])),
        scalar("bytea", "", Scalar::Bytea(vec![])),
        scalar("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", Scalar::Uuid(uuid)),
        scalar("int4", "NULL", Scalar::Null),
        scalar("text", "NULL", Scalar::Null),
        scalar("inet", "NULL", Scalar::Null),
    ]
}

fn texts() -> Vec<Case> {
    vec![
        scalar("text", "", text("")),
        scalar("text", "crème brûlée 🍮 \u{1b}[31m", text("crème brûlée 🍮 \u{1b}[31m")),
        scalar("varchar(20)", "Zoë", text("Zoë")),
        scalar("char(3)", "a", text("a  ")),
        scalar("name", "visits", text("visits")),
        scalar("\"char\"", "r", text("r")),
        scalar("json", r#"{"b": 1,  "a": [2]}"#, Scalar::Json(r#"{"b": 1,  "a": [2]}"#.into())),
        scalar("jsonb", r#"{"b": 1,  "a": [2]}"#, Scalar::Jsonb(r#"{"a": [2], "b": 1}"#.into())),
    ]
}

fn moments() -> Vec<Case> {
    let interval = Interval { months: 14, days: -3, micros: 3_723_000_004 };
    vec![
        scalar("date", "2000-01-01", Scalar::Date(0)),
        scalar("date", "1999-12-31", Scalar::Date(-1)),
        scalar("date", "infinity", Scalar::Date(i32::MAX)),
        scalar("date", "-infinity", Scalar::Date(i32::MIN)),
        scalar("date", "4713-01-01 BC", Scalar::Date(-2_451_507)),
        scalar("time", "23:59:59.999999", Scalar::Time(86_399_999_999)),
        scalar("time", "24:00", Scalar::Time(86_400_000_000)),
        scalar("timetz", "12:00+05:30", Scalar::Timetz(TimeTz { micros: 43_200_000_000, offset_secs: 19_800 })),
        scalar("timetz", "12:00-08", Scalar::Timetz(TimeTz { micros: 43_200_000_000, offset_secs: -28_800 })),
        scalar("timestamp", "2000-01-02 00:00:00.000001", Scalar::Timestamp(86_400_000_001)),
        scalar("timestamp", "infinity", Scalar::Timestamp(i64::MAX)),
        scalar("timestamptz", "2000-01-01 02:00+02", Scalar::Timestamptz(0)),
        scalar("timestamptz", "-infinity", Scalar::Timestamptz(i64::MIN)),
        scalar("interval", "1 year 2 months -3 days 01:02:03.000004", Scalar::Interval(interval)),
    ]
}

fn arrays() -> Vec<Case> {
    let int = Scalar::Int4;
    let words = vec![text("a\"b"), Scalar::Null, text(""), text("NULL")];
    vec![
        array("int4[]", "{1,2}", INT4, &[(2, 1)], vec![int(1), int(2)]),
        array("int4[]", "[0:1]={1,2}", INT4, &[(2, 0)], vec![int(1), int(2)]),
        array("int4[]", "[-5:-4]={1,NULL}", INT4, &[(2, -5)], vec![int(1), Scalar::Null]),
        array("int4[]", "[1:2][3:4]={{1,2},{3,4}}", INT4, &[(2, 1), (2, 3)], vec![int(1), int(2), int(3), int(4)]),
        array("int4[]", "{}", INT4, &[], vec![]),
        array("text[]", r#"{"a\"b",NULL,"","NULL"}"#, TEXT, &[(4, 1)], words),
        array("numeric[]", "{1.50,NaN}", NUMERIC, &[(2, 1)], vec![numeric("1.50"), numeric("NaN")]),
        array("timestamptz[]", "{infinity}", TIMESTAMPTZ, &[(1, 1)], vec![Scalar::Timestamptz(i64::MAX)]),
    ]
}

fn ranges() -> Vec<Case> {
    let int = |value, inclusive| Some(Bound { value: Scalar::Int4(value), inclusive });
    let decimal = |value, inclusive| Some(Bound { value: numeric(value), inclusive });
    let moment = |micros| Some(Bound { value: Scalar::Timestamptz(micros), inclusive: true });
    vec![
        range("int4range", "[1,5)", INT4, int(1, true), int(5, false)),
        range("int4range", "(,5)", INT4, None, int(5, false)),
        range("int4range", "(,)", INT4, None, None),
        range("numrange", "(1.5,2.50]", NUMERIC, decimal("1.5", false), decimal("2.50", true)),
        range("tstzrange", "[2000-01-01 00:00+00,infinity]", TIMESTAMPTZ, moment(0), moment(i64::MAX)),
        Case {
            sql_type: "int4range",
            literal: "empty".into(),
            value: Value::Range(Range { element: INT4, empty: true, lower: None, upper: None }),
        },
    ]
}

fn scalar(sql_type: &'static str, literal: &str, value: Scalar) -> Case {
    Case { sql_type, literal: literal.into(), value: Value::Scalar(value) }
}

fn array(sql_type: &'static str, literal: &str, element: u32, dims: &[(u32, i32)], items: Vec<Scalar>) -> Case {
    let dims = dims.iter().map(|&(len, lower)| ArrayDim { len, lower }).collect();
    Case { sql_type, literal: literal.into(), value: Value::Array(Array { element, dims, items }) }
}

fn range(sql_type: &'static str, literal: &str, element: u32, lower: Option<Bound>, upper: Option<Bound>) -> Case {
    let value = Value::Range(Range { element, empty: false, lower, upper });
    Case { sql_type, literal: literal.into(), value }
}

fn numeric(digits: &str) -> Scalar {
    Scalar::Numeric(digits.into())
}

fn text(text: &str) -> Scalar {
    Scalar::Text(text.into())
}
