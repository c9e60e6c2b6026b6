//! The built-in types by number. PostgreSQL fixes these numbers for good (`pg_type.dat`, `pg_range.dat`).

use crate::bindings::types::Oid;

/// `bool`
pub const BOOL: Oid = 16;
/// `bytea`
pub const BYTEA: Oid = 17;
/// `"char"`, one byte
pub const CHAR: Oid = 18;
/// `name`
pub const NAME: Oid = 19;
/// `int8`
pub const INT8: Oid = 20;
/// `int2`
pub const INT2: Oid = 21;
/// `int4`
pub const INT4: Oid = 23;
/// `text`
pub const TEXT: Oid = 25;
/// `oid`
pub const OID: Oid = 26;
/// `json`
pub const JSON: Oid = 114;
/// `xml`
pub const XML: Oid = 142;
/// `box`: the only built-in type whose arrays are separated by semicolons
pub const BOX: Oid = 603;
/// `float4`
pub const FLOAT4: Oid = 700;
/// `float8`
pub const FLOAT8: Oid = 701;
/// `bpchar`, the inner name of `character(n)`
pub const BPCHAR: Oid = 1042;
/// `varchar`
pub const VARCHAR: Oid = 1043;
/// `date`
pub const DATE: Oid = 1082;
/// `time`
pub const TIME: Oid = 1083;
/// `timestamp`
pub const TIMESTAMP: Oid = 1114;
/// `timestamptz`
pub const TIMESTAMPTZ: Oid = 1184;
/// `interval`
pub const INTERVAL: Oid = 1186;
/// `timetz`
pub const TIMETZ: Oid = 1266;
/// `numeric`
pub const NUMERIC: Oid = 1700;
/// `uuid`
pub const UUID: Oid = 2950;
/// `jsonb`
pub const JSONB: Oid = 3802;
/// `unknown`, the type of a literal that nothing has given a type
pub const UNKNOWN: Oid = 705;

/// The object identifier types: four bytes that hold an `oid`, but whose text is the name of an object.
const OBJECT_IDENTIFIERS: [Oid; 12] = [OID, 24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191];

/// A range type and the type of its bounds.
const RANGES: [(Oid, Oid); 6] =
    [(3904, INT4), (3906, NUMERIC), (3908, TIMESTAMP), (3910, TIMESTAMPTZ), (3912, DATE), (3926, INT8)];

/// One built-in type.
struct Builtin {
    oid: Oid,
    /// The name in `pg_catalog`.
    name: &'static str,
    /// The type of its arrays.
    array: Oid,
}

const fn builtin(oid: Oid, name: &'static str, array: Oid) -> Builtin {
    Builtin { oid, name, array }
}

/// Ordered by number.
const BUILTINS: &[Builtin] = &[
    builtin(BOOL, "bool", 1000),
    builtin(BYTEA, "bytea", 1001),
    builtin(CHAR, "char", 1002),
    builtin(NAME, "name", 1003),
    builtin(INT8, "int8", 1016),
    builtin(INT2, "int2", 1005),
    builtin(22, "int2vector", 1006),
    builtin(INT4, "int4", 1007),
    builtin(24, "regproc", 1008),
    builtin(TEXT, "text", 1009),
    builtin(OID, "oid", 1028),
    builtin(27, "tid", 1010),
    builtin(28, "xid", 1011),
    builtin(29, "cid", 1012),
    builtin(30, "oidvector", 1013),
    builtin(JSON, "json", 199),
    builtin(XML, "xml", 143),
    builtin(600, "point", 1017),
    builtin(601, "lseg", 1018),
    builtin(602, "path", 1019),
    builtin(BOX, "box", 1020),
    builtin(604, "polygon", 1027),
    builtin(628, "line", 629),
    builtin(650, "cidr", 651),
    builtin(FLOAT4, "float4", 1021),
    builtin(FLOAT8, "float8", 1022),
    builtin(718, "circle", 719),
    builtin(774, "macaddr8", 775),
    builtin(790, "money", 791),
    builtin(829, "macaddr", 1040),
    builtin(869, "inet", 1041),
    builtin(1033, "aclitem", 1034),
    builtin(BPCHAR, "bpchar", 1014),
    builtin(VARCHAR, "varchar", 1015),
    builtin(DATE, "date", 1182),
    builtin(TIME, "time", 1183),
    builtin(TIMESTAMP, "timestamp", 1115),
    builtin(TIMESTAMPTZ, "timestamptz", 1185),
    builtin(INTERVAL, "interval", 1187),
    builtin(TIMETZ, "timetz", 1270),
    builtin(1560, "bit", 1561),
    builtin(1562, "varbit", 1563),
    builtin(NUMERIC, "numeric", 1231),
    builtin(1790, "refcursor", 2201),
    builtin(2202, "regprocedure", 2207),
    builtin(2203, "regoper", 2208),
    builtin(2204, "regoperator", 2209),
    builtin(2205, "regclass", 2210),
    builtin(2206, "regtype", 2211),
    builtin(UUID, "uuid", 2951),
    builtin(2970, "txid_snapshot", 2949),
    builtin(3220, "pg_lsn", 3221),
    builtin(3614, "tsvector", 3643),
    builtin(3615, "tsquery", 3645),
    builtin(3642, "gtsvector", 3644),
    builtin(3734, "regconfig", 3735),
    builtin(3769, "regdictionary", 3770),
    builtin(JSONB, "jsonb", 3807),
    builtin(3904, "int4range", 3905),
    builtin(3906, "numrange", 3907),
    builtin(3908, "tsrange", 3909),
    builtin(3910, "tstzrange", 3911),
    builtin(3912, "daterange", 3913),
    builtin(3926, "int8range", 3927),
    builtin(4072, "jsonpath", 4073),
    builtin(4089, "regnamespace", 4090),
    builtin(4096, "regrole", 4097),
    builtin(4191, "regcollation", 4192),
    builtin(4451, "int4multirange", 6150),
    builtin(4532, "nummultirange", 6151),
    builtin(4533, "tsmultirange", 6152),
    builtin(4534, "tstzmultirange", 6153),
    builtin(4535, "datemultirange", 6155),
    builtin(4536, "int8multirange", 6157),
    builtin(5038, "pg_snapshot", 5039),
    builtin(5069, "xid8", 271),
];

/// The name of a built-in type in `pg_catalog`, without the schema; an array's has `[]` at the end.
pub fn name(oid: Oid) -> Option<String> {
    if let Some(builtin) = find(oid) {
        return Some(builtin.name.to_owned());
    }
    if oid == UNKNOWN {
        return Some("unknown".to_owned());
    }
    element_of(oid).and_then(|element| Some(format!("{}[]", find(element)?.name)))
}

/// How a message calls a type: by name where it is built in, else by number.
pub fn describe(oid: Oid) -> String {
    name(oid).unwrap_or_else(|| format!("type {oid}"))
}

/// Whether the type is built in and neither an array nor a pseudo-type.
pub fn is_builtin(oid: Oid) -> bool {
    find(oid).is_some()
}

/// Whether values of the type are the numbers of objects (`oid`, `regclass` and the like).
pub fn is_object_identifier(oid: Oid) -> bool {
    OBJECT_IDENTIFIERS.contains(&oid)
}

/// The array type of a built-in element type.
pub fn array_of(element: Oid) -> Option<Oid> {
    find(element).map(|builtin| builtin.array)
}

/// The element type of a built-in array type.
pub fn element_of(array: Oid) -> Option<Oid> {
    BUILTINS.iter().find(|builtin| builtin.array == array).map(|builtin| builtin.oid)
}

/// The built-in range type over a type of bounds.
pub fn range_of(subtype: Oid) -> Option<Oid> {
    RANGES.iter().find(|(_, bound)| *bound == subtype).map(|(range, _)| *range)
}

/// The type of the bounds of a built-in range type.
pub fn subtype_of(range: Oid) -> Option<Oid> {
    RANGES.iter().find(|(oid, _)| *oid == range).map(|(_, bound)| *bound)
}

fn find(oid: Oid) -> Option<&'static Builtin> {
    let index = BUILTINS.binary_search_by_key(&oid, |builtin| builtin.oid).ok()?;
    BUILTINS.get(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_ordered_and_arrays_are_unique() {
        assert!(BUILTINS.windows(2).all(|pair| pair[0].oid < pair[1].oid));
        for builtin in BUILTINS {
            assert_eq!(element_of(builtin.array), Some(builtin.oid));
            assert_eq!(array_of(builtin.oid), Some(builtin.array));
        }
    }

    #[test]
    fn ranges_and_their_bounds() {
        for (range, bound) in RANGES {
            assert_eq!(range_of(bound), Some(range));
            assert_eq!(subtype_of(range), Some(bound));
        }
        assert_eq!(range_of(TEXT), None);
    }

    #[test]
    fn names() {
        assert_eq!(name(INT4).as_deref(), Some("int4"));
        assert_eq!(name(1007).as_deref(), Some("int4[]"));
        assert_eq!(name(99_999), None);
        assert_eq!(describe(99_999), "type 99999");
    }
}
