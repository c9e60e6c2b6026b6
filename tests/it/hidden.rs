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
