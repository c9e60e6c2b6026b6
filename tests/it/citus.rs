//! Tables of Citus. Most of it needs a server with Citus: `HOST_TEST_CITUS_URL` names an empty database of one, with the extension.

use std::io::Write as _;

use crate::backfill::make_guests;
use crate::backfill::with_guests;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// The catalogue table by which it is recognised, without Citus: what is refused is refused by it.
#[test]
fn batches_that_could_lose_changes_of_others_are_refused() {
    let project = with_guests();
    project.database.admin(
        "SET allow_system_table_mods = on; CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass, partmethod \"char\"); \
         GRANT SELECT ON pg_catalog.pg_dist_partition TO public",
    );
    project.host(&["-x", "reject=30003", "upgrade", "head"]).with_code(1);
    project.database.admin("INSERT INTO pg_catalog.pg_dist_partition VALUES ('guests', 'h')");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
}

#[test]
fn a_distributed_table_is_recognised() {
    let Ok(url) = std::env::var("HOST_TEST_CITUS_URL") else {
        let _ = writeln!(std::io::stderr(), "skipped: HOST_TEST_CITUS_URL names no server with Citus");
        return;
    };
    let project = TestProject::with_guest("backfill");
    let psql = |sql: &str| {
        let mut command = project.database.psql();
        command.args(["--dbname", &url, "-c", sql]);
        assert!(command.status().expect("psql runs").success(), "{sql}");
    };
    psql("DROP TABLE IF EXISTS guests, begun, ended, host_version, host_log, host_journal");
    psql(&make_guests());
    psql("SELECT create_distributed_table('guests', 'id')");
    let mut command = project.command(&["upgrade", "head"]);
    command.env("HOST_DATABASE_URL", &url);
    let output = project.run(command).with_code(1);
    assert!(output.stderr.contains("public.guests is a table of Citus"), "{}", output.stable());
}
