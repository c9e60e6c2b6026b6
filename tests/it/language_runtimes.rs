//! Language runtimes that are data: a language of which the host knows nothing but a component in the cache folder.

use std::os::unix::fs::PermissionsExt as _;

use host::digest::Digest;
use host::language::Language;
use host::runtime::RuntimeRegistry;
use host::store::MANIFEST_FORMAT;
use host::store::Manifest;
use host::store::Metadata;
use host::store::add_manifest;

use crate::harness::TestProject;
use crate::harness::assert_output;

/// The component of the runtime of SQL, which serves as that of another language here.
fn component() -> Vec<u8> {
    let registry = RuntimeRegistry::default();
    let runtime = registry.find("sql", None).expect("the host carries it");
    runtime.component().expect("its component").into_owned()
}

/// Another component with the same code.
fn another_component() -> Vec<u8> {
    let mut component = component();
    // A custom section: number, size, length of the name, name.
    component.extend([0, 2, 1, b'x']);
    component
}

/// Puts a runtime into the cache folder under a digest.
pub(crate) fn put(project: &TestProject, name: &str, digest: &Digest, bytes: &[u8]) {
    let folder = project.cache().join("runtimes");
    std::fs::create_dir_all(folder.join(name)).expect("a folder");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).expect("a mode");
    std::fs::write(folder.join(name).join(format!("{digest}.wasm")), bytes).expect("a file");
}

/// Writes a migration in the language `toy`, as whoever has a compiler for it would.
fn migration(project: &TestProject, revision: &str, digest: Option<Digest>, source: &str) {
    migration_after(project, (revision, None), digest, source);
}

/// The same with the migration that comes before it, if any.
pub(crate) fn migration_after(
    project: &TestProject,
    (revision, before): (&str, Option<&str>),
    digest: Option<Digest>,
    source: &str,
) {
    let revises = before.map(|before| format!("revises = [\"{before}\"]\n")).unwrap_or_default();
    let manifest = Manifest {
        format: MANIFEST_FORMAT,
        metadata: Metadata::from_toml(&format!("revision = \"{revision}\"\n{revises}")).expect("metadata"),
        source_digest: Digest::of(source.as_bytes()),
        lock_digest: None,
        language: Language::Wasm,
        file: "elsewhere.toy".to_owned(),
        runtime: Some("toy".to_owned()),
        runtime_digest: digest,
        sections: None,
        packages: Vec::new(),
        built_with: "0.0.0".to_owned(),
    };
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    add_manifest(&mut bytes, &manifest, Some(source)).expect("sections");
    std::fs::write(project.path("migrations").join(format!("{revision}.wasm")), bytes).expect("the component");
}

fn recorded(project: &TestProject) -> String {
    project.database.query("SELECT string_agg(runtime_digest, ' ' ORDER BY id) FROM host_log")
}

#[test]
fn a_migration_runs_in_the_runtime_that_it_names() {
    let project = TestProject::new();
    let (old, new) = (component(), another_component());
    let digests = [Digest::of(&old), Digest::of(&new)];
    put(&project, "toy", &digests[0], &old);
    put(&project, "toy", &digests[1], &new);
    for digest in digests {
        project.database.query("DROP TABLE IF EXISTS host_version, host_log, host_journal, table_a");
        migration(&project, "a", Some(digest), "CREATE TABLE table_a (id int)");
        project.host(&["upgrade", "head"]).success();
        assert_eq!(recorded(&project), digest.to_string());
        assert_eq!(project.database.query("SELECT to_regclass('table_a') IS NOT NULL"), "t");
    }
    let log = project.host(&["--json", "log"]).success().stdout;
    assert!(log.contains(&format!("\"runtime_digest\":\"{}\"", digests[1])), "{log}");
    // Without a digest it is the one that came last.
    migration(&project, "a", None, "CREATE TABLE table_a (id int)");
    project.database.query("DROP TABLE host_version, host_log, host_journal, table_a");
    project.host(&["upgrade", "head"]).success();
    assert!(digests.iter().any(|digest| recorded(&project) == digest.to_string()));
}

#[test]
fn statements_of_any_language_pass_the_guard() {
    let project = TestProject::new();
    let bytes = component();
    put(&project, "toy", &Digest::of(&bytes), &bytes);
    migration(&project, "a", None, "CREATE ROLE somebody");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("role"), "{}", output.stable());
    assert_eq!(project.database.query("SELECT count(*) FROM pg_roles WHERE rolname = 'somebody'"), "0");
}

#[test]
fn a_runtime_that_is_not_there_stops_a_run_before_the_lock() {
    let project = TestProject::new();
    migration(&project, "a", Some(Digest::of(b"gone")), "CREATE TABLE table_a (id int)");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    migration(&project, "a", None, "CREATE TABLE table_a (id int)");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    // Another one of its name is not taken for it.
    let bytes = component();
    put(&project, "toy", &Digest::of(&bytes), &bytes);
    migration(&project, "a", Some(Digest::of(b"gone")), "CREATE TABLE table_a (id int)");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    assert_eq!(project.database.query("SELECT to_regclass('host_version') IS NULL"), "t");
}

#[test]
fn a_runtime_with_another_digest_than_its_name_is_refused() {
    let project = TestProject::new();
    let digest = Digest::of(&component());
    put(&project, "toy", &digest, &another_component());
    migration(&project, "a", Some(digest), "CREATE TABLE table_a (id int)");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    // What is no runtime is refused as well, whatever its digest is.
    let module = b"\0asm\x01\0\0\0";
    put(&project, "toy", &Digest::of(module), module);
    migration(&project, "a", Some(Digest::of(module)), "CREATE TABLE table_a (id int)");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("it is a core module"), "{}", output.stable());
}

#[test]
fn a_folder_of_runtimes_that_others_write_in_is_not_used() {
    let project = TestProject::new();
    let bytes = component();
    put(&project, "toy", &Digest::of(&bytes), &bytes);
    migration(&project, "a", None, "CREATE TABLE table_a (id int)");
    let folder = project.cache().join("runtimes");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).expect("a mode");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("it needs the language runtime 'toy'"), "{}", output.stable());
    assert!(output.stderr.contains("language runtimes of the cache folder are not used"), "{}", output.stable());
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).expect("a mode");
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn the_cache_lists_the_runtimes() {
    let project = TestProject::new();
    let bytes = another_component();
    put(&project, "toy", &Digest::of(&bytes), &bytes);
    assert_output!(project.host(&["cache", "info"]).success().without_digests());
    let json = project.host(&["--json", "cache", "info"]).success().stdout;
    let document: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let names: Vec<_> = document["runtimes"].as_array().expect("a list").iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["sql", "sql", "toy"]);
}

/// The log table of an earlier version has no column for it.
#[test]
fn a_log_table_of_an_earlier_version_gets_the_column() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "a"]).success();
    let drop = "ALTER TABLE host_log DROP COLUMN runtime_digest";
    project.database.query(drop);
    // Reading changes nothing.
    let log = project.host(&["--json", "log"]).success().stdout;
    assert!(log.contains("\"runtime_digest\":null"), "{log}");
    let columns =
        "SELECT count(*) FROM pg_attribute WHERE attrelid = 'host_log'::regclass AND attname = 'runtime_digest'";
    assert_eq!(project.database.query(columns), "0");
    for command in [&["upgrade", "c"][..], &["stamp", "b"], &["stamp", "c"], &["ensure-version"]] {
        project.host(command).success();
        assert_eq!(project.database.query(columns), "1", "{command:?}");
        project.database.query(drop);
    }
    let script = project.host(&["downgrade", "--sql", "c:b"]).success().stdout;
    project.write("script.sql", &script);
    let status = project.database.psql().args(["-X", "-q", "-f"]).arg(project.path("script.sql")).status();
    assert!(status.expect("psql runs").success());
    assert_eq!(project.database.query(columns), "1");
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "b");
}

#[test]
fn a_log_table_of_somebody_else_is_for_its_owner_to_change() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "a"]).success();
    let role = format!("owner_of_{}", project.database.name());
    project.database.admin(&format!(
        "ALTER TABLE host_log DROP COLUMN runtime_digest; CREATE ROLE {role}; ALTER TABLE host_log OWNER TO {role}; \
         GRANT SELECT, INSERT ON host_log TO PUBLIC"
    ));
    let output = project.host(&["upgrade", "b"]);
    project.database.admin(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}"));
    let output = output.with_code(1);
    assert!(output.stderr.contains("lacks columns that this version of host writes"), "{}", output.stable());
    assert!(output.stderr.contains("ADD COLUMN IF NOT EXISTS runtime_digest"), "{}", output.stable());
}
