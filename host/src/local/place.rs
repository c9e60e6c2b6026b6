//! Where a cluster lies: in a folder of the user, in the project if there is none, or elsewhere if the server could not work
//! there.
//!
//! ```text
//! .host/postgres.lock            held while a cluster is made, started, stopped or removed
//! .host/postgres                 a file that names the base folder
//! HOME/host-HASH-USER/           the base folder, mode 0700, owned by the user that the server runs as
//!     CREATED_BY_HOST            the marker: only a folder that has it is ever removed
//!     SETUP                      what was set up by the superuser
//!     data/                      the data folder
//!     .s.PGSQL.5432              the socket
//! ```
//! A data folder is code: its settings name libraries and programs. One in the project may have come with it, and a later
//! version of the project may change it. So the command line keeps clusters in a folder of the user (`home`).
//!
//! If the server's user cannot enter that folder, the base folder is one under `/var/tmp`. Without a `home` it is
//! `.host/postgres` itself. If the path is too long for a socket, the socket is in a folder under `/tmp`.

use std::fs;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;

use rustix::fs::FlockOperation;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::account;
use super::account::Account;
use super::account::is_root;
use super::error::LocalError;
use super::folder::Content;
use super::folder::claim;
use super::folder::claim_or_fail;
use super::folder::look;
use super::folder::remove_empty;
use super::folder::remove_marked;
use super::paths::SOCKET;
use super::paths::fits_socket;
use super::paths::named;
use super::paths::read_pointer;
use super::paths::short_hash;
use super::paths::without_links;
use super::paths::write_pointer;

/// The folders that decide where a cluster lies.
#[derive(Debug)]
pub(super) struct Site {
    /// `.host` of the project, absolute and without links.
    pub(super) state_folder: PathBuf,
    /// The folder of the user for clusters, or none if they lie in their projects.
    pub(super) home: Option<PathBuf>,
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
        if self.socket_folder != self.base {
            match remove_marked(&self.socket_folder, &self.account) {
                // Cleaned away with the rest of /tmp, or somebody else's, which is none of this cluster's.
                Err(LocalError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                Err(LocalError::NotOurs { .. } | LocalError::ForeignFolder { .. }) => {}
                removed => removed?,
            }
        }
        remove_marked(&self.base, &self.account)
    }
}

impl Site {
    /// The cluster of a project. `state_folder` need not exist.
    pub(super) fn new(state_folder: &Path) -> Self {
        Self {
            state_folder: without_links(state_folder),
            home: None,
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
        let flags = OFlags::CREATE | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
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
        if found.is_dir() && self.named(&account).contains(&folder) {
            self.owned(folder, &found)
        } else {
            Err(LocalError::WrongPointer { file: inside, folder })
        }
    }

    /// Where a new cluster would lie.
    pub(super) fn plan(&self) -> Result<Place, LocalError> {
        let account = Account::for_new_cluster()?;
        let base = match &self.home {
            _ if self.obstacle(&account).is_some() => named(&self.lasting_root, &self.state_folder, &account),
            Some(home) => named(home, &self.state_folder, &account),
            None => self.inside(),
        };
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
            Some(_) => remove_empty(&inside),
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
        let usual = self.home.as_ref().map(|home| named(home, &self.state_folder, &place.account));
        if place.base != usual.unwrap_or_else(|| self.inside()) {
            let reason = match self.obstacle(&place.account) {
                Some(obstacle) => format!("user {} may not enter {}", place.account.name, obstacle.display()),
                None => format!("no folder in {} can be made private", self.state_folder.display()),
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
        // Root would work in a folder, and run a server, for whoever put it there.
        let account = Account::numbered(owner, found.gid());
        if is_root() && owner != 0 && !account.is_for_services() {
            let expected = Account::for_new_cluster()?.user;
            return Err(LocalError::ForeignFolder { folder: base, owner, expected });
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
            Content { marker: true, .. } => Ok(Some(self.place(base, account))),
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
            let base = self.plan()?.base;
            if let Some(home) = &self.home {
                fs::create_dir_all(home).map_err(LocalError::io("create", home))?;
            }
            if claim(&base, &account)? {
                if base != inside {
                    self.point_to(&base)?;
                }
                return Ok(self.place(base, account));
            }
            remove_empty(&base)?;
        }
        let outside = named(&self.lasting_root, &self.state_folder, &account);
        claim_or_fail(&outside, &account)?;
        self.point_to(&outside)?;
        Ok(self.place(outside, account))
    }

    /// Writes the pointer. What is in its place is a folder that nothing was put into, or nothing.
    fn point_to(&self, base: &Path) -> Result<(), LocalError> {
        let inside = self.inside();
        if look(&inside)?.is_some_and(|found| found.is_dir()) {
            remove_empty(&inside)?;
        }
        write_pointer(&inside, base)
    }

    /// Moves a cluster from the project's folder to where a new one would lie. Call it under the lock, when no server runs.
    pub(super) fn adopt(&self, old: &Place) -> Result<(), LocalError> {
        let new = self.plan()?;
        if let Some(home) = &self.home {
            fs::create_dir_all(home).map_err(LocalError::io("create", home))?;
        }
        if look(&new.base)?.is_some() {
            return Err(LocalError::NotOurs { path: new.base });
        }
        fs::rename(&old.base, &new.base).map_err(LocalError::io("move the cluster to", &new.base))?;
        write_pointer(&self.inside(), &new.base)
    }

    /// Whether a cluster lies in the project's folder although there is another one for it.
    pub(super) fn is_misplaced(&self, place: &Place) -> bool {
        self.home.is_some() && place.base == self.inside()
    }

    fn place(&self, base: PathBuf, account: Account) -> Place {
        let socket_folder = if fits_socket(&base) { base.clone() } else { named(&self.short_root, &base, &account) };
        Place { base, socket_folder, account }
    }

    /// The folder that keeps the server's user from working where the cluster should be.
    fn obstacle(&self, account: &Account) -> Option<PathBuf> {
        let folder = self.home.as_ref().unwrap_or(&self.state_folder);
        is_root().then(|| account::obstacle(folder, account)).flatten()
    }

    /// The folders that a pointer may name: nobody else chooses where a cluster is.
    fn named(&self, account: &Account) -> Vec<PathBuf> {
        let roots = [Some(&self.lasting_root), self.home.as_ref()];
        roots.into_iter().flatten().map(|root| named(root, &self.state_folder, account)).collect()
    }
}
