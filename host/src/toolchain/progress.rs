//! How far cargo is: how many of the crates that a migration consists of are compiled.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use serde::Deserialize;

/// How far cargo is with one migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileProgress {
    /// How many crates are compiled, those included that were before.
    pub done: usize,
    /// How many crates the migration consists of, its own included.
    pub total: usize,
}

/// The graph of packages in the output of `cargo metadata` (The Cargo Book, "cargo metadata").
#[derive(Debug, Default, Deserialize)]
pub(super) struct Resolve {
    nodes: Vec<Node>,
    root: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    #[serde(default)]
    deps: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    pkg: String,
    #[serde(default)]
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Debug, Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

impl Resolve {
    /// How many packages are built: the root and all that it needs, but for what only its tests need.
    pub(super) fn packages(&self) -> usize {
        let nodes: BTreeMap<&str, &Node> = self.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut reached = BTreeSet::new();
        let mut open: Vec<&str> = self.root.iter().map(String::as_str).collect();
        while let Some(id) = open.pop() {
            if !reached.insert(id) {
                continue;
            }
            let dependencies = nodes.get(id).into_iter().flat_map(|node| &node.deps);
            let is_built = |kind: &DependencyKind| kind.kind.as_deref() != Some("dev");
            open.extend(dependencies.filter(|it| it.dep_kinds.iter().any(is_built)).map(|it| it.pkg.as_str()));
        }
        reached.len()
    }
}

/// A line of cargo's output, as far as it tells that a crate is compiled.
#[derive(Deserialize)]
struct Message {
    reason: String,
    package_id: Option<String>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    #[serde(default)]
    kind: Vec<String>,
}

/// The package whose crate a line reports; a build script is none.
fn compiled(line: &[u8]) -> Option<String> {
    let message: Message = serde_json::from_slice(line).ok()?;
    let is_script = |kind: &String| kind == "custom-build";
    let is_crate = message.reason == "compiler-artifact" && !message.target?.kind.iter().any(is_script);
    message.package_id.filter(|_| is_crate)
}

/// Runs cargo, whose output has a line for each crate that it compiled or has from before. Of `total` crates it tells each time
/// how many are done.
pub(super) fn watch(
    command: &mut Command,
    total: usize,
    on_progress: &mut dyn FnMut(CompileProgress),
) -> io::Result<Output> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (out, mut errors) = (child.stdout.take(), child.stderr.take());
    // What waits to be written to one of the two must not keep cargo from going on.
    let errors = std::thread::spawn(move || {
        let mut text = Vec::new();
        let read = errors.as_mut().map_or(Ok(0), |errors| errors.read_to_end(&mut text));
        read.map(|_| text)
    });
    let mut stdout = Vec::new();
    let mut done = BTreeSet::new();
    let mut reader = out.map(BufReader::new);
    on_progress(CompileProgress { done: 0, total });
    while let Some(reader) = &mut reader {
        let start = stdout.len();
        if reader.read_until(b'\n', &mut stdout)? == 0 {
            break;
        }
        if let Some(package) = stdout.get(start..).and_then(compiled)
            && done.insert(package)
        {
            on_progress(CompileProgress { done: done.len().min(total), total });
        }
    }
    let status = child.wait()?;
    let stderr = errors.join().unwrap_or_else(|_| Err(io::Error::other("the reader of its messages panicked")))?;
    Ok(Output { status, stdout, stderr })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_tests_need_is_not_counted() {
        let resolve = r#"{"root": "m", "nodes": [
            {"id": "m", "deps": [
                {"pkg": "sdk", "dep_kinds": [{"kind": null}]},
                {"pkg": "proptest", "dep_kinds": [{"kind": "dev"}]}]},
            {"id": "sdk", "deps": [{"pkg": "macros", "dep_kinds": [{"kind": "dev"}, {"kind": "build"}]}]},
            {"id": "macros", "deps": [{"pkg": "sdk", "dep_kinds": [{"kind": null}]}]},
            {"id": "proptest", "deps": []}]}"#;
        let resolve: Resolve = serde_json::from_str(resolve).expect("JSON");
        assert_eq!(resolve.packages(), 3);
        assert_eq!(Resolve::default().packages(), 0);
    }

    #[test]
    fn each_crate_counts_once() {
        let artifact = |id: &str, kind: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"{id}","target":{{"kind":["{kind}"]}},"fresh":true}}"#
            )
        };
        let lines =
            [artifact("a", "custom-build"), artifact("a", "lib"), "no JSON".to_owned(), artifact("b", "cdylib")];
        let found: Vec<_> = lines.iter().filter_map(|line| compiled(line.as_bytes())).collect();
        assert_eq!(found, ["a", "b"]);
    }
}
