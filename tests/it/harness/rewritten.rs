//! Tables that the examples of documents rewrite.

use super::TestProject;

/// The first example in a language below a heading of a document.
pub(crate) fn example_below<'page>(page: &'page str, heading: &str, language: &str) -> &'page str {
    let example = || page.split(heading).nth(1)?.split(&format!("```{language}\n")).nth(1)?.split("```").next();
    example().expect("an example")
}

/// Lets a migration of this source rewrite a table without a transaction, and looks whether all of it was rewritten.
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
    let output = project.host(&["upgrade", "head"]).success();
    assert!(output.stdout.contains("5000 rows"), "{}", output.stable());
    assert_eq!(project.database.query("SELECT count(*) FROM guests WHERE phone = '0' || id"), "5000");
}
