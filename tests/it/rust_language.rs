//! Migrations in Rust, from `host revision` to the database.

use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::guests;

/// A project with a new migration in Rust whose downgrade is decided, and its folder.
fn with_new_migration() -> (TestProject, String) {
    let (project, folder) = with_undecided_migration();
    decide(&project, &folder);
    (project, folder)
}

/// Says that there is nothing to do in the downgrade.
fn decide(project: &TestProject, folder: &str) {
    let source = format!("{folder}/src/lib.rs");
    let template = std::fs::read_to_string(project.path(&source)).expect("the source");
    let start = template.find("compile_error!(").expect("a placeholder");
    let end = start + template[start..].find("\n        )").expect("its end") + "\n        )".len();
    project.write(&source, &format!("{}Ok(()){}", &template[..start], &template[end..]));
}

/// A project with a new migration in Rust as it is made, and its folder. It begins with a copy of cargo's target folder of the guests: the
/// SDK's own dependencies take a minute to compile.
fn with_undecided_migration() -> (TestProject, String) {
    let project = TestProject::new();
    let copy = guests::target_folder(project.cache(), &project.path("."));
    std::fs::create_dir_all(copy.parent().expect("a folder of all")).expect("a folder");
    let target = guests::target_folder(&guests::shared_cache(), guests::built_project());
    let copied = std::process::Command::new("cp").arg("-a").arg(target).arg(&copy).status();
    assert!(copied.expect("cp runs").success());
    // As it is, host would take it for one that somebody brought here.
    let found = copy.metadata().expect("a folder");
    let made = found.created().expect("a time").duration_since(std::time::UNIX_EPOCH).expect("a time").as_nanos();
    let mut content = format!("{} {made}\n", std::os::unix::fs::MetadataExt::ino(&found)).into_bytes();
    content.extend(project.path(".").canonicalize().expect("the project").into_os_string().into_encoded_bytes());
    std::fs::write(copy.join("project"), content).expect("a file");
    let output =
        project.host(&["--json", "revision", "--lang", "rust", "-m", "create users", "--rev-id", "a1"]).success();
    let folder = output.json()["file"].as_str().expect("the folder").to_owned();
    (project, folder)
}

#[test]
fn a_new_migration_builds_and_runs_when_its_downgrade_is_decided() {
    let (project, folder) = with_undecided_migration();
    let output = project.host(&["build"]).with_code(1);
    assert!(output.stderr.contains("error: the downgrade is undecided: undo the upgrade here"), "{}", output.stderr);
    assert!(output.stderr.contains("due to 1 previous error"), "{}", output.stderr);
    decide(&project, &folder);
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

/// host carries the SDK, so another version of host changes the lock files of all migrations. That makes no migration stale that
/// was just built.
#[test]
fn a_lock_file_of_another_sdk_is_updated_by_the_build() {
    let (project, folder) = with_new_migration();
    project.host(&["build"]).success();
    let lock = project.path(&format!("{folder}/Cargo.lock"));
    let of_sdk = |version: &str| format!("name = \"host-guest\"\nversion = \"{version}\"");
    let text = std::fs::read_to_string(&lock).expect("cargo wrote a lock file");
    let now = of_sdk(env!("CARGO_PKG_VERSION"));
    let before = text.replace(&now, &of_sdk("0.0.9"));
    assert_ne!(before, text);
    std::fs::write(&lock, &before).expect("written");
    let output = project.host(&["upgrade", "--build", "head"]).success();
    let note = format!("updated '{folder}/Cargo.lock' for the SDK of this version of host");
    assert!(output.stderr.contains(&note), "{}", output.stderr);
    assert_eq!(std::fs::read_to_string(&lock).expect("the lock file"), text);
    project.host(&["build", "--check"]).success();

    std::fs::write(&lock, &before).expect("written");
    project.host(&["build"]).success();
    project.host(&["build", "--check"]).success();
}

#[test]
fn a_lock_file_that_does_not_fit_is_not_changed() {
    let (project, folder) = with_new_migration();
    project.host(&["build"]).success();
    let lock = project.path(&format!("{folder}/Cargo.lock"));
    let text = std::fs::read_to_string(&lock).expect("cargo wrote a lock file");
    project.write(&format!("{folder}/helper/Cargo.toml"), "[package]\nname = \"helper\"\nversion = \"0.0.0\"\n");
    project.write(&format!("{folder}/helper/src/lib.rs"), "");
    let manifest = std::fs::read_to_string(project.path(&format!("{folder}/Cargo.toml"))).expect("the manifest");
    let manifest = manifest.replace("[dependencies]\n", "[dependencies]\nhelper = { path = \"helper\" }\n");
    project.write(&format!("{folder}/Cargo.toml"), &manifest);
    let output = project.host(&["upgrade", "--build", "head"]).with_code(1);
    assert!(output.stderr.contains(&format!("'{folder}/Cargo.lock' does not fit its Cargo.toml")), "{}", output.stderr);
    assert!(output.stderr.contains(&format!("run `cargo update --workspace` in '{folder}'")), "{}", output.stderr);
    assert_eq!(std::fs::read_to_string(&lock).expect("the lock file"), text);

    // What the hint says helps.
    let mut cargo = std::process::Command::new("cargo");
    cargo.args(["update", "--workspace", "--offline", "--quiet"]).current_dir(project.path(&folder));
    assert!(cargo.status().expect("cargo runs").success());
    assert_ne!(std::fs::read_to_string(&lock).expect("the lock file"), text);
    project.host(&["upgrade", "--build", "head"]).success();
}

#[test]
fn each_migration_is_made_of_its_own_source_whatever_cargo_remembers() {
    let (project, first) = with_new_migration();
    let output = project.host(&["--json", "revision", "--lang", "rust", "-m", "other", "--rev-id", "b2"]).success();
    let second = output.json()["file"].as_str().expect("the folder").to_owned();
    decide(&project, &second);
    let template = std::fs::read_to_string(project.path(&format!("{first}/src/lib.rs"))).expect("the source");
    let source = |table: &str| {
        template.replace(
            "// host_guest::execute(\"CREATE TABLE …\"",
            &format!("host_guest::execute(\"CREATE TABLE {table} ()\""),
        )
    };
    let other = source("number_two");
    assert_ne!(template, other, "the template has something to change");
    project.write(&format!("{first}/src/lib.rs"), &source("number_one"));
    project.write(&format!("{second}/src/lib.rs"), &other);
    // Two packages of one name and version, in files that look older than anything that cargo makes.
    let manifest = std::fs::read_to_string(project.path(&format!("{first}/Cargo.toml"))).expect("the manifest");
    project.write(&format!("{second}/Cargo.toml"), &manifest);
    let make_old = || {
        let touched = std::process::Command::new("find")
            .arg(project.path("migrations"))
            .args(["-exec", "touch", "-d", "2001-01-01", "{}", "+"])
            .status();
        assert!(touched.expect("find runs").success());
    };
    make_old();
    project.host(&["build"]).success();
    let component = |id: &str| std::fs::read(project.path(&format!(".host/build/{id}.wasm"))).expect("a component");
    let has = |id: &str, text: &str| component(id).windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("a1", "number_one") && !has("a1", "number_two"));
    assert!(has("b2", "number_two") && !has("b2", "number_one"));

    // A source that changed without looking younger.
    project.write(&format!("{first}/src/lib.rs"), &other);
    make_old();
    project.host(&["build"]).success();
    assert!(has("a1", "number_two"));
    assert!(guests::target_folder(project.cache(), &project.path(".")).join("host.lock").exists());
}

#[test]
fn a_component_that_was_not_built_here_does_not_run() {
    let project = TestProject::with_guest("savepoints");
    project.host(&["upgrade", "head", "--dry-run"]).success();
    let revision = guests::revision("savepoints");
    let built = project.path(&format!(".host/build/{revision}.wasm"));
    let good = std::fs::read(&built).expect("the component");

    // What another component says about itself costs nothing to copy.
    let said = host::store::read_manifest(&good).expect("a component").expect("metadata");
    let module = guests::module("progress").expect("a module");
    let other =
        wit_component::ComponentEncoder::default().module(&module).expect("a module").encode().expect("encoded");
    let mut forged = other;
    host::store::add_manifest(&mut forged, &said, None).expect("embedded");
    std::fs::write(&built, &forged).expect("written");
    project.host(&["build", "--check"]).with_code(3);
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    project.host_with(("HOST_TRUST_BUILT", "yes"), &["upgrade", "head"]).with_code(2);

    // The right one, on a machine of which host knows nothing, and where its operator vouches for it.
    std::fs::write(&built, &good).expect("written");
    let elsewhere = project.path("elsewhere").to_string_lossy().into_owned();
    let output = project.host_with(("HOST_STATE_DIR", &elsewhere), &["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("was not built here"), "{}", output.stderr);
    let mut command = project.command(&["upgrade", "head"]);
    command.env("HOST_STATE_DIR", &elsewhere).env("HOST_TRUST_BUILT", "1");
    project.run(command).success();
}

#[test]
fn a_compile_error_is_shown_with_the_compilers_words() {
    let (project, folder) = with_new_migration();
    project.write(&format!("{folder}/src/lib.rs"), "fn main() { mistake }");
    let output = project.host(&["build"]).with_code(1);
    assert!(output.stderr.contains("cannot find value `mistake` in this scope"), "{}", output.stderr);
    assert!(output.stderr.contains("revision a1 cannot be built"), "{}", output.stderr);
    assert!(output.stderr.contains(&format!("'{folder}'")), "{}", output.stderr);

    // The first build made one, for another package.
    std::fs::remove_file(project.path(&format!("{folder}/Cargo.lock"))).expect("a lock file");
    project.write(&format!("{folder}/Cargo.toml"), "[package]\nname = \"x\"\n[workspace]\n");
    project.write(&format!("{folder}/src/lib.rs"), "");
    let output = project.host(&["build"]).with_code(1);
    assert!(output.stderr.contains("is not a library of the type cdylib"), "{}", output.stderr);
}

/// The SDK is that of host: what a project carries beside its files has no part in it.
#[test]
fn nothing_is_added_to_the_sdk() {
    let (project, _) = with_new_migration();
    let ran = project.path("ran");
    project.write(".host/sdk/rust/build.rs", &format!("fn main() {{ std::fs::write({ran:?}, \"\").unwrap() }}"));
    project.write(".host/sdk/rust/Cargo.toml", "[package]\nname = \"host-guest\"\nbuild = \"build.rs\"\n");
    project.host(&["build"]).success();
    assert!(!ran.exists());
}
