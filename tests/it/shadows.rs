//! A search path whose first schema has a trap under every name of the system catalogue. Whoever owns the database can set one for
//! all sessions (`ALTER DATABASE … SET search_path`), so nothing of the host's may look a name up in it.

use std::process::Stdio;

use crate::harness::Output;
use crate::harness::TestProject;

/// For the tests' own questions.
const PLAIN: &str = "SET search_path = pg_catalog, public;";

/// Migrations of each kind, `a` applied, and then the traps.
fn project() -> TestProject {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE public.table_a (id int)", "DROP TABLE public.table_a");
    project.write(
        "migrations/b.sql",
        "-- /// migration\n-- revision = \"b\"\n-- revises = [\"a\"]\n-- message = \"migration b\"\n-- transaction = \"none\"\n-- ///\n\
         -- upgrade\nCREATE TABLE public.table_b (id int);\nCREATE INDEX CONCURRENTLY b_id ON public.table_b (id);\n\
         VACUUM public.table_b;\n-- downgrade\nDROP INDEX CONCURRENTLY public.b_id;\nDROP TABLE public.table_b;\n",
    );
    project.sql("c", Some("b"), "CREATE TABLE public.table_c (id int)", "DROP TABLE public.table_c");
    project.sql("d", Some("c"), "DROP TABLE public.absent", "SELECT 1");
    project.host(&["build"]).success();
    project.host(&["upgrade", "a"]).success();
    let shadows = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/it/shadows.sql");
    assert!(project.database.psql().args(["-f", shadows]).status().expect("psql runs").success());
    let caught = project.database.psql().args(["-c", "SELECT 1 = 1"]).output().expect("psql runs");
    assert!(String::from_utf8_lossy(&caught.stderr).contains("caught by a shadow: ="), "the traps are not there");
    let traps = "SELECT count(*) > 2500 FROM pg_proc WHERE pronamespace = 'evil'::regnamespace";
    assert_eq!(project.database.query(&format!("{PLAIN} {traps}")), "t");
    project
}

fn uncaught(output: Output) -> Output {
    let said = output.stable();
    assert!(!said.contains("caught") && !said.contains("not an aggregate"), "{said}");
    output
}

fn revision(project: &TestProject) -> String {
    project.database.query(&format!("{PLAIN} SELECT version_num FROM public.host_version"))
}

#[test]
fn every_command_means_the_names_of_the_system() {
    let project = project();
    let succeeds = |arguments: &[&str]| uncaught(project.host(arguments)).success();
    for arguments in [
        &["current"][..],
        &["status"],
        &["history"],
        &["log"],
        &["upgrade", "head", "--dry-run"],
        &["validate", "--online"],
        &["repair"],
        &["ensure-version"],
    ] {
        succeeds(arguments);
    }
    // The server of the shadows is this one. What the traps are is no part of the migrations.
    project.compare_by("");
    let drift = project.host(&["drift", "--exclude", "evil"]);
    uncaught(drift).success();
    succeeds(&["diff", "--from", &project.database.url(), "--to", &project.database.url()]);
    succeeds(&["verify", "a"]);
    succeeds(&["upgrade", "c"]);
    uncaught(project.host(&["upgrade", "d"])).with_code(1);
    succeeds(&["log"]);
    assert_eq!(revision(&project), "c");
    let failed = "SELECT error FROM public.host_log WHERE outcome OPERATOR(pg_catalog.=) 'failed'";
    assert!(project.database.query(&format!("{PLAIN} {failed}")).contains("absent"));
    succeeds(&["downgrade", "a"]);
    succeeds(&["stamp", "c"]);
    succeeds(&["stamp", "a"]);
    assert_eq!(revision(&project), "a");
}

#[test]
fn tables_are_made_of_the_systems_types() {
    let project = project();
    project.database.query(&format!("{PLAIN} DROP TABLE public.host_version, public.host_log, public.host_journal"));
    // Where an unqualified table would be made is the operator's matter.
    project.write("host.toml", "[default]\nversion-table = \"public.host_version\"\nlog-table = \"public.host_log\"\njournal-table = \"public.host_journal\"\n");
    uncaught(project.host(&["ensure-version"])).success();
    uncaught(project.host(&["stamp", "c"])).success();
    let types = "SELECT count(*) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attnum > 0 \
                 AND a.attrelid IN ('public.host_version'::regclass, 'public.host_log'::regclass, 'public.host_journal'::regclass) \
                 AND t.typnamespace <> 'pg_catalog'::regnamespace";
    assert_eq!(project.database.query(&format!("{PLAIN} {types}")), "0");
}

#[test]
fn who_holds_a_lock_is_found_all_the_same() {
    let project = project();
    project.write("host.toml", "[default]\n[default.limits]\nlock-timeout = '300ms'\nlock-retries = 0\n");
    let mut psql = project.database.psql();
    let mut holder = psql
        .args([
            "-c",
            "SET search_path = pg_catalog",
            "-c",
            "BEGIN; LOCK TABLE public.host_version; SELECT pg_sleep(120)",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("psql runs");
    project.database.wait_until(&format!("{PLAIN} SELECT count(*) = 1 FROM pg_locks WHERE relation = 'public.host_version'::regclass AND granted AND mode = 'AccessExclusiveLock'"));
    let output = uncaught(project.host(&["upgrade", "head"])).with_code(1);
    assert!(output.stderr.contains("psql, process"), "{}", output.stable());
    project.database.query(&format!(
        "{PLAIN} SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(120)' AND pid <> pg_backend_pid() \
         AND datname = current_database()"
    ));
    holder.wait().expect("psql ends");
}

#[test]
fn a_script_means_the_names_of_the_system() {
    let project = project();
    let script = uncaught(project.host(&["upgrade", "a:c", "--sql"])).success();
    project.write("script.sql", &script.stdout);
    let mut psql = project.database.psql();
    let output = psql.arg("-f").arg(project.path("script.sql")).output().expect("psql runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(revision(&project), "c");
}
