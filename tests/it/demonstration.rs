//! The repository's own project: up, down to base, up again, with the same result.

use crate::harness::TestDatabase;
use crate::harness::own_project;

/// `host` on the repository's project, on a database of the test.
fn host(database: &TestDatabase, arguments: &[&str]) {
    let output = own_project::command(arguments).env("HOST_DATABASE_URL", database.url()).output().expect("host runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What the project has made, schema and data. Where pg_dump is older than the server, the catalogue stands for the schema and
/// the numbers of rows for the data.
fn contents(database: &TestDatabase) -> String {
    if crate::harness::can_dump() {
        let dump = database.dump(&[
            "--exclude-table=host_version",
            "--exclude-table=host_log",
            "--exclude-table=host_journal",
            // Where the rows of a table lie that is rewritten in one statement is for the server to decide.
            "--exclude-table-data=members",
        ]);
        return format!("{dump}\n{}", members(database));
    }
    let of_project = "n.nspname = 'public' AND c.relname NOT LIKE 'host\\_%'";
    let from = "JOIN pg_class c ON c.oid = x.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace";
    let mut lines = vec![
        database.query(&format!(
            "SELECT c.relname, x.attname, format_type(x.atttypid, x.atttypmod), x.attnotnull, pg_get_expr(d.adbin, d.adrelid)
               FROM pg_attribute x JOIN pg_class c ON c.oid = x.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
               LEFT JOIN pg_attrdef d ON d.adrelid = x.attrelid AND d.adnum = x.attnum
              WHERE {of_project} AND x.attnum > 0 AND NOT x.attisdropped ORDER BY c.relname, x.attnum"
        )),
        database.query(&format!(
            "SELECT c.relname, x.conname, pg_get_constraintdef(x.oid) FROM pg_constraint x {from} WHERE {of_project} ORDER BY 1, 2"
        )),
        database.query(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'host\\_%' ORDER BY 1",
        ),
        database.query("SELECT oid::regprocedure, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY oid::regprocedure::text"),
    ];
    let tables = database.query(&format!(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {of_project} AND c.relkind = 'r' ORDER BY 1"
    ));
    lines.extend(
        tables.lines().map(|table| format!("{table}: {}", database.query(&format!("SELECT count(*) FROM {table}")))),
    );
    lines.push(members(database));
    lines.join("\n")
}

/// All members, as far as there are some.
fn members(database: &TestDatabase) -> String {
    if database.query("SELECT to_regclass('public.members') IS NULL") == "t" {
        return String::new();
    }
    database.query("SELECT 'members', count(*), md5(string_agg(members::text, E'\\n' ORDER BY id)) FROM members")
}

#[test]
fn goes_up_down_to_base_and_up_again() {
    let database = TestDatabase::new();
    host(&database, &["build"]);
    let schema = || contents(&database);
    let empty = schema();
    host(&database, &["upgrade", "head"]);
    let first = schema();
    assert!(first.contains("customers"), "{first}");
    assert!(!empty.contains("customers"), "{empty}");
    let problems = database.query("SELECT count(*) > 0 FROM phone_problems");
    assert_eq!(problems, "t");
    let wrong = "SELECT count(*) FROM customers WHERE phone !~ '^\\+[1-9][0-9]{6,14}$' AND id NOT IN (SELECT customer_id FROM phone_problems)";
    assert_eq!(database.query(wrong), "0");
    assert_eq!(
        database.query("SELECT string_agg(slug, ' ' ORDER BY id) FROM restaurants WHERE id IN (1, 5, 8)"),
        "zum-alten-speicher trattoria-due-torri restaurant-8"
    );
    let requests = "SELECT request, count(*) FROM reservation_requests GROUP BY request ORDER BY request";
    assert_eq!(database.query(requests), "allergy|40\ncelebration|40\nspace for prams|24\nwindow seat|16");
    let hours = "SELECT string_agg(day || ' ' || opens || '-' || closes, ', ' ORDER BY day) FROM opening_hours WHERE restaurant_id = 7";
    assert_eq!(
        database.query(hours),
        "3 17:30:00-22:00:00, 4 17:30:00-22:00:00, 5 17:30:00-22:00:00, 6 17:30:00-22:00:00, 7 17:30:00-22:00:00"
    );
    let codes =
        "SELECT count(*) = count(DISTINCT code) AND bool_and(code ~ '^[0-9A-Z]{4}-[0-9A-Z]{3}$') FROM reservations";
    assert_eq!(database.query(codes), "t");
    let sound = "SELECT DISTINCT family_sound FROM customers WHERE family_name = 'Washington'";
    assert_eq!(database.query(sound), "W252");
    let members = "SELECT count(*), count(phone), count(*) FILTER (WHERE phone ~ '^[+][0-9]{8,15}$'), count(phone_before) FROM members";
    assert_eq!(database.query(members), "100000|90000|80000|70000");
    let found = "SELECT string_agg(DISTINCT full_name, ', ') FROM members WHERE search_name = 'jurgen muller'";
    assert_eq!(database.query(found), "Jürgen  Müller, Jürgen Müller");
    host(&database, &["downgrade", "base"]);
    assert_eq!(schema(), empty);
    host(&database, &["upgrade", "head"]);
    assert_eq!(schema(), first);
}
