//! Databases that cannot be reached, or that are not what the host expects.

use crate::harness::TestProject;
use crate::harness::assert_output;

#[test]
fn a_wrong_password() {
    let project = TestProject::with_three_tables();
    let url = project.database.url_for("with_password:wr0ng-horse");
    let output = project.refuses(1, &["--url", &url, "upgrade", "head"]);
    assert!(!output.stable().contains("wr0ng"));
    assert_output!(output);
}

#[test]
fn no_password_where_one_is_asked_for() {
    let project = TestProject::with_three_tables();
    let url = project.database.url_for("with_password");
    assert_output!(project.refuses(1, &["--url", &url, "upgrade", "head"]));
}

#[test]
fn the_right_password_works() {
    let project = TestProject::with_three_tables();
    let password = crate::harness::PASSWORD.replace(' ', "%20");
    let url = project.database.url_for(&format!("with_password:{password}"));
    assert_output!(project.host(&["--url", &url, "current"]));
}

#[test]
fn no_such_user() {
    let project = TestProject::with_three_tables();
    let url = project.database.url_for("nobody_of_that_name");
    assert_output!(project.refuses(1, &["--url", &url, "upgrade", "head"]));
}

#[test]
fn no_such_database() {
    let project = TestProject::with_three_tables();
    let url = project.database.url().replace(project.database.name(), "shop_of_nobody");
    assert_output!(project.refuses(1, &["--url", &url, "upgrade", "head"]));
}

#[test]
fn no_server_at_the_socket() {
    let project = TestProject::with_three_tables();
    assert_output!(project.refuses(1, &["--url", "postgres://me@localhost/shop?host=/nowhere", "upgrade", "head"]));
}

#[test]
fn no_server_at_the_port() {
    let project = TestProject::with_three_tables();
    // Port 1 is tcpmux, which no machine has served for decades.
    assert_output!(project.refuses(1, &["--url", "postgres://me:secret@127.0.0.1:1/shop", "upgrade", "head"]));
}

#[test]
fn no_such_machine() {
    let project = TestProject::with_three_tables();
    let output = project.refuses(1, &["--url", "postgres://me:secret@db.invalid/shop", "upgrade", "head"]);
    assert!(output.stderr.contains("cannot connect to PostgreSQL at db.invalid:5432"), "{}", output.stable());
    assert!(!output.stable().contains("secret"));
}

#[test]
fn a_malformed_url() {
    let project = TestProject::with_three_tables();
    for url in ["postgres://me:s3cret@db:port/shop", "mysql://me:s3cret@db/shop", "me:s3cret@db/shop", "s3cret"] {
        let output = project.refuses(1, &["--url", url, "upgrade", "head"]);
        assert!(!output.stable().contains("s3cret"), "{}", output.stable());
    }
    assert_output!(project.refuses(1, &["--url", "postgres://me:s3cret@db:port/shop", "upgrade", "head"]));
}

#[test]
fn a_url_of_another_database_system() {
    let project = TestProject::with_three_tables();
    assert_output!(project.refuses(1, &["--url", "mysql://me:s3cret@db/shop", "upgrade", "head"]));
}

#[test]
fn a_url_that_comes_from_the_environment() {
    let project = TestProject::with_three_tables();
    let variable = ("HOST_DATABASE_URL", "postgres://me@localhost/shop?host=/nowhere");
    assert_output!(project.host_with(variable, &["upgrade", "head"]).with_code(1));
}

#[test]
fn a_url_that_comes_from_the_settings() {
    let project = TestProject::with_three_tables();
    project.write("host.toml", "[default]\n[prod]\nurl = \"postgres://me@localhost/shop?host=/nowhere\"\n");
    let mut command = project.command(&["-e", "prod", "upgrade", "head"]);
    command.env_remove("HOST_DATABASE_URL");
    assert_output!(project.refuses_command(1, command));
}

#[test]
fn a_revision_that_is_not_among_the_migrations_stops_upgrade_and_downgrade() {
    let project = at_an_unknown_revision();
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    assert_output!(project.refuses(1, &["downgrade", "base"]));
    assert_output!(project.refuses(1, &["upgrade", "head", "--dry-run"]));
}

#[test]
fn a_revision_that_is_not_among_the_migrations_is_shown_and_can_be_stamped_over() {
    let project = at_an_unknown_revision();
    assert_output!(project.host(&["current"]));
    assert_output!(project.host(&["history"]));
    assert_output!(project.host(&["stamp", "b"]));
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "b");
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn a_version_table_of_a_foreign_shape() {
    let project = TestProject::with_three_tables();
    project.database.query("CREATE TABLE host_version (version int, applied_on date)");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    let _ = project.refuses(1, &["current"]);
    let _ = project.refuses(1, &["stamp", "head"]);
    let _ = project.refuses(1, &["ensure-version"]);
}

#[test]
fn a_version_table_of_another_type() {
    let project = TestProject::with_three_tables();
    project.database.query("CREATE TABLE host_version (version_num int)");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    let _ = project.refuses(1, &["stamp", "head"]);
    project.database.query("INSERT INTO host_version VALUES (17)");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_version_table_with_rows_that_are_no_revisions() {
    let project = TestProject::with_three_tables();
    project.database.query("CREATE TABLE host_version (version_num text); INSERT INTO host_version VALUES ('3 of 7')");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_log_table_of_a_foreign_shape() {
    let project = TestProject::with_three_tables();
    project.database.query("CREATE TABLE host_log (what text)");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    assert_output!(project.refuses(1, &["log"]));
    let _ = project.refuses(1, &["stamp", "head"]);
    let _ = project.refuses(1, &["ensure-version"]);
}

#[test]
fn a_log_table_of_an_earlier_version() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "+1"]).success();
    project.database.query("ALTER TABLE host_log RENAME TO host_history");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    for command in
        [&["current"][..], &["log"], &["stamp", "head"], &["ensure-version"], &["upgrade", "head", "--dry-run"]]
    {
        let output = project.refuses(1, command);
        assert!(
            output.stderr.contains("ALTER TABLE \"public\".\"host_history\" RENAME TO host_log"),
            "{}",
            output.stable()
        );
    }
    assert_eq!(project.database.query("SELECT pg_catalog.to_regclass('host_log') IS NULL"), "t");

    project.database.query("ALTER TABLE public.host_history RENAME TO host_log");
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM host_log"), "3");
}

#[test]
fn a_table_that_is_only_called_like_the_log_of_an_earlier_version() {
    let project = TestProject::with_three_tables();
    project.database.query("CREATE TABLE host_history (revision text, what text)");
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM host_log"), "3");
}

#[test]
fn an_id_that_does_not_fit_into_the_table_of_alembic() {
    let project = TestProject::new();
    project.write("host.toml", "[default]\nversion-table = \"alembic_version\"\n");
    project.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    let long = "normalise_the_phone_numbers_of_all_customers";
    project.sql(long, Some("a"), "CREATE TABLE table_b (id int)", "DROP TABLE table_b");
    project.host(&["build"]).success();
    project.database.query("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    assert_output!(project.refuses(1, &["stamp", "head"]));
    project.host(&["upgrade", "a"]).success();
    project.database.query("ALTER TABLE alembic_version ALTER COLUMN version_num TYPE text");
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn a_user_who_may_not_make_tables() {
    let project = TestProject::with_three_tables();
    let url = project.database.url_for("restricted");
    assert_output!(project.refuses(1, &["--url", &url, "upgrade", "head"]));
}

#[test]
fn a_user_who_may_not_read_the_version_table() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "a"]).success();
    let url = project.database.url_for("restricted");
    assert_output!(project.refuses(1, &["--url", &url, "current"]));
    assert_output!(project.refuses(1, &["--url", &url, "log"]));
}

#[test]
fn a_user_who_may_not_do_what_a_migration_does() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "a"]).success();
    project
        .database
        .query("GRANT SELECT, INSERT, UPDATE, DELETE ON host_version, host_log, host_journal TO restricted");
    let url = project.database.url_for("restricted");
    let output = project.host(&["--url", &url, "upgrade", "head"]).with_code(1);
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "a");
    assert_output!(output);
}

#[test]
fn a_user_who_may_not_connect() {
    let project = TestProject::with_three_tables();
    let name = project.database.name();
    project.database.query(&format!("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC"));
    let url = project.database.url_for("restricted");
    assert_output!(project.refuses(1, &["--url", &url, "upgrade", "head"]));
}

#[test]
fn a_database_that_takes_no_connections() {
    let mut project = TestProject::with_three_tables();
    // The limit is not for superusers, and the test has to look.
    project.database.become_superuser();
    let name = project.database.name();
    project
        .database
        .admin(&format!("ALTER ROLE restricted CONNECTION LIMIT -1; ALTER DATABASE {name} CONNECTION LIMIT 0"));
    let url = project.database.url_for("restricted");
    assert_output!(project.refuses(1, &["--url", &url, "upgrade", "head"]));
}

#[test]
fn a_read_only_session() {
    let project = TestProject::with_three_tables();
    let url = format!("{}&options=-c%20default_transaction_read_only%3Don", project.database.url());
    assert_output!(project.refuses(1, &["--url", &url, "upgrade", "head"]));
    project.host(&["ensure-version"]).success();
    let output = project.refuses(1, &["--url", &url, "upgrade", "head"]);
    assert_output!(output);
    assert_output!(project.refuses(1, &["--url", &url, "stamp", "head"]));
    assert_output!(project.host(&["--url", &url, "current"]));
}

#[test]
fn a_search_path_without_a_schema() {
    let project = TestProject::with_three_tables();
    let url = format!("{}&options=-c%20search_path%3Dnowhere", project.database.url());
    assert_output!(project.refuses(1, &["--url", &url, "upgrade", "head"]));
}

#[test]
fn a_version_table_in_a_schema_that_does_not_exist() {
    let project = TestProject::with_three_tables();
    project.write("host.toml", "[default]\nversion-table = \"applied.host_version\"\n");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
}

#[test]
fn a_lock_that_another_runner_holds() {
    let project = TestProject::with_a_long_statement();
    let runner = project.start(&["upgrade", "head"]);
    project.database.wait_for_the_long_statement();
    let replacements = holder(&project);
    let refuses = |arguments: &[&str]| project.refuses(4, arguments).replace(&replacements);
    assert_output!(refuses(&["upgrade", "head", "--wait", "0"]));
    assert_output!(refuses(&["upgrade", "head", "--wait", "1s"]));
    project.write("host.toml", "[default]\n[default.limits]\nwait = '0'\n");
    assert_output!(refuses(&["stamp", "head"]));
    // What only reads does not wait.
    project.host(&["current"]).success();
    project.host(&["upgrade", "head", "--dry-run"]).success();
    runner.signal(rustix::process::Signal::INT);
    let _ = runner.wait().with_code(130);
    project.host(&["stamp", "head"]).success();
}

/// A project whose database is at a revision that nobody knows.
fn at_an_unknown_revision() -> TestProject {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "b"]).success();
    project.database.query("UPDATE host_version SET version_num = '3f2a9c1b7d04'");
    project
}

/// What differs from run to run in the description of a runner.
fn holder(project: &TestProject) -> Vec<(String, &'static str)> {
    let fields = "pid, to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')";
    let sql = format!(
        "SELECT {fields} FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND datname = current_database()"
    );
    let row = project.database.query(&sql);
    let (pid, start) = row.split_once('|').expect("two fields");
    vec![(format!("process {pid}"), "process [pid]"), (start.to_owned(), "[start]")]
}
