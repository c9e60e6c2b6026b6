//! Tables that the examples of documents rewrite.

use super::TestProject;

/// The first example in a language below a heading of a document.
pub(crate) fn example_below<'page>(page: &'page str, heading: &str, language: &str) -> &'page str {
    let example = || page.split(heading).nth(1)?.split(&format!("```{language}\n")).nth(1)?.split("```").next();
    example().expect("an example")
}

/// Lets a migration of this source rewrite a table without a transaction, which is previewed before, and of which a row is rejected and
/// tried again.
#[track_caller]
pub(crate) fn assert_rewrites_batch_by_batch(project: &TestProject, folder: &str, file: &str, source: &str) {
    project.write(&format!("{folder}/{file}"), source);
    let metadata = format!("{folder}/migration.toml");
    let about = std::fs::read_to_string(project.path(&metadata)).expect("about it");
    project.write(&metadata, &format!("{about}transaction = \"none\"\n"));
    project.database.query(
        "CREATE TABLE guests AS SELECT n::bigint AS id, '0 ' || n AS phone FROM generate_series(1, 5000) AS n;
         ALTER TABLE guests ADD PRIMARY KEY (id)",
    );
    project.host(&["build"]).success();
    let preview = project.host(&["backfill", "preview"]).success();
    assert!(preview.stdout.contains("id = 1: phone: '0 1' -> '01'"), "{}", preview.stable());
    assert_eq!(project.database.query("SELECT count(*) FROM guests WHERE phone = '0 ' || id"), "5000");
    project.database.query("ALTER TABLE guests ADD CONSTRAINT no_seven CHECK (phone <> '07')");
    let output = project.host(&["upgrade", "head", "--on-row-error", "skip-and-record"]).success();
    assert!(output.stdout.contains("4999 rows, 1 row skipped"), "{}", output.stable());
    let rewritten = || project.database.query("SELECT count(*) FROM guests WHERE phone = '0' || id");
    assert_eq!(rewritten(), "4999");
    project.database.query("ALTER TABLE guests DROP CONSTRAINT no_seven");
    project.host(&["backfill", "retry-failed"]).success();
    assert_eq!(rewritten(), "5000");
}
