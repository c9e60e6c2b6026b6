//! How this process was started: by which name, for which words, in which folder, on what kind of terminal.

#![expect(clippy::disallowed_methods, reason = "here environment, arguments and current folder come in")]

use std::ffi::OsStr;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

/// The name that counts where another one cannot be used.
const USUAL_NAME: &str = "host";

/// The words that a shell asks to complete: what stands after the first `--`.
pub(super) fn words_to_complete() -> Vec<OsString> {
    std::env::args_os().skip_while(|argument| argument != "--").skip(1).collect()
}

/// The current folder, from which a shell completes the names of files.
pub(super) fn current_folder() -> Option<PathBuf> {
    std::env::current_dir().ok()
}

/// The name that this program was called by, and how a shell can call it again: by its name where that was found on `PATH`,
/// and otherwise by its path.
pub(super) fn called_as() -> (String, String) {
    called(&std::env::args_os().next().map(PathBuf::from).unwrap_or_default())
}

/// A name or a path that a shell would read as anything else counts as `host`.
fn called(program: &Path) -> (String, String) {
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte));
    let name = program.file_name().and_then(OsStr::to_str).filter(|name| is_plain(name)).unwrap_or(USUAL_NAME);
    let path = std::path::absolute(program).ok().filter(|_| program.components().count() > 1);
    let path = path.as_deref().and_then(Path::to_str).filter(|path| is_plain(path));
    (name.to_owned(), path.unwrap_or(name).to_owned())
}

/// Whether a terminal may be sent colours: `NO_COLOR` (<https://no-color.org>) is not set to anything, and it is not a terminal
/// that can do nothing (`TERM=dumb`).
pub(super) fn may_colour() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && !is_dumb()
}

/// Whether a terminal knows the sequences that write a line anew.
pub(super) fn may_write_over() -> bool {
    std::env::var_os("TERM").is_some() && !is_dumb()
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_a_shell_can_call() {
        for (program, name, path) in [
            ("host", "host", "host"),
            ("hostmig", "hostmig", "hostmig"),
            ("/opt/bin/hostmig", "hostmig", "/opt/bin/hostmig"),
            ("/opt/my tools/hostmig", "hostmig", "hostmig"),
            ("$(reboot)", "host", "host"),
            ("", "host", "host"),
        ] {
            assert_eq!(called(Path::new(program)), (name.to_owned(), path.to_owned()), "{program}");
        }
    }
}
