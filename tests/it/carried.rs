//! What a repository, an archive or a layer of an image can carry into a project, and what it cannot do there.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::fs::Mode;

use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::guests;
use crate::harness::is_root;

/// The commands that read a project, and those that run or build it.
const COMMANDS: [&[&str]; 12] = [
    &["heads"],
    &["history"],
    &["show", "head"],
    &["current"],
    &["log"],
    &["inspect", "a"],
    &["build", "--check"],
    &["upgrade", "head", "--dry-run"],
    &["upgrade", "head", "--sql"],
    &["upgrade", "head"],
    &["local", "status"],
    &["build", "a"],
];

/// All but the last one, which builds.
const NOT_BUILDING: &[&[&str]] = COMMANDS.split_at(11).0;

fn text(id: &str) -> String {
    format!("-- /// migration\n-- revision = \"{id}\"\n-- ///\n-- upgrade\nSELECT 1;\n-- downgrade\nSELECT 1;\n")
}

/// Puts something else in the place of a path.
fn replace(path: &Path, with: impl FnOnce(&Path)) {
    if path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        std::fs::remove_dir_all(path).expect("a folder to remove");
    } else {
        let _ = std::fs::remove_file(path);
    }
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    with(path);
}

fn program(path: &Path, text: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("a program");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// A pipe would hold host for ever, a file of a terabyte take all memory.
#[test]
fn nothing_is_waited_for_and_nothing_held_that_is_no_plain_file_of_usual_size() {
    let kinds: [fn(&Path); 3] = [
        |path| rustix::fs::mkfifoat(rustix::fs::CWD, path, Mode::RUSR | Mode::WUSR).expect("a pipe"),
        |path| std::fs::File::create(path).and_then(|file| file.set_len(1 << 40)).expect("a large file"),
        |path| std::fs::create_dir_all(path.join("inside")).expect("a folder"),
    ];
    for (index, kind) in kinds.into_iter().enumerate() {
        let project = TestProject::new();
        project.write("migrations/a.sql", &text("a"));
        project.host(&["build"]).success();
        for path in [
            ".host/postgres",
            ".host/postgres.lock",
            ".host/build/index.bin",
            ".host/build/a.seal",
            ".host/build/a.wasm",
            "migrations/a.sql",
            "migrations/b/migration.toml",
            "host.toml",
        ] {
            replace(&project.path(path), kind);
            for arguments in COMMANDS {
                let mut command = project.command(arguments);
                let mut limited = std::process::Command::new("/bin/sh");
                limited.args(["-c", "ulimit -d 1500000; exec \"$@\"", "sh"]).arg(command.get_program());
                limited.args(command.get_args()).current_dir(project.path(".")).env_clear();
                limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
                command = limited;
                let output = project.run(command);
                assert!([0, 1, 3].contains(&output.code), "{index} at {path}, {arguments:?}: {}", output.stable());
                let one_error = output.stderr.lines().filter(|line| line.starts_with("error: ")).count();
                assert_eq!(one_error, usize::from(output.code == 1), "{path}, {arguments:?}: {}", output.stable());
            }
            // Nothing above passed it by in silence. (A folder with a name like that is no migration.)
            let is_seen = path.starts_with("migrations") || path == "host.toml";
            if is_seen && (index, path) != (2, "migrations/a.sql") {
                assert_eq!(project.host(&["heads"]).code, 1, "{index} at {path}");
            }
            replace(&project.path(path), |_| ());
            let mut inside = Path::new(path).parent();
            while let Some(folder) = inside.filter(|folder| folder.starts_with("migrations/b")) {
                std::fs::remove_dir(project.path(&folder.to_string_lossy())).expect("a folder to remove");
                inside = folder.parent();
            }
            project.write("host.toml", "");
            project.write("migrations/a.sql", &text("a"));
            project.host(&["build"]).success();
        }
    }
}

/// Six links to their own folder are 6¹⁵ ways around.
#[test]
fn links_that_lead_back_are_no_way_without_an_end() {
    let project = TestProject::new();
    project.write("migrations/b/migration.toml", "revision = \"b\"\n");
    project.write("migrations/b/deep/.keep", "");
    for number in 0..6 {
        symlink(".", project.path(&format!("migrations/b/deep/{number}"))).expect("a link");
    }
    assert_output!(project.host(&["heads"]).with_code(1));
    for arguments in COMMANDS {
        let output = project.host(arguments);
        assert!(arguments == ["local", "status"] || output.code == 1, "{arguments:?}: {}", output.stable());
    }
}

/// What a project tells cargo, and what stands beside it, counts only when it is built.
#[test]
fn only_a_build_starts_a_compiler() {
    let project = TestProject::new();
    project.write("migrations/a/migration.toml", "revision = \"a\"\n");
    project.write("migrations/a/Cargo.toml", "[package]\nname = \"a\"\n");
    project.write("migrations/a/src/lib.rs", "");
    let ran = project.path("ran");
    let touch = format!("touch '{}'; exit 1", ran.display());
    for name in ["cargo", "rustc", "wrapper", "psql", "wasm-ld"] {
        for folder in [".", "migrations/a"] {
            program(&project.path(&format!("{folder}/{name}")), &touch);
        }
    }
    project.write(".cargo/config.toml", "[build]\nrustc-wrapper = \"wrapper\"\n");
    project.write("rust-toolchain.toml", "[toolchain]\npath = \".\"\n");
    project.write("migrations/a/build.rs", "");
    let run = |variables: &[(&str, String)], arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        project.run(command)
    };
    let own = |name: &str| project.path(name).to_string_lossy().into_owned();
    let hostile =
        [("CARGO", own("cargo")), ("RUSTC", own("rustc")), ("RUSTC_WRAPPER", own("wrapper")), ("PATH", ".".to_owned())];
    for arguments in NOT_BUILDING {
        let output = run(&hostile, arguments);
        assert!(!ran.exists(), "{arguments:?}: {}", output.stable());
    }
    // The current folder is none of those in which a compiler is looked for.
    for path in ["rust-toolchain.toml", ".cargo/config.toml"] {
        std::fs::remove_file(project.path(path)).expect("a file to remove");
    }
    for path in [".:/nowhere".to_owned(), "/nowhere:".to_owned(), "migrations/a:/nowhere".to_owned()] {
        let output = run(&[("PATH", path.clone())], &["build"]);
        assert!(!ran.exists(), "{path}: {}", output.stable());
    }
    // The marker would tell.
    run(&hostile, &["build"]).with_code(1);
    assert!(ran.exists());
}

/// Emptying the folder for cargo must not empty another one of the project.
#[test]
fn a_state_folder_that_is_a_link_is_not_emptied() {
    let project = TestProject::new();
    project.write("migrations/a/migration.toml", "revision = \"a\"\n");
    project.write("migrations/a/Cargo.toml", "[package]\nname = \"a\"\n");
    project.write("other/target/mine", "precious");
    symlink("other", project.path(".host")).expect("a link");
    let inside = project.path("cache").to_string_lossy().into_owned();
    let output = project.host_with(("HOST_CACHE_DIR", &inside), &["build"]).with_code(1);
    assert!(output.stderr.contains("'.host' is not a folder"), "{}", output.stable());
    assert!(output.stderr.contains("remove it: host creates it again"), "{}", output.stable());
    assert_eq!(std::fs::read_to_string(project.path("other/target/mine")).expect("a file"), "precious");
}

/// What is shown of a component that has more than anybody reads.
#[test]
fn inspect_shows_no_thousand_names() {
    let project = TestProject::new();
    let imports: String = (0..1_000).map(|number| format!("(import \"a:b/c{number}\" (instance))")).collect();
    let long = "d".repeat(10_000);
    let component = wat::parse_str(format!("(component {imports} (import \"a:b/{long}\" (instance)))")).expect("text");
    std::fs::write(project.path("many.wasm"), component).expect("a file");
    let output = project.host(&["inspect", "many.wasm"]).success();
    assert!(output.stdout.len() < 20_000, "{} bytes", output.stdout.len());
    assert!(
        output.stdout.contains("a:b/c49, and 951 more\n") && output.stdout.contains("call 951 more, which"),
        "{}",
        output.stdout
    );
    let document = project.host(&["--json", "inspect", "many.wasm"]).success().json();
    assert_eq!(document["imports"].as_array().expect("a list").len(), 1_001, "a program gets all");
}

#[test]
fn inspect_waits_for_no_pipe_and_reads_no_device() {
    let project = TestProject::new();
    rustix::fs::mkfifoat(rustix::fs::CWD, project.path("pipe.wasm"), Mode::RUSR).expect("a pipe");
    symlink("/dev/zero", project.path("link.wasm")).expect("a link");
    std::fs::File::create(project.path("large.wasm")).and_then(|file| file.set_len(1 << 40)).expect("a large file");
    for (file, why) in [
        ("pipe.wasm", "cannot read 'pipe.wasm': it is not a file"),
        ("link.wasm", "'link.wasm' is a link that points outside of"),
        ("large.wasm", "'large.wasm' has 1099511627776 bytes, more than 67108864"),
    ] {
        let output = project.host(&["inspect", file]).with_code(1);
        assert!(output.stderr.contains(why), "{}", output.stable());
    }
    project.write("host.toml", "[default.limits]\ncomponent-size = '65MiB'\n");
    let output = project.host(&["inspect", "large.wasm"]).with_code(1);
    assert!(output.stderr.contains(&format!("more than {}\n", 65 << 20)), "{}", output.stable());
}

/// A reader of TOML takes much more memory than the text has bytes.
#[test]
fn settings_and_metadata_have_the_size_of_settings_and_metadata() {
    let lines = "x = 1\n".repeat(200_000);
    let project = TestProject::new();
    project.write("host.toml", &lines);
    assert_output!(project.host(&["heads"]).with_code(1));
    project.write("host.toml", "");
    project.write("migrations/a/migration.toml", &lines);
    assert_output!(project.host(&["heads"]).with_code(1));
    std::fs::remove_dir_all(project.path("migrations/a")).expect("a folder to remove");
    let block = lines.replace("x =", "-- x =");
    project.write("migrations/a.sql", &format!("-- /// migration\n-- revision = \"a\"\n{block}-- ///\n-- upgrade\n"));
    assert_output!(project.host(&["heads"]).with_code(1));
}

/// The folder has another path and other numbers on its way than those of the project.
#[test]
fn a_part_of_the_project_that_is_mounted_elsewhere_is_no_folder_of_the_user() {
    if !is_root("mount a folder in another place") {
        return;
    }
    let project = TestProject::new();
    project.sql("a", None, "SELECT 1", "SELECT 1");
    project.write(".cache/here", "");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let elsewhere = elsewhere.path().to_str().expect("UTF-8");
    for variable in ["HOST_STATE_DIR", "HOST_CACHE_DIR"] {
        for path in [elsewhere.to_owned(), format!("{elsewhere}/new/folder")] {
            let host = project.command(if variable == "HOST_STATE_DIR" { &["heads"] } else { &["cache", "info"] });
            let mut mounted = std::process::Command::new("unshare");
            mounted.args([
                "--mount",
                "sh",
                "-c",
                "mount --bind .cache \"$0\" && test -e \"$0/here\" && exec \"$@\"",
                elsewhere,
            ]);
            mounted.arg(host.get_program()).args(host.get_args()).current_dir(project.path(".")).env_clear();
            mounted.envs(host.get_envs().filter_map(|(name, value)| Some((name, value?)))).env(variable, &path);
            let output = project.run(mounted).success();
            let told =
                format!("the folder {path} (from {variable}) is not trusted: it is mounted from the project's folder");
            assert!(output.stderr.contains(&told) || output.stdout.contains(&told), "{}", output.stable());
        }
    }
    assert_eq!(std::fs::read_dir(project.path(".cache")).expect("a folder").count(), 1, "nothing is made there");
}

/// In a folder into which everybody may write, as `/tmp` is, anybody could choose the database of those who work below it.
#[test]
fn settings_of_a_stranger_above_are_not_taken() {
    if !is_root("give a file to another user") {
        return;
    }
    let chown = |path: &Path, user| std::os::unix::fs::lchown(path, Some(user), None).expect("an owner");
    let project = TestProject::new();
    project.write("work/here", "");
    let in_work = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.current_dir(project.path("work"));
        project.run(command)
    };
    in_work(&["heads"]).success();
    for (path, is_link) in [("host.toml", false), ("host.toml", true), (".", false)] {
        if is_link {
            project.write("_own.toml", "");
            replace(&project.path(path), |path| symlink("_own.toml", path).expect("a link"));
        }
        chown(&project.path(path), 12_345);
        let output = in_work(&["heads"]).with_code(1);
        assert!(
            output.stderr.contains("belongs to another user, who could choose the database"),
            "{}",
            output.stable()
        );
        // Somebody means it, works in it, or shares it with its owner.
        in_work(&["--dir", "..", "heads"]).success();
        project.host(&["heads"]).success();
        chown(&project.path("work"), 12_345);
        in_work(&["heads"]).success();
        chown(&project.path("work"), 0);
        chown(&project.path(path), 0);
    }
    in_work(&["heads"]).success();
}

/// What was checked is what runs: from memory, and where a plan is too large for that, only if it has the same digest.
#[test]
fn a_component_that_is_exchanged_during_a_run_does_not_run() {
    // More than host keeps of a plan.
    let large = |number| {
        let mut component = host::toolchain::encode("migration-guest", &guests::idle(number)).expect("a component");
        let padding = wasm_encoder::CustomSection { name: "padding".into(), data: vec![0; 33 << 20].into() };
        wasm_encoder::ComponentSection::append_to_component(&padding, &mut component);
        component
    };
    let project = TestProject::new();
    let other = TestProject::new();
    for (project, name, number) in [(&project, "good", 1), (&other, "evil", 2)] {
        project.sql("a", None, "SELECT pg_sleep(2)", "SELECT 1");
        project.sql("b", Some("a"), &format!("CREATE TABLE {name} ()"), "SELECT 1");
        project.prebuilt("c", Some("b"), large(number));
        project.host(&["build"]).success();
    }
    let running = project.start(&["upgrade", "head"]);
    project.database.wait_for_the_long_statement();
    let sql = |project: &TestProject| {
        let files =
            std::fs::read_dir(project.path("migrations")).expect("a folder").map(|entry| entry.expect("an entry"));
        files.map(|entry| entry.path()).find(|path| path.to_string_lossy().ends_with("b.sql")).expect("the source")
    };
    std::fs::copy(sql(&other), sql(&project)).expect("a copy");
    for path in [".host/build/b.wasm", "migrations/c.wasm"] {
        std::fs::copy(other.path(path), project.path(path)).expect("a copy");
    }
    let output = running.wait().with_code(1);
    assert!(output.stderr.contains("'migrations/c.wasm' was changed while it was read"), "{}", output.stable());
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "b");
    assert_eq!(project.database.query("SELECT to_regclass('good') IS NOT NULL, to_regclass('evil') IS NULL"), "t|t");
}
