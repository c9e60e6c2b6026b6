//! `host db`: databases are made, dropped and made anew.

use crate::harness::Output;
use crate::harness::SUPERUSER;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// A database that is not there yet, and is gone with the value.
struct Other {
    name: String,
    url: String,
}

impl Other {
    /// Its name has to be quoted everywhere.
    fn new(project: &TestProject, user: &str) -> Self {
        let name = format!("{} \"Other'", project.database.name());
        let encoded: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let url = project.database.url_for(user).replace(project.database.name(), &encoded);
        Self { name, url }
    }

    fn exists(&self, project: &TestProject) -> bool {
        let name = self.name.replace('\'', "''");
        project.database.admin(&format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'")) == "1"
    }

    fn remove(&self, project: &TestProject) {
        project.database.admin(&format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", self.name.replace('"', "\"\"")));
    }
}

fn host(project: &TestProject, other: &Other, arguments: &[&str]) -> Output {
    project.host(&[&["--url", &other.url], arguments].concat())
}

#[test]
fn a_database_is_made_and_dropped() {
    let project = TestProject::with_three_tables();
    let other = Other::new(&project, SUPERUSER);
    assert_output!(host(&project, &other, &["upgrade", "head"]).with_code(1));
    assert_output!(host(&project, &other, &["db", "drop", "--yes"]));
    assert_output!(host(&project, &other, &["db", "create"]));
    assert!(other.exists(&project));
    assert_output!(host(&project, &other, &["db", "create"]));
    host(&project, &other, &["upgrade", "b"]).success();
    assert_output!(host(&project, &other, &["db", "drop"]).with_code(1));
    assert!(other.exists(&project));
    assert_output!(host(&project, &other, &["db", "reset", "--yes"]));
    host(&project, &other, &["current", "--check-heads"]).success();
    assert_output!(host(&project, &other, &["--json", "db", "drop", "--yes"]));
    assert!(!other.exists(&project));
    other.remove(&project);
}

#[test]
fn on_a_terminal_it_is_asked_for() {
    let project = TestProject::with_three_tables();
    let other = Other::new(&project, SUPERUSER);
    host(&project, &other, &["db", "create"]).success();
    let drop = |typed| project.on_a_terminal(&project.command(&["--url", &other.url, "db", "drop"]), typed);
    assert_output!(drop("y\n"));
    assert!(other.exists(&project));
    assert_output!(drop("yes\n"));
    assert!(!other.exists(&project));
    other.remove(&project);
}

#[test]
fn sessions_of_others_are_ended_only_by_force() {
    let mut project = TestProject::with_three_tables();
    let other = Other::new(&project, SUPERUSER);
    host(&project, &other, &["db", "create"]).success();
    // Nobody else sees what the sessions of a superuser do.
    project.database.become_superuser();
    project.sql("d", Some("c"), "SELECT pg_sleep(60)", "SELECT 1");
    project.host(&["build"]).success();
    let runner = project.start(&["--url", &other.url, "upgrade", "head"]);
    let name = other.name.replace('\'', "''");
    project.database.wait_until(&format!(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = '{name}' AND query LIKE 'SELECT pg\\_sleep(%'"
    ));
    assert_output!(host(&project, &other, &["db", "drop", "--yes"]).with_code(1));
    host(&project, &other, &["db", "drop", "--yes", "--force"]).success();
    let _ = runner.wait().with_code(1);
    assert!(!other.exists(&project));
}

#[test]
fn a_session_that_may_not_be_ended_is_waited_for() {
    let project = TestProject::with_three_tables();
    let other = Other::new(&project, project.database.user());
    host(&project, &other, &["db", "create"]).success();
    let url = Other::new(&project, SUPERUSER).url;
    // As the autovacuum worker of the server is: nobody but a superuser may end it.
    let mut psql = std::process::Command::new("psql")
        .args(["-XqAt", "-d", &url, "-c", "SELECT pg_sleep(2)"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("psql runs");
    let name = other.name.replace('\'', "''");
    project.database.wait_until(&format!(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = '{name}' AND usename = '{SUPERUSER}'"
    ));
    host(&project, &other, &["db", "drop", "--yes", "--force"]).success();
    assert!(psql.wait().expect("psql ends").success());
    assert!(!other.exists(&project));
}

#[test]
fn a_user_without_the_rights() {
    let project = TestProject::with_three_tables();
    let other = Other::new(&project, "restricted");
    assert_output!(host(&project, &other, &["db", "create"]).with_code(1));
    let url = project.database.url_for("restricted");
    assert_output!(project.refuses(1, &["--url", &url, "db", "drop", "--yes"]));
}

#[test]
fn what_belongs_to_the_server_stays() {
    let project = TestProject::with_three_tables();
    let url = project.database.url_for(SUPERUSER).replace(project.database.name(), "postgres");
    assert_output!(project.refuses(1, &["--url", &url, "db", "drop", "--yes"]));
    assert_output!(project.refuses(1, &["--url", &url, "db", "create"]));
}

#[test]
fn nothing_is_dropped_for_migrations_that_cannot_run() {
    let project = TestProject::with_three_tables();
    let other = Other::new(&project, SUPERUSER);
    host(&project, &other, &["db", "create"]).success();
    host(&project, &other, &["upgrade", "head"]).success();
    project.sql("d", Some("c"), "CREATE TABLE table_d (id int)", "DROP TABLE table_d");
    assert_output!(host(&project, &other, &["db", "reset", "--yes"]).with_code(1));
    host(&project, &other, &["current"]).success();
    host(&project, &other, &["db", "reset", "--yes", "--build"]).success();
    let current = host(&project, &other, &["--json", "current"]).success().json();
    assert_eq!(current["current"][0]["revision"], "d");
    other.remove(&project);
}

#[test]
fn the_development_cluster_has_one_database() {
    let project = TestProject::with_three_tables();
    project.write("host.toml", "[default]\nurl = \"local:\"\n");
    let host = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.env_remove("HOST_DATABASE_URL");
        command
    };
    let run = |arguments: &[&str]| project.run(host(arguments));
    run(&["db", "create"]).success();
    run(&["upgrade", "a"]).success();
    let refused = run(&["db", "drop"]).with_code(1);
    assert!(refused.stderr.contains("needs a confirmation"), "{}", refused.stable());
    let refused = run(&["local", "destroy"]).with_code(1);
    assert_output!(refused);
    run(&["db", "reset", "--yes"]).success();
    run(&["current", "--check-heads"]).success();
    let output = project.on_a_terminal(&host(&["local", "destroy"]), "no\n").with_code(1);
    assert_output!(output);
    run(&["db", "drop", "--yes"]).success();
    assert_output!(run(&["local", "destroy"]));
    assert_output!(run(&["local", "destroy", "--yes"]));
}

#[test]
fn help_says_what_goes() {
    let project = TestProject::new();
    for arguments in
        [&["db", "--help"][..], &["db", "drop", "--help"], &["db", "reset", "--help"], &["local", "destroy", "--help"]]
    {
        assert_output!(project.host(arguments));
    }
}
