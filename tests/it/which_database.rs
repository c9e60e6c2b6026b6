//! Which database a command works on: what was chosen explicitly counts first, and every command that writes says it first.

use std::process::Command;

use crate::harness::Output;
use crate::harness::TestDatabase;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// Where nobody is.
const NOWHERE: &str = "postgres://me:s3cret-word@localhost/nothing?host=/nowhere";

/// A command with these variables and no others that name a database.
fn command(project: &TestProject, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = project.command(arguments);
    command.env_remove("HOST_DATABASE_URL").envs(variables.iter().copied());
    command
}

fn host(project: &TestProject, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    project.run(command(project, variables, arguments))
}

fn settings(project: &TestProject, default: &str, staging: &str) {
    project.write("host.toml", &format!("[default]\nurl = \"{default}\"\n[staging]\nurl = \"{staging}\"\n[same]\n"));
}

#[test]
fn a_chosen_section_stands_above_variables() {
    let project = TestProject::with_three_tables();
    settings(&project, NOWHERE, &project.database.url());
    let output = host(&project, &[("DATABASE_URL", NOWHERE)], &["-e", "staging", "upgrade", "head"]).success();
    assert!(!output.stable().contains("s3cret"));
    assert_output!(output);
    // It says so where it only reads, too; a variable that names the same database is no news.
    assert_output!(host(&project, &[("HOST_DATABASE_URL", NOWHERE)], &["-e", "staging", "current"]));
    let same = project.database.url();
    assert_output!(host(&project, &[("HOST_DATABASE_URL", &same)], &["-e", "staging", "downgrade", "b"]));
}

#[test]
fn the_order_of_what_names_a_database() {
    let project = TestProject::with_three_tables();
    let url = project.database.url();
    settings(&project, NOWHERE, NOWHERE);
    let nowhere = [("HOST_DATABASE_URL", NOWHERE), ("DATABASE_URL", NOWHERE), ("HOST_DIRECT_URL", NOWHERE)];
    // The option stands above everything.
    assert_output!(host(&project, &nowhere, &["-e", "staging", "--url", &url, "upgrade", "a"]));
    // Without a choice the variables stand above host.toml, also for a section without a url of its own.
    assert_output!(host(&project, &[("HOST_DATABASE_URL", &url), ("DATABASE_URL", NOWHERE)], &["upgrade", "b"]));
    assert_output!(host(&project, &[("DATABASE_URL", &url)], &["-e", "same", "stamp", "a"]));
    settings(&project, &url, NOWHERE);
    assert_output!(host(&project, &[], &["ensure-version"]));
    assert_output!(host(
        &project,
        &[("HOST_DATABASE_URL", ""), ("DATABASE_URL", "")],
        &["-e", "same", "downgrade", "base"]
    ));
    let document = host(&project, &[], &["--json", "ensure-version"]).success().json();
    assert_eq!(document["database"]["source"], "'default.url' in host.toml");
}

#[test]
fn a_direct_url_from_elsewhere_does_not_lead_away_from_a_chosen_section() {
    let project = TestProject::with_three_tables();
    settings(&project, NOWHERE, &project.database.url());
    assert_output!(host(&project, &[("HOST_DIRECT_URL", NOWHERE)], &["-e", "staging", "upgrade", "head"]));
}

#[test]
fn a_command_that_cannot_connect_says_where_it_wanted_to() {
    let project = TestProject::with_three_tables();
    let output = host(&project, &[("DATABASE_URL", NOWHERE)], &["upgrade", "head"]).with_code(1);
    assert!(!output.stable().contains("s3cret"));
    assert_output!(output);
    assert_output!(host(&project, &[], &["--url", "postgres://me:s3cret-word@127.0.0.1:1/shop", "stamp", "head"]));
}

#[test]
fn programs_get_the_database_as_an_object() {
    let project = TestProject::with_three_tables();
    let lines = project.host(&["--json", "upgrade", "head"]).success().json_lines();
    let expected = serde_json::json!({
        "event": "database",
        "user": "host",
        "host": null,
        "socket": project.database.socket_folder(),
        "port": 5432,
        "database": project.database.name(),
        "source": "HOST_DATABASE_URL",
        "environment": "default",
        "development_cluster": false,
    });
    assert_eq!(lines[0], expected);
    let url = "postgres://me:s3cret-word@127.0.0.1:1/shop";
    let lines = project.host(&["--json", "--url", url, "stamp", "head"]).with_code(1).json_lines();
    assert_eq!(
        (&lines[0]["host"], &lines[0]["port"], &lines[0]["socket"]),
        (&"127.0.0.1".into(), &1.into(), &serde_json::Value::Null)
    );
}

#[test]
fn quiet_is_quiet() {
    let project = TestProject::with_three_tables();
    let output = project.host(&["-q", "upgrade", "head"]).success();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
}

#[test]
fn variables_that_the_driver_would_pass_over_are_refused() {
    let project = TestProject::with_three_tables();
    let refused = |variable| {
        let url = "postgres://me@localhost/shop?host=/nowhere";
        project.host_with(variable, &["--url", url, "upgrade", "head"]).with_code(1)
    };
    assert_output!(refused(("PGSSLMODE", "verify_full")));
    assert_output!(refused(("PGPORT", "many")));
    // The url of the tests has both.
    project.host_with(("PGSSLMODE", "verify_full"), &["current"]).success();
    project.host_with(("PGPORT", "many"), &["current"]).success();
}

#[test]
fn a_file_with_variables_is_read_where_it_is_asked_for() {
    let project = TestProject::with_three_tables();
    let url = project.database.url();
    project
        .write(".env", &format!("# where we work\nexport DATABASE_URL='{url}'\nPATH=/nowhere\nHOST_PG_BIN=/nowhere\n"));
    project.write("host.toml", "[default]\n");
    assert_output!(host(&project, &[], &["upgrade", "head"]).with_code(1));
    project.write("host.toml", "dotenv = true\n[default]\n");
    assert_output!(host(&project, &[], &["upgrade", "a"]));
    // A variable of the process stands above both of the file.
    project.write(".env", &format!("HOST_DATABASE_URL={NOWHERE}\nDATABASE_URL={NOWHERE}\n"));
    assert_output!(host(&project, &[("DATABASE_URL", &url)], &["upgrade", "b"]));
    // So does a section that was chosen.
    project.write("host.toml", &format!("dotenv = true\n[default]\n[staging]\nurl = \"{url}\"\n"));
    assert_output!(host(&project, &[], &["-e", "staging", "upgrade", "c"]));
    let other = TestDatabase::new();
    project.write("host.toml", "dotenv = true\n[default]\nurl = \"${SHOP_URL}\"\n");
    project.write(".env", &format!("SHOP_URL='{url}'\n"));
    host(&project, &[], &["downgrade", "base"]).success();
    host(&project, &[("SHOP_URL", &other.url())], &["upgrade", "a"]).success();
    assert_eq!(other.query("SELECT version_num FROM host_version"), "a");
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
}

#[test]
fn a_file_with_variables_of_libpq_fills_gaps() {
    let project = TestProject::with_three_tables();
    project.write("host.toml", "dotenv = true\n[default]\nurl = \"postgres:///\"\n");
    let (folder, name) = (project.database.socket_folder(), project.database.name().to_owned());
    project
        .write(".env", &format!("PGHOST='{folder}'\nPGUSER=host\nPGDATABASE={name}\nPGSSLMODE=disable\nPGPORT=5432\n"));
    host(&project, &[], &["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "c");
    // A variable of the process stands above, also one that says the same in another way.
    let output = host(&project, &[("PGHOSTADDR", "127.0.0.1"), ("PGPORT", "1")], &["stamp", "a"]).with_code(1);
    assert_output!(output);
    // A password of the file is one.
    project.write(".env", "PGHOST=127.0.0.1\nPGPORT=1\nPGPASSWORD='s3cret &word'\nPGUSER=me\n");
    let output = host(&project, &[], &["stamp", "a"]).with_code(1);
    assert!(!output.stable().contains("s3cret"), "{}", output.stable());
    project.write(".env", "PGSSLMODE=on\n");
    assert_output!(host(&project, &[], &["stamp", "a"]).with_code(1));
}

#[test]
fn a_file_with_variables_that_cannot_be_read() {
    let project = TestProject::with_three_tables();
    project.write("host.toml", "dotenv = true\n[default]\n");
    // No file is none.
    project.host(&["current"]).success();
    project.write(".env", "A=1\nPGPASSWORD=s3cret word\n");
    let output = project.refuses(1, &["upgrade", "head"]);
    assert!(!output.stable().contains("s3cret"));
    assert_output!(output);
}

#[test]
fn urls_that_other_programs_understand() {
    let project = TestProject::with_three_tables();
    for url in [
        "postgresql+psycopg://me:s3cret@db/shop",
        "jdbc:postgresql://db/shop?user=me&password=s3cret",
        "postgres://me:s3cret@db/shop?ssl=true",
        "postgres://me:s3cret@db/shop?sslMode=require",
        "postgres://me:s3cret@db/shop?sslmode=no-verify",
        "postgres://me:s3cret@db/shop?schema=app",
        "postgres://me:s3cret@db/shop?pgbouncer=true",
        "postgres://me:s3cret@db/shop?sslmod=require",
        "postgres://me:s3@cret@db/shop",
        "postgres://me:12/s3cret@db/shop",
        "postgres://me:s3cret%@db/shop",
    ] {
        let output = project.refuses(1, &["--url", url, "upgrade", "head"]);
        assert!(!output.stable().contains("s3cret") && !output.stable().contains("cret@"), "{}", output.stable());
        assert_output!(output);
    }
}
