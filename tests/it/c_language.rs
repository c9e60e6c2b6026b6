//! Migrations in C, from `host revision` to the database.

use crate::harness::TestProject;
use crate::harness::rewritten::assert_rewrites_batch_by_batch;
use crate::harness::rewritten::example_below;

/// A project with a new migration in C as it is made, and its folder.
fn with_new_migration() -> (TestProject, String) {
    let project = TestProject::new();
    let folder = project.new_migration("c");
    (project, folder)
}

/// The same with this body of the upgrade, and these functions before it.
fn with_migration(functions: &str, upgrade: &str) -> (TestProject, String) {
    let (project, folder) = with_new_migration();
    let source = format!(
        "#include \"host.h\"\n{functions}\nbool upgrade(void) {{\n{upgrade}\n}}\nbool downgrade(void) {{ return host_irreversible(); }}\n"
    );
    project.write(&format!("{folder}/migration.c"), &source);
    (project, folder)
}

#[test]
fn a_new_migration_builds_and_runs_when_its_downgrade_is_decided() {
    let (project, folder) = with_new_migration();
    let component = project.decide_and_run(&format!("{folder}/migration.c"), 13, &[]);
    // Small, and without WASI.
    assert!(component.len() < 60_000, "{} bytes", component.len());
    assert!(!component.windows(5).any(|window| window == b"wasi:"), "it imports something of WASI");
}

#[test]
fn a_compile_error_is_shown_with_file_and_line() {
    let (project, folder) = with_migration("", "return mistake;");
    let output = project.host(&["build"]).with_code(1);
    assert!(output.stderr.contains(&format!("clang cannot build '{folder}'")), "{}", output.stderr);
    assert!(
        output.stderr.contains("migration.c:4:8: error: use of undeclared identifier 'mistake'"),
        "{}",
        output.stderr
    );
}

#[test]
fn an_error_says_where_it_came_from() {
    let functions =
        "static bool fill(void) {\n    HOST_TRY(host_execute(\"SELECT 1 / 0\", NULL));\n    return true;\n}";
    let (project, _) = with_migration(functions, "    HOST_TRY(fill());\n    return true;");
    project.host(&["build"]).success();
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("division by zero"), "{}", output.stderr);
    assert!(output.stderr.contains("at fill (migration.c:3)"), "{}", output.stderr);
    assert!(output.stderr.contains("at upgrade (migration.c:7)"), "{}", output.stderr);
}

#[test]
fn a_statement_that_host_refuses_says_where_it_came_from() {
    let (project, _) = with_migration("", "    HOST_TRY(host_execute(\"COMMIT\", NULL));\n    return true;");
    project.host(&["build"]).success();
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("COMMIT is not allowed in a migration"), "{}", output.stderr);
    assert!(output.stderr.contains("at upgrade (migration.c:4)"), "{}", output.stderr);
}

#[test]
fn false_without_a_reason_is_told() {
    let (project, _) = with_migration("", "    return false;");
    project.host(&["build"]).success();
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(
        output.stderr.contains("upgrade answered false, without a call that failed and without HOST_FAIL"),
        "{}",
        output.stderr
    );
}

#[test]
fn what_is_printed_goes_to_the_log_and_what_else_libc_asks_for_is_answered() {
    let functions = "#include <errno.h>\n#include <stdio.h>\n#include <string.h>\n#include <time.h>";
    let upgrade = "    printf(\"first %d\\nsecond\", 1);\n    fprintf(stderr, \"third\\n\");\n\
                   if (time(NULL) != host_run()->now_micros / 1000000) return HOST_FAIL(\"another time\");\n\
                   if (fopen(\"/etc/passwd\", \"r\")) return HOST_FAIL(\"a file\");\n    return true;";
    let (project, _) = with_migration(functions, upgrade);
    project.host(&["build"]).success();
    let output = project.host(&["upgrade", "head"]).success();
    for line in ["info: first 1", "info: second", "warn: third"] {
        assert!(
            output.stdout.contains(line) || output.stderr.contains(line),
            "{line}: {}{}",
            output.stdout,
            output.stderr
        );
    }
}

#[test]
fn all_sources_of_the_folder_are_compiled_and_nothing_else() {
    let (project, folder) = with_migration("const char *table(void);", "    return host_execute(table(), NULL);");
    project.write(&format!("{folder}/parts/table.c"), "const char *table(void) { return \"CREATE TABLE made ()\"; }\n");
    project.write(&format!("{folder}/tests/table.c"), "int main(void) { return 0; }\n");
    project.write(&format!("{folder}/.hidden.c"), "this does not compile\n");
    project.write(".host/sdk/c/added.c", "this does not compile\n");
    project.write(".host/sdk/c/stdio.h", "#error added\n");
    let mut command = project.command(&["build"]);
    command.env("CPATH", project.path(".host/sdk/c"));
    project.run(command).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM made"), "0");
}

#[test]
fn without_clang_a_built_migration_runs_and_another_one_says_what_to_install() {
    let (project, folder) = with_migration("", "    return true;");
    project.host(&["build"]).success();
    let without = project.path("empty").to_string_lossy().into_owned();
    project.host_with(("PATH", &without), &["build"]).success();
    project.host_with(("PATH", &without), &["upgrade", "head"]).success();
    project.write(&format!("{folder}/more.c"), "int more;\n");
    let output = project.host_with(("PATH", &without), &["build"]).with_code(1);
    assert!(
        output.stderr.contains("no C toolchain can build for WebAssembly: there is no clang on PATH, and no wasi-sdk"),
        "{}",
        output.stderr
    );
    assert!(output.stderr.contains("WASI_SDK_PATH"), "{}", output.stderr);
}

#[test]
fn the_example_of_the_documentation_runs() {
    let (project, folder) = with_new_migration();
    let page = include_str!("../../docs/languages/c.md");
    let example = page.split("```c\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    project.write(&format!("{folder}/migration.c"), example);
    project.database.query("CREATE TABLE members (card bigint PRIMARY KEY); INSERT INTO members VALUES (98), (99)");
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT string_agg(valid::text, ' ' ORDER BY card) FROM members"), "true false");
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn a_table_is_rewritten() {
    let (project, folder) = with_new_migration();
    let page = include_str!("../../docs/languages/c.md");
    let example = example_below(page, "### Rewritten tables", "c");
    project.write(&format!("{folder}/migration.c"), example);
    project.database.query(
        "CREATE TABLE guests AS SELECT n::bigint AS id, CASE WHEN n % 7 > 0 THEN '0171 ' || n || ' 67' END AS phone
           FROM generate_series(1, 25000) AS n;
         ALTER TABLE guests ADD PRIMARY KEY (id)",
    );
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    let wrong =
        "SELECT count(*) FROM guests WHERE phone IS DISTINCT FROM CASE WHEN id % 7 > 0 THEN '0171' || id || '67' END";
    assert_eq!(project.database.query(wrong), "0");
    project.write(&format!("{folder}/migration.c"), &example.replace("HOST_TRANSFORMS({\"digits\", digits});", ""));
    project.host(&["build"]).success();
    project.database.query("DELETE FROM host_version");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("there is no transform 'digits': name it in HOST_TRANSFORMS"), "{}", output.stderr);
}

#[test]
fn a_table_is_rewritten_batch_by_batch() {
    let (project, folder) = with_new_migration();
    let example = example_below(include_str!("../../docs/languages/c.md"), "### Rewritten tables", "c");
    let source = example.replace(".into =", ".batch_rows = 500, .parallelism = 2, .commit_per_batch = true, .into =");
    assert_rewrites_batch_by_batch(&project, &folder, "migration.c", &source);
}
