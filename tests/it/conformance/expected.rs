//! What each case has to leave and to say.

/// One case of the list.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// The command, after the argument that names the case.
    pub(super) arguments: &'static [&'static str],
    pub(super) outcome: Outcome,
    /// Whether it is done twice, with the same result.
    pub(super) twice: bool,
    /// The languages that have nothing of the kind, as the list says.
    pub(super) not_for: &'static [&'static str],
}

/// How a case ends.
pub(super) enum Outcome {
    /// It ends well; what a query then gives, or anything.
    Leaves { query: &'static str, rows: Option<&'static str> },
    /// It fails: one of these kinds, with these words.
    Fails { kinds: &'static [&'static str], has: fn(&str) -> Vec<&'static str> },
    /// It ends well, and said this on its way: level and message.
    Says { events: &'static [(&'static str, &'static str)] },
}

const UPGRADE: &[&str] = &["upgrade", "head"];
const NOTES: &str = "SELECT name, value FROM notes ORDER BY name COLLATE \"C\"";

const fn leaves(name: &'static str, query: &'static str, rows: &'static str) -> Case {
    let outcome = Outcome::Leaves { query, rows: Some(rows) };
    Case { name, arguments: UPGRADE, outcome, twice: false, not_for: &[] }
}

const fn fails(name: &'static str, kinds: &'static [&'static str], has: fn(&str) -> Vec<&'static str>) -> Case {
    Case { name, arguments: UPGRADE, outcome: Outcome::Fails { kinds, has }, twice: false, not_for: &[] }
}

/// The words by which an author finds the place: the file, and the function where a language keeps its name.
fn place(language: &str, function: &'static str) -> Vec<&'static str> {
    match language {
        "python" => vec![".py", function],
        "javascript" => vec![".js", function],
        "typescript" => vec![".ts", function],
        "go" => vec!["migration.go"],
        "c" => vec!["migration.c"],
        _ => vec![],
    }
}

const SCRIPTS: &[&str] = &["python", "javascript", "typescript"];

/// What a language says that has modules for files and network, and finds none.
fn no_files_or_network(language: &str) -> Vec<&'static str> {
    if SCRIPTS.contains(&language) { vec!["migrations have no"] } else { vec![] }
}

const FAILED: &[&str] = &["migration-failed", "panicked", "trapped"];

pub(super) const CASES: &[Case] = &[
    leaves(
        "edges",
        "SELECT count(*), (SELECT count(*) FROM edges e JOIN copies c USING (id) WHERE e::text = c::text) FROM edges",
        "7|7",
    ),
    leaves(
        "native",
        "SELECT name, value FROM native ORDER BY name COLLATE \"C\"",
        r#"array|{1,NULL,3}
bigint|9223372036854775807
bool|true
bytes|\x00ff10275c
date|2026-02-28
empty|
float|0.1
inet|192.0.2.7/24
int|-42
interval|1 mon 2 days 00:00:03.000004
json|{"a": [1, null, "x"]}
matrix|{{a,b},{c,d}}
nan|NaN
none|{}
null|
numeric|12345678901234567890.123450
range|[1,10)
text|Grüße, 世界 🎉 'quoted' \backslash
time|23:59:59.999999
timestamp|2026-02-28 23:59:59.999999
timestamptz|2026-02-28 23:59:59.999999+00
timetz|12:00:00+02
unbounded|["2026-01-01 00:00:00+00",)
uuid|0c2f9e0e-3f0c-4f2e-8a54-0d4a1a3f9b11"#,
    ),
    leaves("rows", NOTES, "names|1000\nnothing|none\nseven|7\nsum|500500"),
    leaves("prepared", NOTES, "found|n500\nmany|1000\none|1"),
    leaves(
        "bulk",
        "SELECT count(*), sum(n), count(name), (SELECT value FROM notes WHERE name = 'written') FROM numbers",
        "1000|500500|858|1000",
    ),
    leaves(
        "transform",
        "SELECT count(*), count(name), count(*) FILTER (WHERE name = 'ROW ' || n), count(*) FILTER (WHERE name = 'row ' || n), \
         (SELECT value FROM notes WHERE name = 'written') FROM numbers",
        "1000|858|772|86|900",
    ),
    leaves(
        "transform_values",
        "SELECT count(*), (SELECT count(*) FROM edges e JOIN copies c USING (id) WHERE \
         ROW(e.id, e.a_bool, e.an_int2, e.an_int4, e.an_int8, e.a_float4, e.a_float8, e.a_numeric, e.a_text, e.a_bytea, e.a_date, e.a_time, e.a_timestamptz, e.an_interval, e.a_uuid, e.a_jsonb)::text = \
         ROW(c.id, c.a_bool, c.an_int2, c.an_int4, c.an_int8, c.a_float4, c.a_float8, c.a_numeric, c.a_text, c.a_bytea, c.a_date, c.a_time, c.a_timestamptz, c.an_interval, c.a_uuid, c.a_jsonb)::text) FROM edges",
        "7|7",
    ),
    fails("transform_rejects", &["call-refused", "migration-failed"], |_| {
        vec!["'reject' rejects the row with n = 500", "the kitchen is closed"]
    }),
    leaves("script", NOTES, "a; b|1\nc|2"),
    leaves(
        "caught",
        "SELECT name, value FROM notes WHERE name <> 'twice' ORDER BY name COLLATE \"C\"",
        "constraint|notes_pkey\nschema|public\nsqlstate|23505\ntable|notes",
    ),
    leaves("savepoints", "SELECT name FROM notes ORDER BY name COLLATE \"C\"", "inner\nouter"),
    leaves("bad_params", NOTES, "kind|bad-params"),
    leaves("denied", NOTES, "kind|denied"),
    leaves("conversion", NOTES, "kind|conversion"),
    leaves("misuse", NOTES, "kind|misuse"),
    fails("sql_error", &["statement-failed"], |language| {
        let mut words = vec!["42P01", "INSERT INTO nowhere"];
        words.extend(place(language, "insert_nowhere"));
        words
    }),
    fails("failure", &["migration-failed"], |_| vec!["the kitchen is closed"]),
    fails("panic", FAILED, |language| if language == "c" { vec![] } else { place(language, "open_kitchen") }),
    leaves("offline", NOTES, "offline|it's"),
    Case {
        name: "offline_query",
        arguments: &["upgrade", "base:head", "--sql"],
        outcome: Outcome::Fails { kinds: &["needs-database", "offline"], has: |_| vec![] },
        twice: false,
        not_for: &[],
    },
    Case {
        name: "random",
        arguments: UPGRADE,
        outcome: Outcome::Leaves { query: NOTES, rows: None },
        twice: true,
        not_for: &[],
    },
    leaves("clock", NOTES, "clock|same"),
    leaves(
        "run_info",
        "SELECT name, CASE name WHEN 'server' THEN (value = (current_setting('server_version_num')::int / 10000)::text)::text \
         WHEN 'seed' THEN (value ~ '^[0-9]+$')::text ELSE value END FROM notes ORDER BY name COLLATE \"C\"",
        "args|case=run_info\ndry_run|false\nnow_is_recent|true\npath|public\nrevision|c0ffee\nseed|true\nserver|true",
    ),
    Case {
        name: "log",
        arguments: UPGRADE,
        outcome: Outcome::Says {
            events: &[
                ("info", "two"),
                ("warn", "three"),
                ("error", "four"),
                ("info", "printed"),
                ("progress", "tables 3 of 10"),
            ],
        },
        twice: false,
        not_for: &[],
    },
    fails("endless", &["limit-exceeded"], |_| vec!["guest-time"]),
    fails("memory", &["limit-exceeded", "migration-failed", "panicked", "trapped"], |_| vec![]),
    fails("recursion", &["limit-exceeded", "migration-failed", "panicked", "trapped"], |_| vec![]),
    fails("file", FAILED, no_files_or_network),
    fails("network", FAILED, no_files_or_network),
    fails("process", FAILED, no_files_or_network),
    fails("irreversible", &["irreversible"], |_| vec![]),
];
