//! PgBouncer in front of the server: what cannot work through it is refused before anything is written or locked.

use host::DatabaseError;
use host::Project;
use host::cap_std::ambient_authority;
use host::cap_std::fs::Dir;

use crate::harness::Output;
use crate::harness::Pooler;
use crate::harness::TestProject;
use crate::harness::assert_output;

const ADVISORY_LOCKS: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
                              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// A command through a pooler that refuses it and leaves nothing, neither in the database nor in the pooler's sessions.
fn refuses(project: &TestProject, pooler: &Pooler, arguments: &[&str]) -> Output {
    let mut command = project.command(arguments);
    command.env("HOST_DATABASE_URL", pooler.url());
    let output = project.refuses_command(1, command);
    assert!(output.stderr.contains("behind a pooler"), "{}", output.stable());
    assert_eq!(project.database.query(ADVISORY_LOCKS), "0", "{}", output.stable());
    assert_eq!(pooler.query("SELECT current_setting('lock_timeout')"), "0");
    output.replace(&[(pooler.socket_folder(), "[pooler]")])
}

#[test]
fn transaction_pooling_is_refused_before_anything_is_locked() {
    let project = TestProject::with_three_tables();
    let pooler = Pooler::new(&project.database, "pool_mode = transaction");
    assert_output!(refuses(&project, &pooler, &["upgrade", "head"]));
    assert_output!(refuses(&project, &pooler, &["stamp", "head"]));
    project.host(&["upgrade", "head"]).success();
    let _ = refuses(&project, &pooler, &["downgrade", "base"]);
}

#[test]
fn transaction_pooling_is_recognised_however_the_sessions_are_handed_out() {
    let project = TestProject::with_three_tables();
    for settings in [
        "pool_mode = transaction\ndefault_pool_size = 1",
        "pool_mode = transaction\nserver_round_robin = 1\nmin_pool_size = 2",
        "pool_mode = transaction\nserver_round_robin = 1\nmin_pool_size = 5",
        "pool_mode = statement",
        // A pooler that was told to let everything pass.
        "pool_mode = transaction\nignore_startup_parameters = extra_float_digits,options,search_path",
    ] {
        let pooler = Pooler::new(&project.database, settings);
        // Sessions that are there already, as in a pooler that is at work.
        let ready: Vec<_> = (0..3).map(|_| pooler.query("SELECT pg_backend_pid()")).collect();
        assert_eq!(ready.len(), 3);
        let _ = refuses(&project, &pooler, &["upgrade", "head"]);
    }
}

#[test]
fn a_further_connection_is_not_taken_from_such_a_pooler() {
    let project = TestProject::with_three_tables();
    let pooler = Pooler::new(&project.database, "pool_mode = transaction");
    let folder = Dir::open_ambient_dir(project.path("."), ambient_authority()).expect("the project's folder");
    let opened = Project::open(folder, "default").expect("a project");
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let session = tokio.block_on(async {
        let connector = opened.connector(&pooler.url()).expect("a url");
        connector.session(opened.tables()).await.map(|_| ())
    });
    assert!(matches!(session, Err(DatabaseError::TransactionPooling { .. })), "{session:?}");
}

#[test]
fn reading_works_through_any_pooler() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "b"]).success();
    for mode in ["transaction", "statement", "session"] {
        let pooler =
            Pooler::new(&project.database, &format!("pool_mode = {mode}\nserver_round_robin = 1\nmin_pool_size = 3"));
        let url = pooler.url();
        for _ in 0..3 {
            for arguments in [&["current"][..], &["status"], &["history", "-i"], &["log"], &["upgrade", "b"]] {
                let output = project.host_with(("HOST_DATABASE_URL", &url), arguments).success();
                assert_eq!(output.stderr.matches("error").count(), 0, "{mode}: {}", output.stable());
            }
        }
        // Whether the way is one for a run is a question of the run.
        let output = project.host_with(("HOST_DATABASE_URL", &url), &["upgrade", "head", "--dry-run"]);
        assert_eq!(output.code, if mode == "session" { 0 } else { 3 }, "{mode}: {}", output.stable());
        assert!(output.stdout.contains("Would run upgrade b -> c"), "{mode}: {}", output.stable());
    }
    assert_eq!(project.database.query(ADVISORY_LOCKS), "0");
}

#[test]
fn session_pooling_changes_nothing() {
    let project = TestProject::with_three_tables();
    // No reset query: what a run leaves behind, the next client gets.
    let pooler = Pooler::new(&project.database, "pool_mode = session\ndefault_pool_size = 1\nserver_reset_query =\n");
    let url = pooler.url();
    project.sql(
        "d",
        Some("c"),
        "SET search_path TO pg_catalog;\nSELECT pg_advisory_lock(4711);\nCREATE TEMPORARY TABLE left_over (id int)",
        "SELECT 1",
    );
    project.host(&["build"]).success();
    project.host_with(("HOST_DATABASE_URL", &url), &["upgrade", "head"]).success();
    assert_eq!(pooler.query("SELECT current_setting('search_path')"), "\"$user\", public");
    assert_eq!(pooler.query("SELECT count(*) FROM pg_class WHERE relname = 'left_over'"), "0");
    assert_eq!(project.database.query(ADVISORY_LOCKS), "0");
    project.host_with(("HOST_DATABASE_URL", &url), &["downgrade", "base"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM host_log"), "8");
}

#[test]
fn a_pooler_that_takes_no_settings_of_the_start_is_no_obstacle() {
    let project = TestProject::with_three_tables();
    let pooler = Pooler::on_tcp(&project.database, "pool_mode = session");
    project.host_with(("HOST_DATABASE_URL", &pooler.tcp_url()), &["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM host_log"), "3");
    assert!(pooler.log().contains("unsupported startup parameter"), "{}", pooler.log());
    // One that was told to let them pass does not say that it keeps them.
    let pooler = Pooler::on_tcp(&project.database, "pool_mode = session\nignore_startup_parameters = options");
    project.host_with(("HOST_DATABASE_URL", &pooler.tcp_url()), &["downgrade", "base"]).success();
    assert!(!pooler.log().contains("unsupported startup parameter"), "{}", pooler.log());
}

#[test]
fn runners_through_session_pooling_wait_for_each_other() {
    let project = TestProject::with_three_tables();
    let pooler = Pooler::new(&project.database, "pool_mode = session");
    let url = pooler.url();
    let runners: Vec<_> = (0..4).map(|_| project.start(&["--url", &url, "upgrade", "head"])).collect();
    for runner in runners {
        let _ = runner.wait().with_code(0);
    }
    assert_eq!(project.database.query("SELECT count(*) FROM host_log"), "3");
}

#[test]
fn a_direct_url_is_the_way_past_the_pooler() {
    let project = TestProject::with_three_tables();
    let pooler = Pooler::new(&project.database, "pool_mode = transaction");
    project.write(
        "host.toml",
        &format!("[default]\nurl = \"${{DATABASE_URL}}\"\ndirect-url = \"{}\"\n", project.database.url()),
    );
    let run = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.env_remove("HOST_DATABASE_URL").envs(variables.iter().copied());
        project.run(command)
    };
    let (pooled, direct) = (pooler.url(), project.database.url());
    run(&[("DATABASE_URL", &pooled)], &["upgrade", "a"]).success();
    run(&[("DATABASE_URL", &pooled)], &["stamp", "b"]).success();
    run(&[("DATABASE_URL", &pooled)], &["current"]).success();
    // Another url than the one beside direct-url may be another database.
    let output = run(
        &[("DATABASE_URL", &pooled), ("HOST_DATABASE_URL", &format!("{pooled}&application_name=x"))],
        &["upgrade", "head"],
    );
    assert!(output.with_code(1).stderr.contains("behind a pooler"));
    let output = run(&[("DATABASE_URL", &pooled)], &["--url", &pooled, "upgrade", "head"]);
    assert!(output.with_code(1).stderr.contains("behind a pooler"));
    run(&[("HOST_DATABASE_URL", &pooled), ("HOST_DIRECT_URL", &direct)], &["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "c");
    let output = run(
        &[("DATABASE_URL", &pooled), ("HOST_DIRECT_URL", "postgres://me@localhost/shop?host=/nowhere")],
        &["downgrade", "base"],
    );
    assert_output!(output);
}

#[test]
fn a_parameter_that_the_pooler_does_not_know() {
    let project = TestProject::with_three_tables();
    let pooler = Pooler::new(&project.database, "pool_mode = session");
    let url = format!("{}&options=-c%20search_path%3Dapp", pooler.url());
    let output = project.host(&["--url", &url, "current"]).with_code(1);
    assert_output!(output.replace(&[(pooler.socket_folder(), "[pooler]")]));
}
