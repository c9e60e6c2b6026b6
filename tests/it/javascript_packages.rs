//! `[javascript] dependencies`: packages of npm in the components of the migrations that import them.

use std::process::Command;

use crate::harness::Output;
use crate::harness::TestProject;

/// A project that lists dependencies.
fn project(dependencies: &str) -> TestProject {
    let project = TestProject::with_runtime("javascript");
    list(&project, dependencies);
    project
}

/// Lists other dependencies.
fn list(project: &TestProject, dependencies: &str) {
    let toml = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    let rest = toml.split_once("\n\n").filter(|(first, _)| first.starts_with("[javascript]")).map(|(_, rest)| rest);
    let rest = rest.unwrap_or(&toml);
    project.write("host.toml", &format!("[javascript]\ndependencies = {dependencies}\n\n{rest}"));
}

/// Writes a migration with an upgrade.
fn migration(project: &TestProject, extension: &str, imports: &str, upgrade: &str) {
    project.write(
        &format!("migrations/a.{extension}"),
        &format!(
            "// /// migration\n// revision = \"a\"\n// ///\nimport {{ execute }} from \"host\";\n{imports}\n\n\
             export function upgrade() {{\n{upgrade}\n}}\n\nexport function downgrade() {{\n  execute(\"DROP TABLE made\");\n}}\n"
        ),
    );
}

/// A command with what this machine's npm has to know: a mirror, certificates.
fn with_npm(project: &TestProject, arguments: &[&str]) -> Command {
    let mut command = project.command(arguments);
    let is_known = |name: &str| name.to_lowercase().starts_with("npm_config_") || name == "NODE_EXTRA_CA_CERTS";
    command.envs(std::env::vars_os().filter(|(name, _)| is_known(&name.to_string_lossy())));
    command
}

fn build(project: &TestProject) -> Output {
    project.run(with_npm(project, &["build"]))
}

const MADE: &str = "  execute(\"CREATE TABLE made AS SELECT $1::text AS value\", [slugify(\"Crème Brûlée!\")]);";

#[test]
fn packages_are_a_part_of_the_component() {
    for (extension, annotation) in [("js", ""), ("ts", " as string")] {
        let project = project("[\"slugify@1.6.6\"]");
        let made = MADE.replace("[slugify(\"Crème Brûlée!\")]", &format!("[slugify(\"Crème Brûlée!\"){annotation}]"));
        migration(&project, extension, "import slugify from \"slugify\";", &made);
        build(&project).success();
        project.host(&["build", "--check"]).success();
        let inspected = project.host(&["inspect", "a"]).success().stdout;
        assert!(inspected.contains("packages:  slugify@1.6.6\n"), "{inspected}");
        project.host(&["upgrade", "head"]).success();
        assert_eq!(project.database.query("SELECT value FROM made"), "Creme-Brulee!");
        assert_eq!(project.database.query("SELECT count(*) FROM host_log"), "1");
        // It is there now, so nothing has to be fetched, and nothing is built anew.
        let mut command = project.command(&["build", "--force"]);
        command.env("PATH", project.path("nothing"));
        let output = project.run(command).success();
        assert!(!output.stderr.contains("Fetching"), "{}", output.stable());
        assert!(project.host(&["build"]).success().stderr.contains("0 migrations built"), "it is up to date");

        // Another version is another component, of the same migration.
        list(&project, "[\"slugify@1.6.5\"]");
        let output = project.host(&["build", "--check"]).with_code(3);
        assert!(output.stdout.contains("is not built, or out of date"), "{}", output.stable());
        let output = build(&project).success();
        assert!(output.stderr.contains("Building migrations/a."), "{}", output.stable());
        let output = project.host(&["validate"]).success();
        assert!(!output.stdout.contains("changed"), "{}", output.stable());
        // Without the package it cannot be built.
        list(&project, "[]");
        let output = build(&project).with_code(1);
        assert!(output.stderr.contains("list it in [javascript] dependencies of host.toml"), "{}", output.stable());
        assert!(output.stderr.contains(&format!("at migrations/a.{extension}:5:21")), "{}", output.stable());
    }
}

/// What the registry has are modules of both kinds, with files of their own, which share what they have in common.
#[test]
fn modules_of_all_kinds_are_bundled() {
    let project = project("[\"dayjs@1.11.13\", \"yaml@2.8.1\", \"lodash@4.17.21\", \"events@3.3.0\"]");
    migration(
        &project,
        "js",
        "import dayjs from \"dayjs\";\nimport utc from \"dayjs/plugin/utc.js\";\nimport { parse } from \"yaml\";\n\
         import { capitalize } from \"lodash\";\nimport EventEmitter from \"events\";\nimport * as all from \"lodash/fp/identity.js\";",
        "  dayjs.extend(utc);\n  const day = dayjs.utc(\"2026-02-28\").add(1, \"day\").format(\"DD.MM.YYYY\");\n  \
           const { dish } = parse(\"dish: soup\");\n  let value;\n  const events = new EventEmitter();\n  \
           events.on(\"made\", (made) => (value = made));\n  events.emit(\"made\", `${day} ${capitalize(dish)} ${all.default(7)}`);\n  \
           execute(\"CREATE TABLE made AS SELECT $1::text AS value\", [value]);",
    );
    build(&project).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT value FROM made"), "01.03.2026 Soup 7");
}

/// An error in a package is told with the line of the migration that called it, which is still its line.
#[test]
fn a_failure_in_a_package_has_the_line_of_the_migration() {
    let project = project("[\"slugify@1.6.6\"]");
    migration(&project, "js", "import slugify from \"slugify\";", "  slugify(5);");
    build(&project).success();
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("Error: slugify: string argument expected"), "{}", output.stable());
    assert!(output.stderr.contains("at upgrade (migrations/a.js:8:3)"), "{}", output.stable());
    assert!(output.stderr.contains("8 |   slugify(5);"), "{}", output.stable());
}

/// Of what Node and browsers have besides modules nothing is known before a package asks for it.
#[test]
fn a_global_that_a_package_misses_is_told_with_its_file() {
    let project = project("[\"pg-format@1.0.4\"]");
    migration(&project, "js", "import format from \"pg-format\";", "  execute(format(\"SELECT %L\", 1));");
    build(&project).success();
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("ReferenceError: __dirname is not defined"), "{}", output.stable());
    assert!(output.stderr.contains("in the package file pg-format/lib/index.js"), "{}", output.stable());
}

#[test]
fn what_cannot_be_listed_is_said() {
    for (dependencies, words) in [
        ("[\"slugify\"]", "'slugify' in [javascript] dependencies is not a package with one version"),
        ("[\"slugify@latest\"]", "'slugify@latest' in [javascript] dependencies is not"),
        ("[\"slugify@https://example.org/x.tgz\"]", "is not a package with one version"),
        ("[\"../slugify@1.6.6\"]", "is not a package with one version"),
        ("[\"slugify@1.6.6\", \"slugify@1.6.5\"]", "lists the package 'slugify' twice"),
    ] {
        let project = project(dependencies);
        let output = build(&project).with_code(1);
        assert!(output.stderr.contains(words), "{dependencies}: {}", output.stable());
        assert!(output.stderr.contains("hint: "), "{dependencies}: {}", output.stable());
    }
}

#[test]
fn what_cannot_be_bundled_is_said() {
    for (dependency, import, words) in [
        ("slugify@99.0.0", "import slugify from \"slugify\";", "npm finds no package 'slugify@99.0.0'"),
        ("graceful-fs@4.2.11", "import \"graceful-fs\";", "the package 'graceful-fs' needs 'fs', a module of Node"),
        ("slugify@1.6.6", "import \"slugify/none.js\";", "there is no module 'slugify/none.js' in its package"),
        ("yaml@2.8.1", "import { nothing } from \"yaml\";", "the package does not export 'nothing'"),
        ("fsevents@2.3.3", "import \"fsevents\";", "the package 'fsevents@2.3.3' is made for another kind of machine"),
    ] {
        let project = project(&format!("[\"{dependency}\"]"));
        migration(&project, "js", import, "");
        let output = build(&project).with_code(1);
        assert!(output.stderr.contains("'migrations/a.js' cannot have its packages"), "{}", output.stable());
        assert!(output.stderr.contains(words), "{dependency}: {}", output.stable());
    }
}

#[test]
fn npm_has_to_be_there_and_reach_the_registry() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = project("[\"slugify@1.6.6\"]");
    migration(&project, "js", "import slugify from \"slugify\";", MADE);
    let with = |path: &str, registry: &str| {
        let mut command = with_npm(&project, &["build"]);
        // What is there from other tests would do.
        command.env("HOST_CACHE_DIR", project.cache()).env("PATH", path).env("npm_config_registry", registry);
        project.run(command).with_code(1)
    };
    // The runtime lies in that cache, too.
    let runtime = crate::harness::runtimes::file("javascript");
    let mut add = project.command(&["runtime", "add", "javascript", runtime.to_str().expect("UTF-8")]);
    add.env("HOST_CACHE_DIR", project.cache());
    project.run(add).success();

    let path = std::env::var("PATH").expect("PATH");
    let none = project.path("nothing");
    let output = with(none.to_str().expect("UTF-8"), "");
    assert!(
        output.stderr.contains("packages are fetched by npm 9 or later, which is not there"),
        "{}",
        output.stable()
    );
    assert!(output.stderr.contains("install Node 18 or later with npm"), "{}", output.stable());
    let folder = tempfile::tempdir().expect("a folder");
    let old = folder.path().join("npm");
    std::fs::write(&old, "#!/bin/sh\necho 6.14.18\n").expect("a script");
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o755)).expect("permissions");
    let output = with(&format!("{}:{path}", folder.path().display()), "");
    assert!(output.stderr.contains("this one is npm 6.14.18"), "{}", output.stable());
    let output = with(&path, "http://127.0.0.1:1/");
    assert!(output.stderr.contains("npm cannot reach the registry"), "{}", output.stable());
    assert!(output.stderr.contains("a mirror is named in your own .npmrc"), "{}", output.stable());
}

/// Two builds fetch once and both have it.
#[test]
fn two_builds_at_once_do_not_disturb_each_other() {
    let project = project("[\"slugify@1.6.6\", \"he@1.2.0\"]");
    migration(&project, "js", "import slugify from \"slugify\";", MADE);
    let other = self::project("[\"slugify@1.6.6\", \"he@1.2.0\"]");
    migration(&other, "js", "import slugify from \"slugify\";", MADE);
    let cache = tempfile::tempdir().expect("a folder");
    let runtime = crate::harness::runtimes::file("javascript");
    let command = |project: &TestProject, arguments: &[&str]| {
        let mut command = with_npm(project, arguments);
        command.env("HOST_CACHE_DIR", cache.path());
        command
    };
    project.run(command(&project, &["runtime", "add", "javascript", runtime.to_str().expect("UTF-8")])).success();
    std::thread::scope(|scope| {
        let builds = [&project, &other].map(|project| scope.spawn(|| project.run(command(project, &["build"]))));
        let outputs = builds.map(|build| build.join().expect("a build").success());
        let fetched = outputs.iter().filter(|output| output.stderr.contains("Fetching")).count();
        assert_eq!(fetched, 1, "{}\n{}", outputs[0].stable(), outputs[1].stable());
    });
    for project in [&project, &other] {
        project.run(command(project, &["upgrade", "head"])).success();
        assert_eq!(project.database.query("SELECT value FROM made"), "Creme-Brulee!");
    }
}

/// npm and esbuild work where no file of the project is, so none of these is read.
#[test]
fn files_of_the_project_are_not_read() {
    let project = project("[\"slugify@1.6.6\"]");
    migration(&project, "js", "import slugify from \"slugify\";", MADE);
    let evil = "module.exports = () => \"from the project\";\n";
    for folder in ["", "migrations/"] {
        project.write(
            &format!("{folder}.npmrc"),
            "registry=http://127.0.0.1:1/\nignore-scripts=false\nscript-shell=./evil\ngit=./evil\ncache=./npm-cache\n",
        );
        project.write(
            &format!("{folder}package.json"),
            "{\"name\": \"evil\", \"scripts\": {\"preinstall\": \"touch evil-ran\"}, \"workspaces\": [\".host/*\"], \
             \"dependencies\": {\"slugify\": \"file:./evil\"}, \"browser\": {\"slugify\": \"./evil.js\"}}",
        );
        project.write(&format!("{folder}package-lock.json"), "{\"lockfileVersion\": 3, \"packages\": {}}");
        project.write(
            &format!("{folder}tsconfig.json"),
            "{\"compilerOptions\": {\"paths\": {\"slugify\": [\"./evil.js\"]}}}",
        );
        project.write(&format!("{folder}evil.js.txt"), evil);
        project.write(
            &format!("{folder}node_modules/slugify/package.json"),
            "{\"name\": \"slugify\", \"main\": \"x.js\"}",
        );
        project.write(&format!("{folder}node_modules/slugify/x.js"), evil);
        project.write(&format!("{folder}node_modules/.bin/npm"), "#!/bin/sh\ntouch evil-ran\necho 11.0.0\n");
    }
    // The work folder is not there yet, so everything is fetched.
    let cache = tempfile::tempdir().expect("a folder");
    let runtime = crate::harness::runtimes::file("javascript");
    for arguments in
        [&["runtime", "add", "javascript", runtime.to_str().expect("UTF-8")][..], &["build"], &["upgrade", "head"]]
    {
        let mut command = with_npm(&project, arguments);
        command.env("HOST_CACHE_DIR", cache.path());
        project.run(command).success();
    }
    assert_eq!(project.database.query("SELECT value FROM made"), "Creme-Brulee!");
    for path in ["evil-ran", "npm-cache", "migrations/evil-ran", "migrations/npm-cache"] {
        assert!(!project.path(path).exists(), "{path}");
    }
}

/// A component in the build folder may have come with the project: its packages count only with the seal of this user.
#[test]
fn packages_that_somebody_else_bundled_do_not_run() {
    let project = project("[\"slugify@1.6.6\"]");
    migration(&project, "js", "import slugify from \"slugify\";", MADE);
    build(&project).success();
    let path = project.path(".host/build/a.wasm");
    let component = std::fs::read(&path).expect("a component");
    let name = b"string argument expected";
    let at = component.windows(name.len()).position(|window| window == name).expect("the package's text");
    let mut changed = component;
    changed[at] = b'S';
    std::fs::write(&path, changed).expect("a component");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("migrations/a.js"), "{}", output.stable());
    assert_eq!(project.database.query("SELECT to_regclass('made') IS NULL"), "t");
}

#[test]
fn the_doctor_looks_for_npm_where_packages_are_listed() {
    let project = project("[\"slugify@1.6.6\"]");
    let output = project.host(&["--json", "doctor"]);
    let findings = output.json()["findings"].as_array().expect("a list").clone();
    let npm = findings.iter().find(|finding| finding["name"] == "npm").expect("npm");
    assert_eq!((&npm["ready"], &npm["needed"]), (&true.into(), &true.into()), "{npm}");
    let mut command = project.command(&["doctor"]);
    command.env("PATH", project.path("nothing"));
    let output = project.run(command).with_code(3);
    assert!(output.stdout.contains("npm          missing"), "{}", output.stable());
    list(&project, "[]");
    assert!(!project.host(&["doctor"]).stdout.contains("npm "), "nothing is listed");
}
