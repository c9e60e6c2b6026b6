//! Migrations in Rust, from `host revision` to the database.

use crate::harness::TestProject;
use crate::harness::guests;

/// A project with a new migration in Rust, and its folder. It begins with a copy of cargo's target folder of the guests: the
/// SDK's own dependencies take a minute to compile.
fn with_new_migration() -> (TestProject, String) {
    let target = guests::built_project().join(".host/target");
    let project = TestProject::new();
    std::fs::create_dir_all(project.path(".host")).expect("a folder");
    let copied = std::process::Command::new("cp").arg("-a").arg(target).arg(project.path(".host/target")).status();
    assert!(copied.expect("cp runs").success());
    let output =
        project.host(&["--json", "revision", "--lang", "rust", "-m", "create users", "--rev-id", "a1"]).success();
    let folder = output.json()["file"].as_str().expect("the folder").to_owned();
    (project, folder)
}

#[test]
fn a_new_migration_builds_and_runs_as_it_is() {
    let (project, folder) = with_new_migration();
    project.host(&["build"]).success();
    project.host(&["build", "--check"]).success();
    project.host(&["upgrade", "head"]).success();
    project.host(&["downgrade", "base"]).success();

    // No name of a folder of this machine gets into a component.
    let component = std::fs::read(project.path(".host/build/a1.wasm")).expect("the component");
    assert!(component.len() < 100_000, "{} bytes", component.len());
    let home = std::env::home_dir().expect("a home");
    for name in [project.path("").to_string_lossy().into_owned(), home.join(".cargo").to_string_lossy().into_owned()] {
        let found = component.windows(name.len()).any(|window| window == name.as_bytes());
        assert!(!found, "{name} is in the component");
    }

    // Other dependencies make the component out of date, but not another migration.
    let lock = project.path(&format!("{folder}/Cargo.lock"));
    let text = std::fs::read_to_string(&lock).expect("cargo wrote a lock file");
    std::fs::write(&lock, text + "\n# changed\n").expect("written");
    project.host(&["build", "--check"]).with_code(3);
    let history = project.host(&["--json", "history", "-i"]).success().json();
    assert_eq!(history["history"][0]["changed"], false);
}

#[test]
fn a_compile_error_is_shown_with_the_compilers_words() {
    let (project, folder) = with_new_migration();
    project.write(&format!("{folder}/src/lib.rs"), "fn main() { mistake }");
    let output = project.host(&["build"]).with_code(1);
    assert!(output.stderr.contains("cannot find value `mistake` in this scope"), "{}", output.stderr);
    assert!(output.stderr.contains("revision a1 cannot be built"), "{}", output.stderr);
    assert!(output.stderr.contains(&format!("'{folder}'")), "{}", output.stderr);

    project.write(&format!("{folder}/Cargo.toml"), "[package]\nname = \"x\"\n[workspace]\n");
    project.write(&format!("{folder}/src/lib.rs"), "");
    let output = project.host(&["build"]).with_code(1);
    assert!(output.stderr.contains("is not a library of the type cdylib"), "{}", output.stderr);
}
