//! Finding the machine's own PostgreSQL server.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use super::account;
use super::account::Account;
use super::error::LocalError;
use super::programs;

/// The programs that must lie beside each other.
const NEEDED: [&str; 3] = ["initdb", "postgres", "pg_ctl"];

/// Where packages put server binaries that are not on `PATH`: Debian; the PostgreSQL project's RPMs; Homebrew on ARM
/// and Intel; Postgres.app. Each component may have one `*`.
const PACKAGED: [&str; 5] = [
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
];

/// Where to look for server binaries.
pub(super) struct Search<'a> {
    /// The folder that the user named.
    pub(super) given: Option<&'a Path>,
    /// The variable `PATH`.
    pub(super) path: Option<&'a OsStr>,
    /// The root of the file system; another one in tests.
    pub(super) root: &'a Path,
}

impl Search<'_> {
    /// The folders that hold a server which `account` can run, best first: never empty.
    pub(super) fn folders(&self, account: &Account) -> Result<Vec<PathBuf>, LocalError> {
        let mut folders = Vec::new();
        let mut looked = Vec::new();
        if let Some(given) = self.given {
            if !given.is_absolute() {
                // It would be another one in each folder, the project's among them.
                let problem = "it is not an absolute path".to_owned();
                return Err(LocalError::GivenBinaries { folder: given.to_path_buf(), problem });
            }
            let folder = fs::canonicalize(given).map_err(|error| LocalError::GivenBinaries {
                folder: given.to_path_buf(),
                problem: format!("it cannot be opened: {error}"),
            })?;
            if let Some(problem) = problem(&folder, account) {
                return Err(LocalError::GivenBinaries { folder, problem });
            }
            folders.push(folder);
        }
        looked.push("PATH".to_owned());
        self.add(self.on_path(), account, &mut folders, &mut looked);
        for pattern in PACKAGED {
            looked.push(format!("/{pattern}"));
            self.add(expand(self.root, pattern), account, &mut folders, &mut looked);
        }
        if folders.is_empty() { Err(LocalError::NoBinaries { looked }) } else { Ok(folders) }
    }

    /// The folders of every `initdb` on `PATH`, behind its links: the server looks for its files beside itself.
    fn on_path(&self) -> Vec<PathBuf> {
        let Some(path) = self.path else { return Vec::new() };
        std::env::split_paths(path)
            .filter(|folder| folder.is_absolute())
            .filter_map(|folder| fs::canonicalize(folder.join("initdb")).ok())
            .filter_map(|program| program.parent().map(Path::to_path_buf))
            .collect()
    }

    fn add(&self, candidates: Vec<PathBuf>, account: &Account, folders: &mut Vec<PathBuf>, looked: &mut Vec<String>) {
        for candidate in candidates {
            let Ok(folder) = fs::canonicalize(&candidate) else { continue };
            if folders.contains(&folder) {
                continue;
            }
            match problem(&folder, account) {
                None => folders.push(folder),
                Some(problem) => looked.push(format!("{} ({problem})", folder.display())),
            }
        }
    }
}

/// The folder to use: the first, or for a data folder that exists the first of the same major version.
pub(super) fn choose(
    folders: Vec<PathBuf>,
    data: Option<(&Path, &str)>,
    version: impl Fn(&Path) -> Result<String, LocalError>,
) -> Result<PathBuf, LocalError> {
    let Some((data_folder, data_version)) = data else {
        return folders.into_iter().next().ok_or(LocalError::NoBinaries { looked: Vec::new() });
    };
    let mut found = Vec::new();
    for folder in folders {
        // A broken installation must not hide a working one.
        match version(&folder) {
            Ok(version) if version == data_version => return Ok(folder),
            Ok(version) => found.push(format!("{version} in {}", folder.display())),
            Err(error) => found.push(error.to_string()),
        }
    }
    Err(LocalError::VersionMismatch {
        data_folder: data_folder.to_path_buf(),
        data_version: data_version.to_owned(),
        found,
    })
}

/// The major version of the server in `folder`, in the form of `PG_VERSION`.
pub(super) fn server_version(folder: &Path, account: &Account) -> Result<String, LocalError> {
    let program = folder.join("postgres");
    let mut command = programs::command(&program, account, Path::new("/"));
    command.arg("--version");
    let output = programs::run(command, "", &program, account)?;
    let output = programs::printed(&output);
    major_version(&output).ok_or(LocalError::UnknownVersion { program, output })
}

/// Where packages put the programs, highest version first in each place.
pub(super) fn packaged_folders(root: &Path) -> Vec<PathBuf> {
    PACKAGED.iter().flat_map(|pattern| expand(root, pattern)).collect()
}

/// Reads `postgres (PostgreSQL) 15.8 (Debian 15.8-1)`: `15`. Before 10, the major version had two numbers.
pub(super) fn major_version(output: &str) -> Option<String> {
    let (_, rest) = output.split_once("(PostgreSQL) ")?;
    let mut numbers = rest.split(|letter: char| !letter.is_ascii_digit());
    let first: u32 = numbers.next()?.parse().ok()?;
    if first >= 10 { Some(first.to_string()) } else { Some(format!("{first}.{}", numbers.next()?)) }
}

/// Why `account` cannot run the server in `folder`, if it cannot.
fn problem(folder: &Path, account: &Account) -> Option<String> {
    for name in NEEDED {
        let program = folder.join(name);
        if !program.is_file() {
            return Some(format!("there is no {name}"));
        }
        if account::is_root()
            && let Some(obstacle) = account::obstacle(&program, account)
        {
            return Some(format!(
                "user {}, as which the server would run, may not enter or execute {}",
                account.name,
                obstacle.display()
            ));
        }
    }
    None
}

/// The folders that a pattern fits, highest version first.
fn expand(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut matches: Vec<(Vec<u32>, PathBuf)> = vec![(Vec::new(), root.to_path_buf())];
    for component in pattern.split('/') {
        let Some((before, after)) = component.split_once('*') else {
            for (_, path) in &mut matches {
                path.push(component);
            }
            continue;
        };
        matches = matches.iter().flat_map(|(_, folder)| entries(folder, before, after)).collect();
    }
    matches.retain(|(_, path)| path.is_dir());
    matches.sort_by(|one, other| other.cmp(one));
    matches.into_iter().map(|(_, path)| path).collect()
}

/// The entries of a folder whose name has this beginning and end, each with the numbers between them.
fn entries(folder: &Path, before: &str, after: &str) -> Vec<(Vec<u32>, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let middle = name.to_str()?.strip_prefix(before)?.strip_suffix(after)?;
            let version = middle
                .split(|letter: char| !letter.is_ascii_digit())
                .filter_map(|number| number.parse().ok())
                .collect();
            Some((version, entry.path()))
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::fs::symlink;

    use super::super::tests::TestFolder;
    use super::*;

    fn server(root: &Path, folder: &str) -> PathBuf {
        let folder = root.join(folder);
        fs::create_dir_all(&folder).unwrap();
        for name in NEEDED {
            fs::write(folder.join(name), "").unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder
    }

    fn search(given: Option<&Path>, path: Option<&Path>, root: &Path) -> Result<Vec<PathBuf>, LocalError> {
        let path = path.map(Path::as_os_str);
        Search { given, path, root }.folders(&Account::current())
    }

    #[test]
    fn takes_the_given_then_path_then_the_highest_packaged_version() {
        let test = TestFolder::new();
        let root = test.path();
        let given = server(root, "given");
        let linked = server(root, "opt/pg/bin");
        let packaged = ["usr/lib/postgresql/16/bin", "usr/lib/postgresql/9.6/bin", "usr/pgsql-17/bin"]
            .map(|folder| server(root, folder));
        fs::create_dir_all(root.join("usr/lib/postgresql/18/bin")).unwrap();
        fs::create_dir_all(root.join("links")).unwrap();
        symlink(linked.join("initdb"), root.join("links/initdb")).unwrap();

        let found = search(Some(&given), Some(&root.join("links")), root).unwrap();
        let expected: Vec<PathBuf> = [given, linked].into_iter().chain(packaged).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn says_where_it_looked_and_what_was_wrong() {
        let test = TestFolder::new();
        let folder = server(test.path(), "usr/lib/postgresql/14/bin");
        fs::remove_file(folder.join("pg_ctl")).unwrap();
        let error = search(None, None, test.path()).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("PATH; /usr/lib/postgresql/*/bin; ") && text.contains("14/bin (there is no pg_ctl)"),
            "{text}"
        );
        assert!(error.hint().unwrap().contains("apt-get install postgresql"));

        for folder in [&folder, Path::new("."), Path::new("bin")] {
            let error = search(Some(folder), None, test.path()).unwrap_err();
            assert!(matches!(error, LocalError::GivenBinaries { .. }), "{error}");
        }
    }

    #[test]
    fn matches_the_version_of_the_data_folder() {
        let folders = || vec![PathBuf::from("/b/broken"), PathBuf::from("/b/16"), PathBuf::from("/b/15")];
        let version = |folder: &Path| match folder.file_name().and_then(OsStr::to_str) {
            Some("broken") | None => {
                Err(LocalError::UnknownVersion { program: folder.to_path_buf(), output: String::new() })
            }
            Some(version) => Ok(version.to_owned()),
        };
        let data = Path::new("/data");
        assert_eq!(choose(folders(), None, version).unwrap(), Path::new("/b/broken"));
        assert_eq!(choose(folders(), Some((data, "15")), version).unwrap(), Path::new("/b/15"));
        let error = choose(folders(), Some((data, "13")), version).unwrap_err().to_string();
        assert!(error.contains("made by PostgreSQL 13") && error.contains("16 in /b/16, 15 in /b/15"), "{error}");
    }

    #[test]
    fn reads_versions() {
        for (output, expected) in [
            ("postgres (PostgreSQL) 15.8 (Debian 15.8-1)", Some("15")),
            ("postgres (PostgreSQL) 19beta1\n", Some("19")),
            ("postgres (PostgreSQL) 9.6.24", Some("9.6")),
            ("no", None),
        ] {
            assert_eq!(major_version(output).as_deref(), expected, "{output}");
        }
    }
}
