//! The revisions of a run share an instance, as they share a process with Alembic: env.py runs once.

use super::ENV;
use super::revision;
use super::with_runtime;
use crate::harness::Output;
use crate::harness::TestProject;

/// A project whose env.py says in the log that it runs. A module of the project counts.
fn project(env: &str) -> TestProject {
    let project = with_runtime();
    project.write("alembic/env.py", &format!("{env}\nprint('env.py ran')\n"));
    project.write("shop/__init__.py", "");
    project.write("shop/state.py", "numbers = []\n");
    let body = |id: &str| {
        format!(
            "from shop.state import numbers\nnumbers.append('{id}')\n\
             op.execute(f\"INSERT INTO seen VALUES ('{id}', '{{','.join(numbers)}}')\")"
        )
    };
    revision(&project, "a1", None, "op.execute('CREATE TABLE seen (id text, numbers text)')", "op.drop_table('seen')");
    revision(&project, "b2", Some("a1"), &body("b2"), "pass");
    revision(&project, "c3", Some("b2"), &body("c3"), "pass");
    project.host(&["init", "--from-alembic"]).success();
    project
}

fn runs_of_env(output: &Output) -> usize {
    output.stdout.matches("env.py ran").count()
}

const SEEN: &str = "SELECT string_agg(id || ':' || numbers, ' ' ORDER BY id) FROM seen";

#[test]
fn env_runs_once_and_modules_keep_what_they_have() {
    let project = project(ENV);
    let output = project.host(&["upgrade", "head"]).success();
    assert_eq!(runs_of_env(&output), 1, "{}", output.stable());
    assert_eq!(project.database.query(SEEN), "b2:b2 c3:b2,c3");
    // Each step is logged as one of its own, with what it ran.
    let log = "SELECT count(DISTINCT revision) || ' ' || sum(statements) FROM host_log WHERE direction = 'upgrade'";
    assert_eq!(project.database.query(log), "3 3");
    let output = project.host(&["downgrade", "base"]).success();
    assert_eq!(runs_of_env(&output), 1, "{}", output.stable());
}

/// What env.py tells the session has to be told each time, because each migration begins with a fresh one.
#[test]
fn env_runs_for_each_revision_where_it_sends_statements() {
    let env = ENV.replace(
        "        context.configure(connection=connection)\n",
        "        connection.exec_driver_sql('SET search_path TO shop, public')\n        connection.commit()\n        context.configure(connection=connection)\n",
    );
    let project = project(&env);
    project.database.query("CREATE SCHEMA shop");
    let output = project.host(&["upgrade", "head"]).success();
    assert_eq!(runs_of_env(&output), 3, "{}", output.stable());
    assert_eq!(project.database.query(&SEEN.replace("seen", "shop.seen")), "b2:b2 c3:c3");
}

#[test]
fn a_project_without_env_shares_an_instance_too() {
    let project = project(ENV);
    let toml = std::fs::read_to_string(project.path("host.toml")).expect("host.toml");
    project.write("host.toml", &toml.replace("[alembic]\n", "[alembic]\nenv = false\n"));
    let output = project.host(&["upgrade", "head"]).success();
    assert_eq!(runs_of_env(&output), 0, "{}", output.stable());
    assert_eq!(project.database.query(SEEN), "b2:b2 c3:b2,c3");
}

/// A revision without a transaction may be resumed in another run, so it never finds what others left.
#[test]
fn a_revision_without_a_transaction_has_an_instance_of_its_own() {
    let project = project(ENV);
    let body = "from shop.state import numbers\nwith op.get_context().autocommit_block():\n    \
                op.execute(f\"INSERT INTO seen VALUES ('d4', '{len(numbers)}')\")";
    revision(&project, "d4", Some("c3"), body, "pass");
    let output = project.host(&["upgrade", "head"]).success();
    assert_eq!(runs_of_env(&output), 2, "{}", output.stable());
    assert_eq!(project.database.query(SEEN), "b2:b2 c3:b2,c3 d4:0");
}

/// The limit of memory is for each revision. One that has too little because of those before it runs again, in a new instance.
#[test]
fn memory_that_others_keep_is_not_taken_from_a_revision() {
    let project = project(ENV);
    let greedy = |id: &str| {
        format!(
            "from shop.state import numbers\nnumbers.append('{id}' * (180 << 20))\nop.execute(\"INSERT INTO seen VALUES ('{id}', '')\")"
        )
    };
    revision(&project, "d4", Some("c3"), &greedy("d4"), "pass");
    revision(&project, "e5", Some("d4"), &greedy("e5"), "pass");
    let output = project.host(&["upgrade", "head"]).success();
    assert_eq!(runs_of_env(&output), 2, "{}", output.stable());
    assert_eq!(project.database.query("SELECT count(*) FROM seen"), "4");
    assert_eq!(project.database.query("SELECT count(*) FROM host_log WHERE error IS NOT NULL"), "0");
    // One that needs more than there is by itself still fails, and says so.
    revision(&project, "f6", Some("e5"), "numbers = 'x' * (900 << 20)", "pass");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("of memory"), "{}", output.stable());
}

/// A script is written the same way.
#[test]
fn a_script_is_written_in_one_instance() {
    let project = project(ENV);
    let script = project.host(&["upgrade", "base:head", "--sql"]).success().stdout;
    assert!(script.contains("VALUES ('c3', 'b2,c3')"), "{script}");
}
