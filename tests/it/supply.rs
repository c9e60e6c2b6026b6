//! What the host is made of: licences, sources, and how much of it there is. `deny.toml` says the same for `cargo deny`, which
//! looks closer and knows advisories.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// Licences under which a dependency may come, each on its own. All of them allow use in a closed product and ask for a
/// notice at most.
const LICENCES: &[&str] = &[
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// More packages than this are a reason to look at what brought them. The parser of Python, of ruff, brought 26.
const PACKAGES_MAX: usize = 400;

/// The platform of a deploy image: what other platforms need besides is not shipped.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--filter-platform", PLATFORM, "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages").clone();
    assert!(packages.len() > 100, "{} packages were found", packages.len());
    packages
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    for package in packages() {
        let licence = package["license"].as_str().unwrap_or_default();
        // `A AND B` needs both, `A OR B` (or `A/B`, as it was written once) one of them.
        let allowed = licence.split(" AND ").all(|part| {
            let part = part.trim_matches(['(', ')']).replace('/', " OR ");
            part.split(" OR ").any(|name| LICENCES.contains(&name.trim()))
        });
        assert!(allowed, "{} has the licence '{licence}'", package["name"]);
    }
}

#[test]
fn every_dependency_comes_from_the_registry() {
    for package in packages() {
        let source = package["source"].as_str();
        let own = source.is_none() && ["host", "host-schema"].iter().any(|own| package["name"] == *own);
        assert!(own || source.is_some_and(|source| source.starts_with("registry+")), "{}: {source:?}", package["name"]);
    }
}

#[test]
fn the_tree_stays_small() {
    let count = packages().len();
    assert!(count <= PACKAGES_MAX, "{count} packages");
}

/// The names of what a build of the library with these features compiles. Without what macros need, which runs only while
/// building: wasmtime's brings wit-component in any case.
fn compiled(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--target", PLATFORM, "--edges", "normal,no-proc-macro", "--prefix", "none"])
        .args(["--format", "{p}", "--package", "host", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .args(arguments)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("UTF-8");
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// More crates than this in an application are a reason to look at what brought them.
const LIBRARY_CRATES_MAX: usize = 195;

#[test]
#[expect(clippy::print_stdout, reason = "how many crates there are is worth knowing")]
fn an_application_compiles_neither_command_line_nor_toolchain() {
    let command = compiled(&[]);
    let library = compiled(&["--no-default-features"]);
    println!("{} crates with the command line, {} without", command.len(), library.len());
    assert!(library.len() <= LIBRARY_CRATES_MAX, "{} crates", library.len());
    assert!(library.is_subset(&command), "{:?}", library.difference(&command));
    for name in ["clap", "clap_builder", "clap_complete", "ruff_python_parser", "swc_ts_fast_strip", "wit-component"] {
        assert!(command.contains(name), "{name} is not used any more");
        assert!(!library.contains(name), "{name}");
    }
    for name in ["wat", "wast", "terminal_size", "strsim", "criterion", "glob", "host-schema"] {
        assert!(!library.contains(name), "{name}");
    }
    let built = compiled(&["--no-default-features", "--features", "build,local"]);
    assert!(built.contains("wit-component") && !built.contains("clap"));
}

#[test]
fn cargo_deny_is_told_the_same() {
    let text = include_str!("../../deny.toml");
    let settings: toml::Table = text.parse().expect("TOML");
    let licences = settings["licenses"]["allow"].as_array().expect("a list");
    assert_eq!(licences.iter().map(|licence| licence.as_str().expect("a name")).collect::<Vec<_>>(), LICENCES);
    let targets = settings["graph"]["targets"].as_array().expect("a list");
    assert!(targets.iter().any(|target| target.as_str() == Some(PLATFORM)), "{targets:?}");
    let bans = &settings["bans"];
    let crates = |key: &str| -> Vec<String> {
        let list = bans[key].as_array().expect("a list");
        list.iter().map(|entry| entry["crate"].as_str().expect("a crate").to_owned()).collect()
    };
    // What is skipped is there twice, what is banned is not there.
    let names: Vec<String> =
        packages().iter().map(|package| package["name"].as_str().expect("a name").to_owned()).collect();
    for skipped in crates("skip") {
        let name = skipped.split('@').next().unwrap_or_default();
        assert!(names.iter().filter(|other| *other == name).count() > 1, "{name} is not there twice any more");
    }
    for banned in crates("deny") {
        assert!(!names.contains(&banned), "{banned}");
    }
}
