//! What the operator is told after a fault, word by word.

use std::time::Duration;
use std::time::Instant;

use host::Database;
use host::db::Tables;
use host::db::reconnect::TransactionStatus;
use rustix::process::Signal;

use super::proxy::Fault;
use super::proxy::Harm;
use super::proxy::Moment;
use super::proxy::Sender;
use super::scene::Scene;
use super::scene::Way;
use super::server::Exclusive;
use super::server::server;
use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// Runs into a fault, and checks that a rerun ends where the undisturbed run does.
fn told(scene: &Scene, name: &str, fault: Fault) -> Output {
    let database = scene.new_database(name);
    let (running, proxy) = scene.start(&database, fault);
    let output = running.wait();
    assert!(proxy.fired(), "there was no such message");
    server().start();
    scene.ends_as_undisturbed(&database);
    output
}

#[test]
fn a_commit_that_was_done_and_not_answered() {
    let _alone = Exclusive::new();
    let scene = Scene::new(Way::Upgrade);
    // The connection is cut, the server is gone for a moment, the answer is swallowed: the run finds out, and goes on.
    let cut = told(&scene, "cut", scene.at_commit(2, Harm::Cut, Moment::After)).success();
    assert_output!(cut);
    let swallowed = told(&scene, "swallowed", scene.at_commit(2, Harm::Drop, Moment::After)).success();
    assert_output!(swallowed);
    let last = told(&scene, "last", scene.at_commit(3, Harm::CutHost, Moment::After)).success();
    assert!(last.stderr.is_empty() || last.stderr.starts_with("note: "), "{}", last.stable());
    assert!(last.stdout.contains("but c was committed"), "{}", last.stable());
}

#[test]
fn another_runner_takes_over_in_between() {
    let _alone = Exclusive::new();
    let scene = Scene::new(Way::Upgrade);
    let database = scene.new_database("taken_over");
    let (first, _proxy) = scene.start(&database, scene.at_commit(2, Harm::Drop, Moment::After));
    // Until the silence is noticed, the lock is held by a session that nobody uses any more.
    wait_for_version(&database, "b");
    let second = scene.start_undisturbed(&database);
    // Which of the two does the rest is a matter of chance. Both know that it is done, and it is done once.
    let outputs = [first.wait().success(), second.wait().success()];
    assert!(outputs[1].stdout.contains("Waiting for another runner"), "{}", outputs[1].stable());
    scene.ends_as_undisturbed(&database);
}

#[test]
fn other_heads_after_the_connection_was_lost() {
    let _alone = Exclusive::new();
    let scene = Scene::new(Way::Upgrade);
    let database = scene.new_database("overtaken");
    let (running, _proxy) = scene.start(&database, scene.at_commit(2, Harm::Drop, Moment::After));
    wait_for_version(&database, "b");
    server().query(&database, "DELETE FROM host_version");
    assert_output!(running.wait().with_code(1));
    server().query(&database, "INSERT INTO host_version VALUES ('b')");
    scene.ends_as_undisturbed(&database);
}

/// Waits until a step is committed.
fn wait_for_version(database: &str, version: &str) {
    let begun = Instant::now();
    let exists = "SELECT to_regclass('host_version') IS NOT NULL";
    while server().query(database, exists) != "t"
        || server().query(database, "SELECT version_num FROM host_version") != version
    {
        assert!(begun.elapsed() < Duration::from_secs(30), "{version} was never reached");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_commit_that_was_not_done() {
    let _alone = Exclusive::new();
    let scene = Scene::new(Way::Downgrade);
    assert_output!(told(&scene, "cut", scene.at_commit(2, Harm::Cut, Moment::Before)).with_code(1));
    assert_output!(told(&scene, "swallowed", scene.at_commit(2, Harm::Drop, Moment::Before)).with_code(1));
    assert_output!(told(&scene, "stopped", scene.at_commit(2, Harm::StopServer, Moment::Before)).with_code(1));
}

#[test]
fn a_commit_of_which_nothing_can_be_found_out() {
    let _alone = Exclusive::new();
    let scene = Scene::new(Way::Upgrade);
    let database = scene.new_database("unknown");
    let (running, proxy) = scene.start(&database, scene.at_commit(2, Harm::StopServerForGood, Moment::Before));
    while !proxy.fired() {
        std::thread::sleep(Duration::from_millis(20));
    }
    // The host asks again and again; whoever does not want to wait for it is told what there is to know.
    std::thread::sleep(Duration::from_millis(500));
    running.signal(Signal::INT);
    let output = running.wait().with_code(1);
    server().start();
    scene.ends_as_undisturbed(&database);
    assert_output!(output);
}

#[test]
fn a_network_that_swallows_everything_ends_the_run() {
    let _alone = Exclusive::new();
    let scene = Scene::new(Way::Upgrade);
    // Two messages before the COMMIT the second migration is at work.
    let commit = scene.at_commit(2, Harm::Drop, Moment::Before);
    let begun = Instant::now();
    let output = told(&scene, "silent", Fault { number: commit.number - 2, sender: Sender::Host, ..commit });
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_output!(output.with_code(1));
}

/// While the workers of a Citus cluster are at work, the session on the coordinator looks like one in the middle of a message:
/// `active`, and waiting for its client. What is lost elsewhere may be well there, so it gets ten times as long.
#[test]
fn a_coordinator_that_waits_for_its_workers_is_not_given_up() {
    let _alone = Exclusive::new();
    let scene = Scene::new(Way::Upgrade);
    let fault = scene.in_a_statement(Harm::Drop);
    let database = scene.new_database("no_citus");
    let (running, proxy) = scene.start(&database, fault);
    let output = running.wait().with_code(1);
    assert!(
        proxy.fired() && output.stderr.contains("the server has been silent for more than 4 s"),
        "{}",
        output.stable()
    );
    scene.ends_as_undisturbed(&database);

    let database = scene.new_database("citus");
    server().admin(
        &database,
        "INSERT INTO pg_catalog.pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) \
         VALUES (99999, 'citus', 10, 11, false, '1')",
    );
    let (running, proxy) = scene.start(&database, fault);
    while !proxy.fired() {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_secs(8));
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
                 AND wait_event = 'ClientRead'";
    assert_eq!(server().query(&database, waits), "1");
    running.signal(Signal::KILL);
    assert_eq!(running.wait().code, -9, "it was still at work");
    server().admin(&database, "DELETE FROM pg_catalog.pg_extension WHERE extname = 'citus'");
    scene.ends_as_undisturbed(&database);
}

#[test]
fn a_transaction_that_the_server_does_not_know_is_not_committed() {
    let project = TestProject::new();
    let tables = Tables {
        version: host::config::TableName::new("host_version").expect("a name"),
        version_characters: None,
        log: host::config::TableName::new("host_log").expect("a name"),
        journal: host::config::TableName::new("host_journal").expect("a name"),
        rejected: host::config::TableName::new("host_rejected").expect("a name"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut database = Database::connect(&project.database.url(), "test", tables).await.expect("a connection");
        for (transaction, expected) in [
            // Before the first one, as after a restore; still to come, as after a crash; and one of the server's own.
            ("3", TransactionStatus::Aborted),
            ("99999999999", TransactionStatus::Aborted),
            ("1", TransactionStatus::Committed),
        ] {
            let status = database.transaction_status(transaction).await.expect("an answer");
            assert_eq!(status, expected, "{transaction}");
        }
    });
}

#[test]
fn a_runner_waits_for_the_statement_of_one_that_was_killed() {
    let project = TestProject::new();
    // The long statement ends at once when there is nothing in `gate` any more.
    project.sql("a", None, "CREATE TABLE gate AS SELECT 1 AS id", "DROP TABLE gate");
    project.sql("b", Some("a"), "CREATE TABLE table_b (id int);\nSELECT pg_sleep(60) FROM gate", "DROP TABLE table_b");
    project.host(&["build"]).success();
    let first = project.start(&["upgrade", "head"]);
    project.database.wait_for_the_long_statement();
    let second = project.start(&["upgrade", "head"]);
    project.database.wait_until(
        "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_catalog.pg_try_advisory%'",
    );
    project.database.query("DELETE FROM gate");
    first.signal(Signal::KILL);
    assert_eq!(first.wait().code, -9);
    let killed = Instant::now();
    let output = second.wait().success();
    assert!(killed.elapsed() < Duration::from_secs(15), "{:?}", killed.elapsed());
    let process = output.stdout.split("process ").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default();
    let since =
        output.stdout.split("connected since ").nth(1).and_then(|rest| rest.split(')').next()).unwrap_or_default();
    let replacements = [(process.to_owned(), "[process]"), (since.to_owned(), "[since]")];
    assert_output!(output.replace(&replacements));
    let history = "SELECT string_agg(revision || ' ' || outcome, ', ' ORDER BY id) FROM host_log";
    assert_eq!(project.database.query(history), "a done, b done");
}
