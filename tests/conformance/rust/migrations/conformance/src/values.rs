//! Values at their edges, and values made in Rust.

use host_guest::types::{Array, ArrayDim, Scalar};
use host_guest::{
    Date, Failure, Interval, Jsonb, Numeric, Range, Time, TimeTz, Timestamp, Timestamptz, ToValue, Uuid, execute, query,
};

pub fn edges() -> Result<(), Failure> {
    for row in query("SELECT * FROM edges ORDER BY id", &[])? {
        let places: Vec<String> = (1..=row.columns().len()).map(|place| format!("${place}")).collect();
        let params: Vec<&dyn ToValue> = row.values().iter().map(|value| value as &dyn ToValue).collect();
        execute(&format!("INSERT INTO copies VALUES ({})", places.join(", ")), &params)?;
    }
    Ok(())
}

pub fn native() -> Result<(), Failure> {
    const OFFSET_SECONDS: i32 = 2 * 60 * 60;
    let late = Time(Time::from_hms(23, 59, 59).0 + 999_999);
    let evening = Timestamp::new(Date::from_ymd(2026, 2, 28), late);
    let new_year = Timestamptz(Timestamp::new(Date::from_ymd(2026, 1, 1), Time(0)).0);
    let id: Uuid = "0c2f9e0e-3f0c-4f2e-8a54-0d4a1a3f9b11".parse().map_err(|_| "not a UUID")?;
    let two = ArrayDim { len: 2, lower: 1 };
    let letters = ["a", "b", "c", "d"].map(|letter| Scalar::Text(letter.into())).to_vec();
    let values: [(&str, &str, &dyn ToValue); 24] = [
        ("bool", "boolean", &true),
        ("int", "integer", &-42i32),
        ("bigint", "bigint", &i64::MAX),
        ("float", "double precision", &0.1f64),
        ("nan", "double precision", &f64::NAN),
        ("numeric", "numeric", &Numeric::from("12345678901234567890.123450")),
        ("text", "text", &"Grüße, 世界 🎉 'quoted' \\backslash"),
        ("empty", "text", &""),
        ("null", "text", &None::<String>),
        ("bytes", "bytea", &[0x00u8, 0xff, 0x10, 0x27, 0x5c]),
        ("date", "date", &Date::from_ymd(2026, 2, 28)),
        ("time", "time", &late),
        ("timetz", "timetz", &TimeTz { micros: Time::from_hms(12, 0, 0).0, offset_secs: OFFSET_SECONDS }),
        ("timestamp", "timestamp", &evening),
        ("timestamptz", "timestamptz", &Timestamptz(evening.0)),
        ("interval", "interval", &Interval { months: 1, days: 2, micros: 3_000_004 }),
        ("uuid", "uuid", &id),
        ("json", "jsonb", &Jsonb::from(r#"{"a": [1, null, "x"]}"#)),
        ("array", "integer[]", &[Some(1i32), None, Some(3)]),
        ("matrix", "text[]", &host_guest::Value::Array(Array { element: 25, dims: vec![two, two], items: letters })),
        ("none", "integer[]", &Vec::<i32>::new()),
        ("range", "int4range", &Range::new(1..10)),
        ("unbounded", "tstzrange", &Range::new(new_year..)),
        ("inet", "inet", &"192.0.2.7/24"),
    ];
    for (name, kind, value) in values {
        execute(&format!("INSERT INTO native VALUES ('{name}', ($1::{kind})::text)"), &[value])?;
    }
    Ok(())
}
