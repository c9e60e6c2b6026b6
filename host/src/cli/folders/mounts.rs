//! Where a path lies behind the mounts: a part of a project that is mounted elsewhere still comes with the project.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use std::path::PathBuf;

/// The mounts that this process sees (proc_pid_mountinfo(5)). Other systems have no such file, and no such mounts.
const MOUNTS_FILE: &str = "proc/self/mountinfo";

/// Whether one path lies in another one when mounts are followed to the file systems that they show. Both are absolute and
/// without links.
pub(super) fn lies_in(root: &cap_std::fs::Dir, path: &Path, folder: &Path) -> bool {
    root.read(MOUNTS_FILE).is_ok_and(|mounts| lies_in_by(&mounts, path, folder))
}

fn lies_in_by(mounts: &[u8], path: &Path, folder: &Path) -> bool {
    let mounts: Vec<Mount> = mounts.split(|&byte| byte == b'\n').filter_map(Mount::parse).collect();
    match (origin(&mounts, path), origin(&mounts, folder)) {
        (Some((device, path)), Some((same, folder))) => device == same && path.starts_with(folder),
        _ => false,
    }
}

/// What is mounted where.
struct Mount {
    /// The file system, as `major:minor`.
    device: Vec<u8>,
    /// The folder of that file system.
    root: PathBuf,
    /// Where it is seen.
    point: PathBuf,
}

impl Mount {
    /// Reads `36 35 98:0 /root /point options …`.
    fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = line.split(|&byte| byte == b' ').skip(2);
        let device = fields.next()?.to_vec();
        Some(Self { device, root: unescaped(fields.next()?), point: unescaped(fields.next()?) })
    }
}

/// The file system of a path, and its path there. What was mounted last hides what was there before.
fn origin<'a>(mounts: &'a [Mount], path: &Path) -> Option<(&'a [u8], PathBuf)> {
    let mount = mounts.iter().filter(|mount| path.starts_with(&mount.point)).max_by_key(|mount| {
        // Of several with the longest point the last one.
        mount.point.components().count()
    })?;
    Some((&mount.device, mount.root.join(path.strip_prefix(&mount.point).ok()?)))
}

/// Space, tab, line feed and backslash are written as three octal digits behind a backslash.
fn unescaped(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, behind)) = rest.split_first() {
        let octal = behind.get(..3).filter(|_| first == b'\\').and_then(|digits| str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
        22 1 0:40 / / rw,relatime - overlay overlay rw\n\
        23 22 8:1 /home/me/repo /app rw - ext4 /dev/sda1 rw\n\
        24 22 8:1 /home/me/repo/.cache /cache rw shared:1 - ext4 /dev/sda1 rw\n\
        25 22 8:1 /home/me/repo\\040two /two rw - ext4 /dev/sda1 rw\n\
        26 22 8:2 /home/me/repo/.cache /other rw - ext4 /dev/sdb1 rw\n\
        27 22 8:1 /var/cache /hidden rw - ext4 /dev/sda1 rw\n\
        28 22 8:1 /home/me/repo/x /hidden rw - ext4 /dev/sda1 rw\n\
        29 23 0:50 / /app/tmp rw - tmpfs tmpfs rw\n\
        broken\n";

    #[test]
    fn a_part_of_the_project_is_known_wherever_it_is_mounted() {
        for (path, folder, expected) in [
            ("/cache", "/app", true),
            ("/cache/host", "/app", true),
            ("/hidden/a", "/app", true),
            ("/cache", "/app/.cache", true),
            ("/app", "/cache", false),
            ("/two", "/app", false),
            ("/other", "/app", false),
            ("/root/.cache", "/app", false),
            ("/app/tmp/a", "/app", false),
        ] {
            let found = lies_in_by(MOUNTS.as_bytes(), Path::new(path), Path::new(folder));
            assert_eq!(found, expected, "{path} in {folder}");
        }
    }

    #[test]
    fn names_are_unescaped() {
        assert_eq!(unescaped(b"/a\\040b\\011\\134\\0"), Path::new("/a b\t\\\\0"));
        assert_eq!(unescaped(b"/\\400"), Path::new("/\\400"));
    }
}
