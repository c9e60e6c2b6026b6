//! Migrations in Go, from `host revision` to the database.

use crate::harness::TestProject;
use crate::harness::rewritten::assert_rewrites_batch_by_batch;
use crate::harness::rewritten::example_below;

/// A project with a new migration in Go as it is made, and its folder.
fn with_new_migration() -> (TestProject, String) {
    let project = TestProject::sharing_code();
    let folder = project.new_migration("go");
    (project, folder)
}

/// The same with these two directions.
fn with_migration(upgrade: &str, downgrade: &str) -> (TestProject, String) {
    let (project, folder) = with_new_migration();
    project.write(&format!("{folder}/migration.go"), &source("", upgrade, downgrade));
    (project, folder)
}

fn source(imports: &str, upgrade: &str, downgrade: &str) -> String {
    format!(
        "package main\n\nimport (\n{imports}\n\"host.example/host\"\n)\n\n\
         func init() {{ host.Register(upgrade, downgrade) }}\n\nfunc main() {{}}\n\n\
         func upgrade() error {{\n{upgrade}\n}}\n\nfunc downgrade() error {{\n{downgrade}\n}}\n"
    )
}

#[test]
fn a_new_migration_builds_and_runs_when_its_downgrade_is_decided() {
    let (project, folder) = with_new_migration();
    let home = std::env::home_dir().expect("a home");
    project.decide_and_run(&format!("{folder}/migration.go"), 18, &[home.join("go"), "/usr/local/go".into()]);
}

#[test]
fn a_compile_error_is_shown_with_file_and_line() {
    let (project, folder) = with_migration("return mistake", "return nil");
    let output = project.host(&["build"]).with_code(1);
    assert!(output.stderr.contains(&format!("go cannot build '{folder}'")), "{}", output.stderr);
    assert!(output.stderr.contains("./migration.go:13:8: undefined: mistake"), "{}", output.stderr);
}

#[test]
fn an_error_says_where_it_came_from() {
    let (project, _) = with_migration(
        "return fill()\n}\n\nfunc fill() error {\n_, err := host.Execute(\"SELECT 1 / 0\")\nreturn err",
        "return nil",
    );
    project.host(&["build"]).success();
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("division by zero"), "{}", output.stderr);
    assert!(output.stderr.contains("at main.fill (migration.go:17)"), "{}", output.stderr);
    assert!(output.stderr.contains("at main.upgrade (migration.go:13)"), "{}", output.stderr);
    assert!(!output.stderr.contains("runtime."), "{}", output.stderr);
}

#[test]
fn a_statement_that_host_refuses_says_where_it_came_from() {
    let (project, _) = with_migration("_, err := host.Execute(\"COMMIT\")\nreturn err", "return nil");
    project.host(&["build"]).success();
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("COMMIT is not allowed in a migration"), "{}", output.stderr);
    assert!(output.stderr.contains("at main.upgrade (migration.go:13)"), "{}", output.stderr);
}

#[test]
fn a_migration_that_registers_nothing_says_so() {
    let (project, folder) = with_new_migration();
    project
        .write(&format!("{folder}/migration.go"), "package main\n\nimport _ \"host.example/host\"\n\nfunc main() {}\n");
    project.host(&["build"]).success();
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("does not call host.Register in an init function"), "{}", output.stderr);
}

#[test]
fn a_module_that_go_mod_does_not_name_is_an_error_with_the_remedy() {
    let (project, folder) = with_new_migration();
    project.write(&format!("{folder}/migration.go"), &source("_ \"example.org/nothing\"", "return nil", "return nil"));
    let output = project.host(&["build"]).with_code(1);
    assert!(output.stderr.contains("do not fit what it imports"), "{}", output.stderr);
    assert!(output.stderr.contains(&format!("run `go mod tidy` in '{folder}'")), "{}", output.stderr);
}

#[test]
fn without_go_a_built_migration_runs() {
    let (project, _) = with_migration("return nil", "return nil");
    project.host(&["build"]).success();
    let without = project.path("empty").to_string_lossy().into_owned();
    project.host_with(("PATH", &without), &["build"]).success();
    project.host_with(("PATH", &without), &["upgrade", "head"]).success();
}

/// Exactly what the digest covers is built, and the SDK is that of host.
#[test]
fn nothing_is_added_to_the_sources_or_to_the_sdk() {
    let (project, folder) = with_migration("return nil", "return nil");
    let broken = "package host\n\nfunc init() { this does not compile }\n";
    project.write(".host/sdk/go/added.go", broken);
    project.write(&format!("{folder}/.hidden.go"), &broken.replace("package host", "package main"));
    project.write("go.work", "go 1.24\n\nuse ./nowhere\n");
    let mut command = project.command(&["build"]);
    command.env("GOFLAGS", "-tags=nonsense -overlay=/nowhere").env("CGO_ENABLED", "1");
    project.run(command).success();
}

/// The random numbers and the clock of Go are those of the run, and its goroutines work.
#[test]
fn goroutines_sleep_and_collect() {
    let (project, folder) = with_new_migration();
    let upgrade = "sums := make(chan int)\nfor range 4 {\ngo func() {\ntime.Sleep(time.Hour)\n\
                   rows, err := host.Query(\"SELECT n, repeat('x', 1000) FROM generate_series(1, 2000) AS n\")\n\
                   if err != nil {\npanic(err)\n}\nruntime.GC()\nsums <- rows.Len()\n}()\n}\n\
                   sum := 0\nfor range 4 {\nsum += <-sums\n}\n\
                   _, err := host.Execute(\"CREATE TABLE sums AS SELECT $1::int AS sum\", int32(sum))\nreturn err";
    let imports = "\"runtime\"\n\"time\"";
    project.write(&format!("{folder}/migration.go"), &source(imports, upgrade, "return host.ErrIrreversible"));
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT sum FROM sums"), "8000");
}

#[test]
fn the_example_of_the_documentation_runs() {
    let (project, folder) = with_new_migration();
    let page = include_str!("../../docs/languages/go.md");
    let example = page.split("```go\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    project.write(&format!("{folder}/migration.go"), example);
    project.database.query(
        "CREATE TABLE guests (id bigint PRIMARY KEY, phone text);
         INSERT INTO guests VALUES (1, '0171 23 45 67'), (2, 'none'), (3, NULL)",
    );
    project.host(&["build"]).success();
    let output = project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT phone_e164 FROM guests WHERE id = 1"), "+49171234567");
    let said = format!("{}{}", output.stdout, output.stderr);
    assert!(said.contains("warn: no number guest=2 phone=none"), "{said}");
    assert!(said.contains("info: normalised numbers=1"), "{said}");
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn a_big_table_is_read_and_written() {
    let (project, folder) = with_new_migration();
    let page = include_str!("../../docs/languages/go.md");
    let example = example_below(page, "## Big tables", "go");
    project.write(&format!("{folder}/migration.go"), example);
    project.database.query(
        "CREATE TABLE guests AS SELECT n::bigint AS id, CASE WHEN n % 7 > 0 THEN '0171 ' || n || ' 67' END AS phone
           FROM generate_series(1, 25000) AS n;
         CREATE TABLE phones (guest bigint PRIMARY KEY, digits text)",
    );
    project.host(&["build"]).success();
    assert!(project.host(&["inspect", "a1"]).success().stdout.contains("read big tables by cursors"));
    project.host(&["upgrade", "head"]).success();
    let wrong = "SELECT count(*) FROM guests LEFT JOIN phones ON guest = id WHERE replace(phone, ' ', '') IS DISTINCT FROM digits";
    assert_eq!(project.database.query(wrong), "0");
    assert_eq!(project.database.query("SELECT count(*), count(digits) FROM phones"), "25000|21429");
}

#[test]
fn a_table_is_rewritten() {
    let (project, folder) = with_new_migration();
    let page = include_str!("../../docs/languages/go.md");
    let example = example_below(page, "### Rewritten tables", "go");
    project.write(&format!("{folder}/migration.go"), example);
    project.database.query(
        "CREATE TABLE guests AS SELECT n::bigint AS id, CASE WHEN n % 7 > 0 THEN '0171 ' || n || ' 67' END AS phone
           FROM generate_series(1, 25000) AS n;
         ALTER TABLE guests ADD PRIMARY KEY (id)",
    );
    project.host(&["build"]).success();
    assert!(project.host(&["inspect", "a1"]).success().stdout.contains("have the host rewrite big tables"));
    project.host(&["upgrade", "head"]).success();
    let wrong =
        "SELECT count(*) FROM guests WHERE phone IS DISTINCT FROM CASE WHEN id % 7 > 0 THEN '0171' || id || '67' END";
    assert_eq!(project.database.query(wrong), "0");
    // A batch may be larger than what Go's runtime has room for by itself, and a transform has to be registered.
    project.database.query("UPDATE guests SET phone = repeat('0 ', 100) || id");
    let large = example.replace("IS NOT NULL\",", "IS NOT NULL\",\n\t\tBatchRows: 50_000, BatchBytes: 64 << 20,");
    project.write(&format!("{folder}/migration.go"), &large);
    project.host(&["build"]).success();
    project.database.query("DELETE FROM host_version");
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM guests WHERE phone <> repeat('0', 100) || id"), "0");
    project.write(&format!("{folder}/migration.go"), &example.replace("(\"digits\", digits)", "(\"other\", digits)"));
    project.host(&["build"]).success();
    project.database.query("DELETE FROM host_version");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(
        output.stderr.contains("there is no transform \"digits\": register it with host.RegisterTransform"),
        "{}",
        output.stderr
    );
    assert!(output.stderr.contains("migration.go"), "{}", output.stderr);
}

#[test]
fn a_migration_without_big_tables_does_not_ask_for_them() {
    let (project, folder) = with_new_migration();
    let file = format!("{folder}/migration.go");
    let source = std::fs::read_to_string(project.path(&file)).expect("the source");
    let decided: Vec<&str> = source.lines().filter(|line| !line.contains("TODO")).collect();
    project.write(&file, &decided.join("\n"));
    project.host(&["build"]).success();
    assert!(!project.host(&["inspect", "a1"]).success().stdout.contains("big tables"));
}

#[test]
fn a_table_is_rewritten_batch_by_batch() {
    let (project, folder) = with_new_migration();
    let example = example_below(include_str!("../../docs/languages/go.md"), "### Rewritten tables", "go");
    let source = example.replace("\t\tInto:", "\t\tBatchRows: 500, Parallelism: 2, CommitPerBatch: true,\n\t\tInto:");
    assert_rewrites_batch_by_batch(&project, &folder, "migration.go", &source);
}
