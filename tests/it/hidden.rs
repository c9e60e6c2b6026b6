//! Statements that hide another one: what counts as the inside of a string depends on how a session reads strings.

use crate::harness::TestProject;

/// A batch goes as one text that may hold several statements, so there the server must read it as the guard did.
#[test]
fn a_batch_hides_no_commit() {
    let project = TestProject::with_guest("hides");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("the migration says: nothing of this may stay"), "{}", output.stable());
    assert_eq!(
        project.database.query("SELECT to_regclass('before_the_commit') IS NULL, to_regclass('escaped') IS NULL"),
        "t|t",
        "{}",
        output.stable()
    );
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
}

/// A value that ends a quote in another encoding is a value all the same.
#[test]
fn a_parameter_of_a_batch_hides_no_commit() {
    let project = TestProject::with_guest("encodes");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("the migration says: nothing of this may stay"), "{}", output.stable());
    assert_eq!(
        project.database.query("SELECT to_regclass('taken') IS NULL, to_regclass('escaped') IS NULL"),
        "t|t",
        "{}",
        output.stable()
    );
}

/// With strings read in the old way, a query would make a table, and a comment would hold the rest.
#[test]
fn a_query_stays_a_query() {
    let set = |value: &str| {
        format!("DO $$ BEGIN PERFORM set_config('standard_' || 'conforming_strings', '{value}', false); END $$")
    };
    for hidden in ["SELECT '\\', ' INTO stolen FROM secrets --'", "SELECT 'é', '\\', ' INTO stolen FROM secrets --'"] {
        let project = TestProject::new();
        project.database.query("CREATE TABLE secrets (id int)");
        project.sql("a", None, &format!("{};\n{hidden};\n{}", set("off"), set("on")), "SELECT 1");
        project.host(&["build"]).success();
        project.host(&["upgrade", "head"]).success();
        assert_eq!(project.database.query("SELECT to_regclass('stolen') IS NULL"), "t", "{hidden}");
    }
}

/// What a savepoint takes back may be the setting that was made right.
#[test]
fn a_savepoint_hides_nothing_either() {
    let project = TestProject::new();
    project.database.query("CREATE TABLE secrets (id int)");
    let off = "DO $$ BEGIN PERFORM set_config('standard_' || 'conforming_strings', 'off', true); END $$";
    let hidden = "SELECT '\\', ' INTO stolen FROM secrets --'";
    project.sql("a", None, &format!("{off};\n{hidden};\n{off};\n{hidden}"), "SELECT 1");
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT to_regclass('stolen') IS NULL"), "t");
}

/// What the server runs to read a value may change how it reads the text that is sent after it.
#[test]
fn a_statement_that_is_sent_again_stays_what_it_was() {
    let project = TestProject::with_guest("evicts");
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT to_regclass('secrets') IS NULL, to_regclass('stolen') IS NULL"), "f|t");
}
