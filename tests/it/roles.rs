//! The rights of the database user: the role for migrations, and users whose rights reach the server's machine.

use host::Database;
use host::DatabaseError;
use host::Options;
use host::Project;
use host::Runner;
use host::bindings::types::Scalar;
use host::bindings::types::Value;
use host::cap_std::ambient_authority;
use host::cap_std::fs::Dir;
use host::db::Session;
use host::db::session::ResultLimits;

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// Roles are the server's, not the database's: each test has its own, named after its database.
struct Roles {
    project: TestProject,
    names: Vec<String>,
}

impl Roles {
    /// Makes roles with these options. In what follows `{0}`, `{1}` … stand for their names.
    fn new(project: TestProject, options: &[&str]) -> Self {
        let names: Vec<String> =
            (0..options.len()).map(|number| format!("{}_{number}", project.database.name())).collect();
        for (name, options) in names.iter().zip(options) {
            project.database.admin(&format!("CREATE ROLE {name} {options}"));
        }
        Self { project, names }
    }

    fn settings(&self, lines: &str) {
        let grants = "[default.grants]\nfunction = true\nprivilege = true\nrole = true\n";
        self.project.write("host.toml", &format!("[default]\n{}{grants}", self.named(lines)));
    }

    fn named(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (number, name) in self.names.iter().enumerate() {
            text = text.replace(&format!("{{{number}}}"), name);
        }
        text
    }

    fn query(&self, sql: &str) -> String {
        self.project.database.admin(&self.named(sql))
    }

    fn host(&self, user: usize, arguments: &[&str]) -> Output {
        let url = self.project.database.url_for(&self.names[user]);
        self.stable(self.project.host(&[&["--url", &url], arguments].concat()))
    }

    fn refuses(&self, user: usize, arguments: &[&str]) -> Output {
        let url = self.project.database.url_for(&self.names[user]);
        self.stable(self.project.refuses(1, &[&["--url", &url], arguments].concat()))
    }

    fn stable(&self, output: Output) -> Output {
        let mut replacements: Vec<_> = self.names.iter().cloned().zip(["[first]", "[second]", "[third]"]).collect();
        // The name of the database is part of theirs, so it has to come after them.
        replacements.extend_from_slice(&output.replacements);
        Output { replacements, ..output }
    }
}

impl Drop for Roles {
    fn drop(&mut self) {
        for name in &self.names {
            let drop = format!("DROP OWNED BY {name} CASCADE; DROP ROLE {name}");
            let _ = self.project.database.psql().args(["-c", &drop]).output();
        }
    }
}

/// The first role logs in, the second is the one for migrations.
fn two_roles() -> Roles {
    let roles = Roles::new(TestProject::with_three_tables(), &["LOGIN", "NOLOGIN"]);
    roles.query("GRANT {1} TO {0}; GRANT CREATE ON SCHEMA public TO {0}, {1}");
    roles.settings("role = \"{1}\"\n");
    roles
}

#[test]
fn a_role_runs_the_migrations_and_the_login_does_the_bookkeeping() {
    let roles = two_roles();
    roles.host(0, &["upgrade", "head"]).success();
    let owners = "SELECT string_agg(tablename || ' ' || tableowner, ', ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(
        roles.query(owners),
        roles.named("host_journal {0}, host_log {0}, host_version {0}, table_a {1}, table_b {1}, table_c {1}")
    );
    assert_eq!(roles.query("SELECT DISTINCT database_user FROM host_log"), roles.named("{0}"));
    // The role itself may not even read them.
    assert_eq!(roles.query("SELECT has_table_privilege('{1}', 'host_version', 'SELECT')"), "f");
    roles.host(0, &["downgrade", "base"]).success();
    assert_eq!(roles.query("SELECT count(*) FROM host_version"), "0");
}

#[test]
fn a_role_may_not_write_the_hosts_tables() {
    let roles = two_roles();
    roles.project.sql("d", Some("c"), "DO $$ BEGIN DELETE FROM host_version; END $$", "SELECT 1");
    roles.project.host(&["build"]).success();
    let output = roles.host(0, &["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("permission denied for table host_version"), "{}", output.stable());
}

#[test]
fn a_role_that_a_migration_leaves_is_found_unless_it_comes_back() {
    let roles = two_roles();
    roles.project.sql("d", Some("c"), "DO $$ BEGIN EXECUTE 'RESET ROLE'; END $$", "SELECT 1");
    roles.project.host(&["build"]).success();
    assert_output!(roles.host(0, &["upgrade", "head"]).with_code(1));
    let block = "DO $$ BEGIN PERFORM set_config('role', 'none', true); END $$";
    roles.project.sql("d", Some("c"), block, "SELECT 1");
    roles.project.host(&["build"]).success();
    let output = roles.host(0, &["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("the current user was"), "{}", output.stable());
    // PostgreSQL lets a session go back to the user who logged in. What that user may do is what counts: SECURITY.md says so.
    let there_and_back = roles.named("DO $$ BEGIN RESET ROLE; CREATE TABLE of_login (id int); SET ROLE {1}; END $$");
    roles.project.sql("d", Some("c"), &there_and_back, "SELECT 1");
    roles.project.host(&["build"]).success();
    roles.host(0, &["upgrade", "head"]).success();
    assert_eq!(roles.query("SELECT tableowner FROM pg_tables WHERE tablename = 'of_login'"), roles.named("{0}"));
}

#[test]
fn a_role_that_cannot_be_had() {
    let roles = Roles::new(TestProject::with_three_tables(), &["LOGIN", "NOLOGIN"]);
    roles.query("GRANT CREATE ON SCHEMA public TO {0}");
    roles.settings("role = \"{1}\"\n");
    assert_output!(roles.refuses(0, &["upgrade", "head"]));
    roles.settings("role = \"nobody_of_that_name\"\n");
    assert_output!(roles.refuses(0, &["upgrade", "head"]));
}

#[test]
fn a_script_runs_under_the_role() {
    let roles = two_roles();
    let script = roles.project.host(&["upgrade", "a", "--sql"]).success().stdout;
    let at = |text: &str| script.find(&roles.named(text)).unwrap_or_else(|| panic!("{text}: {script}"));
    assert!(at("SET LOCAL ROLE \"{1}\";") < at("CREATE TABLE table_a"));
    assert!(at("CREATE TABLE table_a") < at("RESET ROLE;"));
    assert!(at("RESET ROLE;") < at("INSERT INTO \"public\".\"host_version\""));
}

#[test]
fn a_superuser_is_refused_where_that_is_asked_for() {
    let mut project = TestProject::with_three_tables();
    project.database.become_superuser();
    project.write("host.toml", "[default]\nrequire-restricted-role = true\n");
    assert_output!(project.refuses(1, &["upgrade", "head"]));
    let _ = project.refuses(1, &["stamp", "head"]);
    // What only reads is let in.
    project.host(&["current"]).success();
}

#[test]
fn every_way_to_the_servers_machine_is_refused() {
    for (options, grant, reach) in [
        ("LOGIN", "GRANT pg_execute_server_program TO {0}", "may act as pg_execute_server_program"),
        (
            "LOGIN NOINHERIT",
            "GRANT pg_write_server_files, pg_read_server_files TO {0}",
            "may act as pg_read_server_files, pg_write_server_files",
        ),
        ("LOGIN", "GRANT {1} TO {0}", "may act as {1}"),
        ("LOGIN CREATEROLE", "SELECT 1", "may enter any role, because it may create roles"),
    ] {
        // From 16 on it may enter only those that it was made an administrator of.
        if options.contains("CREATEROLE") && crate::harness::server_version() >= 16 {
            continue;
        }
        let roles = Roles::new(TestProject::with_three_tables(), &[options, "SUPERUSER"]);
        roles.query("GRANT CREATE ON SCHEMA public TO {0}");
        roles.query(grant);
        roles.settings("require-restricted-role = true\n");
        let output = roles.refuses(0, &["upgrade", "head"]);
        assert!(output.stderr.contains(&roles.named(reach)), "{grant}: {}", output.stderr);
        roles.settings("");
        let output = roles.host(0, &["upgrade", "head"]).success();
        // On a development cluster nobody is told: there it is always so.
        assert!(!output.stderr.contains("machine"), "{}", output.stderr);
    }
}

#[test]
fn an_ordinary_user_is_not_refused() {
    let roles = Roles::new(TestProject::with_three_tables(), &["LOGIN"]);
    roles.query("GRANT CREATE ON SCHEMA public TO {0}");
    roles.settings("require-restricted-role = true\n");
    roles.host(0, &["upgrade", "head"]).success();
}

/// What a migration could ask a session.
async fn asks(database: Database, sql: &str) -> String {
    let mut session = Session::new(database, ResultLimits { rows_max: 1, bytes_max: 1 << 20 });
    let answer = session.query(sql, &[]).await.expect("an answer");
    let Some(Value::Scalar(Scalar::Text(text))) = answer.rows.first().and_then(|row| row.first()) else {
        panic!("{answer:?}")
    };
    text.clone()
}

#[test]
fn further_connections_have_the_role_the_limits_and_the_checks_of_the_first() {
    const ASKED: &str = "SELECT concat_ws(' ', session_user, current_user, current_setting('application_name'), \
                         current_setting('lock_timeout'), current_setting('statement_timeout'), current_database())";
    let roles = Roles::new(TestProject::with_three_tables(), &["LOGIN", "NOLOGIN", "LOGIN CREATEROLE"]);
    roles.query("GRANT {1} TO {0}");
    roles.query("GRANT pg_read_server_files TO {2}; GRANT {1} TO {2}");
    roles.settings("role = \"{1}\"\nrequire-restricted-role = true\n\n[default.limits]\nlock-timeout = '4s'\n\n");
    let folder = Dir::open_ambient_dir(roles.project.path("."), ambient_authority()).expect("the project's folder");
    let project = Project::open(folder, "default").expect("a project");
    let (url, unrestricted) =
        (roles.project.database.url_for(&roles.names[0]), roles.project.database.url_for(&roles.names[2]));
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio.block_on(async {
        let database = project.connect(&url).await.expect("a connection");
        let options = Options { statement_timeout: Some(std::time::Duration::from_secs(7)), ..Options::default() };
        let mut runner = Runner::new(&project, database, options);
        let connector = runner.connector().expect("a connector");
        let version = env!("CARGO_PKG_VERSION");
        let (user, role, name) = (&roles.names[0], &roles.names[1], roles.project.database.name());
        let sessions = [connector.session(project.tables()), connector.session(project.tables())];
        for session in sessions {
            let answer = asks(session.await.expect("a further connection"), ASKED).await;
            assert_eq!(answer, format!("{user} {role} host {version} 4s 7s {name}"));
        }
        let other =
            connector.clone().for_database("postgres").session(project.tables()).await.expect("another database");
        assert!(asks(other, ASKED).await.ends_with(" postgres"));
        runner.close().await;

        let connector = project.connector(&unrestricted).expect("a url");
        let refused = connector.session(project.tables()).await.map(|_| ());
        assert!(matches!(refused, Err(DatabaseError::UnrestrictedRole { .. })), "{refused:?}");
        let refused = connector.with_restricted_role(false).with_role(Some("nobody")).session(project.tables()).await;
        assert!(matches!(refused.map(|_| ()), Err(DatabaseError::NoSuchRole { .. })));
    });
}
