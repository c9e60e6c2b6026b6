#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "tests make folders of their own")]

use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::*;

const SQL: &str =
    "-- /// migration\r\n-- revision = 'one'\r\n-- ///\r\n-- upgrade\r\nSELECT 'ä';\r\n-- downgrade\r\nSELECT 2;\r\n";

struct Project {
    parent: Dir,
    folder: Dir,
    store: Store,
    path: PathBuf,
}

impl Project {
    /// Unlike the temporary folders of cap-tempfile, one whose path is known: compilers need it.
    fn new(files: &[(&str, &[u8])]) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("host-toolchain-{}-{number}", std::process::id());
        let path = std::env::temp_dir().canonicalize().unwrap().join(name);
        let parent = Dir::open_ambient_dir(path.parent().unwrap(), ambient_authority()).unwrap();
        parent.create_dir(path.file_name().unwrap()).unwrap();
        let folder = parent.open_dir(path.file_name().unwrap()).unwrap();
        folder.create_dir("migrations").unwrap();
        for (path, content) in files {
            folder.create_dir_all(Path::new(path).parent().unwrap()).unwrap();
            folder.write(path, content).unwrap();
        }
        let store = Store::open(folder.try_clone().unwrap(), "migrations");
        Self { parent, folder, store, path }
    }

    fn build(&self, force: bool, environment: &ProcessEnvironment) -> (Vec<String>, Result<Summary, BuildError>) {
        let mut events = Vec::new();
        let migrations = self.store.scan().unwrap();
        let options = BuildOptions {
            project: &self.path,
            target: None,
            environment,
            force,
            worker: None,
            limits: Limits::default(),
            time_limits: TimeLimits::default(),
            runtimes: &BTreeMap::new(),
            python: None,
            javascript: None,
            check_source: None,
        };
        let result = build(&self.store, &migrations, options, &mut |event| {
            let (what, migration) = match event {
                BuildEvent::Fresh { migration } => ("fresh", migration),
                BuildEvent::Started { migration } => ("started", migration),
                BuildEvent::Compiling { .. } => return,
                BuildEvent::Built { migration, .. } => ("built", migration),
                BuildEvent::Warning { migration, .. } => ("warning", migration),
                BuildEvent::Failed { migration, .. } => ("failed", migration),
            };
            events.push(format!("{what} {}", migration.metadata.revision));
        });
        (events, result)
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = self.parent.remove_dir_all(self.path.file_name().unwrap_or_default());
    }
}

/// A component that exports what a migration exports, in name only.
fn migration_component() -> Vec<u8> {
    let text = r#"(component (instance $i) (export "host:migration/migration@0.1.0" (instance $i)))"#;
    wat::parse_str(text).unwrap()
}

#[test]
fn sql_becomes_a_component_with_its_source() {
    let project = Project::new(&[("migrations/1.sql", SQL.as_bytes())]);
    let (events, result) = project.build(false, &ProcessEnvironment::default());
    assert_eq!(events, ["started one", "built one"]);
    assert_eq!(result.unwrap(), Summary { built: 1, fresh: 0 });

    let migration = project.store.scan().unwrap().remove(0);
    let component = project.store.component(&migration).unwrap();
    wasmparser::Validator::new().validate_all(&component.bytes).unwrap();
    let source = component.source().unwrap();
    assert_eq!(source, SQL.replace("\r\n", "\n"));
    let sections = component.manifest.sections.unwrap();
    assert_eq!(source[sections.upgrade()].trim(), "SELECT 'ä';");
    assert_eq!(source[sections.downgrade().unwrap()].trim(), "SELECT 2;");
    assert_eq!(component.manifest.runtime.as_deref(), Some("sql"));

    // Line breaks and a second build make no difference.
    project.folder.write("migrations/1.sql", SQL.replace("\r\n", "\n")).unwrap();
    assert_eq!(project.build(false, &ProcessEnvironment::default()).0, ["fresh one"]);
    project.build(true, &ProcessEnvironment::default()).1.unwrap();
    assert_eq!(project.store.component(&migration).unwrap(), component);
}

#[test]
fn only_what_changed_is_built_and_all_failures_are_told() {
    let broken = SQL.replace("-- upgrade", "-- first");
    let project = Project::new(&[
        ("migrations/1.sql", SQL.as_bytes()),
        ("migrations/2.sql", broken.replace("one", "two").as_bytes()),
        ("migrations/3/migration.toml", b"revision = 'three'"),
        ("migrations/3/m.wasm", &wat::parse_str("(component)").unwrap()),
        ("migrations/4.sql", SQL.replace("one", "four").as_bytes()),
        ("migrations/5/migration.toml", b"revision = 'five'"),
        ("migrations/5/m.wasm", b"rubbish"),
    ]);
    let outdated = |project: &Project| -> Vec<String> {
        let migrations = project.store.scan().unwrap();
        let outdated = outdated(&project.store, &migrations, None).unwrap();
        outdated.iter().map(|migration| migration.metadata.revision.to_string()).collect()
    };
    assert_eq!(outdated(&project), ["one", "two", "three", "four", "five"]);
    let (events, result) = project.build(false, &ProcessEnvironment::default());
    assert_eq!(
        events,
        [
            "started one",
            "built one",
            "started two",
            "failed two",
            "started three",
            "failed three",
            "started four",
            "built four",
            "started five",
            "failed five",
        ]
    );
    let error = result.unwrap_err();
    assert_eq!(error.to_string(), "cannot build migrations/2.sql, migrations/3, migrations/5");
    assert_eq!(error.summary, Summary { built: 2, fresh: 0 });
    let failures: Vec<_> = error.failures.iter().map(|failure| failure.error.to_string()).collect();
    assert_eq!(
        failures,
        [
            "cannot split 'migrations/2.sql' into upgrade and downgrade",
            "'migrations/3/m.wasm' does not export the interface 'host:migration/migration'",
            "'migrations/5/m.wasm' is not a component with a migration",
        ]
    );
    assert_eq!(outdated(&project), ["two", "three", "five"]);
    assert_eq!(project.build(false, &ProcessEnvironment::default()).0[0], "fresh one");
}

#[test]
fn metadata_that_no_reader_would_take_is_not_built() {
    // As much as metadata may be, of quotes, each of which takes two bytes in a component.
    let names = format!("['{}']", vec!["\"".repeat(257); 1000].join("','"));
    let lines = [
        format!("depends-on = {names}"),
        format!("branch-labels = {names}"),
        format!("message = '{}'", "\"".repeat(16 << 10)),
    ];
    let block = lines.iter().map(|line| format!("-- {line}\r\n")).collect::<String>();
    let source = SQL.replace("-- ///\r\n-- upgrade", &format!("{block}-- ///\r\n-- upgrade"));
    let folder = format!("revision = 'two'\n{}", lines.join("\n"));
    let project = Project::new(&[
        ("migrations/1.sql", source.as_bytes()),
        ("migrations/2/migration.toml", folder.as_bytes()),
        ("migrations/2/m.wasm", &migration_component()),
    ]);
    let failures = project.build(false, &ProcessEnvironment::default()).1.unwrap_err().failures;
    for (failure, file) in failures.iter().zip(["migrations/1.sql", "migrations/2"]) {
        let said = failure.error.to_string();
        assert!(said.starts_with(&format!("the metadata of '{file}' takes 106")), "{said}");
        assert!(said.ends_with(" bytes in its component, more than 1048576"), "{said}");
        assert_eq!(failure.error.hint().unwrap(), "shorten revises, depends-on or branch-labels");
    }
    assert_eq!(failures.len(), 2);
}

#[test]
fn a_prebuilt_component_gets_the_metadata_of_its_folder() {
    let project = Project::new(&[
        ("migrations/1/migration.toml", b"revision = 'one'\nmessage = 'x'"),
        ("migrations/1/m.wasm", &migration_component()),
    ]);
    project.build(false, &ProcessEnvironment::default()).1.unwrap();
    let migration = project.store.scan().unwrap().remove(0);
    let component = project.store.component(&migration).unwrap();
    assert_eq!(component.manifest.metadata.message, "x");
    assert_eq!(component.manifest.language, Language::Wasm);
    assert!(component.bytes.starts_with(&migration_component()));

    // What was built can stand for itself, and is then used where it is.
    project.folder.remove_dir_all("migrations/1").unwrap();
    project.folder.rename(".host/build/one.wasm", &project.folder, "migrations/1.wasm").unwrap();
    assert_eq!(project.build(false, &ProcessEnvironment::default()).0, ["fresh one"]);
    let migration = project.store.scan().unwrap().remove(0);
    assert_eq!(project.store.component(&migration).unwrap().digest, component.digest);
    // Put into a folder, it gets other metadata in the place of the old.
    project.folder.create_dir("migrations/2").unwrap();
    project.folder.rename("migrations/1.wasm", &project.folder, "migrations/2/m.wasm").unwrap();
    project.folder.write("migrations/2/migration.toml", "revision = 'two'").unwrap();
    project.build(false, &ProcessEnvironment::default()).1.unwrap();
    let migration = project.store.scan().unwrap().remove(0);
    assert_eq!(project.store.component(&migration).unwrap().manifest.metadata.revision.as_str(), "two");
}

#[test]
fn a_core_module_that_is_no_migration_is_refused() {
    let project = Project::new(&[
        ("migrations/1/migration.toml", b"revision = 'one'"),
        ("migrations/1/m.wasm", &wat::parse_str(r#"(module (import "a" "b" (func)))"#).unwrap()),
        ("migrations/2/migration.toml", b"revision = 'two'"),
        ("migrations/2/m.wasm", &wat::parse_str("(module)").unwrap()),
    ]);
    let failures = project.build(false, &ProcessEnvironment::default()).1.unwrap_err().failures;
    assert_eq!(failures[0].error.to_string(), "'migrations/1/m.wasm' imports a.b, which this host does not provide");
    assert_eq!(
        failures[1].error.to_string(),
        "'migrations/2/m.wasm' does not export the interface 'host:migration/migration'"
    );
}

/// Packages without npm: what is bundled is given.
#[test]
fn packages_go_into_the_component_and_other_ones_make_it_outdated() {
    let source = "// /// migration\n// revision = 'one'\n// ///\nimport { a } from 'a/x.js';\nimport 'b';\n";
    let mut project = Project::new(&[("migrations/1.js", source.as_bytes())]);
    // The store of a user without a key, who trusts what was built.
    let trust = crate::store::BuildTrust { key: None, any: true };
    project.store = Store::open(project.folder.try_clone().unwrap(), "migrations").with_trust(trust);
    let (environment, digest) = (ProcessEnvironment::default(), Digest::of(b"runtime"));
    let runtimes = BTreeMap::from([("javascript".to_owned(), vec![digest])]);
    let listed = |text: &str| JavaScriptPackages::new(&[text.to_owned()]).unwrap().unwrap();
    let bundle = |imports: &[PackageImport]| {
        let specifiers: Vec<&str> = imports.iter().map(|import| import.specifier.as_str()).collect();
        assert_eq!(specifiers, ["a/x.js"], "'b' is not listed");
        Ok(Bundle { modules: "\0packages 0\n".to_owned(), packages: vec!["a@1.0.0".to_owned()] })
    };
    let build_with = |packages: &JavaScriptPackages, check: CheckSource<'_>| {
        let javascript = Some(PackageBundler { packages, bundle: &bundle });
        let options =
            BuildOptions { javascript, check_source: Some(check), ..options(&project, &environment, &runtimes) };
        build(&project.store, &project.store.scan().unwrap(), options, &mut |_| {})
    };
    // A runtime that takes no packages.
    let old = |script: ScriptSource<'_>| match script.text.starts_with('\0') {
        true => Err(SourceProblem::Mistake("SyntaxError".to_owned())),
        false => Ok(()),
    };
    let error = build_with(&listed("a@1.0.0"), CheckSource(&old)).unwrap_err();
    let error = &error.failures[0].error;
    assert!(error.to_string().contains("knows no packages"), "{error}");
    assert!(error.hint().unwrap().contains("`scripts/runtimes javascript`"), "{error}");
    // One that finds a mistake.
    let strict = |script: ScriptSource<'_>| match script.text.contains("'b'") {
        true => Err(SourceProblem::Mistake("no 'b'".to_owned())),
        false => Ok(()),
    };
    let error = build_with(&listed("a@1.0.0"), CheckSource(&strict)).unwrap_err();
    assert_eq!(error.failures[0].error.to_string(), "'migrations/1.js' cannot run:\nno 'b'");

    let fine = |script: ScriptSource<'_>| {
        assert_eq!(script.text, format!("\0packages 0\n{source}"));
        Ok(())
    };
    let built = |packages: &JavaScriptPackages| build_with(packages, CheckSource(&fine)).unwrap().built;
    assert_eq!(built(&listed("a@1.0.0")), 1);
    let migration = project.store.scan().unwrap().remove(0);
    let component = project.store.component(&migration).unwrap();
    assert_eq!((component.source(), component.packages()), (Some(source), Some("\0packages 0\n")));
    assert_eq!(component.manifest.packages, ["a@1.0.0"]);
    assert_eq!(built(&listed("a@1.0.0")), 0, "it is up to date");
    let migrations = [migration];
    for (packages, count) in [(Some(listed("a@1.0.0")), 0), (Some(listed("a@2.0.0")), 1), (None, 1)] {
        assert_eq!(outdated(&project.store, &migrations, packages.as_ref()).unwrap().len(), count);
    }
    assert_eq!(built(&listed("a@2.0.0")), 1);
}

/// How to build this project with these variables and nothing else.
fn options<'a>(
    project: &'a Project,
    environment: &'a ProcessEnvironment,
    runtimes: &'a BTreeMap<String, Vec<Digest>>,
) -> BuildOptions<'a> {
    BuildOptions {
        project: &project.path,
        target: None,
        environment,
        force: false,
        worker: None,
        limits: Limits::default(),
        time_limits: TimeLimits::default(),
        runtimes,
        python: None,
        javascript: None,
        check_source: None,
    }
}

#[test]
fn without_a_rust_toolchain_the_error_says_what_to_install() {
    let project =
        Project::new(&[("migrations/1/migration.toml", b"revision = 'one'"), ("migrations/1/Cargo.toml", b"")]);
    let nowhere = [("CARGO", "/nowhere/cargo"), ("RUSTC", "/nowhere/rustc")];
    let environment = ProcessEnvironment::new(nowhere.map(|(name, value)| (name.into(), value.into())));
    let runtimes = BTreeMap::new();
    let target = LockedTarget::open(&project.store, &project.path, None).unwrap();
    let error =
        Cargo::find_with("/nowhere/bin", Rc::new(target), options(&project, &environment, &runtimes)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no Rust toolchain can build for wasm32-unknown-unknown: /nowhere/rustc says \"not found\"; \
         /nowhere/bin/rustc says \"not found\""
    );
    assert!(error.hint().unwrap().contains("`rustup target add wasm32-unknown-unknown`"));
}

#[test]
fn without_go_the_error_says_what_to_install() {
    let project = Project::new(&[]);
    let (environment, runtimes) = (ProcessEnvironment::default(), BTreeMap::new());
    let target = LockedTarget::open(&project.store, &project.path, None).unwrap();
    let options = options(&project, &environment, &runtimes);
    let error = Go::find_among(&["/nowhere/go"], options, &target, &project.path).unwrap_err();
    assert_eq!(error.to_string(), "no Go toolchain can build for WebAssembly: /nowhere/go says \"not found\"");
    assert!(error.hint().unwrap().starts_with("install Go 1.24 or later"));
}
