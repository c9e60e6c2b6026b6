//! The language runtimes that `scripts/runtimes` built.

use std::path::Path;
use std::path::PathBuf;

use super::TestProject;

/// The component of a runtime, as it was built last.
pub(crate) fn file(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    let folder = target.join("runtimes").join(name);
    let built = std::fs::read_to_string(folder.join("built"))
        .unwrap_or_else(|error| panic!("{}: {error}; run scripts/runtimes {name}", folder.display()));
    // The digest of its sources, and its own.
    let digest = built.split_whitespace().nth(1).expect("two digests");
    folder.join(format!("{digest}.wasm"))
}

impl TestProject {
    /// A project that has a runtime, whose compiled code it shares with other projects.
    pub(crate) fn with_runtime(name: &str) -> Self {
        let project = Self::sharing_code();
        project.host(&["runtime", "add", name, file(name).to_str().expect("UTF-8")]).success();
        project
    }
}
