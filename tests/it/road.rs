//! The main road: build, up, down, up again.

use crate::harness::TestProject;
use crate::harness::assert_output;

#[test]
fn up_down_and_up_again() {
    let project = TestProject::with_three_tables();
    let tables = "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE tablename LIKE 'table\\__'";
    assert_output!(project.host(&["upgrade", "head"]));
    assert_eq!(project.database.query(tables), "table_a table_b table_c");
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "c");
    project.host(&["downgrade", "-1"]).success();
    assert_eq!(project.database.query(tables), "table_a table_b");
    project.host(&["downgrade", "base"]).success();
    assert_eq!(project.database.query(tables), "");
    assert_eq!(project.database.query("SELECT count(*) FROM host_version"), "0");
    project.host(&["upgrade", "+2"]).success();
    project.host(&["upgrade", "c"]).success();
    assert_eq!(project.database.query(tables), "table_a table_b table_c");
    let history = "SELECT string_agg(direction || ' ' || revision || ' ' || outcome, ', ' ORDER BY id) FROM host_log";
    assert_eq!(
        project.database.query(history),
        "upgrade a done, upgrade b done, upgrade c done, downgrade c done, downgrade b done, downgrade a done, \
         upgrade a done, upgrade b done, upgrade c done"
    );
}

#[test]
fn an_upgrade_with_nothing_to_do_changes_nothing() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "head"]).success();
    assert_output!(project.host(&["upgrade", "head"]));
    assert_eq!(project.database.query("SELECT count(*) FROM host_log"), "3");
}

#[test]
fn reading_commands_never_make_a_table() {
    let project = TestProject::with_three_tables();
    for arguments in [
        &["current"][..],
        &["status"],
        &["history", "-i"],
        &["log"],
        &["upgrade", "head", "--dry-run"],
        &["validate", "--online"],
        &["repair"],
    ] {
        project.host(arguments).success();
    }
    assert_eq!(project.database.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
}
