//! The repository's own project: the demonstration.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::runtimes;

/// `host` on that project, with the runtimes that its migrations need. The database is for the caller to name.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = bare(arguments);
    command.env("HOST_CACHE_DIR", cache());
    command
}

fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host"));
    command.arg("--dir").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).args(arguments);
    command
}

/// A folder of this user. The one of the other tests lies in the project, so host would not believe what is in it. It stays, so
/// that the next run finds what was compiled.
fn cache() -> &'static Path {
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    CACHE.get_or_init(|| {
        let user = rustix::process::geteuid().as_raw();
        let folder = std::env::temp_dir().join(format!("host-tests-{user}"));
        for name in ["javascript", "python"] {
            let file = runtimes::file(name);
            let mut command = bare(&["runtime", "add", name, file.to_str().expect("UTF-8")]);
            let output = command.env("HOST_CACHE_DIR", &folder).output().expect("host runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        folder
    })
}
