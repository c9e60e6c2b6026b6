//! Components that cannot run, and migrations that cannot be built.

use host::store::Manifest;
use host::store::add_manifest;
use host::store::read_manifest;

use crate::harness::TestProject;
use crate::harness::assert_output;

/// What a migration exports, in name only.
const EXPORT: &str = r#"(instance $i) (export "host:migration/migration@0.1.0" (instance $i))"#;

#[test]
fn a_component_for_another_world() {
    let project = with_component(r#"(component (instance $i) (export "wasi:cli/run@0.2.0" (instance $i)))"#);
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    assert_output!(project.host(&["inspect", "d"]).success().replace(&digests(&project)));
}

#[test]
fn a_component_for_a_newer_contract() {
    let project = with_import("host:migration/sql@0.2.0", "");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_component_that_calls_a_function_of_a_newer_contract() {
    let function = r#"(export "listen" (func (param "channel" string)))"#;
    let project = with_import("host:migration/sql@0.1.4", function);
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_component_that_wants_the_network() {
    let project = with_import("wasi:http/outgoing-handler@0.2.3", "");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_component_that_wants_what_the_contract_does_not_have() {
    let project = with_import("host:migration/more@0.1.0", "");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_component_that_wants_something_of_somebody_else() {
    let project = with_import("shop:warehouse/stock@1.0.0", "");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_component_that_names_a_runtime_which_this_host_does_not_have() {
    let project = TestProject::with_three_tables();
    let path = project.path(".host/build/b.wasm");
    let bytes = std::fs::read(&path).expect("a component");
    let manifest = read_manifest(&bytes).expect("a component").expect("metadata");
    let source = host::store::read_source(&bytes).expect("a component").expect("a source").to_owned();
    let mut changed = host::store::without_sections(&bytes).expect("a component");
    let manifest = Manifest { runtime: Some("cobol".to_owned()), ..manifest };
    add_manifest(&mut changed, &manifest, Some(&source)).expect("sections");
    // In the build folder it would be compared with its source.
    std::fs::remove_file(project.path("migrations/b.sql")).expect("a source to remove");
    std::fs::write(project.path("migrations/b.wasm"), changed).expect("a component");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_component_of_another_format() {
    let project = TestProject::with_three_tables();
    let path = project.path(".host/build/b.wasm");
    let bytes = std::fs::read(&path).expect("a component");
    let manifest = read_manifest(&bytes).expect("a component").expect("metadata");
    let mut changed = host::store::without_sections(&bytes).expect("a component");
    add_manifest(&mut changed, &Manifest { format: 99, ..manifest }, None).expect("sections");
    std::fs::write(path, changed).expect("a component");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_corrupt_component() {
    let project = TestProject::with_three_tables();
    std::fs::write(project.path(".host/build/b.wasm"), "rubbish").expect("a file");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn a_component_that_was_cut_short() {
    let project = TestProject::with_three_tables();
    let path = project.path(".host/build/b.wasm");
    let bytes = std::fs::read(&path).expect("a component");
    for length in [0, 4, 8, 20, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).expect("a file");
        let output = project.refuses(1, &["upgrade", "head"]);
        assert!(output.stderr.contains("error: '.host/build/b.wasm' is not a component"), "{}", output.stable());
    }
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_core_module_in_place_of_a_component() {
    let project = TestProject::with_three_tables();
    std::fs::write(project.path(".host/build/b.wasm"), wat::parse_str("(module)").expect("a module")).expect("a file");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_component_whose_inside_is_broken() {
    // The names at its outside are right.
    let project = with_component(&format!("(component {EXPORT})"));
    let path = project.path("migrations/d.wasm");
    let mut bytes = std::fs::read(&path).expect("a component");
    // A section of core types that promises one and has none.
    bytes.extend([3, 1, 1]);
    std::fs::write(path, bytes).expect("a component");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn an_export_that_is_no_migration_inside() {
    let project = with_component(&format!("(component {EXPORT})"));
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_component_that_is_larger_than_it_may_be() {
    let data = "a".repeat(1 << 20);
    let project = with_component(&format!(r#"(component (core module (memory 17) (data "{data}")) {EXPORT})"#));
    project.write("host.toml", "[default.limits]\ncomponent-size = '1MiB'\n");
    let output = project.refuses(1, &["upgrade", "head"]);
    let bytes = std::fs::metadata(project.path("migrations/d.wasm")).expect("the component").len();
    assert_output!(output.replace(&[(bytes.to_string(), "[bytes]")]));
}

#[test]
fn a_function_that_is_too_large_for_the_compiler() {
    let nothing = "nop ".repeat(1 << 20);
    let project = with_component(&format!("(component (core module (func {nothing})) {EXPORT})"));
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_component_that_carries_no_metadata() {
    let project = TestProject::with_three_tables();
    let bytes = wat::parse_str(format!("(component {EXPORT})")).expect("a component");
    std::fs::write(project.path("migrations/d.wasm"), bytes).expect("a file");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_folder_with_a_component_that_is_no_migration() {
    let project = TestProject::with_three_tables();
    project.write("migrations/d/migration.toml", "revision = \"d\"\nrevises = \"c\"\n");
    let bytes = wat::parse_str("(component)").expect("a component");
    std::fs::write(project.path("migrations/d/shop.wasm"), bytes).expect("a file");
    assert_output!(project.refuses(1, &["build"]));
    std::fs::write(project.path("migrations/d/shop.wasm"), wat::parse_str("(module)").expect("a module"))
        .expect("a file");
    assert_output!(project.refuses(1, &["build"]));
    std::fs::write(project.path("migrations/d/shop.wasm"), "rubbish").expect("a file");
    assert_output!(project.refuses(1, &["build"]));
}

#[test]
fn a_stale_build() {
    let project = TestProject::with_three_tables();
    project.sql("b", Some("a"), "CREATE TABLE table_b (id bigint)", "DROP TABLE table_b");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    assert_output!(project.host(&["build", "--check"]).with_code(3));
    project.host(&["upgrade", "head", "--build"]).success();
}

#[test]
fn a_migration_that_is_not_built() {
    let project = TestProject::with_three_tables();
    project.sql("d", Some("c"), "SELECT 1", "SELECT 1");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_statement_that_cannot_run_in_a_transaction() {
    let project = TestProject::with_three_tables();
    // Only the server knows that the table has partitions.
    let statements = "CREATE TABLE parts (id int) PARTITION BY RANGE (id);\nREINDEX TABLE parts";
    project.sql("d", Some("c"), statements, "DROP TABLE parts");
    project.host(&["build"]).success();
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "c");
}

#[test]
fn transaction_control_in_sql() {
    assert_output!(not_built("BEGIN;\nCREATE TABLE table_d (id int);\nCOMMIT;\n"));
    assert_output!(not_built("SELECT 'größer'; COMMIT;\n"));
}

#[test]
fn sql_for_psql() {
    assert_output!(not_built("\\i tables.sql\n"));
}

#[test]
fn sql_that_does_not_end() {
    assert_output!(not_built("SELECT 'It's';\n"));
    assert_output!(not_built("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $f$ SELECT 1; $g$;\n"));
}

#[test]
fn sql_without_its_directions() {
    let project = TestProject::with_three_tables();
    project.write("migrations/d.sql", "-- /// migration\n-- revision = \"d\"\n-- revises = \"c\"\n-- ///\nSELECT 1;\n");
    assert_output!(project.refuses(1, &["build"]));
    project
        .write("migrations/d.sql", "-- /// migration\n-- revision = \"d\"\n-- revises = \"c\"\n-- ///\n-- downgrade\n");
    assert_output!(project.refuses(1, &["build"]));
}

#[test]
fn several_migrations_that_cannot_be_built() {
    let project = TestProject::with_three_tables();
    project.sql("d", Some("c"), "COMMIT", "SELECT 1");
    project.write("migrations/e.sql", "-- /// migration\n-- revision = \"e\"\n-- revises = \"d\"\n-- ///\n");
    assert_output!(project.refuses(1, &["build"]));
    let output = project.host(&["--json", "build"]).with_code(1);
    assert_eq!(output.stderr, "");
    let kinds: Vec<_> =
        output.json_lines().iter().map(|line| line["event"].as_str().unwrap_or("error").to_owned()).collect();
    assert_eq!(kinds, ["build-failed", "build-failed", "error"]);
}

/// Three built migrations, and after them a component that is used as it is.
fn with_component(text: &str) -> TestProject {
    let project = TestProject::with_three_tables();
    let built = std::fs::read(project.path(".host/build/c.wasm")).expect("a component");
    let mut manifest = read_manifest(&built).expect("a component").expect("metadata");
    manifest.metadata.revises = vec![manifest.metadata.revision];
    manifest.metadata.revision = host::revision::RevisionId::new("d").expect("an id");
    manifest.metadata.message = "made elsewhere".to_owned();
    manifest.runtime = None;
    manifest.sections = None;
    let mut component = wat::parse_str(text).expect("valid text");
    add_manifest(&mut component, &manifest, None).expect("sections");
    std::fs::write(project.path("migrations/d.wasm"), component).expect("a file");
    project
}

/// The same with a component that imports an interface.
fn with_import(interface: &str, functions: &str) -> TestProject {
    with_component(&format!("(component (import \"{interface}\" (instance {functions})) {EXPORT})"))
}

/// What `host build` says about a migration that upgrades with this SQL.
fn not_built(upgrade: &str) -> crate::harness::Output {
    let project = TestProject::with_three_tables();
    let text = format!("-- /// migration\n-- revision = \"d\"\n-- revises = \"c\"\n-- ///\n\n-- upgrade\n{upgrade}");
    project.write("migrations/d.sql", &text);
    project.refuses(1, &["build"])
}

/// The digest of the prebuilt component, which may change with the tools that made it.
fn digests(project: &TestProject) -> Vec<(String, &'static str)> {
    let document = project.host(&["--json", "inspect", "d"]).success().json();
    let digest = document["digest"].as_str().expect("a digest").to_owned();
    let source = document["migration"]["source_digest"].as_str().expect("a digest").to_owned();
    vec![(digest, "[digest]"), (source, "[source digest]"), (format!("{} bytes", document["bytes"]), "[size] bytes")]
}
