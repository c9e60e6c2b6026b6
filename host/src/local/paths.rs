//! The paths of a cluster: which can hold a socket, how those are named that stand for others, the file that names one.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::path::PathBuf;

use sha2::Digest as _;
use sha2::Sha256;

use super::account::Account;
use super::error::LocalError;
use super::folder::read_small;
use super::folder::replace;

/// The name of the socket in its folder; PostgreSQL derives it from the port.
pub(super) const SOCKET: &str = ".s.PGSQL.5432";

/// The longest path of a socket in bytes, without the final zero: unix(7), and `sys/un.h` of the BSDs and macOS.
const SOCKET_PATH_BYTES_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// How the line of a pointer file begins that names the base folder.
const POINTER_KEY: &str = "folder: ";

pub(super) fn read_pointer(file: &Path) -> Option<PathBuf> {
    let text = String::from_utf8(read_small(file).ok()?).ok()?;
    text.lines().find_map(|line| line.strip_prefix(POINTER_KEY)).map(PathBuf::from)
}

/// Writes the file that names the base folder.
pub(super) fn write_pointer(file: &Path, folder: &Path) -> Result<(), LocalError> {
    let text = format!(
        "The local cluster of this project is in another folder.\n\
         `host local destroy` removes it together with this file.\n{POINTER_KEY}{}\n",
        folder.display()
    );
    replace(file, &text)
}

/// A folder that stands for another path: its name is the same each time, and other for each user.
pub(super) fn named(root: &Path, path: &Path, account: &Account) -> PathBuf {
    root.join(format!("host-{}-{}", short_hash(path), account.user))
}

/// Twelve hexadecimal digits.
pub(super) fn short_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_bytes());
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the socket can lie in `folder`: the system limits its path, a url carries only UTF-8, and libpq takes a
/// comma for the end of a host.
pub(super) fn fits_socket(folder: &Path) -> bool {
    let path = folder.join(SOCKET);
    path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX
        && path.to_str().is_some_and(|text| !text.chars().any(|letter| letter == ',' || letter.is_control()))
}

/// The absolute path, links resolved as far as it exists: one cluster must have one name.
pub(super) fn without_links(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    absolute
        .ancestors()
        .find_map(|ancestor| {
            let rest = absolute.strip_prefix(ancestor).ok()?;
            let real = fs::canonicalize(ancestor).ok()?;
            Some(if rest.as_os_str().is_empty() { real } else { real.join(rest) })
        })
        .unwrap_or(absolute)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn knows_where_a_socket_can_lie() {
        let longest = format!("/{}", "x".repeat(SOCKET_PATH_BYTES_MAX - SOCKET.len() - 2));
        for (folder, expected) in [
            (longest.as_bytes(), true),
            (format!("{longest}x").as_bytes(), false),
            ("/it's \"ü\"".as_bytes(), true),
            (b"/a,b", false),
            (b"/a\nb", false),
            (b"/\xff", false),
        ] {
            let folder = Path::new(OsStr::from_bytes(folder));
            assert_eq!(fits_socket(folder), expected, "{}", folder.display());
        }
    }

    #[test]
    fn names_differ_by_path_and_user() {
        let account = |user| Account { name: String::new(), user, group: 0 };
        let name = |path, user| named(Path::new("/r"), Path::new(path), &account(user));
        assert_eq!(name("/a", 1), name("/a", 1));
        assert_ne!(name("/a", 1), name("/b", 1));
        assert_ne!(name("/a", 1), name("/a", 2));
        assert!(fits_socket(&name("/a", u32::MAX)));
    }

    #[test]
    fn resolves_the_part_of_a_path_that_exists() {
        let real = fs::canonicalize("/tmp").unwrap_or_default();
        assert_eq!(without_links(Path::new("/tmp/no such project/.host")), real.join("no such project/.host"));
        assert_eq!(without_links(Path::new("/tmp")), real);
    }
}
