//! What the host is made of: licences, sources, and how much of it there is.

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
    "Unlicense",
    "Zlib",
];

/// More packages than this are a reason to look at what brought them.
const PACKAGES_MAX: usize = 300;

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
    metadata["packages"].as_array().expect("packages").clone()
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
        let own = source.is_none() && package["name"] == "host";
        assert!(own || source.is_some_and(|source| source.starts_with("registry+")), "{}: {source:?}", package["name"]);
    }
}

#[test]
fn the_tree_stays_small() {
    let count = packages().len();
    assert!(count <= PACKAGES_MAX, "{count} packages");
}
