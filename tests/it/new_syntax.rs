//! What newer versions of PostgreSQL brought: the guard knows it on every version, and those that have it run it.

use std::collections::BTreeMap;

use host::grant::Class;

use crate::harness::TestProject;
use crate::harness::server_version;

/// The version that brought it, the classes that it needs beyond reading, and the statements. What stands before the last one
/// is there for its sake.
type Syntax = (u32, &'static [Class], &'static [&'static str]);

const DATA: &[Class] = &[Class::Data];
const SCHEMA: &[Class] = &[Class::Schema];
const QUERY: &[Class] = &[];

const IN_A_TRANSACTION: &[Syntax] = &[
    (
        13,
        SCHEMA,
        &[
            "CREATE TABLE g (a int, b int GENERATED ALWAYS AS (a * 2) STORED)",
            "ALTER TABLE g ALTER COLUMN b DROP EXPRESSION",
        ],
    ),
    (13, QUERY, &["CREATE TABLE f (a int)", "SELECT a FROM f ORDER BY a FETCH FIRST 1 ROWS WITH TIES"]),
    (14, &[Class::Function], &["CREATE FUNCTION one() RETURNS int LANGUAGE sql RETURN 1"]),
    (
        14,
        &[Class::Function],
        &[
            "CREATE TABLE filled (a int)",
            "CREATE PROCEDURE fill() BEGIN ATOMIC INSERT INTO filled VALUES (1); DELETE FROM filled; END",
        ],
    ),
    (
        14,
        SCHEMA,
        &[
            "CREATE TABLE tr (a int)",
            "CREATE OR REPLACE TRIGGER x BEFORE UPDATE ON tr FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        ],
    ),
    (14, SCHEMA, &["CREATE TABLE co (a text)", "ALTER TABLE co ALTER COLUMN a SET COMPRESSION pglz"]),
    (
        14,
        QUERY,
        &[
            "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SEARCH DEPTH FIRST BY n SET o CYCLE n SET c USING p SELECT n FROM r",
        ],
    ),
    (14, QUERY, &["SELECT (array[1, 2])[1], ('{\"a\": 1}'::jsonb)['a']"]),
    (
        15,
        DATA,
        &[
            "CREATE TABLE me (id int, n int)",
            "MERGE INTO me USING (VALUES (1, 2)) s (id, n) ON me.id = s.id WHEN MATCHED THEN UPDATE SET n = s.n WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.n)",
        ],
    ),
    (15, SCHEMA, &["CREATE TABLE nd (a int UNIQUE NULLS NOT DISTINCT)"]),
    (15, SCHEMA, &["CREATE TABLE ni (a int)", "CREATE UNIQUE INDEX ON ni (a) NULLS NOT DISTINCT"]),
    (15, SCHEMA, &["CREATE VIEW vi WITH (security_invoker = true) AS SELECT 1 AS a"]),
    (
        15,
        SCHEMA,
        &[
            "CREATE TABLE pa (a int, b int, PRIMARY KEY (a, b))",
            "CREATE TABLE ch (a int, b int, FOREIGN KEY (a, b) REFERENCES pa ON DELETE SET NULL (b))",
        ],
    ),
    (15, SCHEMA, &["CREATE UNLOGGED SEQUENCE us"]),
    (16, QUERY, &["SELECT a FROM (SELECT 0x1F + 1_000 AS a)"]),
    (16, QUERY, &["SELECT JSON_ARRAY(1, 2), JSON_OBJECT('a': 1), '[1]' IS JSON ARRAY"]),
    (16, QUERY, &["SELECT JSON_ARRAYAGG(a), JSON_OBJECTAGG(a: a) FROM generate_series(1, 2) AS a"]),
    (16, SCHEMA, &["CREATE TABLE st (a text STORAGE EXTERNAL)"]),
    (
        17,
        DATA,
        &[
            "CREATE TABLE mr (id int)",
            "MERGE INTO mr USING (VALUES (1)) s (id) ON mr.id = s.id WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.id) RETURNING merge_action(), mr.id",
        ],
    ),
    (17, QUERY, &["SELECT * FROM JSON_TABLE('[{\"a\": 1}]'::jsonb, '$[*]' COLUMNS (a int PATH '$.a')) AS t"]),
    (
        17,
        QUERY,
        &[
            "SELECT JSON_VALUE('{\"a\": 1}'::jsonb, '$.a'), JSON_EXISTS('{}'::jsonb, '$.a'), JSON_QUERY('{}'::jsonb, '$')",
        ],
    ),
    (
        17,
        SCHEMA,
        &[
            "CREATE TABLE se (a int, b int GENERATED ALWAYS AS (a) STORED)",
            "ALTER TABLE se ALTER COLUMN b SET EXPRESSION AS (a + 1)",
        ],
    ),
    (17, &[Class::Privilege], &["CREATE TABLE gm (a int)", "GRANT MAINTAIN ON gm TO PUBLIC"]),
    (18, SCHEMA, &["CREATE TABLE vg (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL)"]),
    (18, SCHEMA, &["CREATE TABLE vd (a int, b int GENERATED ALWAYS AS (a * 2))"]),
    (18, SCHEMA, &["CREATE TABLE wo (r int4range, during daterange, PRIMARY KEY (r, during WITHOUT OVERLAPS))"]),
    (
        18,
        SCHEMA,
        &[
            "CREATE TABLE pe (r int4range, during daterange, PRIMARY KEY (r, during WITHOUT OVERLAPS))",
            "CREATE TABLE pf (r int4range, during daterange, FOREIGN KEY (r, PERIOD during) REFERENCES pe (r, PERIOD during))",
        ],
    ),
    (18, SCHEMA, &["CREATE TABLE nn (a int)", "ALTER TABLE nn ADD CONSTRAINT a_there NOT NULL a NOT VALID"]),
    (18, SCHEMA, &["CREATE TABLE ne (a int)", "ALTER TABLE ne ADD CONSTRAINT small CHECK (a < 9) NOT ENFORCED"]),
    (18, DATA, &["CREATE TABLE ro (a int)", "UPDATE ro SET a = 2 RETURNING old.a, new.a"]),
    (18, DATA, &["CREATE TABLE rw (a int)", "INSERT INTO rw VALUES (1) RETURNING WITH (OLD AS o, NEW AS n) o.a, n.a"]),
    (18, SCHEMA, &["CREATE TABLE ao (a int)", "ANALYZE ONLY ao"]),
    (18, QUERY, &["SELECT uuidv7(), casefold('A')"]),
];

/// The same for what PostgreSQL runs outside of a transaction only.
const WITHOUT_A_TRANSACTION: &[Syntax] = &[
    (13, SCHEMA, &["CREATE TABLE va (a int)", "VACUUM (PARALLEL 2) va"]),
    (14, SCHEMA, &["CREATE TABLE re (a int PRIMARY KEY)", "REINDEX (CONCURRENTLY) TABLE re"]),
    (
        14,
        SCHEMA,
        &[
            "CREATE TABLE dp (a int) PARTITION BY LIST (a)",
            "CREATE TABLE dp1 PARTITION OF dp FOR VALUES IN (1)",
            "ALTER TABLE dp DETACH PARTITION dp1 CONCURRENTLY",
        ],
    ),
    (16, SCHEMA, &["CREATE TABLE vm (a int)", "VACUUM (PROCESS_MAIN true, SKIP_DATABASE_STATS) vm"]),
    (18, SCHEMA, &["CREATE TABLE vo (a int)", "VACUUM ONLY vo"]),
];

/// What no version of PostgreSQL makes fit for a migration.
const REFUSED: &[&str] = &[
    "COPY t FROM '/tmp/rows' (ON_ERROR ignore, LOG_VERBOSITY verbose)",
    "COPY t FROM '/tmp/rows' (ON_ERROR ignore, REJECT_LIMIT 10)",
    "COPY t TO '/tmp/rows' (FORMAT csv, FORCE_QUOTE *)",
    "ALTER SYSTEM RESET work_mem",
];

/// Adds a migration without a transaction, in SQL.
fn without_a_transaction(project: &TestProject, id: &str, revises: Option<&str>, upgrade: &str) {
    let revises = revises.map(|parent| format!("-- revises = \"{parent}\"\n")).unwrap_or_default();
    let text = format!(
        "-- /// migration\n-- revision = \"{id}\"\n{revises}-- transaction = \"none\"\n-- ///\n-- upgrade\n{upgrade};\n\
         -- downgrade\nSELECT 1;\n"
    );
    project.write(&format!("migrations/{id}.sql"), &text);
}

/// Runs all of a list that the server has, each as a migration of its own.
fn runs(list: &[Syntax], add: impl Fn(&TestProject, &str, Option<&str>, &str)) {
    let project = TestProject::new();
    let here = list.iter().filter(|(since, _, _)| *since <= server_version());
    let mut parent: Option<String> = None;
    for (number, (_, _, statements)) in here.enumerate() {
        let id = format!("m{number:03}");
        add(&project, &id, parent.as_deref(), &statements.join(";\n"));
        parent = Some(id);
    }
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    let newest = parent.expect("some that every version has");
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), newest);
}

#[test]
fn the_guard_knows_it_on_every_version() {
    let mut versions: BTreeMap<u32, usize> = BTreeMap::new();
    for (since, classes, statements) in IN_A_TRANSACTION.iter().chain(WITHOUT_A_TRANSACTION) {
        let statement = statements.last().expect("a statement");
        let needs = host::sql::classify(statement).unwrap_or_else(|refusal| panic!("{statement}: {refusal}"));
        let needed: Vec<Class> = needs.classes.iter().filter(|class| *class != Class::Query).collect();
        assert_eq!(needed, *classes, "{statement}");
        *versions.entry(*since).or_default() += 1;
    }
    assert!((13..=18).all(|version| versions.contains_key(&version)), "{versions:?}");
    for statement in REFUSED {
        assert!(host::sql::classify(statement).is_err(), "{statement}");
    }
}

#[test]
fn what_the_server_has_runs() {
    runs(IN_A_TRANSACTION, |project, id, parent, upgrade| project.sql(id, parent, upgrade, "SELECT 1"));
}

#[test]
fn what_the_server_has_runs_outside_of_a_transaction() {
    runs(WITHOUT_A_TRANSACTION, without_a_transaction);
}
