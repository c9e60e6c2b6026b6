//! A plan that is made, looked at, and applied: it does what it says, or nothing.

use host::Direction;
use host::Options;
use host::PreparedPlan;
use host::Runner;
use host::Silent;

use crate::harness::Node;
use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

const TABLES: &str = "SELECT coalesce(string_agg(tablename, ' ' ORDER BY tablename), '') FROM pg_tables WHERE tablename LIKE 'table\\__'";

/// Writes the plan of a command into plan.json.
fn plan(project: &TestProject, arguments: &[&str]) -> PreparedPlan {
    let output = project.host(&[arguments, &["--dry-run", "--json"]].concat());
    project.write("plan.json", &output.stdout);
    let plan = PreparedPlan::from_json(output.stdout.as_bytes()).expect("a plan");
    assert_eq!(output.code, if plan.problems.is_empty() { 0 } else { 3 }, "{}", output.stable());
    plan
}

fn apply(project: &TestProject) -> Output {
    project.host(&["apply", "plan.json"])
}

/// The plan is refused, with this in the message, and nothing was changed.
fn refused(project: &TestProject, arguments: &[&str], expected: &str) {
    let before = project.database.query(TABLES);
    let output = project.host(&[&["--json", "apply", "plan.json"], arguments].concat()).with_code(1);
    assert!(output.stdout.contains("\"kind\":\"plan-differs\""), "{}", output.stable());
    assert!(output.stdout.contains(expected), "{expected}: {}", output.stable());
    assert_eq!(project.database.query(TABLES), before);
}

#[test]
fn a_plan_is_applied_once() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "a"]).success();
    plan(&project, &["upgrade", "head"]);
    assert_output!(apply(&project).success());
    assert_eq!(project.database.query(TABLES), "table_a table_b table_c");
    assert_output!(apply(&project).with_code(1));
    plan(&project, &["downgrade", "base"]);
    assert_output!(apply(&project).success());
    assert_eq!(project.database.query(TABLES), "");
}

#[test]
fn the_document_says_what_would_run() {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    project.host(&["build"]).success();
    let arguments = ["--json", "-x", "who=me", "upgrade", "head", "--statement-timeout", "5s", "--dry-run"];
    let output = project.host(&arguments).success();
    let document: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
    let text = serde_json::to_string_pretty(&document).expect("JSON");
    let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let shown: Vec<_> = text.split('"').map(|part| if is_digest(part) { "[digest]" } else { part }).collect();
    insta::assert_snapshot!(shown.join("\"").replace(env!("CARGO_PKG_VERSION"), "[version]"));
}

#[test]
fn a_plan_of_what_is_not_built_is_a_plan_to_read() {
    let project = TestProject::new();
    project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    let made = plan(&project, &["upgrade", "head"]);
    assert_eq!(made.steps[0].component_digest, None);
    assert_eq!(made.problems[0].kind, "not-built");
    let output = apply(&project).with_code(1);
    assert!(output.stderr.contains("is not built"), "{}", output.stable());
    project.host(&["build"]).success();
    refused(&project, &[], "component of a: not built in the plan, ");
}

#[test]
fn heads_that_moved_refuse_a_plan() {
    let project = TestProject::with_three_tables();
    plan(&project, &["upgrade", "head"]);
    project.host(&["upgrade", "a"]).success();
    refused(&project, &[], "revisions of the database: base in the plan, a now");
    // From there the target may not even be one.
    plan(&project, &["upgrade", "+2"]);
    project.host(&["upgrade", "b"]).success();
    refused(&project, &[], "revisions of the database: a in the plan, b now");
}

#[test]
fn migrations_that_changed_refuse_a_plan() {
    let project = TestProject::with_three_tables();
    plan(&project, &["upgrade", "head"]);
    let source = std::fs::read_to_string(project.path("migrations/b.sql")).expect("a file");
    project.write("migrations/b.sql", &source.replace("id int", "id bigint"));
    project.host(&["build"]).success();
    refused(&project, &[], "source of b: ");
    project.write("migrations/b.sql", &source.replace("migration b", "another message"));
    project.host(&["build"]).success();
    refused(&project, &[], "component of b: ");
    project.write("migrations/b.sql", &source);
    project.sql("d", Some("c"), "CREATE TABLE table_d (id int)", "DROP TABLE table_d");
    project.host(&["build"]).success();
    refused(&project, &[], "steps: a, b, c in the plan, a, b, c, d now");
    std::fs::remove_file(project.path("migrations/d.sql")).expect("it was there");
    apply(&project).success();
}

#[test]
fn settings_that_changed_refuse_a_plan() {
    let project = TestProject::with_three_tables();
    plan(&project, &["upgrade", "head"]);
    let settings = std::fs::read_to_string(project.path("host.toml")).expect("a file");
    for (more, arguments, expected) in [
        ("[default.limits]\nresult-rows = 7\n", &[][..], "limit result-rows: 100000 in the plan, 7 now"),
        ("[default]\nrole = \"app\"\n", &[], "role: none in the plan, app now"),
        ("[default]\nlog-table = \"other_log\"\n", &[], "log table: host_log in the plan, other_log now"),
        ("[default.grants]\nschema = false\n", &[], "permissions of a: data and schema in the plan, data now"),
        ("[other]\n", &["--env", "other"], "environment: default in the plan, other now"),
        ("", &["-x", "a=b"], "arguments of the run: none in the plan, a=b now"),
    ] {
        let text = match more.split_once('\n') {
            Some(("[default]", rest)) => settings.replacen("[default]\n", &format!("[default]\n{rest}"), 1),
            Some(("[default.grants]", rest)) => {
                settings.replacen("[default.grants]\n", &format!("[default.grants]\n{rest}"), 1)
            }
            _ => format!("{settings}\n{more}"),
        };
        project.write("host.toml", &text);
        refused(&project, arguments, expected);
    }
    project.write("host.toml", &settings);
    apply(&project).success();
}

#[test]
fn what_was_asked_for_comes_with_the_plan() {
    let project = TestProject::new();
    project.sql("slow", None, "SELECT pg_sleep(600)", "SELECT 1");
    project.host(&["build"]).success();
    plan(&project, &["-x", "who=me", "upgrade", "head", "--statement-timeout", "100ms"]);
    let output = apply(&project).with_code(1);
    assert!(output.stderr.contains("57014"), "{}", output.stable());
}

#[test]
fn a_file_that_is_no_plan_is_refused() {
    let project = TestProject::with_three_tables();
    plan(&project, &["upgrade", "head"]);
    let text = std::fs::read_to_string(project.path("plan.json")).expect("a file");
    for (name, content) in [
        ("other.json", text.replacen("\"format\":1", "\"format\":2", 1)),
        ("more.json", text.replacen("\"notes\"", "\"surprises\":[],\"notes\"", 1)),
        ("empty.json", String::new()),
    ] {
        project.write(name, &content);
        assert_output!(project.host(&["apply", name]).with_code(1));
    }
    project.write("cut.json", &text[..text.len() / 2]);
    let output = project.host(&["apply", "cut.json"]).with_code(1);
    assert!(output.stderr.contains("cannot read the plan 'cut.json': EOF while parsing"), "{}", output.stable());
    assert_output!(project.host(&["apply", "missing.json"]).with_code(1));
    assert_output!(project.host(&["apply", "migrations"]).with_code(1));
    assert_eq!(project.database.query(TABLES), "");
}

/// What the plan names was approved with it.
#[test]
fn a_plan_that_takes_along_more_is_applied_as_it_stands() {
    let project = TestProject::with_graph(&Node::parse_all("a; b a #left; c a #right"));
    project.host(&["build"]).success();
    project.host(&["upgrade", "heads"]).success();
    let _ = project.host(&["downgrade", "left@base"]).with_code(1);
    let made = plan(&project, &["downgrade", "left@base"]);
    assert_eq!(made.notes, ["also removes c of right, which the target does not name"]);
    assert_eq!(made.problems[0].kind, "takes-along");
    apply(&project).success();
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
}

#[test]
fn an_application_applies_a_plan() {
    let files = TestProject::with_three_tables();
    let folder = host::cap_std::fs::Dir::open_ambient_dir(files.path("."), host::cap_std::ambient_authority());
    let project = host::Project::open(folder.expect("the folder"), "default").expect("a project");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let database = project.connect(&files.database.url()).await.expect("a connection");
        let mut runner = Runner::new(&project, database, Options::default());
        let plan = runner.plan(Direction::Upgrade, "b").await.expect("a plan");
        let report = runner.apply(&plan, &mut Silent).await.expect("it fits");
        let steps: Vec<_> = report.plan.steps.iter().map(|step| step.revision.to_string()).collect();
        assert_eq!(steps, ["a", "b"]);
        let error = runner.apply(&plan, &mut Silent).await.expect_err("it was applied");
        assert_eq!(error.kind(), "plan-differs");
        runner.close().await;
    });
}
