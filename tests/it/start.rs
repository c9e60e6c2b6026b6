//! The first steps with a new project, as the README has them.

use crate::harness::TestProject;
use crate::harness::assert_output;

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

/// All files of a folder with their texts, but for the SDK.
fn files(project: &TestProject, folder: &str) -> Vec<(String, String)> {
    let output =
        std::process::Command::new("find").arg(project.path(folder)).args(["-type", "f"]).output().expect("find runs");
    let mut files: Vec<(String, String)> = String::from_utf8(output.stdout)
        .expect("UTF-8")
        .lines()
        .filter(|path| !path.contains("/.host/sdk/"))
        .map(|path| (path.to_owned(), std::fs::read_to_string(path).unwrap_or_default()))
        .collect();
    files.sort();
    files
}

#[test]
fn a_new_project_grants_a_set() {
    let project = TestProject::new();
    for set in ["app", "ddl", "all"] {
        project.host(&["init", set, "--grants", set]).success();
        let settings = std::fs::read_to_string(project.path(&format!("{set}/host.toml"))).expect("the settings");
        insta::with_settings!({prepend_module_to_snapshot => true, omit_expression => true}, {
            insta::assert_snapshot!(format!("the_settings_with_the_grants_{set}"), settings);
        });
    }
    project.host(&["init", "usual"]).success();
    assert_eq!(
        std::fs::read(project.path("usual/host.toml")).expect("the settings"),
        std::fs::read(project.path("app/host.toml")).expect("the settings")
    );
    assert_output!(project.host(&["init", "other", "--grants", "superuser"]).with_code(2));
    assert!(!project.path("other").exists());
}

/// An editor finds the SDK where a migration names it, before anything was built.
#[test]
fn the_sdk_is_there_from_the_beginning() {
    let project = TestProject::new();
    project.host(&["init", "sql"]).success();
    project.host(&["init", "rust", "--lang", "rust"]).success();
    for folder in ["sql", "rust"] {
        let manifest = project.path(&format!("{folder}/.host/sdk/rust/Cargo.toml"));
        assert!(manifest.is_file() && manifest.with_file_name("src").join("lib.rs").is_file(), "{folder}");
    }
    let migration =
        std::fs::read_dir(project.path("rust/migrations")).expect("the folder").next().expect("a migration");
    let folder = migration.expect("an entry").path();
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("the manifest");
    let (_, path) = manifest.split_once("host-guest = { path = \"").expect("the SDK");
    assert!(folder.join(path.split('"').next().expect("a path")).join("Cargo.toml").is_file(), "{manifest}");

    // A clone has what git keeps.
    std::fs::remove_dir_all(project.path("rust/.host")).expect("the state");
    assert_output!(project.host(&["-C", "rust", "build", "--sdk"]));
    assert!(project.path("rust/.host/sdk/rust/src/lib.rs").is_file());
}

#[test]
fn an_init_that_fails_leaves_nothing() {
    let project = TestProject::new();
    std::fs::remove_file(project.path("host.toml")).expect("the settings");
    let before = project.contents();
    for lang in ["sql", "rust"] {
        project.host(&["-e", "prod", "init", "new/shop", "--lang", lang]).with_code(1);
        project.contents().assert_same(&before, lang);
        assert!(!project.path("new").exists());
    }
    assert_output!(project.host(&["-e", "prod", "init", "new/shop", "--lang", "sql"]));

    // What was there stays, as it was.
    project.write("old/migrations/broken.sql", "-- /// migration\n-- revision = 5\n-- ///\n");
    project.write("old/.gitignore", "target");
    let before = files(&project, "old");
    project.host(&["init", "old", "--lang", "sql"]).with_code(1);
    assert_eq!(files(&project, "old"), before);
    assert!(!project.path("old/.host").exists());
}

/// The help, the error and the completions know the same languages.
#[test]
fn languages_in_help_and_error_are_the_same() {
    let project = TestProject::new();
    for command in ["init", "revision", "merge"] {
        let help = project.host(&[command, "--help"]).success().stdout;
        let option = help.split("--lang").nth(1).unwrap_or_else(|| panic!("{help}"));
        let error = project.host(&[command, "--lang", "cobol"]).with_code(2).stderr;
        let listed = "[possible values: sql, python, javascript, typescript, rust, go, c]";
        // A long list is wrapped.
        let text: Vec<&str> = option.split("\n      --").next().expect("its text").split_whitespace().collect();
        assert!(text.join(" ").contains(listed), "{help}");
        assert!(error.contains(listed), "{error}");
    }
}

#[test]
fn a_new_migration_asks_for_what_is_said() {
    let project = TestProject::new();
    let asks = |arguments: &[&str]| {
        let made = project.host(&[&["--json", "revision", "-m"], arguments].concat()).success().json();
        let text =
            std::fs::read_to_string(project.path(made["file"].as_str().expect("a file"))).expect("the migration");
        text.lines().find(|line| line.contains("asks")).map(str::to_owned)
    };
    assert_eq!(asks(&["one"]), None);
    assert_eq!(asks(&["two", "--asks", "schema,function"]).as_deref(), Some("-- asks = [\"schema\", \"function\"]"));
    assert_eq!(asks(&["three", "--asks", "query"]).as_deref(), Some("-- asks = []"));
    assert_output!(project.host(&["revision", "-m", "four", "--asks", "superuser"]).with_code(2));
}
