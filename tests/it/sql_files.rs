//! What the text of a migration in SQL shows, and a run would find too late: comments that only look like the beginning of a
//! section.

use host::store::Manifest;
use host::store::ScriptSections;
use host::store::add_manifest;
use host::store::read_manifest;

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// A project with one migration, `migrations/a.sql`, whose metadata has these lines besides.
fn project_with(metadata: &str, text: &str) -> TestProject {
    let project = TestProject::new();
    project.write("migrations/a.sql", &format!("-- /// migration\n-- revision = \"a\"\n{metadata}-- ///\n{text}"));
    project
}

/// A build that finds what is wrong, and leaves nothing that could run.
fn not_built(metadata: &str, text: &str) -> Output {
    let project = project_with(metadata, text);
    let output = project.refuses(1, &["build"]);
    project.host(&["build", "--check"]).with_code(3);
    output
}

const UP: &str = "CREATE TABLE guests (name text);\n";
const DOWN: &str = "DROP TABLE guests;\n";

#[test]
fn a_comment_that_looks_like_the_beginning_of_a_section() {
    assert_output!(not_built("", &format!("-- upgrade\n{UP}\n-- downgrade:\n{DOWN}")));
    assert_output!(not_built("", &format!("-- Upgrade section\n{UP}\n-- Downgrade section\n{DOWN}")));
    assert_output!(not_built("", &format!("-- upgrade\n{UP}\n/* downgrade */\n{DOWN}")));
    assert_output!(not_built("", &format!("-- migrate:up\n{UP}\n-- migrate:down\n{DOWN}")));
    assert_output!(not_built("", &format!("-- upgrade\n{UP}\n-- +goose Down\n{DOWN}")));
    let output =
        project_with("", &format!("-- upgrade\n{UP}-- dowgrade\n{DOWN}")).host(&["--json", "build"]).with_code(1);
    let line = &output.json_lines()[0];
    assert_eq!(line["event"], "build-failed", "{line}");
}

/// One that was built before host looked, or elsewhere.
#[test]
fn a_component_with_such_a_comment_does_not_run() {
    let project = project_with("", &format!("-- upgrade\n{UP}\n-- downgrade\n{DOWN}"));
    project.host(&["build"]).success();
    let bytes = std::fs::read(project.path(".host/build/a.wasm")).expect("a component");
    let mut manifest: Manifest = read_manifest(&bytes).expect("a component").expect("metadata");
    let source = host::store::read_source(&bytes).expect("a component").expect("a source");
    let source = source.replace("-- downgrade\n", "-- downgrade:\n");
    let start = manifest.sections.expect("sections").upgrade[0];
    manifest.sections = Some(ScriptSections { upgrade: [start, source.len()], downgrade: None });
    let mut changed = host::store::without_sections(&bytes).expect("a component");
    add_manifest(&mut changed, &manifest, Some(&source)).expect("sections");
    std::fs::remove_file(project.path("migrations/a.sql")).expect("a source to remove");
    std::fs::write(project.path("migrations/a.wasm"), changed).expect("a component");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}
