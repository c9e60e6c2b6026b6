//! The first steps with a new project, as the README has them.

use crate::harness::TestProject;

#[test]
fn from_an_empty_folder_to_an_upgraded_database() {
    let project = TestProject::new();
    project.host(&["init", "crm"]).success();
    let host = |arguments: &[&str]| project.host(&[&["-C", "crm"], arguments].concat()).success();
    let written = host(&["--json", "revision", "-m", "Create guests"]).json();
    let file = written["file"].as_str().expect("the path of the migration");
    assert!(file.starts_with("migrations/") && file.ends_with("_create_guests.sql"), "{file}");
    let text = std::fs::read_to_string(project.path("crm").join(file)).expect("the migration");
    let text = text
        .replace("-- upgrade\n", "-- upgrade\nCREATE TABLE guests (name text);\n")
        .replace("-- downgrade\n", "-- downgrade\nDROP TABLE guests;\n");
    project.write(&format!("crm/{file}"), &text);
    host(&["build"]);
    host(&["upgrade", "head"]);
    assert_eq!(project.database.query("SELECT count(*) FROM guests"), "0");
    let current = host(&["--json", "current"]).json();
    assert_eq!(current["current"][0]["revision"], written["revision"]);
    assert_eq!(current["up_to_date"], true);
    host(&["downgrade", "base"]);
    assert_eq!(project.database.query("SELECT to_regclass('guests') IS NULL"), "t");
}
