//! Where a cluster lies: in the project, or elsewhere if the server could not work there.
//!
//! ```text
//! .host/postgres.lock            held while a cluster is made, started, stopped or removed
//! .host/postgres/                the base folder, mode 0700, owned by the user that the server runs as
//!     CREATED_BY_HOST            the marker: only a folder that has it is ever removed
//!     data/                      the data folder
//!     .s.PGSQL.5432              the socket
//! ```
//! If that user cannot enter the project, `.host/postgres` is a file that names a base folder under `/var/tmp`.
//! If the path is too long for a socket, the socket is in a folder under `/tmp`.

use std::fs;
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;

use rustix::fs::FlockOperation;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::io::Errno;
use sha2::Digest as _;
use sha2::Sha256;

use super::account;
use super::account::Account;
use super::account::is_root;
use super::error::LocalError;
use super::folder;
use super::folder::Content;
use super::folder::claim;
use super::folder::claim_or_fail;
use super::folder::empty_and_remove;
use super::folder::look;

/// The name of the socket in its folder; PostgreSQL derives it from the port.
const SOCKET: &str = ".s.PGSQL.5432";

/// The longest path of a socket in bytes, without the final zero: unix(7), and `sys/un.h` of the BSDs and macOS.
const SOCKET_PATH_BYTES_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// How the line of a pointer file begins that names the base folder.
const POINTER_KEY: &str = "folder: ";

/// The folders that decide where a cluster lies.
#[derive(Debug)]
pub(super) struct Site {
    /// `.host` of the project, absolute and without links.
    pub(super) state_folder: PathBuf,
    /// Where folders for sockets go whose own path would be too long.
    pub(super) short_root: PathBuf,
    /// Where clusters go that cannot lie in the project; survives a restart of the machine.
    pub(super) lasting_root: PathBuf,
}

/// Where one cluster lies, and who owns it.
#[derive(Debug)]
pub(super) struct Place {
    /// The base folder.
    pub(super) base: PathBuf,
    /// The folder of the socket: the base folder, or a short one.
    pub(super) socket_folder: PathBuf,
    /// The user that the server runs as.
    pub(super) account: Account,
}

/// Held while a cluster changes; the lock ends with this value, or with the process.
#[must_use = "the lock ends when this is dropped"]
pub(super) struct Lock {
    _file: File,
}

impl Place {
    /// The data folder.
    pub(super) fn data(&self) -> PathBuf {
        self.base.join("data")
    }

    /// The server's log.
    pub(super) fn log(&self) -> PathBuf {
        self.data().join("server.log")
    }

    /// The socket.
    pub(super) fn socket(&self) -> PathBuf {
        self.socket_folder.join(SOCKET)
    }

    /// The file in which the server notes who holds the socket.
    pub(super) fn socket_lock(&self) -> PathBuf {
        self.socket_folder.join(format!("{SOCKET}.lock"))
    }

    /// The name that the server carries in its command line, by which its process is recognised. It depends on the
    /// path, so that the server of a copied project is not mistaken for the copy's.
    pub(super) fn server_name(&self) -> String {
        format!("host-{}", short_hash(&self.base))
    }

    /// Removes the base and the socket folder, the marker last: what a crash leaves is still known as host's.
    pub(super) fn remove(&self) -> Result<(), LocalError> {
        if self.socket_folder != self.base && folder::is_marked(&self.socket_folder) {
            empty_and_remove(&self.socket_folder)?;
        }
        empty_and_remove(&self.base)
    }
}

impl Site {
    /// The cluster of a project. `state_folder` need not exist.
    pub(super) fn new(state_folder: &Path) -> Self {
        Self {
            state_folder: without_links(state_folder),
            short_root: PathBuf::from("/tmp"),
            lasting_root: PathBuf::from("/var/tmp"),
        }
    }

    /// The base folder in the project, or the file that names another one.
    pub(super) fn inside(&self) -> PathBuf {
        self.state_folder.join("postgres")
    }

    /// Waits until no other process changes this cluster.
    pub(super) fn lock(&self) -> Result<Lock, LocalError> {
        fs::create_dir_all(&self.state_folder).map_err(LocalError::io("create", &self.state_folder))?;
        let path = self.state_folder.join("postgres.lock");
        let flags = OFlags::CREATE | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = rustix::fs::open(&path, flags, Mode::from_raw_mode(0o644))
            .map_err(|errno| LocalError::io("open", &path)(errno.into()))?;
        loop {
            match rustix::fs::flock(&file, FlockOperation::LockExclusive) {
                Err(Errno::INTR) => {}
                Err(errno) => return Err(LocalError::io("lock", &path)(errno.into())),
                Ok(()) => return Ok(Lock { _file: File::from(file) }),
            }
        }
    }

    /// Where the cluster lies, if its base folder was made. Changes nothing.
    pub(super) fn find(&self) -> Result<Option<Place>, LocalError> {
        let inside = self.inside();
        let Some(found) = look(&inside)? else { return Ok(None) };
        if found.is_dir() {
            return self.owned(inside, &found);
        }
        let Some(folder) = found.is_file().then(|| read_pointer(&inside)).flatten() else {
            return Err(LocalError::NotOurs { path: inside });
        };
        let Some(found) = look(&folder)? else { return Ok(None) };
        let account = Account::numbered(found.uid(), found.gid());
        if found.is_dir() && folder == self.outside(&account) {
            self.owned(folder, &found)
        } else {
            Err(LocalError::WrongPointer { file: inside, folder })
        }
    }

    /// Where a new cluster would lie.
    pub(super) fn plan(&self) -> Result<Place, LocalError> {
        let account = Account::for_new_cluster()?;
        let base = if self.obstacle(&account).is_some() { self.outside(&account) } else { self.inside() };
        Ok(self.place(base, account))
    }

    /// Makes sure that the base and the socket folder exist. Call it under the lock.
    pub(super) fn prepare(&self) -> Result<Place, LocalError> {
        let place = match self.find()? {
            Some(place) => place,
            None => self.make_base()?,
        };
        if is_root()
            && let Some(obstacle) = account::obstacle(&place.base, &place.account)
        {
            return Err(LocalError::Unreachable { folder: place.base, obstacle, user: place.account.name });
        }
        if place.socket_folder != place.base {
            claim_or_fail(&place.socket_folder, &place.account)?;
        }
        Ok(place)
    }

    /// Removes a pointer to a base folder that is gone, or a base folder that was never used.
    pub(super) fn remove_pointer(&self) -> Result<(), LocalError> {
        let inside = self.inside();
        match look(&inside)? {
            Some(found) if found.is_file() => fs::remove_file(&inside).map_err(LocalError::io("remove", &inside)),
            Some(_) => empty_and_remove(&inside),
            None => Ok(()),
        }
    }

    /// What is unusual about a place, for the user to know.
    pub(super) fn notes(&self, place: &Place) -> Vec<String> {
        let mut notes = Vec::new();
        if is_root() {
            notes.push(format!(
                "the server runs as user {}, because PostgreSQL refuses to run as root",
                place.account.name
            ));
        }
        if place.base != self.inside() {
            let reason = match self.obstacle(&place.account) {
                Some(obstacle) => format!("user {} may not enter {}", place.account.name, obstacle.display()),
                None => format!("{} cannot be made private", self.inside().display()),
            };
            notes.push(format!("the cluster is in {}, because {reason}", place.base.display()));
        }
        if place.socket_folder != place.base {
            notes.push(format!(
                "the socket is in {}, because {} is too long or too unusual a path for one",
                place.socket_folder.display(),
                place.base.display()
            ));
        }
        notes
    }

    /// The place whose base folder is there, once its owner and its marker are checked.
    fn owned(&self, base: PathBuf, found: &fs::Metadata) -> Result<Option<Place>, LocalError> {
        let me = rustix::process::geteuid().as_raw();
        let owner = found.uid();
        if !is_root() && owner != me {
            return Err(LocalError::ForeignFolder { folder: base, owner, expected: me });
        }
        let content = Content::of(&base)?;
        if is_root() && owner == 0 {
            // Made, but not given away yet; or a copy that root made.
            let expected = Account::for_new_cluster()?.user;
            return if content.others {
                Err(LocalError::ForeignFolder { folder: base, owner, expected })
            } else {
                Ok(None)
            };
        }
        match content {
            Content { marker: true, .. } => Ok(Some(self.place(base, Account::numbered(owner, found.gid())))),
            Content { others: true, .. } => Err(LocalError::NotOurs { path: base }),
            _ => Ok(None),
        }
    }

    fn make_base(&self) -> Result<Place, LocalError> {
        let account = Account::for_new_cluster()?;
        let inside = self.inside();
        if look(&inside)?.is_some_and(|found| found.is_file()) {
            self.remove_pointer()?;
        }
        if self.obstacle(&account).is_none() {
            if claim(&inside, &account)? {
                return Ok(self.place(inside, account));
            }
            empty_and_remove(&inside)?;
        }
        let outside = self.outside(&account);
        claim_or_fail(&outside, &account)?;
        write_pointer(&inside, &outside)?;
        Ok(self.place(outside, account))
    }

    fn place(&self, base: PathBuf, account: Account) -> Place {
        let socket_folder = if fits_socket(&base) { base.clone() } else { named(&self.short_root, &base, &account) };
        Place { base, socket_folder, account }
    }

    /// The folder that keeps the server's user from working in the project.
    fn obstacle(&self, account: &Account) -> Option<PathBuf> {
        is_root().then(|| account::obstacle(&self.state_folder, account)).flatten()
    }

    fn outside(&self, account: &Account) -> PathBuf {
        named(&self.lasting_root, &self.state_folder, account)
    }
}

fn read_pointer(file: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix(POINTER_KEY)).map(PathBuf::from)
}

/// Writes beside and renames, so that a crash leaves no half of a pointer.
fn write_pointer(file: &Path, folder: &Path) -> Result<(), LocalError> {
    let text = format!(
        "The local cluster of this project is in another folder, because its server cannot work here.\n\
         `host local destroy` removes it together with this file.\n{POINTER_KEY}{}\n",
        folder.display()
    );
    let new = file.with_extension("new");
    fs::write(&new, text).map_err(LocalError::io("write", &new))?;
    fs::rename(&new, file).map_err(LocalError::io("create", file))
}

/// A folder that stands for another path: its name is the same each time, and other for each user.
fn named(root: &Path, path: &Path, account: &Account) -> PathBuf {
    root.join(format!("host-{}-{}", short_hash(path), account.user))
}

/// Twelve hexadecimal digits.
fn short_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_bytes());
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the socket can lie in `folder`: the system limits its path, a url carries only UTF-8, and libpq takes a
/// comma for the end of a host.
fn fits_socket(folder: &Path) -> bool {
    let path = folder.join(SOCKET);
    path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX
        && path.to_str().is_some_and(|text| !text.chars().any(|letter| letter == ',' || letter.is_control()))
}

/// The absolute path, links resolved as far as it exists: one cluster must have one name.
fn without_links(path: &Path) -> PathBuf {
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
