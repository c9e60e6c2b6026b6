//! Integration tests: the command line as a user runs it, against a real PostgreSQL.
//!
//! Every test has a project folder and a database of its own, in a sealed environment. All of them share one server, which
//! lives in the target folder and is made by the host's own development cluster.

#![forbid(unsafe_code)]
#![expect(clippy::disallowed_methods, reason = "tests make folders and start the command")]

mod harness;

mod alembic;
mod alembic_projects;
mod alembic_sandbox;
mod architecture;
mod backfill;
mod backfill_limits;
mod backfill_machines;
mod backfill_preview;
mod backfill_rejected;
mod bad_component;
mod bad_database;
mod bad_project;
mod bad_target;
mod bad_usage;
mod begun_ahead;
mod bookkeeping;
mod bulk;
mod c_language;
mod cache;
mod carried;
mod checks;
mod circles;
mod citus;
mod compile;
mod completions;
mod conformance;
mod copy_data;
mod databases;
mod debug_information;
mod demonstration;
mod documents;
mod dump;
mod edit;
mod examples;
mod failing_step;
mod faults;
mod fuzz;
mod go_language;
mod growth;
mod guard;
mod guard_differential;
mod guest_time;
mod guests;
mod hidden;
mod hostile;
mod incomplete_output;
mod integrity;
mod interrupt;
mod javascript_language;
mod javascript_packages;
mod language_runtimes;
mod library;
mod links;
mod lying_server;
mod new_syntax;
mod non_transactional;
mod offline;
mod other_toolchain;
mod pooler;
mod prepared_plan;
mod protected;
mod psql_differential;
mod python_language;
mod python_packages;
mod read_ahead;
mod records;
mod repair;
mod repetitions;
mod retry;
mod road;
mod roles;
mod runners;
mod rust_language;
mod schema_show;
mod schemas;
mod scripts;
mod secrets;
mod shadows;
mod sql_files;
mod start;
mod status;
mod supply;
mod terminal;
mod transforms;
mod vectors;
mod wasi;
mod which_database;

/// A test file that no module names would never run.
#[test]
fn no_test_file_is_forgotten() {
    let main = include_str!("main.rs");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/it");
    for entry in std::fs::read_dir(folder).expect("the folder of the tests") {
        let name = entry.expect("an entry").file_name().into_string().expect("a UTF-8 name");
        if let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") {
            assert!(main.contains(&format!("mod {module};")), "{name} is no module of main.rs");
        }
    }
}
